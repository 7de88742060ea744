//! What becomes of a letter that is asked for. Pure.

use std::fmt;

use backends::{
    queue::{Death, dead::Letter},
    results::Record,
};
use schemas::Status;
use serde::{Serialize, Serializer};

use super::Which;

/// What becomes of a letter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// Its message is sent again, and the letter removed.
    Replayed,
    /// The same, for a job that was done and whose result is not kept any more.
    Remade,
    /// The job is done or failed: the letter is removed.
    Finished,
    /// The job has another message on the queue or in a worker's hand: the letter is removed.
    Runs,
    /// The same walk has sent the job already: the letter is removed.
    Duplicate,
    /// The client took the job back: the letter stays.
    Cancelled,
    /// No job that this version can read, and nobody asked for it by id or reason: the letter stays.
    Unreadable,
    /// The record says that the job runs, and only the queue knows that this message died: the letter stays until the job
    /// has ended one way or the other.
    MayRun,
}

/// What becomes of a readable `letter` whose job stands as in `record`. `result_gone` says that a done job has no result
/// any more.
pub(super) fn judge(letter: &Letter, record: Option<&Record>, result_gone: bool) -> Fate {
    let Some(record) = record else {
        return Fate::Replayed;
    };
    match record.event.state.status {
        Status::Done if result_gone => Fate::Remade,
        Status::Done | Status::Failed => Fate::Finished,
        Status::Dead => Fate::Replayed,
        Status::Cancelled => Fate::Cancelled,
        Status::Queued if !record.sent => Fate::Replayed,
        Status::Queued | Status::Processing | Status::Retrying => of_running(letter, record),
    }
}

/// A worker that buries says so on the record before, so whoever speaks since has another message. The queue says nothing.
fn of_running(letter: &Letter, record: &Record) -> Fate {
    match letter.reason {
        Death::Buried(_) => Fate::Runs,
        _ if record.was_left_at(letter.dead_at_ms) => Fate::Replayed,
        _ => Fate::MayRun,
    }
}

impl Fate {
    pub(super) const fn of_unreadable(which: &Which) -> Self {
        match which {
            Which::All => Self::Unreadable,
            Which::Id(_) | Which::Reason(_) => Self::Replayed,
        }
    }

    /// Whether the letter's message is sent again.
    pub const fn sends(self) -> bool {
        matches!(self, Self::Replayed | Self::Remade)
    }

    /// Whether the letter stays where it is.
    pub const fn keeps(self) -> bool {
        matches!(self, Self::Cancelled | Self::Unreadable | Self::MayRun)
    }

    /// The word for programs.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Replayed => "replayed",
            Self::Remade => "remade",
            Self::Finished => "finished",
            Self::Runs => "runs",
            Self::Duplicate => "duplicate",
            Self::Cancelled => "cancelled",
            Self::Unreadable => "unreadable",
            Self::MayRun => "may_run",
        }
    }
}

/// The sentence for people.
impl fmt::Display for Fate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Replayed => "replayed",
            Self::Remade => "replayed: its result was gone",
            Self::Finished => "removed: the job is finished already",
            Self::Runs => "removed: the job runs already",
            Self::Duplicate => "removed: the same job was replayed just now",
            Self::Cancelled => "kept: its client took it back",
            Self::Unreadable => "kept: it is no job that can be read; ask for it by id or reason",
            Self::MayRun => "kept: the job seems to run; ask again when it has ended",
        })
    }
}

impl Serialize for Fate {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use backends::queue::Reason;
    use schemas::{Digest, Event, EventId, JobId, State, Timings};

    use super::*;

    const DEAD_AT_MS: u64 = 1_700_000_000_000;

    fn letter(reason: Death) -> Letter {
        let job_id = JobId::new(Digest::of(b"photo"));
        Letter {
            id: job_id.to_string(),
            reason,
            dead_at_ms: Some(DEAD_AT_MS),
            attempt: 1,
            crashes: 0,
            history: Vec::new(),
            size_bytes: 1,
            job_id: Some(job_id),
            readable: true,
        }
    }

    fn record(status: Status, epoch: u64) -> Record {
        let mut state = State::queued(JobId::new(Digest::of(b"photo")), Timings::default());
        state.status = status;
        let id = EventId { epoch, n: 1 };
        Record {
            event: Event { id, state },
            sent: true,
            updated_at_ms: epoch,
            cancelled_epoch: None,
            ownership: backends::results::Ownership::default(),
        }
    }

    const TOLD: Death = Death::Buried(Reason::AttemptsSpent);

    #[test]
    fn a_finished_job_is_not_done_twice() {
        for status in [Status::Done, Status::Failed] {
            let record = record(status, DEAD_AT_MS);
            assert_eq!(judge(&letter(TOLD), Some(&record), false), Fate::Finished);
        }
    }

    #[test]
    fn a_done_job_without_its_result_is_made_again() {
        let record = record(Status::Done, DEAD_AT_MS);
        assert_eq!(judge(&letter(TOLD), Some(&record), true), Fate::Remade);
    }

    #[test]
    fn what_is_dead_or_unknown_lives_again() {
        let dead = record(Status::Dead, DEAD_AT_MS);
        assert_eq!(judge(&letter(TOLD), Some(&dead), false), Fate::Replayed);
        assert_eq!(judge(&letter(TOLD), None, false), Fate::Replayed);
    }

    #[test]
    fn what_its_client_took_back_is_kept() {
        let cancelled = record(Status::Cancelled, DEAD_AT_MS);
        let fate = judge(&letter(TOLD), Some(&cancelled), false);
        assert!(fate == Fate::Cancelled && fate.keeps());
    }

    #[test]
    fn a_job_that_was_never_sent_again_is_sent() {
        let mut unsent = record(Status::Queued, DEAD_AT_MS + 60_000);
        unsent.sent = false;
        assert_eq!(judge(&letter(TOLD), Some(&unsent), false), Fate::Replayed);
    }

    #[test]
    fn a_job_that_runs_again_needs_no_letter() {
        for status in [Status::Queued, Status::Processing, Status::Retrying] {
            let running = record(status, DEAD_AT_MS + 60_000);
            assert_eq!(judge(&letter(TOLD), Some(&running), false), Fate::Runs);
        }
    }

    #[test]
    fn a_job_that_nobody_told_of_is_not_mistaken_for_one_that_runs() {
        let fate = |epoch| {
            let processing = record(Status::Processing, epoch);
            judge(&letter(Death::DeliveryLimit), Some(&processing), false)
        };
        assert_eq!(fate(DEAD_AT_MS - 1000), Fate::Replayed);
        let later = fate(DEAD_AT_MS + 60_000);
        assert!(later == Fate::MayRun && later.keeps());
    }
}
