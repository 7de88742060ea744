//! The tables of the outbox, in the file of the records, and every statement on them.

use std::time::Duration;

use rusqlite::{Connection, OptionalExtension as _, params};
use schemas::{Digest, Event, JobId, Status};

use super::{AGE_MAX, NOTICES_MAX, NoticeId, Subscribed, TARGETS_MAX, Written};
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

/// Notices that one sweep removes at most, so that nobody waits long behind it.
const EXPIRED_MAX: usize = 10_000;

/// Makes notices of an end, for everybody who asked for it. Call it in the change that writes the end.
pub(crate) fn tell_end(db: &Connection, event: &Event, now_ms: u64) -> rusqlite::Result<()> {
    let job = event.state.job_id.to_string();
    let urls: Vec<String> = db
        .prepare_cached("SELECT url FROM targets WHERE job = ?1")?
        .query_map([&job], |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    for url in &urls {
        put(db, event, url, now_ms)?;
    }
    if !urls.is_empty() && event.state.status != Status::Dead {
        db.prepare_cached("DELETE FROM targets WHERE job = ?1")?
            .execute([&job])?;
    }
    Ok(())
}

/// `end` is the job's newest event where that is final.
pub(super) fn subscribe(
    db: &Connection,
    id: &JobId,
    url: &str,
    end: Option<&Event>,
    now_ms: u64,
) -> rusqlite::Result<Subscribed> {
    if depth(db)? >= NOTICES_MAX as u64 {
        return Ok(Subscribed::Full);
    }
    if let Some(event) = end {
        put(db, event, url, now_ms)?;
        if event.state.status != Status::Dead {
            return Ok(Subscribed::Due);
        }
    }
    let job = id.to_string();
    let others: usize = db
        .prepare_cached("SELECT count(*) FROM targets WHERE job = ?1 AND url != ?2")?
        .query_row([&job, url], |row| row.get(0))?;
    if others >= TARGETS_MAX {
        return Ok(Subscribed::TooManyTargets);
    }
    db.prepare_cached(
        "INSERT INTO targets VALUES (?1, ?2, ?3) ON CONFLICT DO UPDATE SET expires_ms = excluded.expires_ms",
    )?
    .execute(params![job, url, now_ms + millis(AGE_MAX)])?;
    Ok(if end.is_some() {
        Subscribed::Due
    } else {
        Subscribed::Waits
    })
}

/// One that waits already goes on waiting.
fn put(db: &Connection, event: &Event, url: &str, now_ms: u64) -> rusqlite::Result<()> {
    let id = NoticeId {
        job: event.state.job_id,
        event: event.id,
        target: Digest::of(url.as_bytes()),
    };
    let state =
        serde_json::to_string(&event.state).expect("a state has only string keys and numbers");
    db.prepare_cached(
        "INSERT INTO notices (id, url, state, since_ms, due_ms) VALUES (?1, ?2, ?3, ?4, ?4) ON CONFLICT DO NOTHING",
    )?
    .execute(params![id.to_string(), url, state, now_ms])?;
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
            "SELECT id, url, state, since_ms, attempts FROM notices WHERE due_ms <= ?1 ORDER BY due_ms LIMIT ?2",
        )?
        .query_map(params![now_ms, notices_max], |row| {
            Ok(Written {
                id: row.get(0)?,
                url: row.get(1)?,
                state: row.get(2)?,
                since_ms: row.get(3)?,
                attempts: row.get(4)?,
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
