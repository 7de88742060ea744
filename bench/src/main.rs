//! The engine beside sharp, libvips and Pillow, on the same photographs and the same work.
//!
//! Read in this order:
//! 1. [`job`]: what is to be done, and [`picture`]: to what; [`making`] is where those come from.
//! 2. [`contender`]: who does it, and [`runner`]: how each is asked, as a process of its own; [`serve`] is the engine's.
//! 3. [`compare`]: the whole. In [`measure`] everybody takes turns, [`judge`] looks at the results with [`quality`],
//!    then come [`memory`] and [`throughput`].
//! 4. [`goals`]: what was promised, and [`report`]: the tables.

#![expect(clippy::print_stdout, reason = "tables are its output")]
#![expect(clippy::print_stderr, reason = "and progress beside them")]

mod compare;
mod contender;
mod goals;
mod job;
mod judge;
mod making;
mod measure;
mod memory;
mod picture;
mod quality;
mod report;
mod runner;
mod serve;
mod spread;
mod throughput;

use std::{path::PathBuf, process::ExitCode};

use clap::{Parser, Subcommand};

#[derive(Debug, Parser)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Makes the pictures of every class from a folder of photographs
    Pictures { photos: PathBuf, to: PathBuf },
    /// Has everybody do every job in turns, and prints the tables; exit code 1 for results that are wrong, not for slow ones
    Compare(compare::Options),
    /// The engine's side: one request a line on stdin, one answer a line on stdout
    Serve,
}

fn main() -> anyhow::Result<ExitCode> {
    match Cli::parse().command {
        Command::Pictures { photos, to } => making::make_all(&photos, &to)?,
        Command::Compare(options) => return compare::run(&options),
        Command::Serve => serve::run()?,
    }
    Ok(ExitCode::SUCCESS)
}
