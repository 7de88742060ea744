//! What came of a run, for people, for programs, and as an exit code.
#![expect(
    clippy::print_stderr,
    reason = "standard output may be the picture itself"
)]

use std::{
    io::{self, Write as _},
    process::ExitCode,
};

use indicatif::HumanBytes;
use serde_json::{Value, json};

use super::{errand::Photo, problem::Problem, way::Outcome};
use crate::{
    commands::photos::{Failure, counted, tell},
    output::{output, plain},
};

/// The server was away for too long (`EX_UNAVAILABLE` of BSD's sysexits).
const EXIT_UNAVAILABLE: u8 = 69;
/// The server refuses the credentials (`EX_NOPERM`).
const EXIT_NOPERM: u8 = 77;
/// Interrupted: 128 and the number of SIGINT, as shells have it.
const EXIT_INTERRUPTED: u8 = 130;

/// Counts, and the failures by name.
#[derive(Debug)]
pub(super) struct Tally {
    json: bool,
    photos: usize,
    /// Which photos have ended.
    ended: Vec<bool>,
    done: usize,
    bytes_out: u64,
    skipped: usize,
    failures: Vec<Failure>,
    stopped: Option<Stop>,
    /// Why nobody can be told how the jobs end.
    lost_sight: Option<String>,
}

/// Why a run ended before all photos had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stop {
    Interrupted,
    Credentials,
    Away,
    Refused,
}

impl Tally {
    /// A run of so many photos, that begins with what could not even be looked at.
    pub(super) fn new(
        photos: usize,
        failures: Vec<Failure>,
        skipped: usize,
        json: bool,
    ) -> io::Result<Self> {
        if json {
            for Failure { input, problem } in &failures {
                let error = json!({ "detail": problem });
                print(&json!({ "file": input.name(), "status": "refused", "error": error }))?;
            }
        }
        Ok(Self {
            json,
            photos,
            ended: vec![false; photos],
            done: 0,
            bytes_out: 0,
            skipped,
            failures,
            stopped: None,
            lost_sight: None,
        })
    }

    /// Counts what became of photo `number`, and gives the line that says it.
    pub(super) fn count(
        &mut self,
        number: usize,
        photo: &Photo,
        outcome: &Outcome,
    ) -> io::Result<String> {
        self.ended[number] = true;
        if self.json {
            print(&told(photo, outcome))?;
        }
        let source = &photo.source;
        Ok(match &outcome.received {
            Ok(received) => {
                self.done += 1;
                self.bytes_out += received.size_bytes;
                match &received.path {
                    Some(path) => format!("{source}: {}", plain(&path.display().to_string())),
                    None => format!("{source}: standard output"),
                }
            }
            Err(problem) => {
                self.stopped = Stop::after(problem);
                self.failures.push(Failure {
                    input: source.clone(),
                    problem: problem.to_string(),
                });
                format!("{source}: not done")
            }
        })
    }

    /// Whether there is no use in going on.
    pub(super) const fn is_stopped(&self) -> bool {
        self.stopped.is_some()
    }

    /// Somebody wants it to end.
    pub(super) const fn interrupt(&mut self) {
        self.stopped = Some(Stop::Interrupted);
    }

    /// Nobody can be told how the jobs end.
    pub(super) fn lose_sight(&mut self, problem: &Problem) {
        self.stopped = Some(Stop::after(problem).unwrap_or(Stop::Refused));
        self.lost_sight = Some(problem.to_string());
    }

    /// Tells it.
    pub(super) fn report(mut self, photos: &[Photo]) -> io::Result<ExitCode> {
        tell(&mut self.failures);
        if let Some(problem) = &self.lost_sight {
            eprintln!("nws: {problem}");
        }
        let left = self.photos - self.ended.iter().filter(|ended| **ended).count();
        let (done, failed) = (counted(self.done, "photo"), self.failures.len());
        let fetched = HumanBytes(self.bytes_out);
        eprintln!("{done} done, {failed} failed; {fetched}");
        if left > 0 {
            let left = counted(left, "photo");
            eprintln!(
                "{left} not done yet: the server works on with what it has; the same command goes on from here"
            );
            self.print_rest(photos)?;
        }
        if self.skipped > 0 {
            eprintln!("{} left alone: not a photo", counted(self.skipped, "file"));
        }
        Ok(self.exit_code())
    }

    fn print_rest(&self, photos: &[Photo]) -> io::Result<()> {
        let photos = photos.iter().zip(&self.ended);
        let rest = photos.filter(|(_, ended)| self.json && !**ended);
        rest.map(|(photo, _)| json!({ "file": photo.source.name(), "status": "unfinished" }))
            .try_for_each(|line| print(&line))
    }

    fn exit_code(&self) -> ExitCode {
        match self.stopped {
            Some(Stop::Interrupted) => ExitCode::from(EXIT_INTERRUPTED),
            Some(Stop::Credentials) => ExitCode::from(EXIT_NOPERM),
            Some(Stop::Away) => ExitCode::from(EXIT_UNAVAILABLE),
            Some(Stop::Refused) => ExitCode::FAILURE,
            None if self.failures.is_empty() => ExitCode::SUCCESS,
            None => ExitCode::FAILURE,
        }
    }
}

impl Stop {
    /// Whether `problem` ends the run.
    fn after(problem: &Problem) -> Option<Self> {
        if !problem.is_for_all() {
            return None;
        }
        Some(match problem {
            Problem::Credentials { .. } => Self::Credentials,
            Problem::GivenUp { .. } => Self::Away,
            _ => Self::Refused,
        })
    }
}

/// A photo's line.
fn told(photo: &Photo, outcome: &Outcome) -> Value {
    let (file, job) = (photo.source.name(), outcome.job);
    match &outcome.received {
        Ok(received) => json!({
            "file": file,
            "status": "done",
            "jobId": job,
            "output": received.path.as_ref().map(|path| path.display().to_string()),
            "sizeBytes": received.size_bytes,
            "sha256": received.sha256,
        }),
        Err(problem) => json!({
            "file": file,
            "status": word(problem),
            "jobId": job,
            "error": error(problem),
        }),
    }
}

/// The job's own word where it ended so.
const fn word(problem: &Problem) -> &'static str {
    match problem {
        Problem::NoResult { status, .. } => status.as_str(),
        Problem::GivenUp { .. } => "unfinished",
        _ => "refused",
    }
}

/// Shaped as the server's own: `detail`, and what else it said.
fn error(problem: &Problem) -> Value {
    let mut error = json!({ "detail": problem.to_string() });
    if let Problem::NoResult { failure, .. } = problem {
        error["code"] = json!(failure.code);
    }
    if let Some(refusal) = problem.refusal() {
        error["type"] = json!(refusal.r#type);
        error["status"] = json!(refusal.status.as_u16());
        let figures = [("measured", refusal.measured), ("limit", refusal.limit)];
        for (name, figure) in figures {
            if let Some(figure) = figure {
                error[name] = json!(figure);
            }
        }
        if let Some(field) = &refusal.field {
            error["field"] = json!(field);
        }
    }
    error
}

fn print(line: &Value) -> io::Result<()> {
    writeln!(output(), "{line}")
}
