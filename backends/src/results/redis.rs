//! Records in Redis, for a fleet. Every change is one script, so that record, log and event cannot disagree.
//!
//! Read in this order: `redis/tell.lua`, what a change writes; `scripts`, how they are called; `reader`, how one
//! connection hears of the whole fleet's changes.

mod reader;
mod scripts;

use std::{
    fmt,
    sync::{Arc, OnceLock},
    time::Duration,
};

use async_trait::async_trait;
use redis::aio::ConnectionManager;
use schemas::{Event, EventId, Job, JobId, State};
use tokio_util::task::AbortOnDropHandle;

use self::scripts::Scripts;
use super::{
    Announced, Claim, Epoch, Record, Results, Unsent, Watch,
    hub::{History, Hub},
    rules,
};
use crate::{
    Error,
    clock::{millis, now_ms},
    redis_server::{RedisServer, within, within_again},
};

/// Records in Redis.
pub struct Redis {
    jobs: Jobs,
    hub: Arc<Hub>,
    /// Started by the first watcher: a worker needs none.
    reader: OnceLock<AbortOnDropHandle<()>>,
}

impl Redis {
    /// The records on `server`. Nothing is sent yet, so this works while the server is down; it needs a runtime.
    ///
    /// # Errors
    /// When the server's address cannot be right.
    pub fn new(server: RedisServer) -> Result<Self, Error> {
        Ok(Self {
            jobs: Jobs {
                commands: server.commands()?,
                server,
                scripts: Arc::default(),
            },
            hub: Arc::default(),
            reader: OnceLock::new(),
        })
    }

    fn start_reader(&self) {
        self.reader.get_or_init(|| {
            let reading = reader::read(self.jobs.clone(), Arc::clone(&self.hub));
            AbortOnDropHandle::new(tokio::spawn(reading))
        });
    }
}

#[async_trait]
impl Results for Redis {
    async fn record(&self, id: &JobId) -> Result<Option<Record>, Error> {
        let known = within_again("record", || self.jobs.record(id)).await?;
        known.map(|known| known.record("record")).transpose()
    }

    async fn admit(&self, job: &Job, state: &State, again: bool) -> Result<Record, Error> {
        let now_ms = now_ms();
        let known = within_again("admit", || self.jobs.admit(job, state, again, now_ms)).await?;
        known.record("admit")
    }

    async fn mark_sent(&self, id: &JobId, epoch: Epoch) -> Result<(), Error> {
        let now_ms = now_ms();
        within_again("mark_sent", || self.jobs.mark_sent(id, epoch, now_ms)).await
    }

    async fn unsent(&self, age_min: Duration, jobs_max: usize) -> Result<Vec<Unsent>, Error> {
        let until_ms = now_ms().saturating_sub(millis(age_min));
        let jobs = within_again("unsent", || self.jobs.unsent(until_ms, jobs_max)).await?;
        Ok(rules::unsent(&jobs))
    }

    async fn claim(&self, id: &JobId) -> Result<Claim, Error> {
        let now_ms = now_ms();
        let (epoch, state) = within_again("claim", || self.jobs.claim(id, now_ms)).await?;
        let before = state.map(|json| rules::state("claim", &json)).transpose()?;
        Ok(Claim { epoch, before })
    }

    async fn announce(&self, epoch: Epoch, state: &State) -> Result<Announced, Error> {
        let now_ms = now_ms();
        let told = within_again("announce", || self.jobs.announce(epoch, state, now_ms)).await?;
        match told {
            Some(id) => id
                .parse()
                .map(Announced::Told)
                .map_err(|error| rules::corrupt("announce", &error)),
            None => Ok(Announced::Stale),
        }
    }

    async fn watch(&self, id: &JobId, after: Option<EventId>) -> Result<Option<Watch>, Error> {
        self.start_reader();
        let seat = self.hub.join(id);
        let history = self.jobs.history("watch", id).await?;
        Ok(history.map(|history| seat.follow(history, after)))
    }

    async fn check(&self) -> Result<(), Error> {
        within("check", self.jobs.check()).await
    }
}

/// The records, as commands.
#[derive(Clone)]
struct Jobs {
    server: RedisServer,
    commands: ConnectionManager,
    scripts: Arc<Scripts>,
}

/// A record as Redis keeps it.
struct Known {
    id: String,
    state: String,
    sent: bool,
    updated_at_ms: u64,
}

impl Known {
    fn record(&self, op: &'static str) -> Result<Record, Error> {
        Ok(Record {
            event: rules::event(op, &self.id, &self.state)?,
            sent: self.sent,
            updated_at_ms: self.updated_at_ms,
        })
    }
}

impl Jobs {
    /// What is recorded of a job's events; `None` for an unknown job.
    async fn history(&self, op: &'static str, id: &JobId) -> Result<Option<History>, Error> {
        let (log, known) = within_again(op, || self.log_and_record(id)).await?;
        let Some(known) = known else {
            return Ok(None);
        };
        Ok(Some(History {
            log: log
                .iter()
                .map(|entry| logged(op, entry))
                .collect::<Result<_, _>>()?,
            newest: rules::event(op, &known.id, &known.state)?,
        }))
    }
}

/// Reads a log's entry: `<epoch>-<n> <status> <state>`.
fn logged(op: &'static str, entry: &str) -> Result<Event, Error> {
    let mut words = entry.splitn(3, ' ');
    let (Some(id), Some(_status), Some(state)) = (words.next(), words.next(), words.next()) else {
        return Err(rules::corrupt(
            op,
            &"three words are expected in a log's entry",
        ));
    };
    rules::event(op, id, state)
}

impl fmt::Debug for Redis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Redis")
            .field("server", &self.jobs.server)
            .field("hub", &self.hub)
            .finish_non_exhaustive()
    }
}
