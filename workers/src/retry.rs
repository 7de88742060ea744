//! What becomes of a delivery. Pure: time and chance are arguments.

use std::{mem, time::Duration};

use backends::{
    Delivery, Verdict,
    error::Backend,
    queue::{Attempt, Death, Reason},
};
use schemas::Failure;
use slot::Fault;

use crate::{
    error::{CRASHED, TOO_SLOW, WorkError},
    optimize::Outcome,
};

/// Attempts before a job is buried: 13 waits, 28 minutes at most and 21 on average, longer than most outages.
pub const ATTEMPTS_MAX: u32 = 14;
/// Attempts that are not finished in time. A loaded host is no picture's fault, but one that is never finished would hold a
/// slot for half an hour in fourteen of them.
pub const SLOW_ATTEMPTS_MAX: usize = 3;
const WAIT_FIRST: Duration = Duration::from_secs(1);
const WAIT_MAX: Duration = Duration::from_secs(300);

/// Snoozes before a message spends attempts like any other.
///
/// An outage costs it one or two, because consumption pauses. A backend that flaps for an hour needs more; a message that
/// needs as many may be what brings its backend down, and would go round for ever.
pub const SNOOZES_MAX: u32 = 20;

/// How often a message was given out before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tries {
    /// The attempt it is at, 1-based.
    pub attempt: u32,
    /// The waits that spent no attempt.
    pub snoozes: u32,
    /// Whether one of the attempts before brought its slot down.
    pub has_crashed: bool,
    /// The attempts before that were not finished in time.
    pub slow_attempts: usize,
}

impl Tries {
    /// What `delivery` says of itself.
    pub fn of(delivery: &Delivery) -> Self {
        Self {
            attempt: delivery.attempt,
            snoozes: delivery.snoozes,
            has_crashed: ended_in(CRASHED, delivery.attempt, &delivery.history) > 0,
            slow_attempts: ended_in(TOO_SLOW, delivery.attempt, &delivery.history),
        }
    }
}

/// How many of the attempts before `attempt` ended in `code`. Who replays a message begins again and keeps its
/// history, so only what was attempted since counts: from the newest backwards, as long as the numbers fall.
fn ended_in(code: &str, attempt: u32, history: &[Attempt]) -> usize {
    let mut later = attempt;
    let since_replay = history
        .iter()
        .rev()
        .take_while(|before| mem::replace(&mut later, before.attempt) > before.attempt);
    since_replay.filter(|before| before.code == code).count()
}

/// What becomes of a delivery that ended in `outcome`. `random` is uniform in 0..1.
pub fn judge(outcome: &Result<Outcome, WorkError>, tries: Tries, random: f64) -> Verdict {
    let error = match outcome {
        Ok(Outcome::Done(_)) => return Verdict::Done,
        Ok(Outcome::NothingToDo) => return Verdict::Drop,
        Err(error) => error,
    };
    let failure = error.failure();
    match error {
        error if error.is_permanent() => Verdict::Fail(failure),
        WorkError::Undecodable(_) => bury(Reason::Undecodable, failure),
        WorkError::OriginalMissing(_) | WorkError::LogoMissing(_) => {
            bury(Reason::OriginalMissing, failure)
        }
        WorkError::DiedBefore(told) => bury(why_it_died(told.as_ref(), tries), failure),
        WorkError::CrashLoop { .. } => bury(Reason::CrashLoop, failure),
        // One more chance on another worker; after that it is most likely the picture.
        WorkError::Slot(Fault::Crashed(_)) if tries.has_crashed => bury(Reason::CrashLoop, failure),
        WorkError::TooSlow(_) if tries.slow_attempts + 1 >= SLOW_ATTEMPTS_MAX => {
            let message = format!("{}, {SLOW_ATTEMPTS_MAX} times", failure.message);
            bury(Reason::AttemptsSpent, Failure { message, ..failure })
        }
        // Nobody could be told of a burial, so it has to wait, however long it takes.
        WorkError::Overtaken => again(error, tries, random),
        error if error.is_of(Backend::Results) => again(error, tries, random),
        _ if tries.attempt < ATTEMPTS_MAX => again(error, tries, random),
        _ if snooze_left(error, tries).is_some() => again(error, tries, random),
        _ => bury(Reason::AttemptsSpent, failure),
    }
}

/// Later: a snooze where the backend that failed is left alone, for then the attempt says nothing about the message.
pub(crate) fn again(error: &WorkError, tries: Tries, random: f64) -> Verdict {
    let failure = error.failure();
    match snooze_left(error, tries) {
        Some(left) => Verdict::Snooze {
            delay: left + wait(tries.snoozes + 1, random),
            failure,
        },
        None => Verdict::Retry {
            delay: wait(tries.attempt, random),
            failure,
        },
    }
}

/// How long what is at fault is left alone yet, where the message may still wait for that.
fn snooze_left(error: &WorkError, tries: Tries) -> Option<Duration> {
    match error {
        WorkError::World(error) if tries.snoozes < SNOOZES_MAX => error.left_alone(),
        WorkError::Slot(Fault::NoSlot(_)) if tries.snoozes < SNOOZES_MAX => Some(Duration::ZERO),
        _ => None,
    }
}

