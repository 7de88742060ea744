//! Bad inputs through the front door of a fleet whose neighbours go on working.
//!
//! Read in this order:
//! 1. [`run`]: bad inputs one after the other, good jobs beside them all the time, then what became of both.
//! 2. `inputs`: what is uploaded; `front_door`: what a client sees of it; `watch`: what the worker needs meanwhile.
//! 3. `table`: the figures, and whether anything happened that must not.

mod front_door;
mod inputs;
mod table;
mod watch;

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::Context as _;
use tokio_util::{sync::CancellationToken, task::AbortOnDropHandle};

use self::{front_door::FrontDoor, inputs::Input, watch::Watch};
use crate::process::{Process, Services, role};

pub use table::Report;

/// What a picture may take before its worker gives it up, and what its client waits at most: so long, two waits for a
/// retry, and some.
const JOB_DEADLINE_SECS: u64 = 60;
const END_WITHIN: Duration = Duration::from_secs(180);

/// What a run is made of.
#[derive(Clone, Debug)]
pub struct Options {
    /// The `nws` under test.
    pub binary: PathBuf,
    /// What is damaged, and how: the same seed damages the same way.
    pub seed: u64,
    /// Sound pictures that are damaged.
    pub damaged: usize,
    /// Of the files that were made to do harm, every so-manieth.
    pub every: usize,
    /// A folder of pictures that others made, broken and sound.
    pub pictures: Option<PathBuf>,
}

/// What became of one input.
#[derive(Clone, Debug)]
struct Outcome {
    input: Input,
    told: Told,
    took: Duration,
    /// The most that the worker and its children had resident meanwhile, neighbours' work among it.
    peak_bytes: u64,
}

/// What a client sees.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Told {
    /// An answer to the upload: its status, and its word.
    Refused(u16, String),
    /// How the job ended, and with which word.
    Ended(String, String),
    /// What must not be: no answer, another one, or no end in time.
    Wrong(String),
}

/// Runs bad inputs and neighbours through a fleet of its own.
///
/// # Errors
/// When the run itself could not be made.
pub async fn run(options: &Options) -> anyhow::Result<Report> {
    let data = tempfile::tempdir()?;
    let namespace = format!("hostile-{}", std::process::id());
    let start = |name| start(options, name, &namespace, data.path());
    let (publisher, worker) = tokio::try_join!(start("publisher"), start("worker"))?;
    let door = Arc::new(FrontDoor::new(&publisher.url)?);
    let watch = Watch::of(&worker)?;
    let stop = CancellationToken::new();
    let neighbours = tokio::spawn(neighbours(Arc::clone(&door), stop.clone()));
    let neighbours = AbortOnDropHandle::new(neighbours);

    let mut outcomes = Vec::new();
    for input in inputs::all(options)? {
        outcomes.push(outcome(&door, &watch, input).await?);
        if !watch.lives() {
            break;
        }
    }
    stop.cancel();
    let neighbours = neighbours.await.context("the neighbours panicked")??;
    let report = Report {
        outcomes,
        neighbours,
        worker_lives: watch.lives(),
        waiting: door.depth().await?,
        has_pictures: options.pictures.is_some(),
        seed: options.seed,
    };
    worker.terminate().await?;
    publisher.terminate().await?;
    Ok(report)
}

async fn start(
    options: &Options,
    name: &str,
    namespace: &str,
    data: &Path,
) -> anyhow::Result<Process> {
    let command = role(&options.binary, name, namespace, &Services::from_env()?);
    let deadline = format!("job_deadline_secs={JOB_DEADLINE_SECS}");
    let settings = [deadline.as_str(), "worker_slots=2"];
    Process::start(command, data, &settings, drop).await
}

async fn outcome(door: &FrontDoor, watch: &Watch, input: Input) -> anyhow::Result<Outcome> {
    watch.forget_peak()?;
    let began = Instant::now();
    let told = door.told(&input, END_WITHIN).await;
    Ok(Outcome {
        input,
        told,
        took: began.elapsed(),
        peak_bytes: watch.peak_bytes(),
    })
}

/// Good jobs, one after the other for as long as the bad ones last.
#[derive(Clone, Debug, Default)]
struct Neighbours {
    done: usize,
    slowest: Duration,
    /// What became of those that were not done.
    wrong: Vec<String>,
}

async fn neighbours(door: Arc<FrontDoor>, stop: CancellationToken) -> anyhow::Result<Neighbours> {
    let mut seen = Neighbours::default();
    let mut number = 0_u64;
    while !stop.is_cancelled() {
        let input = inputs::neighbour(number)?;
        let began = Instant::now();
        match door.told(&input, END_WITHIN).await {
            Told::Ended(status, _) if status == "done" => seen.done += 1,
            other => seen.wrong.push(format!("{other:?}")),
        }
        seen.slowest = seen.slowest.max(began.elapsed());
        number += 1;
    }
    Ok(seen)
}
