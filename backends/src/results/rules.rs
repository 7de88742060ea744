//! What becomes of a record, as pure functions and numbers. `redis/*.lua` say the same where Redis runs them; the
//! contract holds both to it.

use std::time::Duration;

use schemas::{Event, Job, State, Status};
use tracing::warn;

use super::{Epoch, Unsent};
use crate::{
    Error,
    error::{Backend, Cause},
};

/// Changes of status kept for those who reconnect. A job that is retried as often as it may has about half of it.
pub(super) const LOG_ENTRIES_MAX: u32 = 64;

/// How long the log outlives its job's end: who reconnects later than this is told the end alone.
pub(super) const LOG_AGE_AFTER_END: Duration = Duration::from_secs(10 * 60);

/// How long a record outlives its job's end. The result itself outlives it, under the same id.
pub const RECORD_AGE_AFTER_END: Duration = Duration::from_secs(24 * 60 * 60);

/// How long a job may go without a word before its record is given up.
pub(super) const RECORD_AGE_MAX: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// How long a job is counted among those that wait for their first worker. Far longer than any queue may be by then; a
/// message that somebody removed from the queue must not count for ever.
pub(super) const WAITING_AGE_MAX: Duration = Duration::from_secs(24 * 60 * 60);

/// More events than one claim ever gives: an attempt has a dozen steps.
pub(super) const EPOCH_EVENTS_MAX: u64 = 1000;

/// Characters of a failure's message that are recorded, so that an event stays near 1 KiB.
const MESSAGE_CHARS_MAX: usize = 500;

/// Whether a job that stands at `before` starts anew when it is admitted.
pub(super) fn starts_anew(before: Option<Status>, again: bool) -> bool {
    match before {
        None | Some(Status::Dead | Status::Cancelled) => true,
        Some(Status::Done | Status::Failed) => again,
        Some(Status::Queued | Status::Processing | Status::Retrying) => false,
    }
}

/// The epoch after `old`. It is seeded from the time, so that a claim from before a record was lost is still the older.
pub(super) fn epoch_after(old: Option<Epoch>, now_ms: u64) -> Epoch {
    old.map_or(now_ms, |old| now_ms.max(old + 1))
}

/// The number of an event whose record was lost under its claim. Numbered by the time, beyond what the claim may have
/// said before, it is newer than what watchers heard.
pub(super) fn number_after_loss(epoch: Epoch, now_ms: u64) -> u64 {
    now_ms.saturating_sub(epoch) + EPOCH_EVENTS_MAX
}

/// How long a record and its log are kept from now on, when the job stands at `status`.
pub(super) fn kept_for(status: Status) -> (Duration, Duration) {
    if status.is_final() {
        (RECORD_AGE_AFTER_END, LOG_AGE_AFTER_END)
    } else {
        (RECORD_AGE_MAX, RECORD_AGE_MAX)
    }
}

/// A state of bounded length: what is recorded and told.
pub(super) fn bounded(state: &State) -> State {
    let mut state = state.clone();
    if let Some(failure) = &mut state.error
        && let Some((cut, _)) = failure.message.char_indices().nth(MESSAGE_CHARS_MAX)
    {
        failure.message.truncate(cut);
    }
    state
}

/// A state as it is written down.
pub(super) fn json(state: &State) -> String {
    serde_json::to_string(state).expect("a state has only string keys and finite numbers")
}

/// Reads a state that [`json`] wrote.
pub(super) fn state(op: &'static str, json: &str) -> Result<State, Error> {
    serde_json::from_str(json).map_err(|error| corrupt(op, &error))
}

/// Reads an event: its id and its state.
pub(super) fn event(op: &'static str, id: &str, json: &str) -> Result<Event, Error> {
    Ok(Event {
        id: id.parse().map_err(|error| corrupt(op, &error))?,
        state: state(op, json)?,
    })
}

/// Reads a job's message.
pub(super) fn job(op: &'static str, json: &[u8]) -> Result<Job, Error> {
    Job::parse(json, None).map_err(|error| corrupt(op, &error))
}

/// Reads the messages of jobs that were never confirmed. One that cannot be read is another version's; it must not hold
/// up the rest.
pub(super) fn unsent(jobs: &[(Vec<u8>, Epoch)]) -> Vec<Unsent> {
    let read = jobs.iter().filter_map(|(json, epoch)| {
        let job = Job::parse(json, None)
            .inspect_err(|error| warn!(%error, "an unsent job is passed over: {error}"))
            .ok()?;
        let epoch = *epoch;
        Some(Unsent { job, epoch })
    });
    read.collect()
}

/// The error of a record that nobody of us wrote.
pub(super) fn corrupt(op: &'static str, error: &dyn std::fmt::Display) -> Error {
    let cause = Cause::Corrupt(format!("the record cannot be read: {error}"));
    Error::new(Backend::Results, op, cause)
}

#[cfg(test)]
mod tests {
    use schemas::{Digest, Failure, JobId, Timings};

    use super::*;

    #[test]
    fn an_epoch_is_later_than_the_one_before_even_if_the_clock_went_back() {
        assert_eq!(epoch_after(None, 1000), 1000);
        assert_eq!(epoch_after(Some(900), 1000), 1000);
        assert_eq!(epoch_after(Some(1000), 1000), 1001);
        assert_eq!(epoch_after(Some(5000), 1000), 5001);
    }

    #[test]
    fn what_lives_or_ended_well_does_not_start_anew_unasked() {
        let anew = |again: bool| Status::ALL.map(|status| starts_anew(Some(status), again));
        assert_eq!(anew(false), [false, false, false, false, false, true, true]);
        assert_eq!(anew(true), [false, false, false, true, true, true, true]);
        assert!(starts_anew(None, false));
    }

    #[test]
    fn a_failure_that_talks_too_much_is_cut() {
        let failure = Failure {
            code: "io".to_owned(),
            message: "é".repeat(5000),
        };
        let queued = State::queued(JobId::new(Digest::of(b"")), Timings::default());
        let failed = bounded(&queued.stopped(Status::Failed, failure));
        assert_eq!(failed.error.unwrap().message, "é".repeat(MESSAGE_CHARS_MAX));
    }
}
