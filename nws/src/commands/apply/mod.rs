//! `nws apply`: photos marked right here, without a server.
//!
//! [`plan`] decides which file becomes which, one after the other, so that the same call gives the same names; what it
//! has in common with `nws submit` is in [`photos`](super::photos). [`render`] makes one photo; here they are made side by
//! side, a core each, and [`tally`] tells what came of them.
#![expect(
    clippy::print_stderr,
    reason = "standard output may be the picture itself"
)]

mod plan;
mod render;
mod tally;

use std::{
    io::{IsTerminal as _, Write as _, stdout},
    panic::{self, AssertUnwindSafe},
    process::ExitCode,
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use anyhow::Context as _;
use engine::Fonts;
use plan::{Job, Plan};
use render::Renderer;
use tally::Tally;

use super::photos::{Input, UsageError, progress_bar};
use crate::{
    cli::Apply,
    config::{ConfigError, Settings},
    fonts,
    output::output,
};

/// Does what the command line says. Exit code 1 if any photo failed.
pub(crate) fn run(apply: &Apply, settings: &Settings) -> anyhow::Result<ExitCode> {
    let renderer = Renderer::new(
        apply.photos.recipe.request()?,
        apply.photos.recipe.logo(),
        loaded(settings)?,
        settings.limits,
    )?;
    match plan::plan(apply)? {
        Plan::Stream { source } => stream(&renderer, &source),
        Plan::Files {
            jobs,
            failures,
            skipped,
        } => {
            let tally = Tally::new(failures, skipped);
            Ok(files(
                &renderer,
                &jobs,
                tally,
                settings.workers.worker_slots,
            ))
        }
    }
}

/// The fonts of the settings. Nobody reads a log here, so what of them is of no use is told like any other complaint.
fn loaded(settings: &Settings) -> Result<Fonts, ConfigError> {
    let loaded = fonts::load(&settings.common.fonts)?;
    for fonts::Skipped { path, reason } in loaded.skipped {
        eprintln!("nws: font {} is not used: {reason}", path.display());
    }
    Ok(loaded.fonts)
}

/// One photo to standard output.
fn stream(renderer: &Renderer, source: &Input) -> anyhow::Result<ExitCode> {
    if stdout().is_terminal() {
        return Err(UsageError::Terminal.into());
    }
    let rendered = renderer
        .render_input(source, None)
        .with_context(|| source.to_string())?;
    output()
        .write_all(&rendered.bytes)
        .context("standard output")?;
    Ok(ExitCode::SUCCESS)
}

/// Every photo of the plan, `threads` at once.
fn files(renderer: &Renderer, jobs: &[Job], tally: Tally, threads: usize) -> ExitCode {
    let bar = progress_bar(jobs.len());
    let (next, tally) = (AtomicUsize::new(0), Mutex::new(tally));
    thread::scope(|scope| {
        for _ in 0..threads.min(jobs.len()) {
            scope.spawn(|| {
                while let Some(job) = jobs.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let made = make(renderer, job);
                    tally
                        .lock()
                        .expect("nobody panics while counting")
                        .count(&job.source, made);
                    bar.inc(1);
                }
            });
        }
    });
    bar.finish_and_clear();
    tally
        .into_inner()
        .expect("nobody panics while counting")
        .report()
}

/// A photo that brings a decoder down is a failure among others; the rest are made all the same.
fn make(renderer: &Renderer, job: &Job) -> anyhow::Result<render::Made> {
    panic::catch_unwind(AssertUnwindSafe(|| render::make(renderer, job)))
        .unwrap_or_else(|_| Err(anyhow::anyhow!("a bug: the photo brought the engine down")))
}
