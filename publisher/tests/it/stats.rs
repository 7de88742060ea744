//! What the page hears of the fleet.

use std::{sync::atomic::Ordering, time::Duration};

use backends::{
    Fleet as _,
    clock::now_ms,
    fleet::{Heartbeat, Tally, WorkerId},
};
use futures::future::join_all;
use schemas::{Stats, Status, Step, Timings};
use serde_json::Value;
use tokio::time::{interval, timeout};

use crate::support::{PATIENCE, Server};

/// Pages that look on at once.
const PAGES: usize = 200;

#[tokio::test]
async fn the_queue_and_the_workers_are_told() {
    let server = Server::start().await;
    server.sender.others.store(5, Ordering::SeqCst);
    let waits_since = now_ms() - 1200;
    let oldest = &server.results.oldest_waiting_ms;
    oldest.store(waits_since, Ordering::SeqCst);
    server.fleet.beat(&worker("b", 1)).await.unwrap();
    server.fleet.beat(&worker("a", 2)).await.unwrap();

    let stats = told(&server, |stats| {
        stats.workers.len() == 2 && stats.queue.oldest_age_ms > Some(0)
    })
    .await;
    assert_eq!(stats.queue.depth, Some(5));
    assert!(stats.queue.oldest_age_ms >= Some(1200), "{stats:?}");
    assert_eq!((stats.jobs.done, stats.jobs_per_second), (2, 0.033));
    assert_eq!((&*stats.workers[0].name, stats.workers[0].busy), ("a", 1));
    assert!(stats.total_ms.is_some() && !stats.degraded);
}

#[tokio::test]
async fn nobody_on_the_way_keeps_the_answer() {
    let server = Server::start().await;
    let answer = server.get("/stats", &[]).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("content-type"), "application/json");
    assert_eq!(answer.header("cache-control"), "no-store");
    assert_eq!(answer.json()["totalMs"], Value::Null);
}

/// However long they take, the fleet is asked once for each second of it, and once at the beginning.
#[tokio::test]
async fn a_stampede_of_pages_asks_the_fleet_once_a_second() {
    let server = Server::start().await;
    let began = std::time::Instant::now();
    let pages = join_all((0..PAGES).map(|_| server.get("/stats", &[]))).await;
    assert!(pages.iter().all(|answer| answer.status == 200));
    let reads_max = 1 + began.elapsed().as_secs();
    let reads = server.fleet.reads();
    assert!((1..=reads_max).contains(&reads), "{reads} of {reads_max}");
}

#[tokio::test]
async fn while_the_records_are_away_the_queue_is_told_and_the_rest_is_degraded() {
    let server = Server::start().await;
    server.fleet.beat(&worker("a", 1)).await.unwrap();
    server.sender.others.store(5, Ordering::SeqCst);
    server.fleet.broken.set(true);
    server.results.broken.set(true);
    let stats = told(&server, |stats| {
        stats.degraded && stats.queue.depth == Some(5) && stats.queue.oldest_age_ms.is_none()
    })
    .await;
    assert!(stats.workers.is_empty() && stats.total_ms.is_none());
    assert_eq!((stats.jobs.done, stats.jobs_per_second), (0, 0.0));

    server.fleet.broken.set(false);
    told(&server, |stats| !stats.degraded && stats.workers.len() == 1).await;
}

/// Asks until the answer is as expected.
async fn told(server: &Server, expected: impl Fn(&Stats) -> bool) -> Stats {
    let mut turns = interval(Duration::from_millis(20));
    let asked = async {
        loop {
            turns.tick().await;
            let answer = server.get("/stats", &[]).await;
            let stats = serde_json::from_slice(&answer.body).unwrap();
            if expected(&stats) {
                return stats;
            }
        }
    };
    timeout(PATIENCE, asked).await.expect("it is told in time")
}

/// A worker that did one job.
fn worker(name: &str, id: u64) -> Heartbeat {
    let (mut tally, mut timings) = (Tally::default(), Timings::default());
    timings.set(Step::Total, Duration::from_millis(210));
    tally.count(Status::Done, &timings);
    Heartbeat {
        id: WorkerId::new(id),
        name: name.to_owned(),
        slots: 2,
        busy: 1,
        started_at_ms: 1_795_201_655_000,
        draining: false,
        tally,
    }
}
