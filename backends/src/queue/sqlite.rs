//! The embedded queue: a table, and receivers that are woken in process.
//!
//! It promises what the broker promises. A message in hand when the process dies comes again with one crash more, and
//! so does one that is dropped unsettled while the process lives, as after a panic of its worker. Retries wait in the
//! table by their due time; nobody sleeps holding one.

mod debts;
mod letters;
mod table;

use std::{path::Path, sync::Arc, time::Duration};

use async_trait::async_trait;
use bytes::Bytes;
use rusqlite::Connection;
use schemas::Job;
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore, watch},
    time::sleep,
};

use self::{
    debts::{Debt, Debts, PutBack},
    letters::SqliteBurials,
    table::{Hand, Message},
};
use super::{Attempt, Burials, Death, Delivery, Receiver, Sender, Settle, Source, Verdict};
use crate::{
    Error, clock,
    error::{Backend, Cause},
    sqlite::Database,
};

/// The longest sleep without a look at the table. Nobody wakes this process when another one (`nws dlq replay`) puts a
/// message there, or when the wall clock is set forward. An idle process with three receivers spends 0.1 % of a core on
/// looking.
const SLEEP_MAX: Duration = Duration::from_secs(1);
/// How long a receiver waits after the disk failed, for example because it is full.
const FAILED_PAUSE: Duration = Duration::from_secs(1);

/// A queue in a file. Clones share it.
#[derive(Clone, Debug)]
pub struct SqliteQueue {
    database: Database,
    /// Changes whenever a message may have become due, or its due time may be a new one.
    changes: Arc<watch::Sender<()>>,
    /// What was dropped and is not back in the table yet.
    debts: Debts,
}

impl SqliteQueue {
    /// Opens or creates the queue at `path`. What was in hand of the process before waits again.
    ///
    /// # Errors
    /// When the file cannot be opened, or was written by a newer program.
    pub async fn open(path: &Path) -> Result<Self, Error> {
        let queue = Self::beside(path)?;
        queue
            .database
            .call("release", |db| table::drop_all_hands(db, now_ms()))
            .await?;
        Ok(queue)
    }

    /// The queue at `path` beside the process that works on it, for its dead letters: what is in hand there stays in hand.
    /// That process takes what is sent here within a second.
    ///
    /// # Errors
    /// When the file cannot be opened, or was written by a newer program.
    pub fn beside(path: &Path) -> Result<Self, Error> {
        Ok(Self {
            database: Database::open(Backend::Queue, path, table::SCHEMA)?,
            changes: Arc::new(watch::Sender::new(())),
            debts: Debts::default(),
        })
    }

    /// Runs a change and wakes the receivers. They are woken on the database's thread, so that a caller that stops
    /// waiting leaves nobody asleep.
    fn waking<T>(
        &self,
        change: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static {
        let changes = Arc::clone(&self.changes);
        move |db| {
            let changed = change(db)?;
            changes.send_replace(());
            Ok(changed)
        }
    }

    async fn put(&self, message_id: Option<String>, body: Vec<u8>) -> Result<(), Error> {
        let put = self.waking(move |db| table::put(db, message_id.as_deref(), &body, now_ms()));
        self.database.call("send", put).await
    }

    /// Puts a message back without waiting. The receivers are woken either way: to take it, or to pay what failed.
    fn put_back(&self, debt: Debt) {
        self.debts.owe(debt);
        let (debts, changes) = (self.debts.clone(), Arc::clone(&self.changes));
        let paid = move |outcome: Result<(), Cause>| {
            if outcome.is_ok() {
                debts.forget(&[debt]);
            }
            changes.send_replace(());
        };
        self.database.post(move |db| debt.pay(db), paid);
    }

    /// Waits for a disk that may come back.
    ///
    /// # Errors
    /// When no call can succeed any more.
    async fn after_failure(&self, error: Error) -> Result<(), Error> {
        if self.database.is_gone() {
            return Err(error);
        }
        tracing::warn!(%error, "queue cannot be read, trying again");
        sleep(FAILED_PAUSE).await;
        Ok(())
    }

    /// Puts back what a drop could not, or has not yet.
    async fn pay_debts(&self) -> Result<(), Error> {
        let owed = self.debts.all();
        if owed.is_empty() {
            return Ok(());
        }
        let paying = owed.clone();
        let pay = move |db: &Connection| paying.iter().try_for_each(|debt| debt.pay(db));
        self.database.call("put_back", self.waking(pay)).await?;
        self.debts.forget(&owed);
        Ok(())
    }
}

#[async_trait]
impl Sender for SqliteQueue {
    async fn send(&self, job: &Job) -> Result<(), Error> {
        self.put(Some(job.id().to_string()), job.to_json()).await
    }

    async fn depth(&self) -> Result<u64, Error> {
        self.database
            .call("depth", |db| table::depth(db, now_ms()))
            .await
    }

    async fn check(&self) -> Result<(), Error> {
        // Even this has to get the lock for writing.
        self.database.call("check", |_| Ok(())).await
    }
}

#[async_trait]
impl Source for SqliteQueue {
    async fn receiver(&self) -> Result<Box<dyn Receiver>, Error> {
        Ok(Box::new(SqliteReceiver {
            queue: self.clone(),
            changes: self.changes.subscribe(),
            hand: Arc::new(Semaphore::new(1)),
        }))
    }

