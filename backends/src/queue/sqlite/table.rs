//! What the embedded queue says to SQLite: each function is one move of one message, and runs inside a transaction.

use rusqlite::{Connection, OptionalExtension as _, Row, params};

use crate::queue::{Attempt, CRASHES_MAX, Death};

/// `in_hand` and `lease` together are the right to settle a message: each claim has a lease of its own, so a delivery
/// that has lost its message cannot touch it any more.
pub(super) const SCHEMA: &[&str] = &[
    "
CREATE TABLE messages (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    message_id TEXT,
    body BLOB NOT NULL,
    due_at_ms INTEGER NOT NULL,
    in_hand INTEGER NOT NULL DEFAULT 0,
    lease INTEGER NOT NULL DEFAULT 0,
    attempt INTEGER NOT NULL DEFAULT 1,
    crashes INTEGER NOT NULL DEFAULT 0,
    history TEXT NOT NULL DEFAULT '[]'
) STRICT;
CREATE INDEX waiting ON messages (due_at_ms, id) WHERE in_hand = 0;
CREATE TABLE dead_letters (
    id INTEGER PRIMARY KEY,
    message_id TEXT,
    body BLOB NOT NULL,
    attempt INTEGER NOT NULL,
    crashes INTEGER NOT NULL,
    history TEXT NOT NULL,
    reason TEXT NOT NULL,
    dead_at_ms INTEGER NOT NULL
) STRICT;
",
    "ALTER TABLE messages ADD COLUMN snoozes INTEGER NOT NULL DEFAULT 0;",
    "
-- Whether the job's client knows. Whoever buries a message by its own verdict has told before.
ALTER TABLE dead_letters ADD COLUMN told INTEGER NOT NULL DEFAULT 1;
CREATE INDEX untold ON dead_letters (id) WHERE told = 0;
",
    "
-- `in_hand` is in it although it is always 0 there: without it, SQLite looks into the table for each message it counts.
DROP INDEX waiting;
CREATE INDEX waiting ON messages (due_at_ms, id, in_hand) WHERE in_hand = 0;
",
];

pub(super) const DEPTH: &str =
    "SELECT count(*) FROM messages WHERE in_hand = 0 AND due_at_ms <= ?1";

/// A message in the hand of one claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Hand {
    id: i64,
    lease: i64,
}

/// A message that was taken.
pub(super) struct Message {
    pub(super) message_id: Option<String>,
    pub(super) body: Vec<u8>,
    pub(super) attempt: u32,
    pub(super) crashes: u32,
    pub(super) snoozes: u32,
    pub(super) history: Vec<Attempt>,
}

/// Adds a message, due at once.
pub(super) fn put(
    db: &Connection,
    message_id: Option<&str>,
    body: &[u8],
    now_ms: i64,
) -> rusqlite::Result<()> {
    db.prepare_cached("INSERT INTO messages (message_id, body, due_at_ms) VALUES (?1, ?2, ?3)")?
        .execute(params![message_id, body, now_ms])?;
    Ok(())
}

/// Takes the message that has been due the longest.
///
/// The lease is drawn by lot: counted, it would be the next claim's as well when this one's commit fails.
pub(super) fn take(db: &Connection, now_ms: i64) -> rusqlite::Result<Option<(Hand, Message)>> {
    db.prepare_cached(
        "UPDATE messages SET in_hand = 1, lease = random() WHERE id = (
            SELECT id FROM messages WHERE in_hand = 0 AND due_at_ms <= ?1 ORDER BY due_at_ms, id LIMIT 1
        ) RETURNING id, lease, message_id, body, attempt, crashes, snoozes, history",
    )?
    .query_row([now_ms], read)
    .optional()
}

fn read(row: &Row<'_>) -> rusqlite::Result<(Hand, Message)> {
    let message = Message {
        message_id: row.get("message_id")?,
        body: row.get("body")?,
        attempt: row.get("attempt")?,
        crashes: row.get("crashes")?,
        snoozes: row.get("snoozes")?,
        history: history(row)?,
    };
    Ok((hand(row)?, message))
}

/// When the next message is due, if any waits.
pub(super) fn next_due_ms(db: &Connection) -> rusqlite::Result<Option<i64>> {
    db.prepare_cached("SELECT min(due_at_ms) FROM messages WHERE in_hand = 0")?
        .query_row([], |row| row.get(0))
}

/// How many messages are due. Asked every second, so it reads the index alone: 100,000 of them take about 2 ms.
pub(super) fn depth(db: &Connection, now_ms: i64) -> rusqlite::Result<u64> {
    db.prepare_cached(DEPTH)?
        .query_row([now_ms], |row| row.get::<_, u32>(0).map(u64::from))
}

/// Removes a message that is finished.
pub(super) fn finish(db: &Connection, hand: Hand) -> rusqlite::Result<()> {
    db.prepare_cached("DELETE FROM messages WHERE id = ?1 AND lease = ?2 AND in_hand = 1")?
        .execute([hand.id, hand.lease])?;
    Ok(())
}

