//! The rule of when a backend is left alone. Pure: time and chance are arguments.

use std::time::Duration;

use tokio::time::Instant;

use super::window::Window;

/// So many failed calls in a row open it.
pub(super) const FAILURES_MAX: u32 = 5;

/// How long it stays open before the first trial. A trial is a check of ours and not somebody's job, so an early one
/// costs nobody anything.
const OPEN_MIN: Duration = Duration::from_secs(1);

/// The longest time until the first trial, for a backend that passes its trials and then fails its calls.
const OPEN_MAX: Duration = Duration::from_secs(30);

/// The longest time between two trials: how late a process notices that the backend is back.
const TRIAL_PAUSE_MAX: Duration = Duration::from_secs(5);

/// Who opens again so soon after it closed has not recovered, and is left alone for twice as long.
const RELAPSE_MAX: Duration = Duration::from_secs(60);

/// A circuit breaker.
///
/// It knows of no task and no clock. Callers ask with [`Breaker::admit`] and report with [`Breaker::note`]; a single
/// attendant makes the trials.
#[derive(Debug)]
pub(super) struct Breaker {
    state: State,
    /// Counts the changes of state: what a call from before a change reports is old news.
    era: Era,
    /// How often in a row it opened soon after it had closed.
    relapses: u32,
}

/// From one change of state to the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Era(u64);

/// What a breaker does with calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// They are made.
    Closed,
    /// None is made while a trial is under way.
    HalfOpen,
    /// None is made until the next trial.
    Open,
}

#[derive(Debug)]
enum State {
    Closed {
        /// When a trial closed it; it begins closed without one.
        since: Option<Instant>,
        failures_in_a_row: u32,
        recent: Window,
    },
    Open {
        until: Instant,
        trials: u32,
    },
    HalfOpen {
        trials: u32,
    },
}

impl Breaker {
    pub(super) fn new() -> Self {
        Self {
            state: State::closed(None),
            era: Era(0),
            relapses: 0,
        }
    }

    pub(super) const fn phase(&self) -> Phase {
        match self.state {
            State::Closed { .. } => Phase::Closed,
            State::Open { .. } => Phase::Open,
            State::HalfOpen { .. } => Phase::HalfOpen,
        }
    }

    /// Whether a call may be made: the era to report it in, or else how long there is nothing to ask for.
    pub(super) fn admit(&self, now: Instant) -> Result<Era, Duration> {
        self.left(now).map_or(Ok(self.era), Err)
    }

    /// How long the backend is left alone yet; none while it is not.
    pub(super) fn left(&self, now: Instant) -> Option<Duration> {
        match self.state {
            State::Closed { .. } => None,
            State::Open { until, .. } => Some(until.saturating_duration_since(now)),
            State::HalfOpen { .. } => Some(Duration::ZERO),
        }
    }

    /// Notes how a call that was admitted in `era` ended. `random` is uniform in 0..1.
    pub(super) fn note(&mut self, era: Era, failed: bool, now: Instant, random: f64) {
        let State::Closed {
            since,
            failures_in_a_row,
            recent,
        } = &mut self.state
        else {
            return;
        };
        if era != self.era {
            return;
        }
        recent.count(failed, now);
        *failures_in_a_row = if failed { *failures_in_a_row + 1 } else { 0 };
        if failed && (*failures_in_a_row >= FAILURES_MAX || recent.is_bad()) {
            let relapsed = since.is_some_and(|since| now.duration_since(since) < RELAPSE_MAX);
            self.relapses = if relapsed { self.relapses + 1 } else { 0 };
            let wait = doubled(self.relapses, OPEN_MAX, random);
            self.open(0, now + wait);
        }
    }

    /// Begins a trial. Whoever does so ends it too.
    pub(super) fn begin_trial(&mut self) {
        if let State::Open { trials, .. } = self.state {
            self.become_(State::HalfOpen { trials: trials + 1 });
        }
    }

    /// Notes how the trial ended: it closes, or the next trial comes a little later than this one did.
    pub(super) fn end_trial(&mut self, passed: bool, now: Instant, random: f64) {
        let State::HalfOpen { trials } = self.state else {
            return;
        };
        if passed {
            self.become_(State::closed(Some(now)));
        } else {
            self.open(trials, now + doubled(trials, TRIAL_PAUSE_MAX, random));
        }
    }

    fn open(&mut self, trials: u32, until: Instant) {
        self.become_(State::Open { until, trials });
    }

    fn become_(&mut self, state: State) {
        self.state = state;
        self.era.0 += 1;
    }
}

impl State {
    fn closed(since: Option<Instant>) -> Self {
        Self::Closed {
            since,
            failures_in_a_row: 0,
            recent: Window::default(),
        }
    }
}

