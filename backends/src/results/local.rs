//! Records in an SQLite file, for one machine. Who watches hears of a change once it is on the disk, and of a step
//! without the disk.

mod steps;
mod table;

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, SystemTime},
};

use async_trait::async_trait;
use rusqlite::Connection;
use schemas::{Event, EventId, Job, JobId, State};

use self::steps::Steps;
use super::{
    Admission, Announced, Cancellation, Claim, Epoch, Outcome, Owner, Record, Results, Unsent,
    Watch, WatchAll, hub::Hub, rules,
};
use crate::{
    Error,
    clock::{millis, now_ms},
    error::Backend,
    sqlite::Database,
};

/// Between two sweeps of expired records. Ages are in days; an hour late is soon enough.
const SWEEP_EVERY: Duration = Duration::from_secs(60 * 60);

/// Records in an SQLite file.
#[derive(Debug)]
pub struct Local {
    database: Database,
    hub: Arc<Hub>,
    steps: Arc<Steps>,
    /// Steps of claims from before are forgotten.
    opened_at_ms: u64,
    sweep_due_ms: AtomicU64,
}

impl Local {
    /// Opens or creates the file at `path`, and sweeps out what expired meanwhile.
    ///
    /// # Errors
    /// When the file cannot be opened, or was written by a newer version.
    pub async fn open(path: &Path) -> Result<Self, Error> {
        let local = Self {
            database: Database::open(Backend::Results, path, table::SCHEMA)?,
            hub: Arc::default(),
            steps: Arc::default(),
            opened_at_ms: now_ms(),
            sweep_due_ms: AtomicU64::new(0),
        };
        local.sweep_if_due(now_ms()).await?;
        Ok(local)
    }

    /// Removes the records that have expired by `now`, and says how many. It happens by itself, now and then.
    ///
    /// # Errors
    /// When the file could not be written.
    pub async fn expire(&self, now: SystemTime) -> Result<usize, Error> {
        let since = now.duration_since(SystemTime::UNIX_EPOCH);
        self.sweep(millis(since.unwrap_or_default())).await
    }

    pub(crate) const fn database(&self) -> &Database {
        &self.database
    }

    async fn sweep(&self, now_ms: u64) -> Result<usize, Error> {
        self.database
            .call("expire", move |db| table::expire(db, now_ms))
            .await
    }

    async fn sweep_if_due(&self, now_ms: u64) -> Result<(), Error> {
        let due_ms = self.sweep_due_ms.load(Ordering::Relaxed);
        let next_ms = now_ms.saturating_add(millis(SWEEP_EVERY));
        let ours = due_ms <= now_ms
            && self
                .sweep_due_ms
                .compare_exchange(due_ms, next_ms, Ordering::Relaxed, Ordering::Relaxed)
                .is_ok();
        if ours {
            self.sweep(now_ms).await?;
        }
        Ok(())
    }

    /// Makes a change, and tells the event that it gave. A caller may stop waiting between the two, so a task of its own
    /// sees it through.
    async fn change<T: Send + 'static>(
        &self,
        op: &'static str,
        change: impl FnOnce(&Connection) -> rusqlite::Result<(T, Option<Event>)> + Send + 'static,
    ) -> Result<T, Error> {
        let (database, hub) = (self.database.clone(), Arc::clone(&self.hub));
        let steps = Arc::clone(&self.steps);
        let changed = tokio::spawn(async move {
            let (answer, event) = database.call(op, change).await?;
            if let Some(event) = event {
                steps.forget(&event.state.job_id, event.id);
                hub.tell(&event);
            }
            Ok(answer)
        });
        changed
            .await
            .unwrap_or_else(|error| Err(Error::failed(Backend::Results, op, error)))
    }
}

/// The event that ended a job, where it has ended.
pub(crate) fn end_in(db: &Connection, id: &JobId) -> rusqlite::Result<Option<Event>> {
    let newest = table::record(db, id)?.map(|record| record.event);
    Ok(newest.filter(|event| event.state.status.is_final()))
}

#[async_trait]
impl Results for Local {
    async fn record(&self, id: &JobId) -> Result<Option<Record>, Error> {
        let id = *id;
        self.database
            .call("record", move |db| table::record(db, &id))
            .await
    }

    async fn job(&self, id: &JobId) -> Result<Option<Job>, Error> {
        let id = *id;
        let message = self
            .database
            .call("job", move |db| table::message(db, &id))
            .await?;
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
        self.sweep_if_due(now_ms).await?;
        let (job, state, by) = (job.clone(), rules::bounded(state), by.cloned());
        self.change("admit", move |db| {
            let row = table::read(db, &job.id())?;
            let before = row.as_ref().and_then(table::Row::record);
            let status = before.as_ref().map(|record| record.event.state.status);
            let anew = rules::starts_anew(status, again);
            // A worker has it in hand and has not spoken yet: somebody sent it before it was recorded, and the claim stands.
            let claimed = row.as_ref().filter(|row| row.record().is_none());
            let begins = anew && claimed.is_none();
            let ownership = row.as_ref().map(|row| row.ownership.clone());
            let ownership = ownership.unwrap_or_default().after(by.as_ref(), begins);
            if let Some(mut record) = before.filter(|_| !anew) {
                table::write_ownership(db, &job.id(), &ownership)?;
                record.ownership = ownership;
                let began_now = false;
                return Ok((Admission { record, began_now }, None));
            }
            let epoch = match claimed {
                Some(claim) => claim.epoch,
                None => rules::epoch_after(row.as_ref().map(|row| row.epoch), now_ms),
            };
            let event = Event {
                id: EventId { epoch, n: 0 },
                state,
            };
            let sent = claimed.is_some();
            table::begin(db, &job, epoch, sent, now_ms)?;
            table::write_ownership(db, &job.id(), &ownership)?;
            table::write(db, &event, now_ms)?;
            let record = Record {
                event: event.clone(),
                sent,
                updated_at_ms: now_ms,
                cancelled_epoch: row.and_then(|row| row.cancelled_epoch),
                ownership,
            };
            let began_now = true;
            Ok((Admission { record, began_now }, Some(event)))
        })
        .await
    }

