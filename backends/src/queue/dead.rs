//! Letters that nobody will work on any more: read, sent again or thrown away by people, and announced where the queue
//! buried them on its own.
//!
//! A [`Look`] goes through the [`DeadLetters`] one [`Found`] at a time. Nothing leaves them by being looked at: a letter is
//! gone once it was removed, and a look that dies has removed nothing. [`Burials`] tell of what the queue gave up while
//! no worker lived long enough to say so.

use std::{fmt, str::FromStr};

use async_trait::async_trait;
use bytes::Bytes;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use schemas::{Digest, Job, JobId, job::JobError};
use serde::{Serialize, Serializer};

use super::{Attempt, Reason};
use crate::Error;

/// Letters that one look gives out at most. What is said of them fits into 30 MB, and a broker keeps what was looked at
/// apart until the look is over; the next look goes on where letters were removed.
pub const LETTERS_MAX: usize = 10_000;

/// The dead letters of a queue.
#[async_trait]
pub trait DeadLetters: Send + Sync + fmt::Debug {
    /// Begins a look at the letters that lie there now. One that dies meanwhile is for the next look.
    async fn look(&self) -> Result<Box<dyn Look>, Error>;
}

/// One walk through the letters. They come about in the order in which they died.
///
/// A broker shuffles what was looked at and may put it behind the rest, so that a walk that ends early shows others the next
/// time. Two walks at once may hide letters from each other.
#[async_trait]
pub trait Look: Send {
    /// The next letter; `None` after the last one, or after [`LETTERS_MAX`].
    async fn next(&mut self) -> Result<Option<Found>, Error>;

    /// How many letters lay there when the look began, those beyond [`LETTERS_MAX`] too.
    fn letters(&self) -> u64;

    /// Ends the look; what was not removed is there for the next one. Dropping it does the same, a little later.
    async fn end(self: Box<Self>) -> Result<(), Error>;
}

/// A letter in the hand of a look. Dropped, it stays where it was.
#[derive(Debug)]
pub struct Found {
    /// What is known of it.
    pub letter: Letter,
    /// What was sent once.
    pub body: Bytes,
    /// The backend's side of it.
    pub grave: Box<dyn Grave>,
}

/// The backend's side of a letter.
#[async_trait]
pub trait Grave: Send + Sync + fmt::Debug {
    /// Sends the letter's message to the queue: as its first attempt, with its history, and without the marks of its
    /// death. When this returns, the message is as safe as a new one; the letter lies there still.
    async fn send(&self) -> Result<(), Error>;

    /// Removes the letter for good.
    async fn remove(self: Box<Self>) -> Result<(), Error>;
}

/// What is known of a letter, without its body.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Letter {
    /// What it is called: the id its sender gave it, else the id of the job it is, else the SHA-256 of its body.
    pub id: String,
    /// Why it lies there.
    pub reason: Death,
    /// Since when, in milliseconds since 1970-01-01 UTC; none for what somebody put there by hand.
    pub dead_at_ms: Option<u64>,
    /// The attempt that was its last, 1-based.
    pub attempt: u32,
    /// How often a worker died with it in hand.
    pub crashes: u32,
    /// The attempts before, as the message keeps them.
    pub history: Vec<Attempt>,
    /// The body's length.
    pub size_bytes: u64,
    /// The job it is about; none if it is no job, or one under another job's name.
    pub job_id: Option<JobId>,
    /// Whether this version can read it.
    pub readable: bool,
}

/// Why a letter lies there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Death {
    /// A worker buried it, and told its client before.
    Buried(Reason),
    /// Its workers died too often, and none lived long enough to bury it: the queue did.
    DeliveryLimit,
    /// Somebody refused it by hand.
    Rejected,
    /// It waited for longer than the broker was told to keep it.
    Expired,
    /// The queue was longer than the broker was told to let it be.
    MaxLength,
    /// A word of another version, or none.
    Unknown,
}

/// Messages that the queue itself buried, so that nobody knows yet. Each is given out until it was told.
#[async_trait]
pub trait Burials: Send {
    /// The next one, however long it takes. Safe to cancel.
    ///
    /// # Errors
    /// Only for what waiting cannot mend.
    async fn next(&mut self) -> Result<Burial, Error>;
}

/// News of a burial. Dropped, it comes again.
#[derive(Debug)]
pub struct Burial {
    /// What was buried.
    pub letter: Letter,
    /// The backend's side of it.
    pub notice: Box<dyn Notice>,
}

/// The backend's side of a burial.
#[async_trait]
pub trait Notice: Send + Sync + fmt::Debug {
    /// It was told: it does not come again. The letter itself stays where it is.
    async fn told(self: Box<Self>) -> Result<(), Error>;
}

/// What travels beside a letter's body.
#[derive(Debug)]
pub(super) struct Envelope {
    pub(super) message_id: Option<String>,
    pub(super) death: Death,
    pub(super) dead_at_ms: Option<u64>,
    pub(super) attempt: u32,
    pub(super) crashes: u32,
    pub(super) history: Vec<Attempt>,
}

