//! Where each job stands, and who watches it. Status and events are one port, so they cannot disagree.
//!
//! Embedded: [`Local`]. Networked: [`Redis`]. Read in this order: `rules`, what becomes of a record; `hub`, how one
//! event reaches everybody who watches here; `mailbox`, where it waits for one of them; then either implementation.

use std::{fmt, time::Duration};

use async_trait::async_trait;
use futures::stream::BoxStream;
use schemas::{Event, EventId, Job, JobId, State};

use crate::Error;

mod hub;
mod local;
mod mailbox;
pub mod obituary;
mod owner;
mod redis;
mod rules;

pub use local::Local;
pub(crate) use local::end_in;
pub use owner::{Owner, Ownership};
pub use redis::Redis;
pub use rules::RECORD_AGE_AFTER_END;

/// The number of a claim on a job. A later claim has a higher one, and only the latest may speak.
pub type Epoch = u64;

/// What is recorded of a job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Its newest event.
    pub event: Event,
    /// Whether its message was confirmed by the queue.
    pub sent: bool,
    /// When it last changed, in milliseconds since 1970: by an event, a claim, or the note that its message was sent.
    pub updated_at_ms: u64,
    /// The epoch in which it was cancelled last. Earlier claims were taken back then, whatever became of the job since.
    pub cancelled_epoch: Option<Epoch>,
    /// Whose job it is.
    pub ownership: Ownership,
}

/// What became of an admission.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Admission {
    /// What is recorded then.
    pub record: Record,
    /// Whether it was this call that began the job. Of many that are made at once only one is told so, and it is the one
    /// that publishes; a call that was made again because its answer was lost is not.
    pub began_now: bool,
}

/// A job whose message was never confirmed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unsent {
    /// What the message says.
    pub job: Job,
    /// The epoch of its admission, for [`Results::mark_sent`].
    pub epoch: Epoch,
}

/// A claim on a job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// The right to speak of it.
    pub epoch: Epoch,
    /// Where the job stood before; `None` for one that was never recorded, as when a stranger published it.
    pub before: Option<State>,
}

/// Whether an announcement was heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Announced {
    /// It is recorded, and every watcher hears of it.
    Told(EventId),
    /// The claim is not the latest any more, or the job ended under it: nothing was changed.
    Stale,
}

/// What a cancellation came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cancellation {
    /// The job's newest event: `cancelled`, the end that came before, or where it stands.
    pub event: Event,
    /// What was done.
    pub outcome: Outcome,
}

/// What was done about a cancellation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// This call ended the job. Of many that are made only one is told so.
    EndedNow,
    /// It had ended before.
    EndedBefore,
    /// Nothing: it is somebody else's.
    NotYours,
    /// Nothing: several clients wait for it.
    Shared,
}

impl Cancellation {
    /// Whether it was this call that ended the job.
    pub fn ended_now(&self) -> bool {
        self.outcome == Outcome::EndedNow
    }
}

/// What a watcher is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct News {
    /// The event.
    pub event: Event,
    /// Whether it stands for others that came after what the watcher knew, and are not kept any more.
    pub snapshot: bool,
}

impl From<Event> for News {
    fn from(event: Event) -> Self {
        Self {
            event,
            snapshot: false,
        }
    }
}

/// A job's events: the current one first unless the watcher knows it, then each change; the stream ends after a final
/// one. A watcher that is too slow for every change gets the newest instead.
pub type Watch = BoxStream<'static, News>;

/// The events of several jobs.
pub struct WatchAll {
    /// Where each job stands, then each change; the stream ends once every job has. A watcher that is too slow for every
    /// change gets the newest of each job instead.
    pub events: Watch,
    /// The jobs that nothing is recorded of. They have no events.
    pub unknown: Vec<JobId>,
}

/// Keeps the jobs' records.
#[async_trait]
pub trait Results: Send + Sync + fmt::Debug {
    /// What is recorded of `id`.
    async fn record(&self, id: &JobId) -> Result<Option<Record>, Error>;

    /// What the message of `id` says, of a job that was admitted. One that a stranger put on the queue was not.
    async fn job(&self, id: &JobId) -> Result<Option<Job>, Error>;

    /// Records `job` as accepted and not sent yet, in `state` (queued). A record that is queued already, is being
    /// worked on, or ended in `done` or `failed` stays as it is, unless `again` says that its result is gone; one that
    /// is `dead` or `cancelled` starts again in a new epoch. A job without a record that a worker has in hand keeps that
    /// worker's claim, and counts as sent. It is then `by`'s, or `by`'s too ([`Ownership::after`]). Returns what is recorded
    /// then.
    async fn admit(
        &self,
        job: &Job,
        state: &State,
        again: bool,
        by: Option<&Owner>,
    ) -> Result<Admission, Error>;

    /// Notes that the queue confirmed the job's message, on the record that was of `epoch` then. A note that comes after
    /// a claim or a new start changes nothing: a new life has a message of its own.
    async fn mark_sent(&self, id: &JobId, epoch: Epoch) -> Result<(), Error>;

    /// Jobs that were admitted at least `age_min` ago and whose message was never confirmed, oldest first.
    async fn unsent(&self, age_min: Duration, jobs_max: usize) -> Result<Vec<Unsent>, Error>;

    /// When the job was admitted that has waited longest for its first worker, in milliseconds since 1970; `None` where
    /// none waits. Jobs that were admitted more than a day ago are not counted.
    async fn oldest_waiting(&self) -> Result<Option<u64>, Error>;

    /// Begins a new epoch for `id`. From now on no earlier claim may speak.
    async fn claim(&self, id: &JobId) -> Result<Claim, Error>;

    /// Tells `state` to whoever watches the job, and records it. A change of status is kept for those who reconnect;
    /// a step within one status is told live only.
    async fn announce(&self, epoch: Epoch, state: &State) -> Result<Announced, Error>;

    /// Ends a job that has not ended yet, in a new epoch: whoever works on it may not speak of it any more. Where it does not
    /// belong to `by` ([`Ownership::lets`]) nothing is changed. `None` for an unknown job.
    async fn cancel(&self, id: &JobId, by: Option<&Owner>) -> Result<Option<Cancellation>, Error>;

    /// Follows a job, from after the event `after` where the watcher knows it; `None` for an unknown job. A stream that
    /// is empty at once says that the watcher knows the end already.
    async fn watch(&self, id: &JobId, after: Option<EventId>) -> Result<Option<Watch>, Error>;

    /// Follows several jobs, each named once.
    async fn watch_all(&self, ids: &[JobId]) -> Result<WatchAll, Error>;

    /// Whether records can be read and written now.
    async fn check(&self) -> Result<(), Error>;
}

impl fmt::Debug for WatchAll {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WatchAll")
            .field("unknown", &self.unknown)
            .finish_non_exhaustive()
    }
}
