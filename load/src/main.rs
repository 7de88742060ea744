//! Scenarios that put the real binary under load and print what it took.
//!
//! `ops/services run cargo run --release -p load -- memory` runs a publisher and a worker over real services.
#![expect(clippy::print_stdout, reason = "figures are its output")]

mod memory;
mod picture;
mod process;

use clap::{Parser, Subcommand};

#[derive(Debug, Parser)]
struct Cli {
    #[command(subcommand)]
    scenario: Scenario,
}

#[derive(Debug, Subcommand)]
enum Scenario {
    /// Peak memory of a publisher under 100 uploads of 20 MiB at once, and of a worker with a 100-megapixel JPEG
    Memory,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    rustls::crypto::aws_lc_rs::default_provider()
        .install_default()
        .expect("this is the first line");
    match Cli::parse().scenario {
        Scenario::Memory => memory::run().await,
    }
}
