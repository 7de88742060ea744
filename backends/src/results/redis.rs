//! Records in Redis, for a fleet. Every change is one script, so that record, log and event cannot disagree.
//!
//! Read in this order: `redis/tell.lua`, what a change writes; `scripts`, what is called; `reader`, how one
//! connection per shard hears of the whole fleet's changes.

mod reader;
mod scripts;

use std::{
    fmt,
    sync::{Arc, OnceLock},
    time::Duration,
};

use async_trait::async_trait;
use futures::{
    StreamExt as _, TryStreamExt as _,
    future::{join_all, try_join_all},
    stream,
};
use schemas::{Event, EventId, Job, JobId, State};
use tokio_util::task::AbortOnDropHandle;
use tracing::warn;

use self::scripts::Scripts;
use super::{
    Admission, Announced, Cancellation, Claim, Epoch, Outcome, Owner, Ownership, Record, Results,
    Unsent, Watch, WatchAll,
    hub::{History, Hub},
    rules,
};
use crate::{
    Error,
    clock::{millis, now_ms},
    redis_server::{Commands, RedisServer, Shard, within, within_again},
};

/// Records that are read at once for somebody who watches many jobs: they share the connections, so that 200 take as long
/// as four.
const READS_AT_ONCE_MAX: usize = 50;

/// Records in Redis.
pub struct Redis {
    jobs: Jobs,
    hub: Arc<Hub>,
    /// One for each shard, started by the first watcher: a worker needs none.
    readers: OnceLock<Vec<AbortOnDropHandle<()>>>,
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
            readers: OnceLock::new(),
        })
    }

    fn start_readers(&self) {
        self.readers.get_or_init(|| {
            let shards = self.jobs.server.shards();
            shards.map(|shard| self.start_reader(shard)).collect()
        });
    }

    fn start_reader(&self, shard: Shard) -> AbortOnDropHandle<()> {
        let reading = reader::read(shard, self.jobs.clone(), Arc::clone(&self.hub));
        AbortOnDropHandle::new(tokio::spawn(reading))
    }

    /// What every shard answers, for what is kept per shard. One that is away does not hide what the others know; only
    /// where none answers there is an error.
    async fn of_every_shard<T, Asked: Future<Output = Result<T, Error>>>(
        &self,
        ask: impl Fn(Shard) -> Asked,
    ) -> Result<Vec<T>, Error> {
        let answers = join_all(self.jobs.server.shards().map(ask)).await;
        let (known, failures): (Vec<_>, Vec<_>) = answers.into_iter().partition(Result::is_ok);
        let mut failures = failures.into_iter().filter_map(Result::err);
        if known.is_empty()
            && let Some(failure) = failures.next()
        {
            return Err(failure);
        }
        failures.for_each(|error| warn!(op = error.op, "a shard is passed over: {error}"));
        Ok(known.into_iter().flatten().collect())
    }
}

#[async_trait]
impl Results for Redis {
    async fn record(&self, id: &JobId) -> Result<Option<Record>, Error> {
        let known = within_again("record", || self.jobs.record(id)).await?;
        known.map(|known| known.record("record")).transpose()
    }

    async fn job(&self, id: &JobId) -> Result<Option<Job>, Error> {
        let message = within_again("job", || self.jobs.message(id)).await?;
        message.map(|json| rules::job("job", &json)).transpose()
    }

    async fn admit(
        &self,
        job: &Job,
        state: &State,
        again: bool,
        by: Option<&Owner>,
    ) -> Result<Admission, Error> {
        let now_ms = now_ms();
        let admit = || self.jobs.admit(job, state, again, by, now_ms);
        let (known, began_now) = within_again("admit", admit).await?;
        Ok(Admission {
            record: known.record("admit")?,
            began_now,
        })
    }

    async fn mark_sent(&self, id: &JobId, epoch: Epoch) -> Result<(), Error> {
        let now_ms = now_ms();
        within_again("mark_sent", || self.jobs.mark_sent(id, epoch, now_ms)).await
    }

