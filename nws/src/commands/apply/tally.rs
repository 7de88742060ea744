//! What came of a run.

use std::process::ExitCode;

use indicatif::HumanBytes;
use schemas::Contrast;

use super::render::Made;
use crate::commands::photos::{Failure, Input, counted, tell};

/// Counts, and the failures by name.
#[derive(Debug, Default)]
pub(super) struct Tally {
    made: usize,
    skipped: usize,
    bytes_in: u64,
    bytes_out: u64,
    hard_to_read: Vec<(Contrast, Input)>,
    failures: Vec<Failure>,
}

impl Tally {
    /// A run that begins with what could not even be looked at.
    pub(super) fn new(failures: Vec<Failure>, skipped: usize) -> Self {
        Self {
            failures,
            skipped,
            ..Self::default()
        }
    }

    pub(super) fn count(&mut self, input: &Input, made: anyhow::Result<Made>) {
        match made {
            Ok(made) => {
                self.made += 1;
                self.bytes_in += made.bytes_in;
                self.bytes_out += made.bytes_out;
                let faint = made
                    .contrast
                    .filter(|contrast| *contrast < Contrast::OF_TEXT);
                self.hard_to_read
                    .extend(faint.map(|contrast| (contrast, input.clone())));
            }
            Err(error) => self.failures.push(Failure {
                input: input.clone(),
                problem: format!("{error:#}"),
            }),
        }
    }

    /// Tells it. Exit code 1 if any photo failed.
    pub(super) fn report(mut self) -> ExitCode {
        tell(&mut self.failures);
        let (before, after) = (HumanBytes(self.bytes_in), HumanBytes(self.bytes_out));
        let (made, failed) = (counted(self.made, "photo"), self.failures.len());
        eprintln!("{made} made, {failed} failed; {before} became {after}");
        if let Some((least, input)) = self.hard_to_read.iter().min() {
            let (marks, wanted) = (counted(self.hard_to_read.len(), "mark"), Contrast::OF_TEXT);
            eprintln!("{marks} below the contrast of {wanted} that text needs; {least} in {input}");
        }
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
