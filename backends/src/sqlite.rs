//! One SQLite file behind one thread: what the embedded queue and the embedded results stand on.
//!
//! SQLite has one writer at a time, and a durable commit costs a wait for the disk. So one thread owns the connection
//! and takes whatever operations have gathered while it waited for the last commit as one group: one transaction, one
//! wait, many answers. An answer is given only after the commit; what was answered survives `kill -9` and power loss.

use std::{fmt, path::Path, sync::Arc, thread, time::Duration};

use rusqlite::{Connection, TransactionBehavior};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot};

use crate::error::{Backend, Cause, Error};

/// Operations that wait or run at once; more callers wait for a place. A full line is about a second of work.
const OPERATIONS_MAX: usize = 1024;
/// Operations in one commit: beyond this the wait for the disk is a small part, and the first caller waits for nothing.
const GROUP_MAX: usize = 256;
/// Who competes for the file holds it for moments: `nws dlq`, or a person with the `sqlite3` shell.
const BUSY_MAX: Duration = Duration::from_secs(5);
/// The log is cut back to this after a checkpoint, so that one burst does not keep the disk for ever.
const LOG_BYTES_MAX: i64 = 64 * 1024 * 1024;
/// Prepared statements that are kept; each user of this module has about ten.
const STATEMENTS_MAX: usize = 32;

/// An open database. Clones share its thread, which ends with the last of them.
#[derive(Clone)]
pub(crate) struct Database {
    backend: Backend,
    operations: mpsc::UnboundedSender<Box<dyn Operation>>,
    places: Arc<Semaphore>,
}

impl Database {
    /// Opens or creates the file at `path` for `backend`, and brings it to the newest version of `schema`.
    ///
    /// `schema[n]` takes the file from version `n` to `n + 1`; entries are only ever added.
    ///
    /// # Errors
    /// When the file cannot be opened, is newer than `schema`, or does not take the settings that make it durable.
    pub(crate) fn open(backend: Backend, path: &Path, schema: &[&str]) -> Result<Self, Error> {
        let failed = |cause| Error::new(backend, "open", cause);
        let mut connection = connect(path).map_err(failed)?;
        migrate(&mut connection, schema).map_err(failed)?;

        let (operations, waiting) = mpsc::unbounded_channel();
        thread::Builder::new()
            .name(format!("sqlite-{backend}"))
            .spawn(move || serve(connection, waiting))
            .map_err(|error| Error::failed(backend, "open", error))?;
        Ok(Self {
            backend,
            operations,
            places: Arc::new(Semaphore::new(OPERATIONS_MAX)),
        })
    }

    /// Runs `work` on the database's thread and answers once it is committed.
    ///
    /// It runs inside the group's transaction, under a savepoint of its own: when it fails, its changes are undone and
    /// its neighbours' are kept. A group in which nobody wrote costs no wait for the disk, so reading has no other way
    /// in. A caller that stops waiting does not stop the work.
    pub(crate) async fn call<T, W>(&self, op: &'static str, work: W) -> Result<T, Error>
    where
        T: Send + 'static,
        W: FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    {
        let failed = |cause| Error::new(self.backend, op, cause);
        let place = Arc::clone(&self.places)
            .acquire_owned()
            .await
            .expect("the semaphore is never closed");
        let (reply, answer) = oneshot::channel();
        // A caller that does not wait any more has no use for it.
        let tell = |outcome| drop(reply.send(outcome));
        self.submit(Call::new(work, tell, Some(place)));
        answer.await.unwrap_or_else(|_| Err(gone())).map_err(failed)
    }

    /// Has `work` done without waiting for a place or for the answer: for a `Drop`, which can do neither. The caller
    /// keeps its number small.
    ///
    /// `tell` hears on the database's thread what came of it, once it is committed or lost.
    pub(crate) fn post<T, W, A>(&self, work: W, tell: A)
    where
        T: Send + 'static,
        W: FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
        A: FnOnce(Result<T, Cause>) + Send + 'static,
    {
        self.submit(Call::new(work, tell, None));
    }

    /// Whether no call can succeed any more.
    pub(crate) fn is_gone(&self) -> bool {
        self.operations.is_closed()
    }

    /// A thread that is gone drops the operation, and with it the caller's reply: there it hears of it.
    fn submit(&self, call: impl Operation + 'static) {
        let _ = self.operations.send(Box::new(call));
    }
}

impl fmt::Debug for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Database")
            .field("backend", &self.backend)
            .field("places_left", &self.places.available_permits())
            .finish()
    }
}

fn gone() -> Cause {
    Cause::Failed("the database's thread is gone".into())
}