    async fn burials(&self) -> Result<Box<dyn Burials>, Error> {
        Ok(Box::new(SqliteBurials::new(self.clone())))
    }
}

struct SqliteReceiver {
    queue: SqliteQueue,
    changes: watch::Receiver<()>,
    /// Free while the last delivery is settled: one in hand at most.
    hand: Arc<Semaphore>,
}

/// What a look at the table gave.
enum Look {
    Taken(Lease, Message),
    /// Nothing is due before this, if anything waits at all.
    Nothing(Option<i64>),
}

#[async_trait]
impl Receiver for SqliteReceiver {
    async fn receive(&mut self) -> Result<Delivery, Error> {
        loop {
            // Before the look, so that no change between the look and the wait is missed.
            self.changes.mark_unchanged();
            match self.look().await {
                Ok(Look::Taken(lease, message)) => return Ok(delivery(lease, message)),
                Ok(Look::Nothing(due_at_ms)) => look_out(&mut self.changes, due_at_ms).await,
                Err(error) => self.queue.after_failure(error).await?,
            }
        }
    }
}

impl SqliteReceiver {
    /// The lease is made on the database's thread: a caller that stopped waiting drops it, and the message goes back.
    async fn look(&self) -> Result<Look, Error> {
        let place = Arc::clone(&self.hand)
            .acquire_owned()
            .await
            .expect("the semaphore is never closed");
        self.queue.pay_debts().await?;
        let queue = self.queue.clone();
        let look = move |db: &Connection| {
            Ok(match table::take(db, now_ms())? {
                Some((hand, message)) => Look::Taken(Lease::new(queue, hand, place), message),
                None => Look::Nothing(table::next_due_ms(db)?),
            })
        };
        self.queue.database.call("receive", look).await
    }
}

/// Returns when the table may have changed, at the latest when what it holds is due.
async fn look_out(changes: &mut watch::Receiver<()>, due_at_ms: Option<i64>) {
    let until_due = due_at_ms.map_or(SLEEP_MAX, |due| SLEEP_MAX.min(until(due)));
    tokio::select! {
        // It cannot end: who looks out holds the queue, and with it the sending side.
        _ = changes.changed() => {}
        () = sleep(until_due) => {}
    }
}

fn delivery(mut lease: Lease, message: Message) -> Delivery {
    lease.if_dropped = Some(PutBack::Crashed);
    Delivery {
        message_id: message.message_id,
        body: Bytes::from(message.body),
        attempt: message.attempt,
        crashes: message.crashes,
        snoozes: message.snoozes,
        history: message.history,
        settle: Box::new(lease),
    }
}

/// The right to settle a message.
#[derive(Debug)]
struct Lease {
    queue: SqliteQueue,
    hand: Hand,
    /// None once it is settled.
    if_dropped: Option<PutBack>,
    /// The receiver's one place, free again with this lease.
    _place: OwnedSemaphorePermit,
}

impl Lease {
    fn new(queue: SqliteQueue, hand: Hand, place: OwnedSemaphorePermit) -> Self {
        Self {
            queue,
            hand,
            if_dropped: Some(PutBack::Untouched),
            _place: place,
        }
    }

    async fn change<T: Send + 'static>(
        &self,
        op: &'static str,
        change: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, Error> {
        self.queue
            .database
            .call(op, self.queue.waking(change))
            .await
    }
}

#[async_trait]
impl Settle for Lease {
    async fn secure(&mut self, verdict: &Verdict, history: &[Attempt]) -> Result<(), Error> {
        let (hand, history) = (self.hand, history.to_vec());
        match *verdict {
            Verdict::Retry { delay, .. } => {
                let postpone =
                    move |db: &Connection| table::postpone(db, hand, due_at_ms(delay), &history);
                self.change("retry", postpone).await
            }
            Verdict::Snooze { delay, .. } => {
                let snooze = move |db: &Connection| table::snooze(db, hand, due_at_ms(delay));
                self.change("snooze", snooze).await
            }
            Verdict::Bury { reason, .. } => {
                let death = Death::Buried(reason);
                let bury = move |db: &Connection| table::bury(db, hand, death, &history, now_ms());
                self.change("bury", bury).await
            }
            Verdict::Done | Verdict::Fail(_) | Verdict::Drop => Ok(()),
        }
    }

    /// After a retry or a burial the message is in no hand any more, and this finds nothing to do.
    async fn ack(mut self: Box<Self>) -> Result<(), Error> {
        let hand = self.hand;
        let finish = move |db: &Connection| table::finish(db, hand);
        self.queue.database.call("ack", finish).await?;
        self.if_dropped = None;
        Ok(())
    }

    async fn hand_back(mut self: Box<Self>) -> Result<(), Error> {
        // Where this fails, the drop goes on with it, and it is still no crash.
        self.if_dropped = Some(PutBack::Untouched);
        let hand = self.hand;
        self.change("hand_back", move |db| table::hand_back(db, hand))
            .await?;
        self.if_dropped = None;
        Ok(())
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if let Some(put_back) = self.if_dropped.take() {
            let hand = self.hand;
            self.queue.put_back(Debt { hand, put_back });
        }
    }
}

fn now_ms() -> i64 {
    signed(clock::now_ms())
}

/// Rounded up, so that no retry is early.
fn due_at_ms(delay: Duration) -> i64 {
    now_ms()
        .saturating_add(signed(clock::millis(delay)))
        .saturating_add(1)
}

/// SQLite's integers have a sign.
fn signed(ms: u64) -> i64 {
    ms.try_into().unwrap_or(i64::MAX)
}

fn until(due_at_ms: i64) -> Duration {
    let wait_ms = due_at_ms.saturating_sub(now_ms());
    Duration::from_millis(wait_ms.try_into().unwrap_or(0))
}

#[cfg(test)]
mod tests;
