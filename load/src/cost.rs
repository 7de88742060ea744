//! What a job costs beside its pixels: CPU time of the processes, less what the engine needs for the same picture.

use std::{
    num::NonZeroU32,
    ops::ControlFlow,
    time::{Duration, Instant},
};

use bytes::Bytes;
use engine::{Fonts, Limits};
use futures::{Stream, StreamExt as _, TryStreamExt as _, stream};
use tokio::time::interval;

use crate::{
    client::Client,
    picture,
    process::{Process, Services, binary_beside, command, cpu_time, role},
    spread::{Spread, millis},
};

/// So small that the engine is the smaller part of a job.
const SIDE: u16 = 8;
/// Jobs before the measurement: connections, scripts and caches are there by then.
const WARM_UP: u32 = 200;
/// Pictures that the engine's share is measured over.
const ENGINE_ROUNDS: u32 = 2000;
/// Jobs under way at once at full speed: more than the worker's slots, so that it never waits.
const AT_ONCE: usize = 32;
/// The same at a steady pace, where more of them would mean that the pace is too fast.
const WAITING_MAX: usize = 1000;
/// The aim of a fleet.
const OVERHEAD_MAX: Duration = Duration::from_millis(2);

/// What is measured.
#[derive(Debug, clap::Args)]
pub struct Options {
    /// Jobs at each pace
    #[arg(long, default_value_t = 1500)]
    jobs: u32,
    /// Uploads per second at the steady pace
    #[arg(long, default_value = "75")]
    rate: NonZeroU32,
    /// One process with embedded backends, instead of a fleet's publisher and worker
    #[arg(long)]
    embedded: bool,
}

/// Measures at a steady pace, then at full speed.
///
/// # Errors
/// When a fleet's overhead passes the aim, or a job is not done.
pub async fn run(options: &Options) -> anyhow::Result<()> {
    let engine = engine_share()?;
    println!(
        "engine alone: {:.2} ms of CPU for a JPEG of {SIDE}×{SIDE} pixels",
        millis(engine)
    );
    let data = tempfile::tempdir()?;
    let mut system = System::start(options.embedded, data.path(), engine).await?;
    system.work(0..WARM_UP, Pace::Full).await?;
    let steady = Pace::Steady(options.rate);
    let costs = [
        system.measure(options.jobs, steady).await?,
        system.measure(options.jobs, Pace::Full).await?,
    ];
    let within = costs.iter().all(|cost| *cost < OVERHEAD_MAX);
    anyhow::ensure!(options.embedded || within, "the aim is {OVERHEAD_MAX:?}");
    Ok(())
}

/// How fast jobs come.
#[derive(Clone, Copy, Debug)]
enum Pace {
    /// So many uploads a second, however long they take.
    Steady(NonZeroU32),
    /// The next one when another has ended.
    Full,
}

/// Processes that take uploads in and work on them.
struct System {
    roles: Vec<(&'static str, Process)>,
    client: Client,
    photo: Bytes,
    /// CPU time of the engine for one picture.
    engine: Duration,
    /// Jobs so far: each photo is another one.
    begun: u32,
}

impl System {
    async fn start(
        embedded: bool,
        data: &std::path::Path,
        engine: Duration,
    ) -> anyhow::Result<Self> {
        let binary = binary_beside()?;
        let start = async |command| Process::start(command, data, &[], drop).await;
        let roles = if embedded {
            vec![("process", start(command(&binary, &["run"])).await?)]
        } else {
            let namespace = format!("cost-{}", std::process::id());
            let services = Services::from_env()?;
            let start = async |name| start(role(&binary, name, &namespace, &services)).await;
            vec![
                ("publisher", start("publisher").await?),
                ("worker", start("worker").await?),
            ]
        };
        Ok(Self {
            client: Client::new(&roles[0].1.url),
            roles,
            photo: picture::jpeg(SIDE)?.into(),
            engine,
            begun: WARM_UP,
        })
    }

    /// Runs `jobs` at a pace, and prints what they took; gives a job's CPU time beside the engine's.
    async fn measure(&mut self, jobs: u32, pace: Pace) -> anyhow::Result<Duration> {
        let numbers = self.begun..self.begun + jobs;
        self.begun = numbers.end;
        let (before, began) = (self.cpu_times()?, Instant::now());
        let latencies = self.work(numbers, pace).await?;
        let (after, took) = (self.cpu_times()?, began.elapsed());
        let rate = f64::from(jobs) / took.as_secs_f64();
        println!("{pace:?}: {jobs} jobs, {rate:.0} a second; upload to done {latencies}");
        let per_job: Vec<Duration> = after
            .iter()
            .zip(before)
            .map(|(after, before)| (*after - before) / jobs)
            .collect();
        let overhead = per_job.iter().sum::<Duration>().saturating_sub(self.engine);
        print!("  CPU ms per job:");
        for ((name, _), cost) in self.roles.iter().zip(&per_job) {
            print!(" {name} {:.2},", millis(*cost));
        }
        println!(
            " of which engine {:.2}, overhead {:.2}",
            millis(self.engine),
            millis(overhead)
        );
        Ok(overhead)
    }

    fn cpu_times(&self) -> anyhow::Result<Vec<Duration>> {
        self.roles.iter().map(|(_, role)| role.cpu_time()).collect()
    }

    /// Each job from its upload to its end; how long each took.
    async fn work(&self, numbers: std::ops::Range<u32>, pace: Pace) -> anyhow::Result<Spread> {
        let jobs = pace.numbers(numbers).map(|number| self.job(number));
        let times = jobs.buffer_unordered(pace.at_once()).try_collect().await?;
        Ok(Spread::of(times))
    }

    async fn job(&self, number: u32) -> anyhow::Result<Duration> {
        let began = Instant::now();
        // What follows a JPEG's end is no part of the picture, but of the upload and its digest.
        let number = Bytes::copy_from_slice(&number.to_be_bytes());
        let accepted = self.client.upload(vec![self.photo.clone(), number]).await?;
        let end = self.client.follow(&accepted).await?;
        anyhow::ensure!(end["status"] == "done", "a job is not done: {end}");
        Ok(began.elapsed())
    }
}

impl Pace {
    /// The numbers, when it is their turn.
    fn numbers(self, numbers: std::ops::Range<u32>) -> impl Stream<Item = u32> {
        let turns = match self {
            Self::Steady(rate) => Some(interval(Duration::from_secs(1) / rate.get())),
            Self::Full => None,
        };
        stream::unfold((numbers, turns), async |(mut numbers, mut turns)| {
            let number = numbers.next()?;
            if let Some(turns) = &mut turns {
                turns.tick().await;
            }
            Some((number, (numbers, turns)))
        })
    }

    const fn at_once(self) -> usize {
        match self {
            Self::Steady(_) => WAITING_MAX,
            Self::Full => AT_ONCE,
        }
    }
}

/// The CPU time of one picture in the engine, without anything around it.
fn engine_share() -> anyhow::Result<Duration> {
    let (photo, fonts, recipe) = (picture::jpeg(SIDE)?, Fonts::embedded(), picture::recipe()?);
    let before = cpu_time("thread-self")?;
    for _ in 0..ENGINE_ROUNDS {
        engine::render(&photo, &recipe, &fonts, &Limits::default(), &mut |_| {
            ControlFlow::Continue(())
        })?;
    }
    Ok((cpu_time("thread-self")? - before) / ENGINE_ROUNDS)
}
