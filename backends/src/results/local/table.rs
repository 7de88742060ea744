//! The tables and every statement on them.

use rusqlite::{
    Connection, OptionalExtension as _, named_params, params,
    types::{FromSql, FromSqlError, FromSqlResult, ValueRef},
};
use schemas::{Event, EventId, Job, JobId, State, Status};

use crate::{
    clock::millis,
    outbox::table as outbox,
    results::{Epoch, Ownership, Record, hub::History, rules},
};

pub(super) const SCHEMA: &[&str] = &["
    CREATE TABLE jobs (
        id TEXT PRIMARY KEY,
        epoch INTEGER NOT NULL,  -- of the latest claim or admission
        n INTEGER NOT NULL,      -- of the latest event in it; 0 until its holder speaks
        event_epoch INTEGER,     -- the newest event, none while nobody admitted or announced the job
        event_n INTEGER,
        state TEXT,
        job BLOB,                -- its message
        sent INTEGER NOT NULL DEFAULT 0,
        admitted_ms INTEGER,
        expires_ms INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX jobs_by_expiry ON jobs (expires_ms);
    CREATE INDEX jobs_unsent ON jobs (admitted_ms) WHERE NOT sent AND job IS NOT NULL;

    CREATE TABLE log (
        job TEXT NOT NULL,
        epoch INTEGER NOT NULL,
        n INTEGER NOT NULL,
        state TEXT NOT NULL,
        PRIMARY KEY (job, epoch, n)
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE checks (id INTEGER PRIMARY KEY, count INTEGER NOT NULL) STRICT;
", "
    -- When the record last changed; for one that is older than this column, long ago.
    ALTER TABLE jobs ADD COLUMN updated_ms INTEGER NOT NULL DEFAULT 0;
", "
    ALTER TABLE jobs ADD COLUMN cancelled_epoch INTEGER;  -- of the last cancellation
", "
    -- Jobs that wait for their first worker: a claim begins an epoch beyond their newest event's.
    CREATE INDEX jobs_waiting ON jobs (admitted_ms) WHERE epoch = event_epoch AND state ->> 'status' = 'queued';
", outbox::SCHEMA, "
    ALTER TABLE jobs ADD COLUMN owner TEXT;  -- who uploaded it, * for several
", outbox::OWNERS];

/// Records that one sweep removes at most, so that nobody waits long behind it. A job an hour is swept in one.
const EXPIRED_MAX: u32 = 10_000;

/// What is kept of a job.
pub(super) struct Row {
    pub(super) epoch: Epoch,
    n: u64,
    newest: Option<Event>,
    sent: bool,
    updated_at_ms: u64,
    pub(super) cancelled_epoch: Option<Epoch>,
    pub(super) ownership: Ownership,
}

/// What an announcement comes to.
pub(super) enum Heard {
    New(EventId),
    /// It was told before, and the answer was lost.
    Before(EventId),
    Stale,
}

impl Row {
    /// `None` for a claim on a job that nobody recorded.
    pub(super) fn record(&self) -> Option<Record> {
        self.newest.clone().map(|event| Record {
            event,
            sent: self.sent,
            updated_at_ms: self.updated_at_ms,
            cancelled_epoch: self.cancelled_epoch,
            ownership: self.ownership.clone(),
        })
    }

    /// The same after `step`, if the claim is still the latest.
    pub(super) fn told(mut self, step: &Event) -> Self {
        if step.id.epoch == self.epoch && step.id.n > self.n {
            self.n = step.id.n;
            self.newest = Some(step.clone());
        }
        self
    }

    /// What it is to a process that opened the file then: a claim of the process before may have told steps that were
    /// not written, and their numbers are not to be used again.
    pub(super) fn of_process(mut self, opened_at_ms: u64, now_ms: u64) -> Self {
        if self.n > 0 && self.updated_at_ms < opened_at_ms {
            self.n = self.n.max(rules::number_after_loss(self.epoch, now_ms));
        }
        self
    }

    /// Where the job stands by what the claim `epoch` has said.
    pub(super) fn status_in(&self, epoch: Epoch) -> Option<Status> {
        let newest = self.newest.as_ref()?;
        (newest.id.epoch == epoch).then_some(newest.state.status)
    }
}

/// Whether `epoch` may say `state` now.
pub(super) fn heard(row: Option<&Row>, epoch: Epoch, state: &State, now_ms: u64) -> Heard {
    let Some(row) = row else {
        let n = rules::number_after_loss(epoch, now_ms);
        return Heard::New(EventId { epoch, n });
    };
    if epoch < row.epoch {
        return Heard::Stale;
    }
    let spoken = epoch == row.epoch && row.n > 0;
    match &row.newest {
        Some(newest) if spoken && newest.state == *state => Heard::Before(newest.id),
        Some(newest) if spoken && newest.state.status.is_final() => Heard::Stale,
        _ => Heard::New(EventId {
            epoch,
            n: if spoken { row.n + 1 } else { 1 },
        }),
    }
}

pub(super) fn read(db: &Connection, id: &JobId) -> rusqlite::Result<Option<Row>> {
    db.prepare_cached(
        "SELECT epoch, n, event_epoch, event_n, state, sent, updated_ms, cancelled_epoch, owner
         FROM jobs WHERE id = ?1",
    )?
    .query_row([id.to_string()], |row| {
        let state: Option<Json> = row.get("state")?;
        let newest = state
            .map(|Json(state)| -> rusqlite::Result<Event> {
                let id = EventId {
                    epoch: row.get("event_epoch")?,
                    n: row.get("event_n")?,
                };
                Ok(Event { id, state })
            })
            .transpose()?;
        Ok(Row {
            epoch: row.get("epoch")?,
            n: row.get("n")?,
            newest,
            sent: row.get("sent")?,
            updated_at_ms: row.get("updated_ms")?,
            cancelled_epoch: row.get("cancelled_epoch")?,
            ownership: Ownership::read(row.get::<_, Option<String>>("owner")?.as_deref()),
        })
    })
    .optional()
}

pub(super) fn record(db: &Connection, id: &JobId) -> rusqlite::Result<Option<Record>> {
    Ok(read(db, id)?.and_then(|row| row.record()))
}

pub(super) fn message(db: &Connection, id: &JobId) -> rusqlite::Result<Option<Vec<u8>>> {
    let message = db
        .prepare_cached("SELECT job FROM jobs WHERE id = ?1")?
        .query_row([id.to_string()], |row| row.get(0));
    Ok(message.optional()?.flatten())
}

pub(super) fn history(db: &Connection, id: &JobId) -> rusqlite::Result<Option<History>> {
    let Some(newest) = read(db, id)?.and_then(|row| row.newest) else {
        return Ok(None);
    };
    let log = db
        .prepare_cached("SELECT epoch, n, state FROM log WHERE job = ?1 ORDER BY epoch, n")?
        .query_map([id.to_string()], |row| {
            Ok(Event {
                id: EventId {
                    epoch: row.get(0)?,
                    n: row.get(1)?,
                },
                state: row.get::<_, Json>(2)?.0,
            })
        })?
        .collect::<rusqlite::Result<_>>()?;
    Ok(Some(History { log, newest }))
}

/// Begins a life of the job; [`write`] follows with its first event.
pub(super) fn begin(
    db: &Connection,
    job: &Job,
    epoch: Epoch,
    sent: bool,
    now_ms: u64,
) -> rusqlite::Result<()> {
    db.prepare_cached(
        "INSERT INTO jobs (id, epoch, n, job, sent, admitted_ms, expires_ms)
         VALUES (:id, :epoch, 0, :job, :sent, :admitted, 0)
         ON CONFLICT (id) DO UPDATE SET
            epoch = excluded.epoch, n = 0, job = excluded.job, sent = excluded.sent,
            admitted_ms = excluded.admitted_ms",
    )?
    .execute(named_params! {
        ":id": job.id().to_string(),
        ":epoch": epoch,
        ":job": job.to_json(),
        ":sent": sent,
        // One that is in hand waits for nobody.
        ":admitted": (!sent).then_some(now_ms),
    })?;
    Ok(())
}

/// Begins an epoch. A job that is claimed was sent, whoever recorded it or not.
pub(super) fn claim(
    db: &Connection,
    id: &JobId,
    epoch: Epoch,
    now_ms: u64,
) -> rusqlite::Result<()> {
    db.prepare_cached(
        "INSERT INTO jobs (id, epoch, n, sent, expires_ms, updated_ms) VALUES (?1, ?2, 0, 1, ?3, ?4)
         ON CONFLICT (id) DO UPDATE SET epoch = excluded.epoch, n = 0, sent = 1, updated_ms = excluded.updated_ms",
    )?
    .execute(params![
        id.to_string(),
        epoch,
        now_ms + millis(rules::RECORD_AGE_MAX),
        now_ms
    ])?;
    Ok(())
}

/// Notes whose job it is.
pub(super) fn write_ownership(
    db: &Connection,
    id: &JobId,
    ownership: &Ownership,
) -> rusqlite::Result<()> {
    db.prepare_cached("UPDATE jobs SET owner = ?2 WHERE id = ?1 AND owner IS NOT ?2")?
        .execute(params![id.to_string(), ownership.written()])?;
    Ok(())
}

/// Notes in which epoch the job was cancelled.
pub(super) fn mark_cancelled(db: &Connection, id: &JobId, epoch: Epoch) -> rusqlite::Result<()> {
    db.prepare_cached("UPDATE jobs SET cancelled_epoch = ?2 WHERE id = ?1")?
        .execute(params![id.to_string(), epoch])?;
    Ok(())
}

/// Writes an event into the record, and into the log if it changes the status. An end goes to the outbox too: in one
/// change, so that none is lost.
pub(super) fn write(db: &Connection, event: &Event, now_ms: u64) -> rusqlite::Result<()> {
    let id = event.state.job_id.to_string();
    let before = record(db, &event.state.job_id)?.map(|record| record.event.state.status);
    if before.is_some_and(Status::is_final) {
        // A log tells of one life.
        db.prepare_cached("DELETE FROM log WHERE job = ?1")?
            .execute([&id])?;
    }
    if before != Some(event.state.status) {
        log(db, &id, event)?;
    }
    let (record_age, _) = rules::kept_for(event.state.status);
    db.prepare_cached(
        "INSERT INTO jobs (id, epoch, n, event_epoch, event_n, state, sent, expires_ms, updated_ms)
         VALUES (:id, :epoch, :n, :epoch, :n, :state, 1, :expires, :now)
         ON CONFLICT (id) DO UPDATE SET
            epoch = :epoch, n = :n, event_epoch = :epoch, event_n = :n, state = :state, expires_ms = :expires,
            updated_ms = :now",
    )?
    .execute(named_params! {
        ":id": id,
        ":epoch": event.id.epoch,
        ":n": event.id.n,
        ":state": rules::json(&event.state),
        ":expires": now_ms + millis(record_age),
        ":now": now_ms,
    })?;
    if event.state.status.is_final() {
        outbox::tell_end(db, event, now_ms)?;
    }
    Ok(())
}

fn log(db: &Connection, id: &str, event: &Event) -> rusqlite::Result<()> {
    db.prepare_cached("INSERT INTO log (job, epoch, n, state) VALUES (?1, ?2, ?3, ?4)")?
        .execute(params![
            id,
            event.id.epoch,
            event.id.n,
            rules::json(&event.state)
        ])?;
    db.prepare_cached(
        "DELETE FROM log WHERE job = ?1 AND (epoch, n) NOT IN
            (SELECT epoch, n FROM log WHERE job = ?1 ORDER BY epoch DESC, n DESC LIMIT ?2)",
    )?
    .execute(params![id, rules::LOG_ENTRIES_MAX])?;
    Ok(())
}

pub(super) fn mark_sent(
    db: &Connection,
    id: &JobId,
    epoch: Epoch,
    now_ms: u64,
) -> rusqlite::Result<()> {
    db.prepare_cached("UPDATE jobs SET sent = 1, updated_ms = ?3 WHERE id = ?1 AND epoch = ?2")?
        .execute(params![id.to_string(), epoch, now_ms])?;
    Ok(())
}

/// The messages of jobs that were admitted at `until_ms` or before and never confirmed, oldest first, each with the
/// epoch of its admission.
pub(super) fn unsent(
    db: &Connection,
    until_ms: u64,
    jobs_max: usize,
) -> rusqlite::Result<Vec<(Vec<u8>, Epoch)>> {
    db.prepare_cached(
        "SELECT job, epoch FROM jobs WHERE NOT sent AND job IS NOT NULL AND admitted_ms <= ?1
            AND state ->> 'status' NOT IN ('done', 'failed', 'dead', 'cancelled')
         ORDER BY admitted_ms LIMIT ?2",
    )?
    .query_map(params![until_ms, jobs_max], |row| {
        Ok((row.get(0)?, row.get(1)?))
    })?
    .collect()
}

/// When the oldest of the jobs that wait for their first worker was admitted, none from before `since_ms`.
pub(super) fn oldest_waiting(db: &Connection, since_ms: u64) -> rusqlite::Result<Option<u64>> {
    db.prepare_cached(
        "SELECT min(admitted_ms) FROM jobs
         WHERE epoch = event_epoch AND state ->> 'status' = 'queued' AND admitted_ms >= ?1",
    )?
    .query_row([since_ms], |row| row.get(0))
}

pub(super) fn expire(db: &Connection, now_ms: u64) -> rusqlite::Result<usize> {
    const EXPIRED: &str = "SELECT id FROM jobs WHERE expires_ms <= ?1 ORDER BY expires_ms LIMIT ?2";
    outbox::expire(db, now_ms)?;
    db.prepare_cached(&format!("DELETE FROM log WHERE job IN ({EXPIRED})"))?
        .execute(params![now_ms, EXPIRED_MAX])?;
    db.prepare_cached(&format!("DELETE FROM jobs WHERE id IN ({EXPIRED})"))?
        .execute(params![now_ms, EXPIRED_MAX])
}

/// A write, because a disk that is full still reads.
pub(super) fn check(db: &Connection) -> rusqlite::Result<()> {
    db.prepare_cached(
        "INSERT INTO checks VALUES (0, 1) ON CONFLICT (id) DO UPDATE SET count = count + 1",
    )?
    .execute([])?;
    Ok(())
}

/// A state in a column.
struct Json(State);

impl FromSql for Json {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        serde_json::from_str(value.as_str()?)
            .map(Self)
            .map_err(|error| FromSqlError::Other(error.into()))
    }
}