    async fn unsent(&self, age_min: Duration, jobs_max: usize) -> Result<Vec<Unsent>, Error> {
        let until_ms = now_ms().saturating_sub(millis(age_min));
        let ask = |shard| {
            within_again("unsent", move || {
                self.jobs.unsent(shard, until_ms, jobs_max)
            })
        };
        let mut jobs = self.of_every_shard(ask).await?.concat();
        jobs.sort_by_key(|(_, epoch)| *epoch); // it begins with the time of the admission
        jobs.truncate(jobs_max);
        Ok(rules::unsent(&jobs))
    }

    async fn oldest_waiting(&self) -> Result<Option<u64>, Error> {
        let since_ms = now_ms().saturating_sub(millis(rules::WAITING_AGE_MAX));
        let ask = |shard| {
            within_again("oldest_waiting", move || {
                self.jobs.oldest_waiting(shard, since_ms)
            })
        };
        let oldest = self.of_every_shard(ask).await?;
        Ok(oldest.into_iter().flatten().min())
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

    /// Said twice because the first answer was lost, it is told that the job had ended before: the job did end once.
    async fn cancel(&self, id: &JobId, by: Option<&Owner>) -> Result<Option<Cancellation>, Error> {
        let now_ms = now_ms();
        let answer = within_again("cancel", || self.jobs.cancel(id, by, now_ms)).await?;
        answer
            .map(|(id, state, outcome)| {
                let event = rules::event("cancel", &id, &state)?;
                let outcome = outcome_of(&outcome)?;
                Ok(Cancellation { event, outcome })
            })
            .transpose()
    }

    async fn watch(&self, id: &JobId, after: Option<EventId>) -> Result<Option<Watch>, Error> {
        self.start_readers();
        let seat = self.hub.join(&[*id]);
        let history = self.jobs.history("watch", id).await?;
        Ok(history.map(|history| seat.follow(history, after)))
    }

    async fn watch_all(&self, ids: &[JobId]) -> Result<WatchAll, Error> {
        self.start_readers();
        let seat = self.hub.join(ids);
        let records: Vec<_> = stream::iter(ids.to_vec())
            .map(|id| async move { self.record(&id).await })
            .buffered(READS_AT_ONCE_MAX)
            .try_collect()
            .await?;
        let current = records.into_iter().flatten().map(|record| record.event);
        Ok(seat.follow_all(current.collect()))
    }

    async fn check(&self) -> Result<(), Error> {
        let shards = self.jobs.server.shards();
        try_join_all(shards.map(|shard| within("check", self.jobs.check(shard)))).await?;
        Ok(())
    }
}

/// The records, as commands.
#[derive(Clone)]
struct Jobs {
    server: RedisServer,
    commands: Commands,
    scripts: Arc<Scripts>,
}

/// A record as Redis keeps it.
struct Known {
    id: String,
    state: String,
    sent: bool,
    updated_at_ms: u64,
    cancelled_epoch: Option<Epoch>,
    owner: Option<String>,
}

impl Known {
    fn record(&self, op: &'static str) -> Result<Record, Error> {
        Ok(Record {
            event: rules::event(op, &self.id, &self.state)?,
            sent: self.sent,
            updated_at_ms: self.updated_at_ms,
            cancelled_epoch: self.cancelled_epoch,
            ownership: Ownership::read(self.owner.as_deref()),
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

/// Reads what `cancel.lua` did.
fn outcome_of(word: &str) -> Result<Outcome, Error> {
    match word {
        "ended now" => Ok(Outcome::EndedNow),
        "ended before" => Ok(Outcome::EndedBefore),
        "not yours" => Ok(Outcome::NotYours),
        "shared" => Ok(Outcome::Shared),
        _ => Err(rules::corrupt("cancel", &"an unknown outcome")),
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
