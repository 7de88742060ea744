//! How often something is tried again, and for how long.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use backon::{ExponentialBuilder, Retryable as _};
use tokio::time::Instant;

use super::{board::Board, problem::Problem};

/// The first pause. A connection that was cut by a server which starts again is there soon.
const PAUSE_MIN: Duration = Duration::from_millis(250);
/// The longest pause that nobody asked for: who watches wants to see it go on when the server is back.
const PAUSE_MAX: Duration = Duration::from_secs(10);

/// How long the server may be away, and when it was heard last.
#[derive(Debug)]
pub(super) struct Patience {
    max: Duration,
    heard_at: Mutex<Instant>,
}

impl Patience {
    pub(super) fn new(max: Duration) -> Self {
        Self {
            max,
            heard_at: Mutex::new(Instant::now()),
        }
    }

    /// Does `attempt` until it is answered, or patience ends.
    pub(super) async fn persist<T, F>(
        &self,
        board: &Board,
        attempt: impl FnMut() -> F,
    ) -> Result<T, Problem>
    where
        F: Future<Output = Result<T, Problem>>,
    {
        let mut failing_since = None;
        let answered = attempt
            .retry(pauses())
            .when(Problem::may_pass)
            .adjust(|problem, drawn| {
                let since = *failing_since.get_or_insert_with(Instant::now);
                pause(problem, drawn?, since.elapsed(), self.max)
            })
            .notify(|problem, pause| board.trouble(problem, pause))
            .await;
        if let (Err(cause), Some(since)) = (answered.as_ref(), failing_since)
            && cause.may_pass()
        {
            return self.give_up(answered, since);
        }
        *self.heard_at.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
        board.well();
        answered
    }

    fn give_up<T>(&self, answered: Result<T, Problem>, since: Instant) -> Result<T, Problem> {
        let heard_at = *self.heard_at.lock().unwrap_or_else(PoisonError::into_inner);
        answered.map_err(|cause| Problem::GivenUp {
            cause: Box::new(cause),
            patience: self.max,
            is_away: heard_at <= since,
        })
    }
}

fn pauses() -> ExponentialBuilder {
    ExponentialBuilder::default()
        .with_min_delay(PAUSE_MIN)
        .with_max_delay(PAUSE_MAX / 2) // jitter adds up to as much again
        .with_jitter()
        .without_max_times()
}

/// The pause before the next attempt: as `drawn`, or as long as the server asks for; none where patience would end in it.
fn pause(
    problem: &Problem,
    drawn: Duration,
    failing_for: Duration,
    patience: Duration,
) -> Option<Duration> {
    let pause = problem.retry_after().unwrap_or_default().max(drawn);
    (failing_for + pause <= patience).then_some(pause)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn busy(retry_after_secs: Option<u64>) -> Problem {
        Problem::Busy {
            refusal: Box::default(),
            retry_after: retry_after_secs.map(Duration::from_secs),
        }
    }

    #[test]
    fn the_server_may_ask_for_a_longer_pause_and_not_for_a_shorter_one() {
        let asked = |secs| pause(&busy(secs), 3 * SECOND, Duration::ZERO, 60 * SECOND);
        assert_eq!(asked(None), Some(3 * SECOND));
        assert_eq!(asked(Some(1)), Some(3 * SECOND));
        assert_eq!(asked(Some(9)), Some(9 * SECOND));
    }

    #[test]
    fn patience_ends() {
        let at = |secs| pause(&busy(Some(5)), SECOND, secs * SECOND, 60 * SECOND);
        assert_eq!(at(55), Some(5 * SECOND));
        assert_eq!(at(56), None);
    }
}
