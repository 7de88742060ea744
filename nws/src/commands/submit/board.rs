//! What is shown while it happens: bars on a terminal, lines elsewhere.
#![expect(
    clippy::print_stderr,
    reason = "standard output may be the picture itself"
)]

use std::{
    collections::HashMap,
    io::{IsTerminal as _, stderr},
    sync::{Mutex, PoisonError},
    time::Duration,
};

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use schemas::Status;

use super::problem::Problem;
use crate::commands::photos::{Input, progress_bar};

/// Photos that have a line of their own: they fit on any terminal, below them the bar of all.
const LINES_MAX: usize = 12;
/// How often a line moves while nothing is heard.
const TICK: Duration = Duration::from_millis(120);

/// The way of a photo, for the eye.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    Sending,
    Job(Status),
    Fetching,
}

/// Where a run stands. Shared by all photos.
#[derive(Debug)]
pub(super) struct Board {
    all: ProgressBar,
    bars: MultiProgress,
    lines: Mutex<HashMap<usize, ProgressBar>>,
    names: Vec<String>,
    is_terminal: bool,
    in_trouble: Mutex<bool>,
}

impl Board {
    pub(super) fn new<'i>(photos: impl ExactSizeIterator<Item = &'i Input>) -> Self {
        let bars = MultiProgress::new();
        let all = bars.add(progress_bar(photos.len()));
        all.tick(); // it is there before the first photo has ended
        Self {
            all,
            bars,
            lines: Mutex::default(),
            names: photos.map(ToString::to_string).collect(),
            is_terminal: stderr().is_terminal(),
            in_trouble: Mutex::new(false),
        }
    }

    /// A photo's line says where it stands. What waits in the server's queue has none: others are moving.
    pub(super) fn show(&self, photo: usize, stage: Stage) {
        if !self.is_terminal {
            return;
        }
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        if stage == Stage::Job(Status::Queued) {
            self.clear(&mut lines, photo);
        } else if let Some(line) = lines.get(&photo) {
            line.set_prefix(stage.word());
        } else if lines.len() < LINES_MAX {
            lines.insert(photo, self.line(photo, stage));
        }
    }

    /// A photo has ended; `line` says how, where bars cannot.
    pub(super) fn end(&self, photo: usize, line: &str) {
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        self.clear(&mut lines, photo);
        self.all.inc(1);
        if !self.is_terminal {
            eprintln!("{line}");
        }
    }

    /// Something is tried again. It is said once, until something works.
    pub(super) fn trouble(&self, problem: &Problem, pause: Duration) {
        let mut in_trouble = self
            .in_trouble
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        self.all.set_message(format!("({problem}; trying again)"));
        if !*in_trouble && !self.is_terminal {
            eprintln!("nws: {problem}; trying again in {} ms", pause.as_millis());
        }
        *in_trouble = true;
    }

    /// Something worked.
    pub(super) fn well(&self) {
        let mut in_trouble = self
            .in_trouble
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if std::mem::take(&mut *in_trouble) {
            self.all.set_message("");
        }
    }

    /// Nothing more is shown.
    pub(super) fn close(&self) {
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        lines.drain().for_each(|(_, line)| line.finish_and_clear());
        self.all.finish_and_clear();
    }

    /// The stage comes first and the name is cut at the terminal's edge: names are long, and lines that break push others away.
    fn line(&self, photo: usize, stage: Stage) -> ProgressBar {
        let style = ProgressStyle::with_template("{spinner} {prefix:<10} {wide_msg}");
        let line = self.bars.insert_before(&self.all, ProgressBar::no_length());
        line.set_style(style.expect("the template is a literal"));
        line.set_prefix(stage.word());
        line.set_message(self.names.get(photo).cloned().unwrap_or_default());
        line.enable_steady_tick(TICK);
        line
    }

    fn clear(&self, lines: &mut HashMap<usize, ProgressBar>, photo: usize) {
        if let Some(line) = lines.remove(&photo) {
            line.finish_and_clear();
            self.bars.remove(&line);
        }
    }
}

impl Stage {
    const fn word(self) -> &'static str {
        match self {
            Self::Sending => "sending",
            Self::Job(status) => status.as_str(),
            Self::Fetching => "fetching",
        }
    }
}
