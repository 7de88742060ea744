//! What is shown while it happens: bars on a terminal, lines elsewhere.
#![expect(
    clippy::print_stderr,
    reason = "standard output may be the picture itself"
)]

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
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
        Self::on(ProgressDrawTarget::stderr(), photos)
    }

    fn on<'i>(
        target: ProgressDrawTarget,
        photos: impl ExactSizeIterator<Item = &'i Input>,
    ) -> Self {
        let bars = MultiProgress::with_draw_target(target);
        let all = bars.add(progress_bar(photos.len()));
        all.tick(); // it is there before the first photo has ended
        let is_terminal = !bars.is_hidden();
        Self {
            all,
            bars,
            lines: Mutex::default(),
            names: photos.map(ToString::to_string).collect(),
            is_terminal,
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

#[cfg(test)]
mod tests {
    use indicatif::InMemoryTerm;

    use super::*;

    /// A terminal of eight lines, as wide as a name may not be, and a board of two photos on it.
    fn board() -> (InMemoryTerm, Board) {
        let terminal = InMemoryTerm::new(8, 60);
        let target = ProgressDrawTarget::term_like(Box::new(terminal.clone()));
        let names = ["a.jpg".to_owned(), format!("{}.jpg", "long".repeat(20))];
        let photos = names.map(|name| Input::File(name.into()));
        (terminal, Board::on(target, photos.iter()))
    }

    /// Bars are drawn a few times a second; this looks until they are as `is_shown` wants them.
    fn wait_for(terminal: &InMemoryTerm, is_shown: impl Fn(&[&str]) -> bool) {
        while !is_shown(&terminal.contents().lines().collect::<Vec<_>>()) {
            std::thread::yield_now();
        }
    }

    #[test]
    fn a_photo_has_a_line_that_follows_it_and_a_name_is_cut_at_the_edge() {
        let (terminal, board) = board();
        board.show(0, Stage::Sending);
        board.show(1, Stage::Job(Status::Processing));
        wait_for(&terminal, |lines| {
            lines.len() == 3
                && lines[0].ends_with("sending    a.jpg")
                && lines[1].contains("processing longlong")
                && lines[2].contains("0/2 photos")
        });
        board.show(0, Stage::Fetching);
        wait_for(&terminal, |lines| {
            lines.len() == 3 && lines[0].ends_with("fetching   a.jpg")
        });
    }

    #[test]
    fn a_photo_that_waits_or_has_ended_has_no_line() {
        let (terminal, board) = board();
        board.show(0, Stage::Sending);
        board.show(1, Stage::Sending);
        wait_for(&terminal, |lines| lines.len() == 3);
        board.show(0, Stage::Job(Status::Queued));
        board.end(1, "done");
        wait_for(&terminal, |lines| {
            lines.len() == 1 && lines[0].contains("1/2 photos")
        });
        board.close();
        assert_eq!(terminal.contents(), "");
    }
}
