//! Who works: each worker says every other second that it lives and what it did of late.
//!
//! Embedded: [`Local`], for the workers of this process. Networked: [`Redis`]. Read in this order: [`Heartbeat`], what a
//! worker says; `tally` and `histogram`, what it did, so that the words of many add up; then either implementation.
//!
//! It is a courtesy to people who look on. No job waits for it, and none depends on it.

use std::{fmt, time::Duration};

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::Error;

mod histogram;
mod local;
mod redis;
mod tally;

pub use self::{histogram::Histogram, local::Local, redis::Redis, tally::Tally};

/// Between two heartbeats of a worker. 2 s: people who watch a queue empty see it move, and five hundred workers cost a
/// Redis 2 ms of each second.
pub const BEAT_PAUSE: Duration = Duration::from_secs(2);

/// How far back a heartbeat tells. A minute: long enough for a percentile, short enough to speak of now.
pub const WINDOW: Duration = Duration::from_secs(60);

/// A worker that is silent for so long is forgotten, whatever a reader still takes for alive: what it said last is
/// not of the window any more.
pub const SILENCE_MAX: Duration = WINDOW;

/// Workers that are remembered at once. 500: at 4 KiB each two megabytes, which a reader can take once a second.
pub const WORKERS_MAX: usize = 500;

/// What a worker says of itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Heartbeat {
    /// Who speaks.
    pub id: WorkerId,
    /// The name that it was given. Others may have the same.
    pub name: String,
    /// Pictures that it can work on at once.
    pub slots: u64,
    /// Pictures that it works on.
    pub busy: u64,
    /// When it started, in milliseconds since 1970.
    pub started_at_ms: u64,
    /// Whether it takes no more jobs and finishes what it has in hand.
    pub draining: bool,
    /// What it did within [`WINDOW`].
    pub tally: Tally,
}

/// Tells one life of a worker from every other: names can be set, and process ids come again in other containers.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct WorkerId(String);

/// A worker that lives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alive {
    /// What it said last.
    pub heartbeat: Heartbeat,
    /// How long ago that was, by the clock of whoever keeps it.
    pub age: Duration,
}

/// Keeps what workers say of themselves.
#[async_trait]
pub trait Fleet: Send + Sync + fmt::Debug {
    /// Keeps what a worker says instead of what it said before. One more than [`WORKERS_MAX`] is refused, unless another
    /// can be forgotten for it.
    async fn beat(&self, heartbeat: &Heartbeat) -> Result<(), Error>;

    /// Forgets a worker that has ended.
    async fn leave(&self, id: &WorkerId) -> Result<(), Error>;

    /// The workers that were heard of within `silence_max`, in any order.
    async fn alive(&self, silence_max: Duration) -> Result<Vec<Alive>, Error>;
}

impl WorkerId {
    /// The id that a random number stands for.
    pub fn new(random: u64) -> Self {
        Self(format!("{random:016x}"))
    }
}

impl fmt::Display for WorkerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