fn connect(path: &Path) -> Result<Connection, Cause> {
    let connection = Connection::open(path).map_err(boxed)?;
    connection.busy_timeout(BUSY_MAX).map_err(boxed)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS_MAX);
    set(&connection, "journal_mode", "wal", "wal")?;
    set(&connection, "synchronous", "full", "2")?;
    let limit = LOG_BYTES_MAX.to_string();
    set(&connection, "journal_size_limit", &limit, &limit)?;
    Ok(connection)
}

/// Sets a pragma and reads it back: SQLite answers a setting that it cannot take with silence.
fn set(connection: &Connection, name: &str, value: &str, expected: &str) -> Result<(), Cause> {
    connection
        .pragma_update_and_check(None, name, value, |_| Ok(()))
        .or_else(no_answer)
        .map_err(boxed)?;
    let taken: rusqlite::types::Value = connection
        .pragma_query_value(None, name, |row| row.get(0))
        .map_err(boxed)?;
    match word(&taken) {
        taken if taken == expected => Ok(()),
        taken => Err(Cause::Refused(format!(
            "{name} is {taken}, {expected} is needed"
        ))),
    }
}

/// Some pragmas answer with their new value, some with nothing.
fn no_answer(error: rusqlite::Error) -> rusqlite::Result<()> {
    match error {
        rusqlite::Error::QueryReturnedNoRows => Ok(()),
        other => Err(other),
    }
}

fn word(value: &rusqlite::types::Value) -> String {
    match value {
        rusqlite::types::Value::Integer(number) => number.to_string(),
        rusqlite::types::Value::Text(text) => text.clone(),
        other => format!("{other:?}"),
    }
}

fn migrate(connection: &mut Connection, schema: &[&str]) -> Result<(), Cause> {
    let version: u32 = connection
        .pragma_query_value(None, "user_version", |row| row.get(0))
        .map_err(boxed)?;
    if version as usize > schema.len() {
        return Err(Cause::Refused(format!(
            "the file has version {version}, this program knows {}; it was written by a newer one",
            schema.len()
        )));
    }
    for (next, statements) in (1..).zip(schema).skip(version as usize) {
        upgrade(connection, statements, next).map_err(boxed)?;
    }
    Ok(())
}

/// One step and its number in one transaction: a crash leaves the old version or the new one.
fn upgrade(connection: &mut Connection, statements: &str, version: u32) -> rusqlite::Result<()> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    transaction.execute_batch(statements)?;
    transaction.pragma_update(None, "user_version", version)?;
    transaction.commit()
}

fn boxed(error: rusqlite::Error) -> Cause {
    Cause::Failed(error.into())
}

/// What was read well and makes no sense is no failure of the file's: it would be read so again.
fn cause_of(error: rusqlite::Error) -> Cause {
    match error {
        rusqlite::Error::FromSqlConversionFailure(..)
        | rusqlite::Error::IntegralValueOutOfRange(..)
        | rusqlite::Error::InvalidColumnType(..) => {
            Cause::Corrupt(format!("the record cannot be read: {error}"))
        }
        error => boxed(error),
    }
}

/// The thread: groups whatever has gathered, until the last [`Database`] is dropped.
fn serve(mut connection: Connection, mut waiting: mpsc::UnboundedReceiver<Box<dyn Operation>>) {
    while let Some(first) = waiting.blocking_recv() {
        let mut group = vec![first];
        while group.len() < GROUP_MAX
            && let Ok(next) = waiting.try_recv()
        {
            group.push(next);
        }
        let committed = commit(&mut connection, &mut group).map_err(|error| error.to_string());
        for operation in group {
            operation.answer(&committed);
        }
    }
}

/// Runs the group in one transaction. When this fails, none of it happened.
fn commit(connection: &mut Connection, group: &mut [Box<dyn Operation>]) -> rusqlite::Result<()> {
    let mut transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    for operation in group {
        let savepoint = transaction.savepoint()?;
        if operation.run(&savepoint) {
            savepoint.commit()?;
        } else {
            // A full disk may have ended the whole transaction; then this fails, and the group with it.
            savepoint.finish()?;
        }
    }
    transaction.commit()
}

/// A caller's work, of whatever type its answer is.
trait Operation: Send {
    /// Does the work and keeps its outcome; says whether its changes are to be kept.
    fn run(&mut self, connection: &Connection) -> bool;

    /// Tells the caller, now that the group is committed or lost.
    fn answer(self: Box<Self>, committed: &Result<(), String>);
}

struct Call<T, W, A> {
    work: Option<W>,
    outcome: Option<rusqlite::Result<T>>,
    tell: A,
    /// Held until the answer is given.
    _place: Option<OwnedSemaphorePermit>,
}

impl<T, W, A> Call<T, W, A> {
    fn new(work: W, tell: A, place: Option<OwnedSemaphorePermit>) -> Self {
        Self {
            work: Some(work),
            outcome: None,
            tell,
            _place: place,
        }
    }
}