impl Found {
    /// The job inside.
    ///
    /// # Errors
    /// When the letter is no job that this version can read.
    pub fn job(&self) -> Result<Job, JobError> {
        // Its id is the message's, or what a reader makes of the body.
        Job::parse(&self.body, Some(&self.letter.id))
    }

    /// See [`Grave::send`].
    ///
    /// # Errors
    /// When the message was not confirmed; it may or may not arrive.
    pub async fn send(&self) -> Result<(), Error> {
        self.grave.send().await
    }

    /// See [`Grave::remove`].
    ///
    /// # Errors
    /// When the backend could not be told; the letter is there still.
    pub async fn remove(self) -> Result<(), Error> {
        self.grave.remove().await
    }
}

impl Burial {
    /// See [`Notice::told`].
    ///
    /// # Errors
    /// When the queue could not be told; the burial comes again.
    pub async fn told(self) -> Result<(), Error> {
        self.notice.told().await
    }
}

impl Letter {
    pub(super) fn new(envelope: Envelope, body: &[u8]) -> Self {
        let given = envelope.message_id;
        let job = Job::parse(body, given.as_deref());
        let job_id = named(&job, given.as_deref());
        let computed = || Some(job_id?.to_string());
        Self {
            id: given
                .clone()
                .or_else(computed)
                .unwrap_or_else(|| Digest::of(body).to_string()),
            reason: envelope.death,
            dead_at_ms: envelope.dead_at_ms,
            attempt: envelope.attempt,
            crashes: envelope.crashes,
            history: envelope.history,
            size_bytes: body.len() as u64,
            job_id,
            readable: job.is_ok(),
        }
    }
}

/// What cannot be read may still name the job that waits for it, as when a newer publisher wrote it.
fn named(job: &Result<Job, JobError>, given: Option<&str>) -> Option<JobId> {
    match job {
        Ok(job) => Some(job.id()),
        Err(JobError::WrongId { .. }) => None,
        Err(_) => given?.parse().ok(),
    }
}

impl Death {
    /// Every word there is.
    pub const ALL: [Self; 10] = [
        Self::Buried(Reason::AttemptsSpent),
        Self::Buried(Reason::Undecodable),
        Self::Buried(Reason::CrashLoop),
        Self::Buried(Reason::OriginalMissing),
        Self::Buried(Reason::DiedBefore),
        Self::DeliveryLimit,
        Self::Rejected,
        Self::Expired,
        Self::MaxLength,
        Self::Unknown,
    ];

    /// The word in headers, metrics and on the command line: ours, or the broker's.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Buried(reason) => reason.as_str(),
            Self::DeliveryLimit => "delivery_limit",
            Self::Rejected => "rejected",
            Self::Expired => "expired",
            Self::MaxLength => "maxlen",
            Self::Unknown => "unknown",
        }
    }

    /// What a header or a column says. A word that is not known must not hide the letter.
    pub(super) fn read(word: &str) -> Self {
        word.parse().unwrap_or(Self::Unknown)
    }
}

/// It is no reason that a letter can have.
#[derive(Debug, thiserror::Error)]
#[error("no letter lies there for this reason")]
pub struct NoReason;

impl FromStr for Death {
    type Err = NoReason;

    fn from_str(word: &str) -> Result<Self, NoReason> {
        let known = |death: &Self| death.as_str() == word;
        Self::ALL.into_iter().find(known).ok_or(NoReason)
    }
}

impl fmt::Display for Death {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl JsonSchema for Death {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Death".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "enum": Self::ALL.map(Self::as_str) })
    }
}

impl Serialize for Death {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::queue::contract::job;

    fn envelope(message_id: Option<&str>) -> Envelope {
        Envelope {
            message_id: message_id.map(str::to_owned),
            death: Death::Unknown,
            dead_at_ms: None,
            attempt: 1,
            crashes: 0,
            history: Vec::new(),
        }
    }

    #[test]
    fn every_word_is_read_as_it_is_written() {
        for death in Death::ALL {
            assert_eq!(death.as_str().parse::<Death>().unwrap(), death);
        }
        assert_eq!(Death::read("of old age"), Death::Unknown);
    }

    #[test]
    fn every_letter_has_a_name() {
        let job = job(1);
        let id = job.id().to_string();
        let nameless = Letter::new(envelope(None), &job.to_json());
        assert_eq!((nameless.id, nameless.job_id), (id, Some(job.id())));
        let named = Letter::new(envelope(Some("mine")), b"nothing");
        assert_eq!((named.id.as_str(), named.job_id), ("mine", None));
        let nothing = Letter::new(envelope(None), b"nothing");
        assert_eq!(nothing.id, Digest::of(b"nothing").to_string());
    }

    #[test]
    fn a_newer_message_is_about_the_job_it_names() {
        let id = job(1).id();
        let newer = Letter::new(envelope(Some(&id.to_string())), br#"{"version":2}"#);
        assert_eq!((newer.job_id, newer.readable), (Some(id), false));
    }

    #[test]
    fn a_job_under_the_name_of_another_is_about_none_of_them() {
        let other = job(2).id().to_string();
        let wrong = Letter::new(envelope(Some(&other)), &job(1).to_json());
        assert_eq!((wrong.job_id, wrong.readable), (None, false));
    }
}