/// Why the job of this message is dead, as far as its client was told. A burial is told before it is made, so who dies
/// between leaves a message that was never buried: its letter is the job's only one, and must be found by the reason.
fn why_it_died(told: Option<&Failure>, tries: Tries) -> Reason {
    match told.map(|failure| failure.code.parse()) {
        Some(Ok(Death::Buried(reason))) => reason,
        _ if tries.attempt >= ATTEMPTS_MAX => Reason::AttemptsSpent,
        _ => Reason::DiedBefore,
    }
}

const fn bury(reason: Reason, failure: Failure) -> Verdict {
    Verdict::Bury { reason, failure }
}

/// How long a job waits after `attempts` of them failed: exponential backoff with equal jitter, half of it certain.
///
/// See "Exponential Backoff and Jitter", AWS Architecture Blog, 2015.
pub fn wait(attempts: u32, random: f64) -> Duration {
    let doubled = 1u32
        .checked_shl(attempts.saturating_sub(1))
        .unwrap_or(u32::MAX);
    let full = WAIT_FIRST.saturating_mul(doubled).min(WAIT_MAX);
    full / 2 + (full / 2).mul_f64(random.clamp(0.0, 1.0))
}

#[cfg(test)]
mod tests {
    use backends::error::{Cause, Error};
    use engine::InputError;
    use schemas::Digest;

    use super::*;

    const FIRST: Tries = Tries {
        attempt: 1,
        snoozes: 0,
        has_crashed: false,
        slow_attempts: 0,
    };

    fn at(attempt: u32) -> Tries {
        Tries { attempt, ..FIRST }
    }

    /// An outage that is known: the store's breaker is open for another three seconds.
    fn known_outage(backend: Backend) -> Result<Outcome, WorkError> {
        let left = Duration::from_secs(3);
        let cause = Cause::LeftAlone { left, last: None };
        Err(WorkError::World(Error::new(backend, "get", cause)))
    }

    fn outage() -> Result<Outcome, WorkError> {
        Err(WorkError::World(Error::failed(
            Backend::Objects,
            "get",
            "connection refused",
        )))
    }

    #[test]
    fn waits_double_from_half_a_second_and_stop_at_five_minutes() {
        assert_eq!(wait(1, 0.0), Duration::from_millis(500));
        assert_eq!(wait(1, 1.0), Duration::from_secs(1));
        assert_eq!(wait(2, 0.0), Duration::from_secs(1));
        assert_eq!(wait(9, 1.0), Duration::from_secs(256));
        for attempts in [10, 32, 33, u32::MAX] {
            assert_eq!(wait(attempts, 1.0), WAIT_MAX);
        }
    }

    #[test]
    fn every_attempt_together_waits_28_minutes_at_most() {
        let longest: Duration = (1..ATTEMPTS_MAX).map(|attempts| wait(attempts, 1.0)).sum();
        assert!(longest <= Duration::from_secs(29 * 60), "{longest:?}");
    }

    #[test]
    fn an_outage_is_waited_out_and_then_buried() {
        assert!(
            matches!(judge(&outage(), FIRST, 0.5), Verdict::Retry { delay, .. } if delay.as_millis() == 750)
        );
        assert!(matches!(
            judge(&outage(), at(ATTEMPTS_MAX - 1), 0.5),
            Verdict::Retry { .. }
        ));
        let spent = judge(&outage(), at(ATTEMPTS_MAX), 0.5);
        assert!(matches!(
            spent,
            Verdict::Bury {
                reason: Reason::AttemptsSpent,
                ..
            }
        ));
    }

    #[test]
    fn a_broken_image_fails_at_once() {
        let broken = Err(InputError::UnknownFormat.into());
        assert!(
            matches!(judge(&broken, FIRST, 0.5), Verdict::Fail(failure) if failure.code == "unknown_format")
        );
    }

    #[test]
    fn what_no_attempt_can_mend_is_buried_at_once() {
        let missing = Err(WorkError::OriginalMissing(Digest::of(b"")));
        assert!(matches!(
            judge(&missing, FIRST, 0.5),
            Verdict::Bury {
                reason: Reason::OriginalMissing,
                ..
            }
        ));
        let crashes = Err(WorkError::CrashLoop { crashes: 5 });
        assert!(matches!(
            judge(&crashes, FIRST, 0.5),
            Verdict::Bury {
                reason: Reason::CrashLoop,
                ..
            }
        ));
    }

    #[test]
    fn a_message_whose_burial_was_told_and_not_made_is_buried_for_the_reason_that_was_told() {
        let missing = WorkError::OriginalMissing(Digest::of(b"photo")).failure();
        let outage = outage().unwrap_err().failure();
        for (told, attempt, expected) in [
            (Some(missing), 1, Reason::OriginalMissing),
            (Some(outage.clone()), ATTEMPTS_MAX, Reason::AttemptsSpent),
            (Some(outage), 1, Reason::DiedBefore),
            (None, 1, Reason::DiedBefore),
        ] {
            let verdict = judge(&Err(WorkError::DiedBefore(told)), at(attempt), 0.5);
            assert!(matches!(verdict, Verdict::Bury { reason, .. } if reason == expected));
        }
    }

