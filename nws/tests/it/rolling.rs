//! A fleet that is restarted process by process, while clients go on.

use std::{
    collections::BTreeSet,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
};

use futures::future::join_all;
use reqwest::StatusCode;
use serde_json::Value;
use tempfile::TempDir;
use tokio::time::{interval, timeout};

use crate::support::{
    WITHIN,
    client::{Client, Frame, frame},
    fleet::{namespace, role},
    picture::jpeg,
    process::Process,
};

/// Clients at once, each with one photo after the other.
const CLIENTS: u16 = 4;

/// The publishers as clients know them: whoever is away is tried again, after the other one.
struct Front {
    publishers: [Mutex<Arc<Client>>; 2],
    stop: AtomicBool,
}

impl Front {
    fn publisher(&self, turn: usize) -> Arc<Client> {
        let publisher = &self.publishers[turn % self.publishers.len()];
        Arc::clone(&publisher.lock().unwrap())
    }

    /// Uploads until a publisher takes it. Only an answer that never came and one that says "later" may be tried again.
    async fn upload(&self, photo: &[u8], first: usize) -> String {
        let mut pauses = interval(std::time::Duration::from_millis(50));
        for turn in first.. {
            if let Ok(answer) = self.publisher(turn).try_post(photo, &[]).await
                && answer.status() != StatusCode::SERVICE_UNAVAILABLE
            {
                let status = answer.status();
                let body: Value = answer.json().await.expect("an answer that began is whole");
                assert_eq!(status, StatusCode::ACCEPTED, "{body}");
                return body["jobId"].as_str().unwrap().to_owned();
            }
            pauses.tick().await;
        }
        unreachable!("the turns do not end")
    }

    /// Follows a job to its end, from the last frame that was seen whenever a stream ends before.
    async fn follow(&self, id: &str, first: usize) -> Vec<Frame> {
        let mut pauses = interval(std::time::Duration::from_millis(50));
        let mut seen: Vec<Frame> = Vec::new();
        for turn in first.. {
            let events = self.publisher(turn).try_events(id, seen.last()).await;
            if let Ok(mut answer) = events
                && answer.status() != StatusCode::SERVICE_UNAVAILABLE
            {
                assert_eq!(answer.status(), StatusCode::OK, "after {seen:?}");
                let mut text = String::new();
                while let Some(bytes) = answer.chunk().await.expect("a stream ends and is not cut")
                {
                    text.push_str(std::str::from_utf8(&bytes).unwrap());
                }
                seen.extend(text.split("\n\n").filter_map(frame));
            }
            if seen.last().is_some_and(|frame| is_final(&frame.event)) {
                return seen;
            }
            pauses.tick().await;
        }
        unreachable!("the turns do not end")
    }

    /// One client's photos, one after the other, each followed to its end.
    async fn keep_uploading(&self, client: u16) -> usize {
        let mut jobs = 0;
        for seed in 0..=u8::MAX {
            if self.stop.load(Ordering::SeqCst) {
                break;
            }
            let turn = usize::from(client) + usize::from(seed);
            let id = self.upload(&jpeg(640 + client, 480, seed), turn).await;
            let frames = self.follow(&id, turn).await;
            check(&frames);
            jobs += 1;
        }
        jobs
    }
}

#[tokio::test]
async fn a_rolling_restart_under_load_is_noticed_by_no_client_that_tries_again() {
    let (data, name) = (tempfile::tempdir().unwrap(), namespace("rolling"));
    let mut publishers = pair("publisher", &name, &data).await;
    let mut workers = pair("worker", &name, &data).await;
    let front = Front {
        publishers: [&publishers[0], &publishers[1]].map(|it| Mutex::new(Arc::new(Client::of(it)))),
        stop: AtomicBool::new(false),
    };
    let load = join_all((0..CLIENTS).map(|client| front.keep_uploading(client)));
    let restarts = async {
        for place in 0..2 {
            restart(&mut publishers, place, "publisher", &name, &data).await;
            let again = Arc::new(Client::of(&publishers[place]));
            *front.publishers[place].lock().unwrap() = again;
            restart(&mut workers, place, "worker", &name, &data).await;
        }
        front.stop.store(true, Ordering::SeqCst);
    };
    let both = async { tokio::join!(load, restarts) };
    let (jobs, ()) = timeout(WITHIN, both).await.expect("all jobs end in time");
    assert!(jobs.iter().all(|jobs| *jobs > 1), "{jobs:?} is no load");
}

async fn pair(kind: &str, name: &str, data: &TempDir) -> Vec<Process> {
    let settings = ["worker_slots=1"];
    vec![
        role(kind, name, data, &settings).await,
        role(kind, name, data, &settings).await,
    ]
}

async fn restart(pair: &mut Vec<Process>, place: usize, kind: &str, name: &str, data: &TempDir) {
    assert!(pair.remove(place).terminate().await.success());
    let again = role(kind, name, data, &["worker_slots=1"]).await;
    pair.insert(place, again);
}

/// No event is missing at the end, none came twice, and no restart was an attempt.
fn check(frames: &[Frame]) {
    let ids: Vec<_> = frames.iter().map(|frame| order(&frame.id)).collect();
    let distinct: BTreeSet<_> = ids.iter().collect();
    assert!(ids.is_sorted() && distinct.len() == ids.len(), "{frames:?}");
    let end = frames.last().unwrap();
    assert_eq!(
        (end.event.as_str(), &end.data["attempt"]),
        ("done", &1.into()),
        "{frames:?}"
    );
}

fn order(id: &str) -> (u64, u64) {
    let (epoch, n) = id.split_once('-').unwrap();
    (epoch.parse().unwrap(), n.parse().unwrap())
}

fn is_final(event: &str) -> bool {
    matches!(event, "done" | "failed" | "dead" | "cancelled")
}
