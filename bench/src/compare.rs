//! The whole comparison: what it is asked for, and what it found out.

use std::{collections::BTreeMap, path::PathBuf, process::ExitCode};

use crate::{
    contender::{Contender, Peers},
    goals,
    job::{JOBS, Job},
    measure::{Bench, Measured},
    memory::{self, Peak},
    report, throughput,
};

#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// What `bench pictures` made
    #[arg(long)]
    pub(crate) pictures: PathBuf,
    #[command(flatten)]
    pub(crate) peers: Peers,
    /// Few pictures and rounds
    #[arg(long)]
    quick: bool,
    /// Only this job, by its name in the tables, without memory and throughput; may be given several times
    #[arg(long = "job", conflicts_with = "write", value_parser = job_named)]
    jobs: Vec<&'static Job>,
    /// The order of turns
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    /// A document whose tables are replaced as well
    #[arg(long)]
    write: Option<PathBuf>,
}

/// How many pictures of a class, and how many counted rounds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Effort {
    pub(crate) pictures: usize,
    pub(crate) rounds: usize,
}

/// All that was found out.
#[derive(Debug)]
pub(crate) struct Findings {
    pub(crate) effort: Effort,
    pub(crate) versions: BTreeMap<Contender, String>,
    pub(crate) jobs: Vec<Measured>,
    /// What processes take, unless only some jobs were asked for.
    pub(crate) whole: Option<Whole>,
}

/// Figures of processes rather than of jobs.
#[derive(Debug)]
pub(crate) struct Whole {
    pub(crate) peaks: BTreeMap<Contender, Peak>,
    pub(crate) per_second: BTreeMap<Contender, f64>,
}

/// Measures, prints, and says whether anything is wrong.
pub(crate) fn run(options: &Options) -> anyhow::Result<ExitCode> {
    let findings = find_out(options)?;
    let report = report::markdown(&findings, &goals::rows(&findings));
    println!("{report}");
    if let Some(document) = &options.write {
        report::replace_in(document, &report)?;
    }
    Ok(verdict(&findings))
}

fn find_out(options: &Options) -> anyhow::Result<Findings> {
    let mut bench = Bench::start(options)?;
    let jobs = options.jobs().into_iter().map(|job| {
        eprintln!("{}…", job.name);
        bench.measure(job)
    });
    let jobs = jobs.collect::<anyhow::Result<_>>()?;
    let versions = bench.versions();
    drop(bench); // what follows starts contenders of its own, and wants the machine for them
    Ok(Findings {
        effort: options.effort(&JOBS[0]),
        versions,
        jobs,
        whole: options
            .jobs
            .is_empty()
            .then(|| whole(options))
            .transpose()?,
    })
}

fn whole(options: &Options) -> anyhow::Result<Whole> {
    Ok(Whole {
        peaks: memory::peaks(options)?,
        per_second: throughput::per_second(options)?,
    })
}

fn job_named(name: &str) -> Result<&'static Job, String> {
    let names = || JOBS.map(|job| job.name).join(", ");
    let job = JOBS.iter().find(|job| job.name == name);
    job.ok_or_else(|| format!("there are {}", names()))
}

/// Slow is for people to judge; wrong fails.
fn verdict(findings: &Findings) -> ExitCode {
    let faults: Vec<_> = findings
        .jobs
        .iter()
        .flat_map(|measured| &measured.faults)
        .collect();
    for fault in &faults {
        println!("WRONG: {fault}");
    }
    if faults.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

impl Options {
    fn jobs(&self) -> Vec<&'static Job> {
        if self.jobs.is_empty() {
            return JOBS.iter().collect();
        }
        self.jobs.clone()
    }

    pub(crate) const fn effort(&self, job: &Job) -> Effort {
        let (pictures, rounds) = match (self.quick, job.is_slow) {
            (true, true) => (1, 1),
            (true, false) => (3, 3),
            (false, true) => (3, 2),
            (false, false) => (12, 5),
        };
        Effort { pictures, rounds }
    }

    /// Pictures that go through all cores.
    pub(crate) const fn crowd(&self) -> usize {
        if self.quick { 24 } else { 120 }
    }
}
