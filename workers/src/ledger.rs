//! What a worker did within the last minute.

use std::{
    collections::VecDeque,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use backends::fleet::{Tally, WINDOW};
use schemas::{Status, Timings};
use tokio::time::Instant;

/// What is counted within this of each other is forgotten together: at most sixty tallies are kept, however many jobs.
const GRAIN: Duration = Duration::from_secs(1);

/// Counts what becomes of the jobs of one worker.
#[derive(Debug, Default)]
pub(crate) struct Ledger(Mutex<Window>);

impl Ledger {
    /// Counts what became of a job just now.
    pub(crate) fn count(&self, status: Status, timings: &Timings) {
        self.window().count(status, timings, Instant::now());
    }

    /// All that is not forgotten by now.
    pub(crate) fn tally(&self) -> Tally {
        self.window().tally(Instant::now())
    }

    /// A count too few or too many after a panic does no harm.
    fn window(&self) -> MutexGuard<'_, Window> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A sliding window of tallies. Pure: the time is an argument.
#[derive(Debug, Default)]
struct Window(VecDeque<Pane>);

#[derive(Debug)]
struct Pane {
    began: Instant,
    tally: Tally,
}

impl Window {
    fn count(&mut self, status: Status, timings: &Timings, now: Instant) {
        self.forget(now);
        let fresh = |pane: &Pane| now.saturating_duration_since(pane.began) < GRAIN;
        if !self.0.back().is_some_and(fresh) {
            self.0.push_back(Pane {
                began: now,
                tally: Tally::default(),
            });
        }
        let newest = self.0.back_mut().expect("there is one by now");
        newest.tally.count(status, timings);
    }

    fn tally(&mut self, now: Instant) -> Tally {
        self.forget(now);
        let mut all = Tally::default();
        for pane in &self.0 {
            all.merge(&pane.tally);
        }
        all
    }

    fn forget(&mut self, now: Instant) {
        let old = |pane: &Pane| now.saturating_duration_since(pane.began) >= WINDOW;
        while self.0.front().is_some_and(old) {
            self.0.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use schemas::Step;

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn done(window: &mut Window, now: Instant) {
        let mut timings = Timings::default();
        timings.set(Step::Total, SECOND);
        window.count(Status::Done, &timings, now);
    }

    #[test]
    fn what_a_minute_saw_is_counted_and_nothing_older() {
        let (mut window, began) = (Window::default(), Instant::now());
        for second in 0..120 {
            done(&mut window, began + second * SECOND);
        }
        let now = began + 119 * SECOND;
        assert_eq!(window.tally(now).done, 60);
        assert_eq!(window.tally(now + 30 * SECOND).done, 30);
        assert_eq!(window.tally(now + WINDOW), Tally::default());
    }

    #[test]
    fn it_is_off_by_a_second_at_most() {
        let (mut window, began) = (Window::default(), Instant::now());
        done(&mut window, began);
        done(&mut window, began + GRAIN * 9 / 10);
        assert_eq!(window.tally(began + WINDOW - SECOND / 10).done, 2);
        assert_eq!(window.tally(began + WINDOW).done, 0);
    }

    #[test]
    fn it_does_not_grow() {
        let (mut window, began) = (Window::default(), Instant::now());
        for tenth in 0..6000 {
            done(&mut window, began + tenth * SECOND / 10);
        }
        assert!(window.0.len() <= 60, "{}", window.0.len());
    }
}