/// Puts a message back for its next attempt.
pub(super) fn postpone(
    db: &Connection,
    hand: Hand,
    due_at_ms: i64,
    history: &[Attempt],
) -> rusqlite::Result<()> {
    db.prepare_cached(
        "UPDATE messages SET in_hand = 0, attempt = attempt + 1, due_at_ms = ?3, history = ?4
         WHERE id = ?1 AND lease = ?2 AND in_hand = 1",
    )?
    .execute(params![hand.id, hand.lease, due_at_ms, json(history)])?;
    Ok(())
}

/// Puts a message back for the same attempt, later.
pub(super) fn snooze(db: &Connection, hand: Hand, due_at_ms: i64) -> rusqlite::Result<()> {
    db.prepare_cached(
        "UPDATE messages SET in_hand = 0, snoozes = snoozes + 1, due_at_ms = ?3
         WHERE id = ?1 AND lease = ?2 AND in_hand = 1",
    )?
    .execute([hand.id, hand.lease, due_at_ms])?;
    Ok(())
}

/// Moves a message to the dead letters. What a worker buried it has told of; what the queue buries, nobody knows.
pub(super) fn bury(
    db: &Connection,
    hand: Hand,
    death: Death,
    history: &[Attempt],
    now_ms: i64,
) -> rusqlite::Result<()> {
    db.prepare_cached(
        "INSERT INTO dead_letters (message_id, body, attempt, crashes, history, reason, dead_at_ms, told)
         SELECT message_id, body, attempt, crashes, ?3, ?4, ?5, ?6 FROM messages
         WHERE id = ?1 AND lease = ?2 AND in_hand = 1",
    )?
    .execute(params![
        hand.id,
        hand.lease,
        json(history),
        death.as_str(),
        now_ms,
        matches!(death, Death::Buried(_)),
    ])?;
    finish(db, hand)
}

/// Puts a message back as it was.
pub(super) fn hand_back(db: &Connection, hand: Hand) -> rusqlite::Result<()> {
    db.prepare_cached(
        "UPDATE messages SET in_hand = 0 WHERE id = ?1 AND lease = ?2 AND in_hand = 1",
    )?
    .execute([hand.id, hand.lease])?;
    Ok(())
}

/// Puts a message back whose worker died with it, or buries it when that happened too often.
///
/// The burial is the backstop: a worker that lives long enough buries a message itself, and tells its client.
pub(super) fn drop_hand(db: &Connection, hand: Hand, now_ms: i64) -> rusqlite::Result<()> {
    match count_crash(db, hand)? {
        Some((crashes, history)) if crashes > CRASHES_MAX => {
            bury(db, hand, Death::DeliveryLimit, &history, now_ms)
        }
        _ => hand_back(db, hand),
    }
}

/// The same for every message that is in hand: they all were the last process's.
pub(super) fn drop_all_hands(db: &Connection, now_ms: i64) -> rusqlite::Result<()> {
    let hands = db
        .prepare("SELECT id, lease FROM messages WHERE in_hand = 1")?
        .query_map([], hand)?
        .collect::<rusqlite::Result<Vec<_>>>()?;
    hands
        .into_iter()
        .try_for_each(|hand| drop_hand(db, hand, now_ms))
}

fn count_crash(db: &Connection, hand: Hand) -> rusqlite::Result<Option<(u32, Vec<Attempt>)>> {
    db.prepare_cached(
        "UPDATE messages SET crashes = crashes + 1 WHERE id = ?1 AND lease = ?2 AND in_hand = 1
         RETURNING crashes, history",
    )?
    .query_row([hand.id, hand.lease], |row| {
        Ok((row.get("crashes")?, history(row)?))
    })
    .optional()
}

fn hand(row: &Row<'_>) -> rusqlite::Result<Hand> {
    Ok(Hand {
        id: row.get("id")?,
        lease: row.get("lease")?,
    })
}

/// A history that cannot be read is no reason to hold up the queue.
pub(super) fn history(row: &Row<'_>) -> rusqlite::Result<Vec<Attempt>> {
    let text: String = row.get("history")?;
    Ok(serde_json::from_str(&text).unwrap_or_default())
}

fn json(history: &[Attempt]) -> String {
    serde_json::to_string(history).expect("attempts have only string keys and numbers")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_claim_that_was_undone_has_no_right_to_the_next_ones_message() {
        let mut db = Connection::open_in_memory().unwrap();
        SCHEMA
            .iter()
            .for_each(|step| db.execute_batch(step).unwrap());
        put(&db, None, b"message", 0).unwrap();
        let undone = db.transaction().unwrap();
        let (stale, _) = take(&undone, 0).unwrap().unwrap();
        undone.rollback().unwrap();
        take(&db, 0).unwrap().unwrap();
        hand_back(&db, stale).unwrap();
        assert!(
            take(&db, 0).unwrap().is_none(),
            "it is in the next one's hand"
        );
    }
}
