//! What becomes of a delivery. Pure: time and chance are arguments.

use std::time::Duration;

use backends::{Verdict, queue::Reason};

use crate::{error::WorkError, optimize::Outcome};

/// Attempts before a job is buried: 13 waits, 28 minutes at most and 21 on average, longer than most outages.
pub const ATTEMPTS_MAX: u32 = 14;
/// Attempts for a picture that brings its slot down: it is most likely the picture.
pub const CRASHED_ATTEMPTS_MAX: u32 = 2;
const WAIT_FIRST: Duration = Duration::from_secs(1);
const WAIT_MAX: Duration = Duration::from_secs(300);

/// What becomes of a delivery whose `attempt` (1-based) ended in `outcome`. `random` is uniform in 0..1.
pub fn judge(outcome: &Result<Outcome, WorkError>, attempt: u32, random: f64) -> Verdict {
    let error = match outcome {
        Ok(Outcome::Done(_)) => return Verdict::Done,
        Ok(Outcome::NothingToDo) => return Verdict::Drop,
        Err(error) => error,
    };
    let failure = error.failure();
    match error {
        WorkError::Input(_) => Verdict::Fail(failure),
        WorkError::Undecodable(_) => Verdict::Bury {
            reason: Reason::Undecodable,
            failure,
        },
        WorkError::OriginalMissing(_) => Verdict::Bury {
            reason: Reason::OriginalMissing,
            failure,
        },
        WorkError::CrashLoop { .. } => Verdict::Bury {
            reason: Reason::CrashLoop,
            failure,
        },
        WorkError::Panicked if attempt >= CRASHED_ATTEMPTS_MAX => Verdict::Bury {
            reason: Reason::CrashLoop,
            failure,
        },
        _ if attempt >= ATTEMPTS_MAX => Verdict::Bury {
            reason: Reason::AttemptsSpent,
            failure,
        },
        _ => Verdict::Retry {
            delay: wait(attempt, random),
            failure,
        },
    }
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
    use backends::error::{Backend, Error};
    use engine::InputError;
    use schemas::Digest;

    use super::*;

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
            matches!(judge(&outage(), 1, 0.5), Verdict::Retry { delay, .. } if delay.as_millis() == 750)
        );
        assert!(matches!(
            judge(&outage(), ATTEMPTS_MAX - 1, 0.5),
            Verdict::Retry { .. }
        ));
        let spent = judge(&outage(), ATTEMPTS_MAX, 0.5);
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
        let broken = Err(WorkError::Input(InputError::UnknownFormat));
        assert!(
            matches!(judge(&broken, 1, 0.5), Verdict::Fail(failure) if failure.code == "unknown_format")
        );
    }

    #[test]
    fn what_no_attempt_can_mend_is_buried_at_once() {
        let missing = Err(WorkError::OriginalMissing(Digest::of(b"")));
        assert!(matches!(
            judge(&missing, 1, 0.5),
            Verdict::Bury {
                reason: Reason::OriginalMissing,
                ..
            }
        ));
        let crashes = Err(WorkError::CrashLoop { crashes: 5 });
        assert!(matches!(
            judge(&crashes, 1, 0.5),
            Verdict::Bury {
                reason: Reason::CrashLoop,
                ..
            }
        ));
    }

    #[test]
    fn a_picture_that_brings_its_slot_down_gets_a_second_chance_only() {
        assert!(matches!(
            judge(&Err(WorkError::Panicked), 1, 0.5),
            Verdict::Retry { .. }
        ));
        assert!(matches!(
            judge(&Err(WorkError::Panicked), 2, 0.5),
            Verdict::Bury { .. }
        ));
    }
}
