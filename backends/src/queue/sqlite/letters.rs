//! The dead letters of the embedded queue, and those among them that nobody was told of.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use rusqlite::{Connection, OptionalExtension as _, Row, params};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};

use super::{SqliteQueue, look_out, now_ms, table};
use crate::{
    Error,
    error::{Backend, Cause},
    queue::dead::{
        Burial, Burials, DeadLetters, Death, Envelope, Found, Grave, LETTERS_MAX, Letter, Look,
        Notice,
    },
};

/// Which letter it is. SQLite gives the number of a letter that was removed to a later one; together with the time they
/// are told apart.
#[derive(Clone, Copy, Debug)]
struct Place {
    id: i64,
    dead_at_ms: i64,
}

#[async_trait]
impl DeadLetters for SqliteQueue {
    async fn look(&self) -> Result<Box<dyn Look>, Error> {
        let (letters, last) = self.database.call("look", extent).await?;
        Ok(Box::new(SqliteLook {
            queue: self.clone(),
            letters,
            shown: 0,
            after: 0,
            last,
        }))
    }
}

/// A walk by ascending numbers. It holds nothing, so other walks see the same.
struct SqliteLook {
    queue: SqliteQueue,
    letters: u64,
    shown: usize,
    after: i64,
    last: i64,
}

#[async_trait]
impl Look for SqliteLook {
    async fn next(&mut self) -> Result<Option<Found>, Error> {
        if self.shown == LETTERS_MAX {
            return Ok(None);
        }
        let (after, last) = (self.after, self.last);
        let found = move |db: &Connection| letter_after(db, after, last);
        let Some((place, letter, body)) = self.queue.database.call("look", found).await? else {
            return Ok(None);
        };
        self.after = place.id;
        self.shown += 1;
        let queue = self.queue.clone();
        Ok(Some(Found {
            letter,
            body,
            grave: Box::new(Buried { queue, place }),
        }))
    }

    fn letters(&self) -> u64 {
        self.letters
    }

    async fn end(self: Box<Self>) -> Result<(), Error> {
        Ok(())
    }
}

/// A letter's row.
#[derive(Debug)]
struct Buried {
    queue: SqliteQueue,
    place: Place,
}

#[async_trait]
impl Grave for Buried {
    async fn send(&self) -> Result<(), Error> {
        let place = self.place;
        let send = self.queue.waking(move |db| send(db, place, now_ms()));
        if self.queue.database.call("replay", send).await? {
            return Ok(());
        }
        let gone = Cause::Refused("the letter was removed meanwhile".to_owned());
        Err(Error::new(Backend::Queue, "replay", gone))
    }

    async fn remove(self: Box<Self>) -> Result<(), Error> {
        let place = self.place;
        let remove = move |db: &Connection| remove(db, place);
        self.queue.database.call("remove", remove).await
    }
}

/// Hears of burials in this process at once, and of others' within the time of [`look_out`].
pub(super) struct SqliteBurials {
    queue: SqliteQueue,
    changes: watch::Receiver<()>,
    /// Free while the last burial is told: one in hand at most.
    hand: Arc<Semaphore>,
}

impl SqliteBurials {
    pub(super) fn new(queue: SqliteQueue) -> Self {
        Self {
            changes: queue.changes.subscribe(),
            queue,
            hand: Arc::new(Semaphore::new(1)),
        }
    }
}

#[async_trait]
impl Burials for SqliteBurials {
    async fn next(&mut self) -> Result<Burial, Error> {
        let free = Arc::clone(&self.hand).acquire_owned().await;
        let hand = free.expect("the semaphore is never closed");
        loop {
            self.changes.mark_unchanged();
            match self.queue.database.call("burials", untold).await {
                Ok(Some((place, letter))) => {
                    let queue = self.queue.clone();
                    let notice = Box::new(Untold {
                        queue,
                        place,
                        _hand: hand,
                    });
                    return Ok(Burial { letter, notice });
                }
                Ok(None) => look_out(&mut self.changes, None).await,
                Err(error) => self.queue.after_failure(error).await?,
            }
        }
    }
}

/// A letter that nobody was told of.
#[derive(Debug)]
struct Untold {
    queue: SqliteQueue,
    place: Place,
    _hand: OwnedSemaphorePermit,
}

#[async_trait]
impl Notice for Untold {
    async fn told(self: Box<Self>) -> Result<(), Error> {
        let place = self.place;
        let told = move |db: &Connection| told(db, place);
        self.queue.database.call("told", told).await
    }
}

/// How many letters there are, and the number of the last.
fn extent(db: &Connection) -> rusqlite::Result<(u64, i64)> {
    db.prepare_cached("SELECT count(*), ifnull(max(id), 0) FROM dead_letters")?
        .query_row([], |row| Ok((row.get(0)?, row.get(1)?)))
}

fn letter_after(
    db: &Connection,
    after: i64,
    last: i64,
) -> rusqlite::Result<Option<(Place, Letter, Bytes)>> {
    db.prepare_cached("SELECT * FROM dead_letters WHERE id > ?1 AND id <= ?2 ORDER BY id LIMIT 1")?
        .query_row([after, last], |row| {
            let body: Vec<u8> = row.get("body")?;
            Ok((place(row)?, letter(row, &body)?, body.into()))
        })
        .optional()
}

fn untold(db: &Connection) -> rusqlite::Result<Option<(Place, Letter)>> {
    db.prepare_cached("SELECT * FROM dead_letters WHERE told = 0 ORDER BY id LIMIT 1")?
        .query_row([], |row| {
            let body: Vec<u8> = row.get("body")?;
            Ok((place(row)?, letter(row, &body)?))
        })
        .optional()
}

fn told(db: &Connection, place: Place) -> rusqlite::Result<()> {
    db.prepare_cached("UPDATE dead_letters SET told = 1 WHERE id = ?1 AND dead_at_ms = ?2")?
        .execute([place.id, place.dead_at_ms])?;
    Ok(())
}

/// Puts a copy of the message where workers take it, and says whether it was there.
fn send(db: &Connection, place: Place, now_ms: i64) -> rusqlite::Result<bool> {
    let sent = db
        .prepare_cached(
            "INSERT INTO messages (message_id, body, due_at_ms, history)
             SELECT message_id, body, ?3, history FROM dead_letters WHERE id = ?1 AND dead_at_ms = ?2",
        )?
        .execute(params![place.id, place.dead_at_ms, now_ms])?;
    Ok(sent > 0)
}

fn remove(db: &Connection, place: Place) -> rusqlite::Result<()> {
    db.prepare_cached("DELETE FROM dead_letters WHERE id = ?1 AND dead_at_ms = ?2")?
        .execute([place.id, place.dead_at_ms])?;
    Ok(())
}

fn place(row: &Row<'_>) -> rusqlite::Result<Place> {
    Ok(Place {
        id: row.get("id")?,
        dead_at_ms: row.get("dead_at_ms")?,
    })
}

fn letter(row: &Row<'_>, body: &[u8]) -> rusqlite::Result<Letter> {
    let reason: String = row.get("reason")?;
    let envelope = Envelope {
        message_id: row.get("message_id")?,
        death: Death::read(&reason),
        dead_at_ms: row.get("dead_at_ms")?,
        attempt: row.get("attempt")?,
        crashes: row.get("crashes")?,
        history: table::history(row)?,
    };
    Ok(Letter::new(envelope, body))
}
