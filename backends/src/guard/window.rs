//! What the calls of the last half minute came to. Pure: the time is an argument.

use std::{collections::VecDeque, time::Duration};

use tokio::time::Instant;

/// How far back it looks: long enough that a quiet process makes [`CALLS_MIN`] calls, short enough to forget an old quarrel.
const REACH: Duration = Duration::from_secs(30);

/// Calls are counted together that began within this of each other: at most eleven counts are kept, however many calls.
const GRAIN: Duration = Duration::from_secs(3);

/// Fewer calls say nothing about a share.
const CALLS_MIN: u32 = 10;

/// A backend that fails more than every second call does more harm than good.
const FAILED_PERCENT_MIN: u32 = 60;

/// The calls of the last half minute.
#[derive(Debug, Default)]
pub(super) struct Window(VecDeque<Count>);

#[derive(Debug)]
struct Count {
    began: Instant,
    calls: u32,
    failed: u32,
}

impl Window {
    /// Counts a call that ended `now`.
    pub(super) fn count(&mut self, failed: bool, now: Instant) {
        self.forget(now);
        let fresh = |count: &Count| now.saturating_duration_since(count.began) < GRAIN;
        if !self.0.back().is_some_and(fresh) {
            self.0.push_back(Count {
                began: now,
                calls: 0,
                failed: 0,
            });
        }
        let newest = self.0.back_mut().expect("there is one by now");
        newest.calls = newest.calls.saturating_add(1);
        newest.failed = newest.failed.saturating_add(u32::from(failed));
    }

    /// Whether too large a share of the calls failed.
    pub(super) fn is_bad(&self) -> bool {
        let sum = |of: fn(&Count) -> u32| self.0.iter().map(|count| u64::from(of(count))).sum();
        let (calls, failed): (u64, u64) = (sum(|count| count.calls), sum(|count| count.failed));
        calls >= CALLS_MIN.into() && failed * 100 >= calls * u64::from(FAILED_PERCENT_MIN)
    }

    fn forget(&mut self, now: Instant) {
        let old = |count: &Count| now.saturating_duration_since(count.began) >= REACH;
        while self.0.front().is_some_and(old) {
            self.0.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counted(failed: u32, good: u32, now: Instant) -> Window {
        let mut window = Window::default();
        (0..failed).for_each(|_| window.count(true, now));
        (0..good).for_each(|_| window.count(false, now));
        window
    }

    #[test]
    fn sixty_of_a_hundred_are_too_many() {
        let now = Instant::now();
        assert!(counted(6, 4, now).is_bad());
        assert!(!counted(59, 41, now).is_bad());
    }

    #[test]
    fn nine_calls_say_nothing() {
        assert!(!counted(9, 0, Instant::now()).is_bad());
        assert!(counted(10, 0, Instant::now()).is_bad());
    }

    #[test]
    fn what_was_half_a_minute_ago_is_forgotten() {
        let now = Instant::now();
        let mut window = counted(100, 0, now);
        window.count(false, now + REACH);
        assert!(!window.is_bad());
    }

    #[test]
    fn it_does_not_grow() {
        let now = Instant::now();
        let mut window = Window::default();
        for second in 0..600 {
            window.count(true, now + Duration::from_secs(second));
        }
        assert!(window.0.len() <= 11, "{}", window.0.len());
    }
}