    async fn mark_sent(&self, id: &JobId, epoch: Epoch) -> Result<(), Error> {
        let (id, now_ms) = (*id, now_ms());
        self.database
            .call("mark_sent", move |db| {
                table::mark_sent(db, &id, epoch, now_ms)
            })
            .await
    }

    async fn unsent(&self, age_min: Duration, jobs_max: usize) -> Result<Vec<Unsent>, Error> {
        let until_ms = now_ms().saturating_sub(millis(age_min));
        let jobs = self
            .database
            .call("unsent", move |db| table::unsent(db, until_ms, jobs_max))
            .await?;
        Ok(rules::unsent(&jobs))
    }

    async fn oldest_waiting(&self) -> Result<Option<u64>, Error> {
        let since_ms = now_ms().saturating_sub(millis(rules::WAITING_AGE_MAX));
        self.database
            .call("oldest_waiting", move |db| {
                table::oldest_waiting(db, since_ms)
            })
            .await
    }

    async fn claim(&self, id: &JobId) -> Result<Claim, Error> {
        let (id, now_ms) = (*id, now_ms());
        self.database
            .call("claim", move |db| {
                let row = table::read(db, &id)?;
                let epoch = rules::epoch_after(row.as_ref().map(|row| row.epoch), now_ms);
                table::claim(db, &id, epoch, now_ms)?;
                let before = row.and_then(|row| row.record());
                Ok(Claim {
                    epoch,
                    before: before.map(|record| record.event.state),
                })
            })
            .await
    }

    async fn announce(&self, epoch: Epoch, state: &State) -> Result<Announced, Error> {
        let (state, now_ms) = (rules::bounded(state), now_ms());
        let (steps, opened_at_ms) = (Arc::clone(&self.steps), self.opened_at_ms);
        self.change("announce", move |db| {
            let row = table::read(db, &state.job_id)?
                .map(|row| steps.over(&state.job_id, row.of_process(opened_at_ms, now_ms)));
            let before = row.as_ref().and_then(|row| row.status_in(epoch));
            let id = match table::heard(row.as_ref(), epoch, &state, now_ms) {
                table::Heard::New(id) => id,
                table::Heard::Before(id) => return Ok((Announced::Told(id), None)),
                table::Heard::Stale => return Ok((Announced::Stale, None)),
            };
            let event = Event { id, state };
            if !steps.keep(before, &event) {
                table::write(db, &event, now_ms)?;
            }
            Ok((Announced::Told(id), Some(event)))
        })
        .await
    }

    async fn cancel(&self, id: &JobId, by: Option<&Owner>) -> Result<Option<Cancellation>, Error> {
        let (id, by, now_ms) = (*id, by.cloned(), now_ms());
        self.change("cancel", move |db| {
            let row = table::read(db, &id)?;
            let known = row.and_then(|row| Some((row.epoch, row.record()?)));
            let Some((
                epoch,
                Record {
                    event, ownership, ..
                },
            )) = known
            else {
                return Ok((None, None));
            };
            let standing = |event, outcome| Ok((Some(Cancellation { event, outcome }), None));
            if !ownership.lets(by.as_ref()) {
                return standing(event, ownership.refusal());
            }
            if event.state.status.is_final() {
                return standing(event, Outcome::EndedBefore);
            }
            let epoch = rules::epoch_after(Some(epoch), now_ms);
            let event = Event {
                id: EventId { epoch, n: 1 },
                state: event.state.cancelled(),
            };
            table::write(db, &event, now_ms)?;
            table::mark_cancelled(db, &id, epoch)?;
            let cancellation = Cancellation {
                event: event.clone(),
                outcome: Outcome::EndedNow,
            };
            Ok((Some(cancellation), Some(event)))
        })
        .await
    }

    async fn watch(&self, id: &JobId, after: Option<EventId>) -> Result<Option<Watch>, Error> {
        let seat = self.hub.join(&[*id]);
        let id = *id;
        let history = self
            .database
            .call("watch", move |db| table::history(db, &id))
            .await?;
        Ok(history.map(|history| seat.follow(history, after)))
    }

    async fn watch_all(&self, ids: &[JobId]) -> Result<WatchAll, Error> {
        let seat = self.hub.join(ids);
        let ids = ids.to_vec();
        let records = self
            .database
            .call("watch_all", move |db| {
                let records = ids.iter().map(|id| table::record(db, id));
                records.collect::<rusqlite::Result<Vec<_>>>()
            })
            .await?;
        let current = records.into_iter().flatten().map(|record| record.event);
        Ok(seat.follow_all(current.collect()))
    }

    async fn check(&self) -> Result<(), Error> {
        self.database.call("check", table::check).await
    }
}
