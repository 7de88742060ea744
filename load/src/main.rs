//! Scenarios that put the real binary under load and print what it took.
//!
//! `ops/services run cargo run --release -p load -- memory` runs a publisher and a worker over real services.
#![expect(clippy::print_stdout, reason = "figures are its output")]

use std::{path::PathBuf, process::ExitCode, time::Duration};

use clap::{Parser, Subcommand};
use load::{
    cost,
    faults::{self, Options},
    flow, hits, hostile, lateness, memory, process, stampede,
};

#[derive(Debug, Parser)]
struct Cli {
    #[command(subcommand)]
    scenario: Scenario,
}

#[derive(Debug, Subcommand)]
enum Scenario {
    /// Peak memory of a publisher under 100 uploads of 20 MiB at once, and of a worker with a 100-megapixel JPEG
    Memory,
    /// Gigabytes of uploads through one publisher while others download; exit code 1 if its memory does not stay flat
    Flow(flow::Options),
    /// CPU time that a job costs beside its pixels, and how fast tiny pictures go through
    Cost(cost::Options),
    /// How soon known work is answered at a constant rate of requests; exit code 1 if 1 image in 100 takes longer than 5 ms
    Hits(hits::Options),
    /// What a thousand identical uploads at once cause; exit code 1 unless one picture is worked on
    Stampede(stampede::Options),
    /// How late retries come off the delay ladder of RabbitMQ
    Lateness,
    /// Bad inputs through the front door while neighbours work; exit code 1 if a worker dies or a job does not end
    Hostile {
        /// What is damaged, and how
        #[arg(long, default_value_t = 6)]
        seed: u64,
        /// Sound pictures that are damaged
        #[arg(long, default_value_t = 260)]
        damaged: usize,
        /// A folder of pictures that others made, broken and sound
        #[arg(long)]
        pictures: Option<PathBuf>,
        /// Puts the tables into this document as well
        #[arg(long)]
        write: Option<PathBuf>,
    },
    /// A fleet under kill -9, stopped servers and broken wires; ends with the audit equation, exit code 1 if it is false
    Faults {
        /// What is injected, and when: the same seed injects the same [default: by lot]
        #[arg(long)]
        seed: Option<u64>,
        /// Uploads
        #[arg(long, default_value_t = 300)]
        jobs: usize,
        /// The longest wait for the last job, after the last fault
        #[arg(long, default_value_t = 10)]
        minutes_max: u64,
    },
}

#[tokio::main]
async fn main() -> anyhow::Result<ExitCode> {
    rustls::crypto::aws_lc_rs::default_provider()
        .install_default()
        .expect("this is the first line");
    match Cli::parse().scenario {
        Scenario::Memory => memory::run().await.map(|()| ExitCode::SUCCESS),
        Scenario::Flow(options) => flow::run(&options).await,
        Scenario::Cost(options) => cost::run(&options).await.map(|()| ExitCode::SUCCESS),
        Scenario::Hits(options) => hits::run(&options).await,
        Scenario::Stampede(options) => stampede::run(&options).await,
        Scenario::Lateness => lateness::run().await.map(|()| ExitCode::SUCCESS),
        Scenario::Hostile {
            seed,
            damaged,
            pictures,
            write,
        } => {
            let options = hostile::Options {
                binary: process::binary_beside()?,
                seed,
                damaged,
                every: 1,
                pictures,
            };
            let report = hostile::run(&options).await?;
            println!("{report}");
            if let Some(document) = write {
                report.replace_in(&document)?;
            }
            Ok(report.exit_code())
        }
        Scenario::Faults {
            seed,
            jobs,
            minutes_max,
        } => {
            let seed = seed.unwrap_or_else(|| rand::random_range(1..1_000_000));
            let wait_max = Duration::from_secs(minutes_max * 60);
            let options = Options::new(process::binary_beside()?, seed, jobs, wait_max);
            let report = faults::run(&options).await?;
            println!("{report}");
            Ok(report.exit_code())
        }
    }
}