impl<T, W, A> Operation for Call<T, W, A>
where
    T: Send,
    W: FnOnce(&Connection) -> rusqlite::Result<T> + Send,
    A: FnOnce(Result<T, Cause>) + Send,
{
    fn run(&mut self, connection: &Connection) -> bool {
        self.outcome = self.work.take().map(|work| work(connection));
        matches!(self.outcome, Some(Ok(_)))
    }

    fn answer(self: Box<Self>, committed: &Result<(), String>) {
        let answer = match (self.outcome, committed) {
            (Some(outcome), Ok(())) => outcome.map_err(cause_of),
            (_, Err(error)) => Err(Cause::Failed(error.as_str().into())),
            (None, Ok(())) => Err(gone()),
        };
        (self.tell)(answer);
    }
}

#[cfg(test)]
mod tests {
    use futures::future::join_all;

    use super::*;

    const SCHEMA: &[&str] = &["CREATE TABLE notes (text TEXT NOT NULL UNIQUE) STRICT"];

    fn open(folder: &tempfile::TempDir, schema: &[&str]) -> Result<Database, Error> {
        Database::open(Backend::Queue, &folder.path().join("test.db"), schema)
    }

    async fn note(database: &Database, text: &'static str) -> Result<usize, Error> {
        database
            .call("note", move |db| {
                db.execute("INSERT INTO notes VALUES (?1)", [text])
            })
            .await
    }

    async fn count(database: &Database) -> i64 {
        database
            .call("count", |db| {
                db.query_row("SELECT count(*) FROM notes", [], |row| row.get(0))
            })
            .await
            .unwrap()
    }

    #[tokio::test]
    async fn what_was_answered_is_there_after_reopening() {
        let folder = tempfile::tempdir().unwrap();
        let database = open(&folder, SCHEMA).unwrap();
        note(&database, "kept").await.unwrap();
        drop(database);
        assert_eq!(count(&open(&folder, SCHEMA).unwrap()).await, 1);
    }

    #[tokio::test]
    async fn a_failing_operation_does_not_undo_its_neighbours() {
        let folder = tempfile::tempdir().unwrap();
        let database = open(&folder, SCHEMA).unwrap();
        // The thread is held until all three wait, so that they make one group.
        let (release, held) = std::sync::mpsc::channel::<()>();
        let hold = move |_: &Connection| {
            let _ = held.recv();
            Ok(())
        };
        database.post(hold, drop);
        let neighbours = join_all(["one", "one", "two"].map(|text| note(&database, text)));
        let (outcomes, ()) = tokio::join!(neighbours, async { drop(release) });
        assert!(outcomes[0].is_ok() && outcomes[1].is_err() && outcomes[2].is_ok());
        assert_eq!(count(&database).await, 2);
    }

    #[tokio::test]
    async fn half_an_operation_is_undone() {
        let folder = tempfile::tempdir().unwrap();
        let database = open(&folder, SCHEMA).unwrap();
        let half = database.call("half", |db| {
            db.execute("INSERT INTO notes VALUES ('half')", [])?;
            db.execute("INSERT INTO nowhere VALUES (1)", [])
        });
        assert!(half.await.is_err());
        assert_eq!(count(&database).await, 0);
    }

    #[tokio::test]
    async fn a_caller_that_stops_waiting_does_not_stop_the_work() {
        let folder = tempfile::tempdir().unwrap();
        let database = open(&folder, SCHEMA).unwrap();
        {
            let mut given_up = Box::pin(note(&database, "done all the same"));
            assert!(futures::poll!(&mut given_up).is_pending());
        }
        assert_eq!(count(&database).await, 1);
    }

    #[tokio::test]
    async fn an_old_file_is_brought_up_to_date() {
        let folder = tempfile::tempdir().unwrap();
        note(&open(&folder, SCHEMA).unwrap(), "old").await.unwrap();
        let newer = [SCHEMA[0], "ALTER TABLE notes ADD COLUMN author TEXT"];
        let database = open(&folder, &newer).unwrap();
        database
            .call("read", |db| {
                db.query_row("SELECT author FROM notes", [], |row| {
                    row.get::<_, Option<String>>(0)
                })
            })
            .await
            .unwrap();
    }

    #[test]
    fn a_newer_file_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        open(&folder, &[SCHEMA[0], "CREATE TABLE later (a)"]).unwrap();
        let refused = open(&folder, SCHEMA).unwrap_err().to_string();
        assert!(
            refused.contains("version 2, this program knows 1"),
            "{refused}"
        );
    }

    #[test]
    fn a_setting_that_was_not_taken_is_an_error() {
        // A database in memory cannot keep a write-ahead log, and SQLite says so in passing.
        let refused = connect(Path::new(":memory:")).unwrap_err().to_string();
        assert!(
            refused.contains("journal_mode is memory, wal is needed"),
            "{refused}"
        );
    }
}
