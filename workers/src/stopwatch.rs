//! Times the engine's steps, which have no clock of their own.

use std::{
    ops::ControlFlow,
    time::{Duration, Instant},
};

use schemas::{Step, Timings};
use slot::Watch;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// Times the engine's steps from outside, tells the finished ones, and stops the work after the deadline or when it is
/// told to.
pub(crate) struct Stopwatch {
    /// When it was first looked at: waiting for a place is not working.
    begun: Option<Instant>,
    deadline: Duration,
    stop: CancellationToken,
    running: Option<(Step, Instant)>,
    timings: Timings,
    told: watch::Sender<Timings>,
}

impl Stopwatch {
    /// A stopwatch, and the figures of the steps that have ended.
    pub(crate) fn new(
        deadline: Duration,
        stop: CancellationToken,
    ) -> (Self, watch::Receiver<Timings>) {
        let (told, steps) = watch::channel(Timings::default());
        let watch = Self {
            begun: None,
            deadline,
            stop,
            running: None,
            timings: Timings::default(),
            told,
        };
        (watch, steps)
    }

    pub(crate) fn is_told_to_stop(&self) -> bool {
        self.stop.is_cancelled()
    }

    /// How long all steps together may take.
    pub(crate) fn deadline(&self) -> Duration {
        self.deadline
    }

    /// Ends the running step; every step's figures.
    pub(crate) fn stop(&mut self) -> Timings {
        self.end_running();
        self.timings.clone()
    }

    fn end_running(&mut self) {
        if let Some((step, begun)) = self.running.take() {
            self.timings.set(step, begun.elapsed());
            self.told.send_replace(self.timings.clone());
        }
    }
}

impl Watch for Stopwatch {
    /// Ends the running step and begins `step`, unless the deadline is over or nobody wants the work any more. A step that
    /// runs already goes on: an animation asks before each of its frames.
    fn begin(&mut self, step: Step) -> ControlFlow<()> {
        let goes_on = self.running.is_some_and(|(running, _)| running == step);
        if !goes_on {
            self.end_running();
        }
        self.go_on()?;
        if !goes_on {
            self.running = Some((step, Instant::now()));
        }
        ControlFlow::Continue(())
    }

    /// Whether the deadline is not over, and the work still wanted.
    fn go_on(&mut self) -> ControlFlow<()> {
        let working = self.begun.get_or_insert_with(Instant::now).elapsed();
        if self.is_told_to_stop() || working > self.deadline {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_is_told_when_the_next_begins() {
        let (mut stopwatch, steps) = Stopwatch::new(Duration::MAX, CancellationToken::new());
        assert!(stopwatch.begin(Step::Decode).is_continue());
        assert_eq!(steps.borrow().get(Step::Decode), None);
        assert!(stopwatch.begin(Step::Resize).is_continue());
        assert!(steps.borrow().get(Step::Decode).is_some());
        assert!(stopwatch.stop().get(Step::Resize).is_some());
    }

    #[test]
    fn no_step_begins_after_the_deadline() {
        let (mut stopwatch, _steps) = Stopwatch::new(Duration::ZERO, CancellationToken::new());
        while stopwatch.begin(Step::Decode).is_continue() {}
        assert_eq!(stopwatch.stop().get(Step::Encode), None);
    }

    #[test]
    fn a_step_that_is_told_again_goes_on_until_it_is_stopped() {
        let stop = CancellationToken::new();
        let (mut stopwatch, steps) = Stopwatch::new(Duration::MAX, stop.clone());
        assert!(stopwatch.begin(Step::Encode).is_continue());
        assert!(stopwatch.begin(Step::Encode).is_continue());
        assert_eq!(steps.borrow().get(Step::Encode), None);
        stop.cancel();
        assert!(stopwatch.begin(Step::Encode).is_break());
        assert!(stopwatch.stop().get(Step::Encode).is_some());
    }

    #[test]
    fn no_step_begins_once_the_work_is_not_wanted_any_more() {
        let stop = CancellationToken::new();
        let (mut stopwatch, _steps) = Stopwatch::new(Duration::MAX, stop.clone());
        assert!(stopwatch.begin(Step::Decode).is_continue());
        stop.cancel();
        assert!(stopwatch.begin(Step::Resize).is_break());
        assert!(stopwatch.stop().get(Step::Decode).is_some());
    }
}
