//! Messages that wait for a worker and are never lost.
//!
//! A [`Sender`] returns once the message is safe. A [`Source`] gives out [`Receiver`]s, each of which has one
//! [`Delivery`] in hand at a time. A delivery is settled in two moves, so that nothing is lost between them:
//! [`Delivery::secure`] makes whatever must follow it durable, [`Secured::ack`] lets it go. A delivery that is dropped
//! without either comes again. What is given up lies among the [`dead`] letters.
//!
//! Implemented in [`sqlite`] and [`rabbitmq`]; both pass `contract`.

#[cfg(test)]
mod contract;
pub mod dead;
pub mod rabbitmq;
pub mod sqlite;

use std::{fmt, time::Duration};

use async_trait::async_trait;
use bytes::Bytes;
use schemars::JsonSchema;
use schemas::{Failure, Job, job::JobError};
use serde::{Deserialize, Serialize};

pub use self::dead::{Burials, DeadLetters, Death};
use crate::{Error, clock::millis};

/// Puts jobs on the queue.
#[async_trait]
pub trait Sender: Send + Sync + fmt::Debug {
    /// Sends `job`. When this returns, the message survives the death of every process and of the broker.
    ///
    /// # Errors
    /// When the message was not confirmed; it may or may not arrive.
    async fn send(&self, job: &Job) -> Result<(), Error>;

    /// How many messages wait for a worker now, those that are due later not counted.
    async fn depth(&self) -> Result<u64, Error>;

    /// Whether a message could be sent now.
    async fn check(&self) -> Result<(), Error>;
}

/// Gives out receivers.
#[async_trait]
pub trait Source: Send + Sync + fmt::Debug {
    /// A new receiver, with one delivery in hand at most.
    async fn receiver(&self) -> Result<Box<dyn Receiver>, Error>;

    /// Hears of what the queue buried on its own, see [`dead`].
    async fn burials(&self) -> Result<Box<dyn Burials>, Error>;
}

/// One consumer. Dropping it stops consuming; what it has in hand goes back.
#[async_trait]
pub trait Receiver: Send {
    /// The next delivery, however long it takes; a lost connection is built again underneath. Safe to cancel.
    ///
    /// # Errors
    /// Only for what waiting cannot mend.
    async fn receive(&mut self) -> Result<Delivery, Error>;

    /// Stops consuming; a delivery that is in hand stays there. What a broker had sent already, and nobody asked for yet,
    /// is given out instead of handed back, which it would count as a crash. With a delivery in hand there is nothing of
    /// the kind. See it through.
    async fn stop(self: Box<Self>) -> Option<Delivery> {
        None
    }
}

/// What becomes of a delivery.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The result is stored.
    Done,
    /// The input is at fault; it will never work.
    Fail(Failure),
    /// The world is at fault; again after `delay`.
    Retry { delay: Duration, failure: Failure },
    /// The world is at fault and is known to be: again after `delay`, and no attempt is spent.
    Snooze { delay: Duration, failure: Failure },
    /// It is kept among the dead letters, with its reason.
    Bury { reason: Reason, failure: Failure },
    /// Nothing to do any more: it was finished or cancelled before.
    Drop,
}

/// Why a message lies among the dead letters: the metrics' label and the header's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// Every attempt failed.
    AttemptsSpent,
    /// It is no valid job.
    Undecodable,
    /// Its worker died too often while it worked on it.
    CrashLoop,
    /// The object store has no such original.
    OriginalMissing,
    /// Its job was dead already, and this message does not show why: a second one of it.
    DiedBefore,
}

/// One failed attempt, as the message's history keeps it: at most [`HISTORY_ENTRIES_MAX`] of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Attempt {
    /// 1-based.
    pub attempt: u32,
    /// Milliseconds since 1970-01-01 UTC.
    pub at_ms: u64,
    /// Who tried.
    pub worker: String,
    /// See [`Failure::code`].
    pub code: String,
    /// See [`Failure::message`], at most 120 characters.
    pub message: String,
    /// How long it waits before the next attempt, in milliseconds; none where it was the last.
    pub wait_ms: Option<u64>,
}

/// The newest entries a history keeps.
pub const HISTORY_ENTRIES_MAX: usize = 10;

