//! How many pictures a second go through all cores: a process of one thread on each, fed from one list.

use std::{
    collections::BTreeMap,
    num::NonZero,
    path::PathBuf,
    sync::atomic::{AtomicUsize, Ordering},
    thread,
    time::Instant,
};

use crate::{
    compare::Options,
    contender::Contender,
    job::{JOBS, Job},
    runner::Runner,
};

/// What is done: J1 with pictures of 12 megapixels.
const JOB: &Job = &JOBS[0];

/// Of everybody, one after the other.
pub(crate) fn per_second(options: &Options) -> anyhow::Result<BTreeMap<Contender, f64>> {
    let cores = thread::available_parallelism().map_or(1, NonZero::get);
    let sources = JOB.class.pictures(&options.pictures, usize::MAX)?;
    let rate = |contender| Ok((contender, rate(contender, cores, &sources, options)?));
    Contender::ALL.into_iter().map(rate).collect()
}

fn rate(
    contender: Contender,
    cores: usize,
    sources: &[PathBuf],
    options: &Options,
) -> anyhow::Result<f64> {
    let start = |_| {
        let mut runner = Runner::start(contender, &options.peers)?;
        runner.ask(JOB, &sources[0], None)?; // warm
        Ok(runner)
    };
    let mut runners: Vec<Runner> = (0..cores).map(start).collect::<anyhow::Result<_>>()?;
    let (next, count) = (AtomicUsize::new(0), options.crowd());
    let begun = Instant::now();
    thread::scope(|scope| {
        let workers: Vec<_> = runners
            .iter_mut()
            .map(|runner| scope.spawn(|| work(runner, &next, count, sources)))
            .collect();
        workers
            .into_iter()
            .try_for_each(|worker| worker.join().expect("it does not panic"))
    })?;
    Ok(count as f64 / begun.elapsed().as_secs_f64())
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
