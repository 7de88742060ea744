//! Who is to be told how a job ended, and what has not been told yet.
//!
//! A [`Notice`] comes into being in the same change of the records that ends its job: a job that has ended and a target
//! that was not told cannot drift apart, whoever ends it and whatever dies then. From there on it waits here until
//! somebody delivered it, or gave it up.
//!
//! Embedded: [`Local`], in the file of the records. Networked: [`Redis`], in the shard of the job. Read in this order:
//! [`Outbox`]; [`Room`], how much of it one client may fill; `table` or `redis/notice.lua`, what a change of the records
//! does here; then either implementation.

use std::{fmt, str::FromStr, time::Duration};

use async_trait::async_trait;
use schemas::{Digest, EventId, JobId, State};

use crate::{
    Error,
    error::{Backend, Cause},
    results::Owner,
};

mod local;
pub(crate) mod redis;
mod room;
pub(crate) mod table;

pub use self::{local::Local, redis::Redis, room::Room};

/// Targets that wait for one job, or for their notices of it. 16: more than systems that upload the same photo with the
/// same wishes; somebody who counts up a query string runs into it.
pub const TARGETS_MAX: usize = 16;

/// How long a target or a notice is kept at most: as long as a job may go without a word, so that nothing is left behind
/// by what never ends, nor by a fleet that no longer delivers.
pub const AGE_MAX: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// Before what a message's id is made of.
const MESSAGE_DOMAIN: &str = "nws.webhook.v1";

/// Digits of a message's id: 128 bits, beyond any chance of two alike.
const MESSAGE_DIGITS: usize = 32;

/// What tells a notice from every other: the end of one life of a job, for one target.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct NoticeId {
    /// The job that ended.
    pub job: JobId,
    /// The event that ended it.
    pub event: EventId,
    /// The digest of the target's URL.
    pub target: Digest,
}

/// A target that is to be told how a job ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// Which notice it is.
    pub id: NoticeId,
    /// Whom to tell.
    pub url: String,
    /// Who asked for it first; `None` for one who has no name.
    pub owner: Option<Owner>,
    /// How the job ended.
    pub state: State,
    /// Since when it is to be told, in milliseconds since 1970.
    pub since_ms: u64,
    /// How often that was tried in vain.
    pub attempts: u32,
}

/// What came of a wish to be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subscribed {
    /// The target will be told when the job ends.
    Waits,
    /// The job had ended: its notice is due.
    Due,
    /// The job has [`TARGETS_MAX`] others.
    TooManyTargets,
    /// Whoever asks has as many notices waiting as the [`Room`] has for them.
    TooManyWait {
        /// Notices of theirs that wait.
        waiting: u64,
        /// How many may.
        limit: u64,
    },
}

/// Notices, from the end of a job until they are delivered.
#[async_trait]
pub trait Outbox: Send + Sync + fmt::Debug {
    /// Has `url` told how the job ends, or has ended, because `by` wants it. Said twice, it is told once. An end as `dead`
    /// is told and the target stays: a dead job may be replayed.
    ///
    /// Call it once the job is on record: what the record says then is what is told.
    async fn subscribe(
        &self,
        id: &JobId,
        url: &str,
        by: Option<&Owner>,
        now_ms: u64,
    ) -> Result<Subscribed, Error>;

    /// Takes some notices that are due, about `notices_max`. They are not due again before `lease` is over, so that nobody
    /// else sends them meanwhile; whoever dies with one has it sent again.
    async fn take_due(
        &self,
        notices_max: usize,
        now_ms: u64,
        lease: Duration,
    ) -> Result<Vec<Notice>, Error>;

    /// Removes a notice that was delivered or given up.
    async fn settle(&self, id: &NoticeId) -> Result<(), Error>;

    /// The same, and tells this target nothing more of the job.
    async fn forget(&self, id: &NoticeId) -> Result<(), Error>;

    /// Has a notice due again at `due_ms`, after so many attempts in vain. One that was settled meanwhile stays so.
    async fn postpone(&self, id: &NoticeId, due_ms: u64, attempts: u32) -> Result<(), Error>;

    /// How many notices wait.
    async fn depth(&self) -> Result<u64, Error>;
}

impl NoticeId {
    /// What a receiver knows it by, however often it is sent.
    pub fn message(&self) -> String {
        let digest = Digest::of(format!("{MESSAGE_DOMAIN}/{self}").as_bytes()).to_string();
        format!("msg_{}", &digest[..MESSAGE_DIGITS])
    }
}

/// The text is no notice's id.
#[derive(Debug, thiserror::Error)]
#[error("not a notice's id: <job>/<event>/<target> is expected")]
pub struct NotANoticeId;

impl fmt::Display for NoticeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.job, self.event, self.target)
    }
}

impl FromStr for NoticeId {
    type Err = NotANoticeId;

    fn from_str(text: &str) -> Result<Self, NotANoticeId> {
        let mut words = text.splitn(3, '/');
        let mut next = || words.next().ok_or(NotANoticeId);
        let (job, event, target) = (next()?, next()?, next()?);
        Ok(Self {
            job: job.parse().map_err(|_| NotANoticeId)?,
            event: event.parse().map_err(|_| NotANoticeId)?,
            target: target.parse().map_err(|_| NotANoticeId)?,
        })
    }
}

/// A notice as it is written down.
struct Written {
    id: String,
    url: String,
    /// Empty for one who has no name.
    owner: String,
    state: String,
    since_ms: u64,
    attempts: u32,
}

impl Written {
    fn read(self) -> Result<Notice, Error> {
        Ok(Notice {
            id: self.id.parse().map_err(|error| corrupt(&error))?,
            state: serde_json::from_str(&self.state).map_err(|error| corrupt(&error))?,
            url: self.url,
            owner: (!self.owner.is_empty()).then(|| Owner::new(&self.owner)),
            since_ms: self.since_ms,
            attempts: self.attempts,
        })
    }
}

/// A name, or nothing.
fn name(by: Option<&Owner>) -> &str {
    by.map_or("", Owner::as_str)
}

/// One that cannot be read is another version's: it must not hold up the rest, and comes again when its lease is over.
fn read_all(written: Vec<Written>) -> Vec<Notice> {
    let read = written.into_iter().filter_map(|notice| {
        notice
            .read()
            .inspect_err(|error| tracing::warn!(%error, "a notice is passed over: {error}"))
            .ok()
    });
    read.collect()
}

fn corrupt(error: &dyn fmt::Display) -> Error {
    let cause = Cause::Corrupt(format!("the notice cannot be read: {error}"));
    Error::new(Backend::Results, "take_due", cause)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(event: &str, url: &str) -> NoticeId {
        NoticeId {
            job: JobId::new(Digest::of(b"photo")),
            event: event.parse().unwrap(),
            target: Digest::of(url.as_bytes()),
        }
    }

    #[test]
    fn a_message_is_known_by_its_job_its_end_and_its_target() {
        let one = id("7-1", "https://a.example/");
        assert_eq!(one.to_string().parse::<NoticeId>().unwrap(), one);
        assert_eq!(one.message(), id("7-1", "https://a.example/").message());
        assert_ne!(one.message(), id("8-1", "https://a.example/").message());
        assert_ne!(one.message(), id("7-1", "https://b.example/").message());
        assert!("7-1".parse::<NoticeId>().is_err());
    }

    #[test]
    fn redis_keeps_what_waits_as_long_as_we_do() {
        let lua = include_str!("redis/notice.lua");
        assert!(lua.contains(&format!("AGE_SECONDS_MAX = {} ", AGE_MAX.as_secs())));
    }
}
