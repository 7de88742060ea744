//! The tables of the outbox, in the file of the records, and every statement on them.

use std::time::Duration;

use rusqlite::{Connection, OptionalExtension as _, params};
use schemas::{Digest, Event, JobId, Status};

use super::{AGE_MAX, NoticeId, Room, Subscribed, TARGETS_MAX, Written};
use crate::clock::millis;

pub(crate) const SCHEMA: &str = "
    CREATE TABLE targets (
        job TEXT NOT NULL,
        url TEXT NOT NULL,
        expires_ms INTEGER NOT NULL,
        PRIMARY KEY (job, url)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX targets_by_expiry ON targets (expires_ms);

    CREATE TABLE notices (
        id TEXT PRIMARY KEY,
        url TEXT NOT NULL,
        state TEXT NOT NULL,
        since_ms INTEGER NOT NULL,
        due_ms INTEGER NOT NULL,
        attempts INTEGER NOT NULL DEFAULT 0
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX notices_by_due ON notices (due_ms);
    CREATE INDEX notices_by_age ON notices (since_ms);
";

/// Who asked. What was written before has nobody's name.
pub(crate) const OWNERS: &str = "
    ALTER TABLE targets ADD COLUMN owner TEXT NOT NULL DEFAULT '';
    ALTER TABLE notices ADD COLUMN owner TEXT NOT NULL DEFAULT '';
    CREATE INDEX notices_by_owner ON notices (owner);
";

/// Notices that one sweep removes at most, so that nobody waits long behind it.
const EXPIRED_MAX: usize = 10_000;

/// Who is to be told, and who asked for it.
pub(super) struct Target {
    pub(super) url: String,
    /// Empty for one who has no name.
    pub(super) owner: String,
}

/// Makes notices of an end, for everybody who asked for it. Call it in the change that writes the end.
pub(crate) fn tell_end(db: &Connection, event: &Event, now_ms: u64) -> rusqlite::Result<()> {
    let job = event.state.job_id.to_string();
    let targets = targets_of(db, &job)?;
    for target in &targets {
        put(db, event, target, now_ms)?;
    }
    if !targets.is_empty() && event.state.status != Status::Dead {
        db.prepare_cached("DELETE FROM targets WHERE job = ?1")?
            .execute([&job])?;
    }
    Ok(())
}

fn targets_of(db: &Connection, job: &str) -> rusqlite::Result<Vec<Target>> {
    db.prepare_cached("SELECT url, owner FROM targets WHERE job = ?1")?
        .query_map([job], |row| {
            Ok(Target {
                url: row.get(0)?,
                owner: row.get(1)?,
            })
        })?
        .collect()
}

/// `end` is the job's newest event where that is final.
pub(super) fn subscribe(
    db: &Connection,
    id: &JobId,
    target: &Target,
    end: Option<&Event>,
    room: Room,
    now_ms: u64,
) -> rusqlite::Result<Subscribed> {
    let (waiting, limit) = (waiting_for(db, &target.owner)?, room.share(depth(db)?));
    if waiting >= limit {
        return Ok(Subscribed::TooManyWait { waiting, limit });
    }
    if others_wait(db, id, &target.url)? >= TARGETS_MAX {
        return Ok(Subscribed::TooManyTargets);
    }
    if let Some(event) = end {
        put(db, event, target, now_ms)?;
    }
    if end.is_none_or(|event| event.state.status == Status::Dead) {
        keep(db, id, target, now_ms)?;
    }
    Ok(if end.is_some() {
        Subscribed::Due
    } else {
        Subscribed::Waits
    })
}

fn waiting_for(db: &Connection, owner: &str) -> rusqlite::Result<u64> {
    db.prepare_cached("SELECT count(*) FROM notices WHERE owner = ?1")?
        .query_row([owner], |row| row.get(0))
}

/// Other URLs that wait for the job's end, or for their notice of it. Its notices' ids are between `<job>/` and `<job>0`.
fn others_wait(db: &Connection, id: &JobId, url: &str) -> rusqlite::Result<usize> {
    db.prepare_cached(
        "SELECT count(*) FROM
            (SELECT url FROM targets WHERE job = ?1 UNION SELECT url FROM notices WHERE id > ?1 || '/' AND id < ?1 || '0')
        WHERE url != ?2",
    )?
    .query_row([&id.to_string(), url], |row| row.get(0))
}

/// For as long as the job may take. Who asked first asked.
fn keep(db: &Connection, id: &JobId, target: &Target, now_ms: u64) -> rusqlite::Result<()> {
    let expires_ms = now_ms + millis(AGE_MAX);
    db.prepare_cached(
        "INSERT INTO targets (job, url, owner, expires_ms) VALUES (?1, ?2, ?3, ?4)
        ON CONFLICT DO UPDATE SET expires_ms = excluded.expires_ms",
    )?
    .execute(params![
        id.to_string(),
        target.url,
        target.owner,
        expires_ms
    ])?;
    Ok(())
}

/// One that waits already goes on waiting.
fn put(db: &Connection, event: &Event, target: &Target, now_ms: u64) -> rusqlite::Result<()> {
    let id = NoticeId {
        job: event.state.job_id,
        event: event.id,
        target: Digest::of(target.url.as_bytes()),
    };
    let state =
        serde_json::to_string(&event.state).expect("a state has only string keys and numbers");
    db.prepare_cached(
        "INSERT INTO notices (id, url, owner, state, since_ms, due_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?5)
        ON CONFLICT DO NOTHING",
    )?
    .execute(params![id.to_string(), target.url, target.owner, state, now_ms])?;
    Ok(())
}

pub(super) fn take_due(
    db: &Connection,
    notices_max: usize,
    now_ms: u64,
    lease: Duration,
) -> rusqlite::Result<Vec<Written>> {
    let taken: Vec<Written> = db
        .prepare_cached(
            "SELECT id, url, owner, state, since_ms, attempts FROM notices WHERE due_ms <= ?1 ORDER BY due_ms LIMIT ?2",
        )?
        .query_map(params![now_ms, notices_max], |row| {
            Ok(Written {
                id: row.get(0)?,
                url: row.get(1)?,
                owner: row.get(2)?,
                state: row.get(3)?,
                since_ms: row.get(4)?,
                attempts: row.get(5)?,
            })
        })?
        .collect::<rusqlite::Result<_>>()?;
    let mut lend = db.prepare_cached("UPDATE notices SET due_ms = ?2 WHERE id = ?1")?;
    for notice in &taken {
        lend.execute(params![notice.id, now_ms + millis(lease)])?;
    }
    Ok(taken)
}

pub(super) fn settle(db: &Connection, id: &NoticeId) -> rusqlite::Result<()> {
    db.prepare_cached("DELETE FROM notices WHERE id = ?1")?
        .execute([id.to_string()])?;
    Ok(())
}

pub(super) fn forget(db: &Connection, id: &NoticeId) -> rusqlite::Result<()> {
    let url: Option<String> = db
        .prepare_cached("SELECT url FROM notices WHERE id = ?1")?
        .query_row([id.to_string()], |row| row.get(0))
        .optional()?;
    if let Some(url) = url {
        db.prepare_cached("DELETE FROM targets WHERE job = ?1 AND url = ?2")?
            .execute([id.job.to_string(), url])?;
    }
    settle(db, id)
}

pub(super) fn postpone(
    db: &Connection,
    id: &NoticeId,
    due_ms: u64,
    attempts: u32,
) -> rusqlite::Result<()> {
    db.prepare_cached("UPDATE notices SET due_ms = ?2, attempts = ?3 WHERE id = ?1")?
        .execute(params![id.to_string(), due_ms, attempts])?;
    Ok(())
}

pub(super) fn depth(db: &Connection) -> rusqlite::Result<u64> {
    db.prepare_cached("SELECT count(*) FROM notices")?
        .query_row([], |row| row.get(0))
}

/// Removes what nobody will deliver any more. It is swept with the records.
pub(crate) fn expire(db: &Connection, now_ms: u64) -> rusqlite::Result<()> {
    let since_ms = now_ms.saturating_sub(millis(AGE_MAX));
    db.prepare_cached(
        "DELETE FROM notices WHERE id IN
            (SELECT id FROM notices WHERE since_ms <= ?1 ORDER BY since_ms LIMIT ?2)",
    )?
    .execute(params![since_ms, EXPIRED_MAX])?;
    db.prepare_cached(
        "DELETE FROM targets WHERE (job, url) IN
            (SELECT job, url FROM targets WHERE expires_ms <= ?1 ORDER BY expires_ms LIMIT ?2)",
    )?
    .execute(params![now_ms, EXPIRED_MAX])?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use schemas::{EventId, State, Timings};

    use super::*;

    const NOW_MS: u64 = 1_700_000_000_000;

    #[test]
    fn what_was_written_before_owners_were_is_still_told() {
        let db = Connection::open_in_memory().unwrap();
        db.execute_batch(SCHEMA).unwrap();
        let job = JobId::new(Digest::of(b"photo"));
        let mut state = State::queued(job, Timings::default());
        state.status = Status::Done;
        let event = Event {
            id: EventId { epoch: 7, n: 1 },
            state,
        };
        db.execute_batch(&format!(
            "INSERT INTO targets VALUES ('{job}', 'https://a.example/', {NOW_MS});
            INSERT INTO notices VALUES ('{job}/7-1/b', 'https://b.example/', '{{}}', {NOW_MS}, {NOW_MS}, 2);"
        ))
        .unwrap();
        db.execute_batch(OWNERS).unwrap();

        tell_end(&db, &event, NOW_MS).unwrap();
        let told = take_due(&db, 9, NOW_MS, AGE_MAX).unwrap();
        assert_eq!(told.len(), 2);
        assert!(told.iter().all(|notice| notice.owner.is_empty()));
    }
}
