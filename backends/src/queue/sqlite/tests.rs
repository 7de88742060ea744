use std::{
    io::{BufRead as _, BufReader},
    process::{Command, Stdio},
};

use super::*;
use crate::queue::contract::{self, Subject, job, receive, receiver, send};
use crate::queue::{DeadLetters, Reason};

/// A queue in a folder that goes with it.
struct Embedded {
    folder: tempfile::TempDir,
    queue: SqliteQueue,
}

impl Embedded {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let queue = open(&folder).await;
        Self { folder, queue }
    }

    /// What the next process would find if this one died now: everything this one has is dropped on the way.
    async fn reopened(self) -> Self {
        let Self { folder, queue } = self;
        drop(queue);
        let queue = open(&folder).await;
        Self { folder, queue }
    }

    /// From now on, putting a message back fails as it would on a full disk.
    async fn forbid_putting_back(&self) {
        self.change(
            "CREATE TRIGGER away BEFORE UPDATE OF in_hand ON messages WHEN NEW.in_hand = 0
             BEGIN SELECT RAISE(ABORT, 'the disk is away'); END",
        )
        .await;
    }

    async fn allow_putting_back(&self) {
        self.change("DROP TRIGGER away").await;
    }

    async fn change(&self, statements: &'static str) {
        let change = |db: &Connection| db.execute_batch(statements);
        self.queue.database.call("change", change).await.unwrap();
    }
}

async fn open(folder: &tempfile::TempDir) -> SqliteQueue {
    SqliteQueue::open(&folder.path().join("queue.db"))
        .await
        .unwrap()
}

#[async_trait]
impl Subject for Embedded {
    fn sender(&self) -> &dyn Sender {
        &self.queue
    }

    fn source(&self) -> &dyn Source {
        &self.queue
    }

    async fn put(&self, message_id: Option<&str>, body: &'static [u8]) {
        let message_id = message_id.map(str::to_owned);
        self.queue.put(message_id, body.to_vec()).await.unwrap();
    }

    fn letters(&self) -> &dyn DeadLetters {
        &self.queue
    }

    async fn end(self) {}
}

contract::suite!(Embedded::new());

#[tokio::test]
async fn what_waits_is_there_after_reopening() {
    let subject = Embedded::new().await;
    send(&subject, 0..3).await;
    let subject = subject.reopened().await;
    assert_eq!(subject.queue.depth().await.unwrap(), 3);
}

#[tokio::test]
async fn what_was_in_hand_of_a_dead_process_comes_again_with_one_crash_more() {
    let subject = Embedded::new().await;
    send(&subject, [1]).await;
    // A process that dies drops nothing.
    std::mem::forget(receive(&mut receiver(&subject).await).await);
    let subject = subject.reopened().await;
    let again = receive(&mut receiver(&subject).await).await;
    assert_eq!(
        (again.job().unwrap(), again.attempt, again.crashes),
        (job(1), 1, 1)
    );
}

#[tokio::test]
async fn handing_back_counts_no_crash() {
    let subject = Embedded::new().await;
    send(&subject, [1]).await;
    let mut receiver = receiver(&subject).await;
    receive(&mut receiver).await.hand_back().await.unwrap();
    assert_eq!(receive(&mut receiver).await.crashes, 0);
}

#[tokio::test]
async fn what_another_process_sends_again_is_taken_from_this_one() {
    let subject = Embedded::new().await;
    send(&subject, [1]).await;
    let mut receiver = receiver(&subject).await;
    contract::bury(receive(&mut receiver).await, Reason::AttemptsSpent).await;
    send(&subject, [2]).await;
    let in_hand = receive(&mut receiver).await;
    let mut idle = contract::receiver(&subject).await;

    let other = SqliteQueue::beside(&subject.folder.path().join("queue.db")).unwrap();
    let replay = async {
        let mut look = other.look().await.unwrap();
        let letter = look.next().await.unwrap().unwrap();
        letter.send().await.unwrap();
        letter.remove().await.unwrap();
    };
    let (again, ()) = tokio::join!(receive(&mut idle), replay);
    assert_eq!(again.job().unwrap(), job(1));
    contract::done(again).await;
    // What this one has in hand was left alone.
    contract::done(in_hand).await;
    assert_eq!(subject.reopened().await.queue.depth().await.unwrap(), 0);
}

#[tokio::test]
async fn what_was_dropped_while_the_disk_was_away_comes_when_it_is_back() {
    let subject = Embedded::new().await;
    send(&subject, [1]).await;
    let (mut first, mut second) = (receiver(&subject).await, receiver(&subject).await);
    let delivery = receive(&mut first).await;
    let outage = async {
        subject.forbid_putting_back().await;
        drop(delivery);
        // An answer means that the drop before it was tried, and failed.
        subject.queue.check().await.unwrap();
        subject.allow_putting_back().await;
    };
    let (again, ()) = tokio::join!(receive(&mut second), outage);
    assert_eq!((again.job().unwrap(), again.crashes), (job(1), 1));
}

#[tokio::test]
async fn what_could_not_be_handed_back_comes_without_a_crash() {
    let subject = Embedded::new().await;
    send(&subject, [1]).await;
    let mut receiver = receiver(&subject).await;
    let delivery = receive(&mut receiver).await;
    subject.forbid_putting_back().await;
    assert!(delivery.hand_back().await.is_err());
    subject.allow_putting_back().await;
    let again = receive(&mut receiver).await;
    assert_eq!((again.attempt, again.crashes), (1, 0));
}

#[tokio::test]
async fn depth_is_counted_without_looking_into_the_table() {
    let subject = Embedded::new().await;
    let plan = |db: &Connection| {
        db.query_row(
            &format!("EXPLAIN QUERY PLAN {}", table::DEPTH),
            [now_ms()],
            |row| row.get::<_, String>("detail"),
        )
    };
    let plan = subject.queue.database.call("plan", plan).await.unwrap();
    assert!(plan.contains("USING COVERING INDEX waiting"), "{plan}");
}

/// Where the child of the next test finds the queue; in the child's environment only.
const CHILD_QUEUE: &str = "NWS_TEST_CHILD_QUEUE";

#[tokio::test]
async fn every_acknowledged_send_survives_kill_9() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("queue.db");
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "queue::sqlite::tests::child_that_sends",
            "--nocapture",
        ])
        .env(CHILD_QUEUE, &path)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let acknowledged = lines
        .map_while(Result::ok)
        .filter(|line| line.ends_with("acknowledged"))
        .take(50)
        .count();
    child.kill().unwrap();
    child.wait().unwrap();

    assert_eq!(acknowledged, 50, "the child ended too early");
    let depth = open(&folder).await.depth().await.unwrap();
    assert!(depth >= 50, "{depth} of 50 are there");
}

/// Sends until it is killed; alone it does nothing.
#[tokio::test]
async fn child_that_sends() {
    let Some(path) = std::env::var_os(CHILD_QUEUE) else {
        return;
    };
    let queue = SqliteQueue::open(Path::new(&path)).await.unwrap();
    loop {
        queue.send(&job(1)).await.unwrap();
        println!("acknowledged");
    }
}