/// How often the queue gives one message out again after its worker died, before the message counts as a danger.
pub const CRASHES_MAX: u32 = 5;

/// One message in hand.
#[derive(Debug)]
pub struct Delivery {
    /// The id the sender gave it, if any.
    pub message_id: Option<String>,
    /// What was sent.
    pub body: Bytes,
    /// The attempt this would be, 1-based.
    pub attempt: u32,
    /// How often a worker died with it in hand.
    pub crashes: u32,
    /// How often it waited without spending an attempt.
    pub snoozes: u32,
    /// The attempts before.
    pub history: Vec<Attempt>,
    /// The backend's side of it.
    pub settle: Box<dyn Settle>,
}

/// A delivery whose consequences are durable; only the acknowledgement is left. Dropped without it, the message comes
/// again beside what follows from it: twice, but never not at all.
#[derive(Debug)]
pub struct Secured(Box<dyn Settle>);

/// The backend's side of a delivery.
#[async_trait]
pub trait Settle: Send + Sync + fmt::Debug {
    /// Makes a retry, a snooze or a burial durable, with `history`; the other verdicts need nothing.
    ///
    /// A broker may give messages out while it takes none in. An implementation outlasts a short time of that itself: an
    /// error here makes the caller drop the delivery, and that counts as a crash. Safe to cancel, as by a worker that
    /// shuts down: the message comes again, perhaps beside its retry.
    async fn secure(&mut self, verdict: &Verdict, history: &[Attempt]) -> Result<(), Error>;

    /// Lets the message go.
    async fn ack(self: Box<Self>) -> Result<(), Error>;

    /// Gives the message back at once, for another worker; no attempt is spent, and where the backend can tell the two
    /// apart, no crash is counted.
    async fn hand_back(self: Box<Self>) -> Result<(), Error>;
}

impl Delivery {
    /// The job inside.
    ///
    /// # Errors
    /// When the message is no valid job, or names itself otherwise than its content does.
    pub fn job(&self) -> Result<Job, JobError> {
        Job::parse(&self.body, self.message_id.as_deref())
    }

    /// Makes durable what follows from `verdict`; `worker` names itself in the history. It may take a minute where the
    /// broker takes no messages, see [`Settle::secure`].
    ///
    /// # Errors
    /// When the backend could not be told. The delivery is given up and comes again.
    pub async fn secure(
        mut self,
        verdict: &Verdict,
        worker: &str,
        now_ms: u64,
    ) -> Result<Secured, Error> {
        self.remember(verdict, worker, now_ms);
        self.settle.secure(verdict, &self.history).await?;
        Ok(Secured(self.settle))
    }

    /// Gives the message back unworked, as a worker that shuts down does.
    ///
    /// # Errors
    /// When the backend could not be told; the message comes again all the same.
    pub async fn hand_back(self) -> Result<(), Error> {
        self.settle.hand_back().await
    }

    fn remember(&mut self, verdict: &Verdict, worker: &str, now_ms: u64) {
        let (failure, wait_ms) = match verdict {
            Verdict::Retry { delay, failure } => (failure, Some(millis(*delay))),
            Verdict::Bury { failure, .. } => (failure, None),
            // A snooze is no attempt.
            Verdict::Done | Verdict::Fail(_) | Verdict::Snooze { .. } | Verdict::Drop => return,
        };
        self.history.push(Attempt {
            attempt: self.attempt,
            at_ms: now_ms,
            worker: worker.chars().take(64).collect(),
            code: failure.code.clone(),
            message: failure.message.chars().take(120).collect(),
            wait_ms,
        });
        let surplus = self.history.len().saturating_sub(HISTORY_ENTRIES_MAX);
        self.history.drain(..surplus);
    }
}

impl Secured {
    /// Lets the message go.
    ///
    /// # Errors
    /// When the backend could not be told: the message comes again, and its finished job is recognised.
    pub async fn ack(self) -> Result<(), Error> {
        self.0.ack().await
    }
}

impl Reason {
    /// The word in headers, metrics and logs.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AttemptsSpent => "attempts_spent",
            Self::Undecodable => "undecodable",
            Self::CrashLoop => "crash_loop",
            Self::OriginalMissing => "original_missing",
            Self::DiedBefore => "died_before",
        }
    }
}
