//! The one binary: the whole system, a role of the fleet, or a command.
//!
//! Read in this order: [`cli`], [`config`], [`fonts`], [`wiring`] (where every part meets), [`commands`].

mod cli;
mod commands;
mod config;
mod fonts;
mod output;
mod telemetry;
mod wiring;

use std::{
    io::{Write as _, stderr},
    process::ExitCode,
    time::Duration,
};

use clap::Parser as _;
use cli::{Cli, Command};
use config::{ConfigError, Settings};
use tokio::runtime::{Builder, Runtime};

/// Slots of a worker that share an async thread. Moving originals and results of four cores' pixels is easy for one; more
/// of them wake each other for each small step.
const SLOTS_PER_THREAD: usize = 4;

/// How long threads get after everything is drained: what they would still do is of no use any more.
const LAST_WORDS_MAX: Duration = Duration::from_secs(1);

/// A usage or configuration error (`EX_USAGE` of BSD's sysexits).
const EXIT_USAGE: u8 = 64;

fn main() -> ExitCode {
    install_tls_provider();
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return usage(&error),
    };
    match start(cli) {
        Ok(code) => code,
        Err(error) => complain(&error),
    }
}

fn start(cli: Cli) -> anyhow::Result<ExitCode> {
    let command = cli.command.unwrap_or(Command::Run);
    match &command {
        Command::Slot => return Ok(commands::slot::serve()), // what it has to know, its host tells it
        Command::Key(key) => return commands::key::make(key), // made before there are settings to put it into
        _ => {}
    }
    let settings = Settings::load(cli.settings.file(), &cli.settings.overrides()?)?;
    match command {
        Command::Slot | Command::Key(_) => unreachable!("they have no settings"),
        Command::Config => commands::config::print(&settings),
        Command::Apply(apply) => commands::apply::run(&apply, &settings),
        Command::Submit(submit) => commands::submit::run(&submit, &runtime()?),
        Command::Dlq(dlq) => runtime()?.block_on(commands::dlq::run(&dlq, &settings)),
        Command::Health { url } => runtime()?.block_on(commands::health::ask(url, &settings)),
        Command::Run => serve(
            &settings,
            runtime()?,
            commands::serve::everything(&settings),
        ),
        Command::Publisher => serve(
            &settings,
            threaded(settings.publisher.publisher_threads)?,
            commands::serve::publisher(&settings),
        ),
        Command::Worker => serve(
            &settings,
            threaded(worker_threads(&settings))?,
            commands::serve::worker(&settings),
        ),
    }
}

/// Runs a server until it is drained.
fn serve(
    settings: &Settings,
    runtime: Runtime,
    server: impl Future<Output = anyhow::Result<()>>,
) -> anyhow::Result<ExitCode> {
    telemetry::init(&settings.common)?;
    let served = runtime.block_on(server);
    // A picture that was not finished within the grace still has its thread; dropping the runtime would wait for it.
    runtime.shutdown_timeout(LAST_WORDS_MAX);
    served.map(|()| ExitCode::SUCCESS)
}

/// An async thread for each core.
fn runtime() -> std::io::Result<Runtime> {
    Builder::new_multi_thread().enable_all().build()
}

/// So many async threads.
fn threaded(threads: usize) -> std::io::Result<Runtime> {
    Builder::new_multi_thread()
        .worker_threads(threads)
        .enable_all()
        .build()
}

/// Few: all they do is wait, also for the threads that have the pixels.
fn worker_threads(settings: &Settings) -> usize {
    settings.workers.worker_slots.div_ceil(SLOTS_PER_THREAD)
}

/// The TLS library has several providers and takes none by itself.
fn install_tls_provider() {
    let installed = rustls::crypto::aws_lc_rs::default_provider().install_default();
    installed.expect("nothing was installed before the first line of main");
}

/// Help and version are asked for; anything else clap says is a usage error.
fn usage(error: &clap::Error) -> ExitCode {
    let printed = output::unless_gone(error.print(), ());
    match (error.use_stderr(), printed) {
        (false, Ok(())) => ExitCode::SUCCESS,
        _ => ExitCode::from(EXIT_USAGE),
    }
}

/// The log may not have begun when a setting is wrong, and nobody may be listening when it has.
fn complain(error: &anyhow::Error) -> ExitCode {
    let _ = writeln!(stderr(), "nws: {error:#}");
    let is_usage = error.is::<ConfigError>()
        || error.is::<schemas::FieldError>()
        || error.is::<commands::photos::UsageError>();
    if is_usage {
        ExitCode::from(EXIT_USAGE)
    } else {
        ExitCode::FAILURE
    }
}
