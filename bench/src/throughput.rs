//! How many pictures a second go through all cores: a process of one thread on each, fed from one list.

use std::{
    collections::BTreeMap,
    num::NonZero,
    path::{Path, PathBuf},
    sync::atomic::{AtomicUsize, Ordering},
    thread::{self, ScopedJoinHandle},
    time::{Duration, Instant},
};

use rand::{SeedableRng as _, rngs::StdRng, seq::SliceRandom as _};

use crate::{
    compare::Options,
    contender::Contender,
    job::{JOBS, Job},
    runner::Runner,
};

/// What is done: J1 with pictures of 12 megapixels.
const JOB: &Job = &JOBS[0];

/// In so many turns, between which the others have theirs.
const TURNS: usize = 4;

/// One contender's processes, and how long they were at work.
struct Crew {
    contender: Contender,
    runners: Vec<Runner>,
    took: Duration,
}

/// Of everybody, in turns.
pub(crate) fn per_second(options: &Options) -> anyhow::Result<BTreeMap<Contender, f64>> {
    let sources = JOB.class.pictures(&options.pictures, usize::MAX)?;
    let start = |contender| Crew::start(contender, &sources[0], options);
    let crews = Contender::ALL.into_iter().map(start);
    let mut crews: Vec<Crew> = crews.collect::<anyhow::Result<_>>()?;
    let mut order = StdRng::seed_from_u64(options.seed);
    let count = options.crowd() / TURNS;
    for _ in 0..TURNS {
        crews.shuffle(&mut order);
        for crew in &mut crews {
            crew.work_through(count, &sources)?;
        }
    }
    let rate = |crew: &Crew| (TURNS * count) as f64 / crew.took.as_secs_f64();
    Ok(crews
        .iter()
        .map(|crew| (crew.contender, rate(crew)))
        .collect())
}

impl Crew {
    /// A process for each core, warm.
    fn start(contender: Contender, source: &Path, options: &Options) -> anyhow::Result<Self> {
        let cores = thread::available_parallelism().map_or(1, NonZero::get);
        let start = |_| {
            let mut runner = Runner::start(contender, &options.peers)?;
            runner.ask(JOB, source, None)?;
            Ok(runner)
        };
        Ok(Self {
            contender,
            runners: (0..cores).map(start).collect::<anyhow::Result<_>>()?,
            took: Duration::ZERO,
        })
    }

    fn work_through(&mut self, count: usize, sources: &[PathBuf]) -> anyhow::Result<()> {
        let next = AtomicUsize::new(0);
        let begun = Instant::now();
        thread::scope(|scope| {
            let runners = self.runners.iter_mut();
            let workers: Vec<_> = runners
                .map(|runner| scope.spawn(|| work(runner, &next, count, sources)))
                .collect();
            let mut ends = workers.into_iter().map(ScopedJoinHandle::join);
            ends.try_for_each(|end| end.expect("it does not panic"))
        })?;
        self.took += begun.elapsed();
        Ok(())
    }
}

/// Takes pictures off the list until `count` were taken.
fn work(
    runner: &mut Runner,
    next: &AtomicUsize,
    count: usize,
    sources: &[PathBuf],
) -> anyhow::Result<()> {
    loop {
        let number = next.fetch_add(1, Ordering::Relaxed);
        if number >= count {
            return Ok(());
        }
        runner.ask(JOB, &sources[number % sources.len()], None)?;
    }
}
