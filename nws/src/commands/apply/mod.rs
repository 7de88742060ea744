//! `nws apply`: photos marked right here, without a server.
//!
//! [`plan`] decides which file becomes which, one after the other, so that the same call gives the same names;
//! [`render`] makes one of them; here they are made side by side, a core each.
#![expect(
    clippy::print_stderr,
    reason = "standard output may be the picture itself"
)]

mod names;
mod plan;
mod render;

use std::{
    io::{IsTerminal as _, Read as _, Write as _, stdin, stdout},
    panic::{self, AssertUnwindSafe},
    path::Path,
    process::ExitCode,
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use anyhow::Context as _;
use indicatif::{HumanBytes, ProgressBar, ProgressStyle};
use plan::{Job, Plan};
use render::Renderer;

use crate::{cli::Apply, config::Settings};

/// The longest photo that is read. Far above any camera's, far below what would hurt.
pub(crate) const SOURCE_BYTES_MAX: u64 = 512 * 1024 * 1024;

/// A call that cannot be meant.
#[derive(Debug, thiserror::Error)]
pub(crate) enum UsageError {
    #[error("-o OUT is missing: where shall the results go?")]
    NoOutput,
    #[error("standard output is a terminal; redirect it, or name a file with -o")]
    Terminal,
    #[error("{0} photos cannot go into one stream; name a folder with -o")]
    ManyIntoOne(usize),
    #[error("- is standard input and stands alone")]
    StdinAmongFiles,
    #[error("{0} is the source itself, and a source is never replaced")]
    IsSource(String),
    #[error("{0} is there already; say --overwrite to replace it")]
    Exists(String),
    #[error("{0}: there is no such file or folder")]
    NotFound(String),
    #[error("no photo in {0}: JPEG, PNG, WebP and GIF are")]
    NoPhotos(String),
}

/// Does what the command line says. Exit code 1 if any photo failed.
pub(crate) fn run(apply: &Apply, settings: &Settings) -> anyhow::Result<ExitCode> {
    let renderer = Renderer::new(apply.recipe.request()?, settings.limits);
    match plan::plan(apply)? {
        Plan::Stream { source } => stream(&renderer, source.as_deref()),
        Plan::Files { jobs, skipped } => Ok(files(
            &renderer,
            &jobs,
            skipped,
            settings.workers.worker_slots,
        )),
    }
}

/// One photo to standard output.
fn stream(renderer: &Renderer, source: Option<&Path>) -> anyhow::Result<ExitCode> {
    if stdout().is_terminal() {
        return Err(UsageError::Terminal.into());
    }
    let (bytes, name) = match source {
        Some(path) => (render::read(path)?, render::stem(path)),
        None => (read_stdin()?, String::new()),
    };
    let rendered = renderer.render(&bytes, &name, None)?;
    stdout()
        .write_all(&rendered.bytes)
        .context("standard output")?;
    Ok(ExitCode::SUCCESS)
}

fn read_stdin() -> anyhow::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    stdin()
        .take(SOURCE_BYTES_MAX + 1)
        .read_to_end(&mut bytes)
        .context("standard input")?;
    anyhow::ensure!(
        bytes.len() as u64 <= SOURCE_BYTES_MAX,
        "standard input has more than {SOURCE_BYTES_MAX} bytes, which is the limit"
    );
    Ok(bytes)
}

/// Every photo of the plan, `threads` at once.
fn files(renderer: &Renderer, jobs: &[Job], skipped: usize, threads: usize) -> ExitCode {
    let bar = progress_bar(jobs.len());
    let next = AtomicUsize::new(0);
    let tally = Mutex::new(Tally {
        skipped,
        ..Tally::default()
    });
    thread::scope(|scope| {
        for _ in 0..threads.min(jobs.len()) {
            scope.spawn(|| {
                while let Some(job) = jobs.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let made = make(renderer, job);
                    tally
                        .lock()
                        .expect("nobody panics while counting")
                        .count(job, made);
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

fn progress_bar(photos: usize) -> ProgressBar {
    let style = ProgressStyle::with_template("{bar:30} {pos}/{len} photos, {per_sec}, {eta} left");
    ProgressBar::new(photos as u64).with_style(style.expect("the template is a literal"))
}

/// What came of a run.
#[derive(Debug, Default)]
struct Tally {
    made: usize,
    skipped: usize,
    bytes_in: u64,
    bytes_out: u64,
    failures: Vec<String>,
}

impl Tally {
    fn count(&mut self, job: &Job, made: anyhow::Result<render::Made>) {
        match made {
            Ok(made) => {
                self.made += 1;
                self.bytes_in += made.bytes_in;
                self.bytes_out += made.bytes_out;
            }
            Err(error) => self
                .failures
                .push(format!("{}: {error:#}", job.source.display())),
        }
    }

    fn report(mut self) -> ExitCode {
        self.failures.sort();
        for failure in &self.failures {
            eprintln!("nws: {failure}");
        }
        let (before, after) = (HumanBytes(self.bytes_in), HumanBytes(self.bytes_out));
        let (made, failed) = (counted(self.made, "photo"), self.failures.len());
        eprintln!("{made} made, {failed} failed; {before} became {after}");
        if self.skipped > 0 {
            eprintln!("{} left alone: not a photo", counted(self.skipped, "file"));
        }
        if self.failures.is_empty() {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        }
    }
}

fn counted(number: usize, thing: &str) -> String {
    format!("{number} {thing}{}", if number == 1 { "" } else { "s" })
}
