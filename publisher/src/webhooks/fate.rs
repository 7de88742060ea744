//! What becomes of a notice after an attempt. Pure: time and chance are arguments.

use std::{fmt, time::Duration};

use http::StatusCode;

/// How an attempt ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// The receiver answered, and may have said when to come again.
    Status(StatusCode, Option<Duration>),
    /// Its address may not be dialled.
    Refused(String),
    /// Nobody answered in time, or at all.
    Failed(String),
}

/// What becomes of a notice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    Delivered,
    /// The receiver wants to hear no more of the job.
    Gone,
    /// It is not allowed, and would not be tomorrow.
    Refused,
    /// It was tried for as long as it is kept.
    GivenUp,
    /// It is sent again after this time.
    Again(Duration),
}

/// How long, and how often.
#[derive(Clone, Copy, Debug)]
pub(super) struct Patience {
    /// The wait after the first attempt.
    pub(super) backoff: Duration,
    /// The longest wait.
    pub(super) backoff_max: Duration,
    /// Age at which a notice is given up.
    pub(super) age_max: Duration,
}

/// Each wait is so much longer than the one before: 5 s, 15 s, 45 s, two minutes, seven, twenty, an hour.
const GROWTH: u32 = 3;

/// Judges an attempt at a notice that has this age and was tried in vain so often before. `random` is within 0 and 1.
pub(super) fn judge(
    answer: &Answer,
    attempts: u32,
    age: Duration,
    random: f64,
    patience: &Patience,
) -> Fate {
    let asked = match answer {
        Answer::Status(status, _) if status.is_success() => return Fate::Delivered,
        Answer::Status(StatusCode::GONE, _) => return Fate::Gone,
        Answer::Refused(_) => return Fate::Refused,
        Answer::Status(status, asked) if may_say_when(*status) => *asked,
        Answer::Status(..) | Answer::Failed(_) => None,
    };
    let delay = patience.delay(attempts, asked, random);
    if age + delay > patience.age_max {
        Fate::GivenUp
    } else {
        Fate::Again(delay)
    }
}

impl Patience {
    /// The wait before the next attempt. A receiver may ask for a longer one, up to the longest there is; half of ours is
    /// drawn by lot, so that what failed together does not come back together.
    fn delay(&self, attempts: u32, asked: Option<Duration>, random: f64) -> Duration {
        let grown = GROWTH
            .checked_pow(attempts)
            .and_then(|factor| self.backoff.checked_mul(factor));
        let longest = grown.unwrap_or(self.backoff_max).min(self.backoff_max);
        let ours = longest.mul_f64(0.5 + random / 2.0);
        ours.max(asked.unwrap_or_default().min(self.backoff_max))
    }
}

/// RFC 9110 and RFC 6585: these two come with a `Retry-After` that is meant.
fn may_say_when(status: StatusCode) -> bool {
    matches!(
        status,
        StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE
    )
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Status(status, _) => write!(f, "it answered {}", status.as_u16()),
            Self::Refused(reason) | Self::Failed(reason) => f.write_str(reason),
        }
    }
}

impl Fate {
    /// The word in logs and metrics.
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Delivered => "delivered",
            Self::Gone => "gone",
            Self::Refused => "refused",
            Self::GivenUp => "given_up",
            Self::Again(_) => "retried",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_secs(3600);
    const PATIENCE: Patience = Patience {
        backoff: Duration::from_secs(5),
        backoff_max: HOUR,
        age_max: Duration::from_secs(24 * 3600),
    };

    fn after(answer: &Answer) -> Fate {
        judge(answer, 0, Duration::ZERO, 1.0, &PATIENCE)
    }

    fn status(code: u16, asked_secs: Option<u64>) -> Answer {
        let asked = asked_secs.map(Duration::from_secs);
        Answer::Status(StatusCode::from_u16(code).unwrap(), asked)
    }

    #[test]
    fn any_success_delivers_and_a_410_ends_it() {
        for code in [200, 201, 202, 204, 299] {
            assert_eq!(after(&status(code, None)), Fate::Delivered);
        }
        assert_eq!(after(&status(410, None)), Fate::Gone);
        assert_eq!(after(&Answer::Refused(String::new())), Fate::Refused);
    }

    #[test]
    fn everything_else_is_sent_again_a_redirect_among_it() {
        for code in [301, 302, 307, 308, 400, 401, 404, 408, 429, 500, 502, 503] {
            assert_eq!(after(&status(code, None)), Fate::Again(PATIENCE.backoff));
        }
        let silent = Answer::Failed("no answer".to_owned());
        assert_eq!(after(&silent), Fate::Again(PATIENCE.backoff));
    }

    #[test]
    fn waits_grow_to_an_hour_and_half_of_each_is_chance() {
        let wait = |attempts, random| {
            let silent = Answer::Failed(String::new());
            match judge(&silent, attempts, Duration::ZERO, random, &PATIENCE) {
                Fate::Again(delay) => delay.as_secs_f64(),
                other => panic!("{other:?}"),
            }
        };
        let longest: Vec<_> = (0..8).map(|attempts| wait(attempts, 1.0)).collect();
        assert_eq!(
            longest,
            [5.0, 15.0, 45.0, 135.0, 405.0, 1215.0, 3600.0, 3600.0]
        );
        assert_eq!(wait(0, 0.0), 2.5);
        assert_eq!(wait(u32::MAX, 0.5), 2700.0);
    }

    #[test]
    fn a_receiver_may_ask_for_a_longer_wait_within_the_longest() {
        let seconds = |answer: &Answer| match after(answer) {
            Fate::Again(delay) => delay.as_secs(),
            other => panic!("{other:?}"),
        };
        assert_eq!(seconds(&status(429, Some(120))), 120);
        assert_eq!(seconds(&status(503, Some(120))), 120);
        assert_eq!(seconds(&status(503, Some(1))), 5);
        assert_eq!(seconds(&status(503, Some(u64::MAX))), 3600);
        assert_eq!(seconds(&status(500, Some(120))), 5);
    }

    #[test]
    fn what_would_be_too_old_at_the_next_attempt_is_given_up() {
        let at = |age| judge(&status(500, None), 6, age, 1.0, &PATIENCE);
        assert_eq!(at(23 * HOUR), Fate::Again(HOUR));
        assert_eq!(at(23 * HOUR + Duration::from_secs(1)), Fate::GivenUp);
    }
}
