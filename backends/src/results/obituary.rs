//! That a job is dead, told for those who did not live to tell it.

use std::time::Duration;

use schemas::{Failure, State, Status, Timings};

use super::{Announced, Record, Results};
use crate::{
    Error,
    clock::millis,
    queue::{
        CRASHES_MAX,
        dead::{Death, Letter},
    },
};

/// How far the clocks of a broker and of those who claim jobs may be apart. A broker notes whole seconds, and machines
/// that ask for the time are milliseconds apart.
const CLOCKS_APART_MAX: Duration = Duration::from_secs(5);

/// What there was to tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Obituary {
    /// The job is dead, and its watchers know.
    Told,
    /// The job had ended before, or somebody has begun to work on it since: its message was not the only one.
    NotDue,
    /// The letter is no job that anybody knows.
    Nameless,
}

/// Tells that the job of `letter` is dead, if nobody did and nobody works on it any more.
///
/// It may be asked again after a failure, whatever was done of it: nothing that it does itself looks like a sign of life.
///
/// # Errors
/// When the records cannot be read or written.
pub async fn announce(results: &dyn Results, letter: &Letter) -> Result<Obituary, Error> {
    let Some(id) = letter.job_id else {
        return Ok(Obituary::Nameless);
    };
    match results.record(&id).await? {
        Some(record) if !record.was_left_at(letter.dead_at_ms) => return Ok(Obituary::NotDue),
        None if !letter.readable => return Ok(Obituary::Nameless),
        _ => {}
    }
    let claim = results.claim(&id).await?;
    let before = claim.before;
    let before = before.unwrap_or_else(|| State::queued(id, Timings::default()));
    if before.status.is_final() {
        return Ok(Obituary::NotDue);
    }
    let state = State {
        attempt: letter.attempt,
        ..before
    };
    let dead = state.stopped(Status::Dead, failure(letter));
    Ok(match results.announce(claim.epoch, &dead).await? {
        Announced::Told(_) => Obituary::Told,
        Announced::Stale => Obituary::NotDue,
    })
}

impl Record {
    /// Whether the job stands as its workers left it when its message died at `dead_at_ms`: not ended, and no later claim
    /// has spoken. An epoch is seeded from the time of its claim.
    pub fn was_left_at(&self, dead_at_ms: Option<u64>) -> bool {
        let spoken_ms = self.event.id.epoch;
        let until_ms = dead_at_ms.unwrap_or(0) + millis(CLOCKS_APART_MAX);
        !self.event.state.status.is_final() && spoken_ms <= until_ms
    }
}

fn failure(letter: &Letter) -> Failure {
    match letter.reason {
        Death::DeliveryLimit => Failure {
            code: "crash_loop".to_owned(),
            message: format!(
                "its worker died {} times with it in hand, the limit is {CRASHES_MAX}",
                letter.crashes
            ),
        },
        reason => Failure {
            code: reason.as_str().to_owned(),
            message: format!("the queue gave its message up: {reason}"),
        },
    }
}

#[cfg(test)]
mod tests {
    use schemas::{Digest, Event, EventId, JobId};

    use super::*;

    const DEAD_AT_MS: u64 = 1_700_000_000_000;

    fn record(status: Status, epoch: u64) -> Record {
        let mut state = State::queued(JobId::new(Digest::of(b"")), Timings::default());
        state.status = status;
        let id = EventId { epoch, n: 1 };
        Record {
            event: Event { id, state },
            sent: true,
            updated_at_ms: u64::MAX,
            cancelled_epoch: None,
            ownership: crate::results::Ownership::default(),
        }
    }

    #[test]
    fn a_job_that_was_claimed_before_its_message_died_is_left_behind() {
        for status in [Status::Queued, Status::Processing, Status::Retrying] {
            let left = |epoch| record(status, epoch).was_left_at(Some(DEAD_AT_MS));
            assert!(left(DEAD_AT_MS - 60_000));
            assert!(
                left(DEAD_AT_MS + 999),
                "a broker's clock shows whole seconds"
            );
            assert!(!left(DEAD_AT_MS + 60_000), "it has another message");
        }
    }

    #[test]
    fn a_job_that_ended_is_not_left_behind() {
        for status in Status::ALL.into_iter().filter(|status| status.is_final()) {
            assert!(!record(status, 0).was_left_at(Some(DEAD_AT_MS)));
        }
    }
}