/// [`OPEN_MIN`] doubled so many times, `longest` at most; half of it is certain, so that a fleet does not knock in step.
fn doubled(times: u32, longest: Duration, random: f64) -> Duration {
    let factor = 1u32.checked_shl(times).unwrap_or(u32::MAX);
    let full = OPEN_MIN.saturating_mul(factor).min(longest);
    full / 2 + (full / 2).mul_f64(random.clamp(0.0, 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A breaker, and the time as it wants it.
    struct Story {
        breaker: Breaker,
        now: Instant,
    }

    impl Story {
        fn begins() -> Self {
            Self {
                breaker: Breaker::new(),
                now: Instant::now(),
            }
        }

        fn calls(&mut self, number: u32, failed: bool) {
            for _ in 0..number {
                let era = self.breaker.admit(self.now).unwrap();
                self.breaker.note(era, failed, self.now, 1.0);
            }
        }

        fn opened() -> Self {
            let mut story = Self::begins();
            story.calls(FAILURES_MAX, true);
            story
        }

        fn waits(&mut self, time: Duration) {
            self.now += time;
        }

        fn trial(&mut self, passed: bool) {
            self.breaker.begin_trial();
            self.breaker.end_trial(passed, self.now, 1.0);
        }

        fn left(&self) -> Option<Duration> {
            self.breaker.left(self.now)
        }
    }

    #[test]
    fn five_failures_in_a_row_open_it() {
        let mut story = Story::begins();
        story.calls(4, true);
        story.calls(1, false);
        story.calls(4, true);
        assert_eq!(story.breaker.phase(), Phase::Closed);
        story.calls(1, true);
        assert_eq!(story.breaker.phase(), Phase::Open);
        assert_eq!(story.breaker.admit(story.now), Err(OPEN_MIN));
    }

    #[test]
    fn a_bad_share_opens_it_without_five_in_a_row() {
        let mut story = Story::begins();
        for _ in 0..3 {
            story.calls(1, false);
            story.calls(2, true);
        }
        assert_eq!(story.breaker.phase(), Phase::Closed);
        story.calls(1, true);
        assert_eq!(story.breaker.phase(), Phase::Open);
    }

    #[test]
    fn no_call_is_made_before_a_trial_has_passed() {
        let mut story = Story::opened();
        story.waits(OPEN_MAX * 10);
        assert_eq!(story.breaker.admit(story.now), Err(Duration::ZERO));
        story.breaker.begin_trial();
        assert_eq!(story.breaker.phase(), Phase::HalfOpen);
        assert_eq!(story.breaker.admit(story.now), Err(Duration::ZERO));
        story.breaker.end_trial(true, story.now, 1.0);
        assert_eq!(story.breaker.phase(), Phase::Closed);
        story.calls(4, true);
        assert_eq!(story.breaker.phase(), Phase::Closed, "it forgot the past");
    }

    #[test]
    fn trials_become_rarer_and_never_rarer_than_five_seconds() {
        let mut story = Story::opened();
        let mut pauses = Vec::new();
        for _ in 0..5 {
            story.trial(false);
            pauses.push(story.left().unwrap().as_secs());
        }
        assert_eq!(pauses, [2, 4, 5, 5, 5]);
    }

    #[test]
    fn who_fails_again_after_its_trial_is_left_alone_for_longer() {
        let mut story = Story::opened();
        let mut opened_for = Vec::new();
        for _ in 0..6 {
            story.trial(true);
            story.waits(RELAPSE_MAX / 2);
            story.calls(FAILURES_MAX, true);
            opened_for.push(story.left().unwrap().as_secs());
        }
        assert_eq!(opened_for, [2, 4, 8, 16, 30, 30]);
        story.trial(true);
        story.waits(RELAPSE_MAX);
        story.calls(FAILURES_MAX, true);
        assert_eq!(story.left(), Some(OPEN_MIN), "a minute heals");
    }

    #[test]
    fn what_a_call_from_before_reports_is_old_news() {
        let mut story = Story::begins();
        let early = story.breaker.admit(story.now).unwrap();
        story.calls(FAILURES_MAX, true);
        story.breaker.note(early, false, story.now, 1.0);
        assert_eq!(story.breaker.phase(), Phase::Open, "late good news");
        story.trial(true);
        for _ in 0..FAILURES_MAX {
            story.breaker.note(early, true, story.now, 1.0);
        }
        assert_eq!(story.breaker.phase(), Phase::Closed, "late bad news");
    }

    #[test]
    fn half_of_a_pause_is_left_to_chance() {
        assert_eq!(doubled(0, OPEN_MAX, 0.0), OPEN_MIN / 2);
        assert_eq!(doubled(0, OPEN_MAX, 1.0), OPEN_MIN);
        assert_eq!(doubled(u32::MAX, OPEN_MAX, 1.0), OPEN_MAX);
    }
}