    #[test]
    fn a_picture_that_brings_its_slot_down_gets_a_second_chance_only() {
        let crashed = |has_crashed| {
            let crash = Fault::Crashed("signal: 11 (SIGSEGV)".to_owned());
            let tries = Tries {
                has_crashed,
                ..at(5)
            };
            judge(&Err(crash.into()), tries, 0.5)
        };
        assert!(matches!(crashed(false), Verdict::Retry { .. }));
        assert!(matches!(crashed(true), Verdict::Bury { .. }));
    }

    #[test]
    fn a_slot_that_was_killed_from_outside_is_not_the_pictures_fault() {
        let killed = |attempt| {
            let tries = Tries {
                has_crashed: true,
                ..at(attempt)
            };
            judge(&Err(Fault::Killed.into()), tries, 0.5)
        };
        assert!(matches!(killed(2), Verdict::Retry { .. }));
        assert!(matches!(killed(ATTEMPTS_MAX), Verdict::Bury { .. }));
    }

    #[test]
    fn a_crash_before_a_replay_does_not_count() {
        let history = |tried: &[(u32, &str)]| -> Vec<Attempt> {
            let entry = |&(attempt, code): &(u32, &str)| Attempt {
                attempt,
                at_ms: 0,
                worker: String::new(),
                code: code.to_owned(),
                message: String::new(),
                wait_ms: None,
            };
            tried.iter().map(entry).collect()
        };
        let life_before = [(1, CRASHED), (2, CRASHED)];
        assert_eq!(ended_in(CRASHED, 2, &history(&[(1, CRASHED)])), 1);
        assert_eq!(ended_in(CRASHED, 1, &history(&life_before)), 0);
        for (code, expected) in [(CRASHED, 1), (TOO_SLOW, 0)] {
            let lives = [&life_before[..], &[(1, code), (2, "too_slow")]].concat();
            assert_eq!(ended_in(CRASHED, 3, &history(&lives)), expected, "{code}");
        }
    }

    #[test]
    fn a_picture_that_wants_too_much_fails_at_once() {
        for error in [
            Fault::MemoryExceeded { limit_bytes: 1 },
            Fault::CpuExceeded { limit_secs: 1 },
        ] {
            let verdict = judge(&Err(error.into()), FIRST, 0.5);
            assert!(matches!(verdict, Verdict::Fail(_)));
        }
    }

    #[test]
    fn a_host_that_is_too_slow_or_has_no_slot_is_not_the_pictures_fault() {
        let slow = Err(WorkError::TooSlow(Duration::from_secs(120)));
        assert!(matches!(judge(&slow, FIRST, 0.5), Verdict::Retry { .. }));
        let none = Err(Fault::NoSlot("no such file".to_owned()).into());
        let verdict = judge(&none, at(ATTEMPTS_MAX), 0.5);
        assert!(matches!(verdict, Verdict::Snooze { .. }), "{verdict:?}");
    }

    #[test]
    fn a_picture_that_is_never_finished_is_given_up_after_three_attempts() {
        let slow = Err(WorkError::TooSlow(Duration::from_secs(120)));
        let after = |slow_attempts| {
            let tries = Tries {
                slow_attempts,
                ..at(5) // an outage had the others
            };
            judge(&slow, tries, 0.5)
        };
        assert!(matches!(after(1), Verdict::Retry { .. }));
        let Verdict::Bury { reason, failure } = after(2) else {
            panic!("it goes round for ever");
        };
        assert_eq!(reason, Reason::AttemptsSpent);
        assert_eq!(failure.message, "not finished within 120 s, 3 times");
    }

    #[test]
    fn a_known_outage_spends_no_attempt_not_even_the_last() {
        for backend in [Backend::Objects, Backend::Results] {
            for attempt in [1, ATTEMPTS_MAX] {
                let verdict = judge(&known_outage(backend), at(attempt), 0.0);
                assert!(
                    matches!(verdict, Verdict::Snooze { delay, .. } if delay.as_millis() == 3500),
                    "{verdict:?}"
                );
            }
        }
    }

    #[test]
    fn who_has_snoozed_too_often_spends_attempts_and_is_buried_in_the_end() {
        let restless = |attempt| Tries {
            attempt,
            snoozes: SNOOZES_MAX,
            ..FIRST
        };
        let objects = known_outage(Backend::Objects);
        assert!(matches!(
            judge(&objects, restless(1), 0.5),
            Verdict::Retry { .. }
        ));
        let spent = judge(&objects, restless(ATTEMPTS_MAX), 0.5);
        assert!(matches!(spent, Verdict::Bury { .. }), "{spent:?}");
    }

    #[test]
    fn nothing_is_buried_while_nobody_can_be_told() {
        let deaf = Err(WorkError::World(Error::failed(
            Backend::Results,
            "claim",
            "gone",
        )));
        let verdict = judge(&deaf, at(u32::MAX), 1.0);
        assert!(matches!(verdict, Verdict::Retry { delay, .. } if delay == WAIT_MAX));
    }
}
