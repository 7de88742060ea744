//! Jobs that are taken back while a fleet works on them, followed on one stream.

use std::collections::HashMap;

use futures::future::join_all;
use reqwest::StatusCode;

use crate::support::{
    client::Client,
    fleet::{namespace, role},
    picture::jpeg,
    until,
};

const JOBS: u8 = 16;

#[tokio::test]
async fn every_job_of_a_fleet_is_either_cancelled_or_done_and_ends_once() {
    let (data, name) = (tempfile::tempdir().unwrap(), namespace("cancel"));
    let publisher = role("publisher", &name, &data, &[]).await;
    let client = Client::of(&publisher);
    let mut ids = Vec::new();
    for seed in 0..JOBS {
        ids.push(client.upload(&jpeg(800, 600, seed), &[]).await);
    }
    let settings = ["worker_slots=1"];
    let worker = || role("worker", &name, &data, &settings);
    // Every second job is taken back when the one before it has begun: about when it is begun itself.
    let cancels = ids.chunks(2).map(async |pair| {
        client.until_begun(&pair[0]).await;
        (&pair[1], client.cancel(&pair[1]).await.status())
    });
    let (frames, cancelled, one, other) = tokio::join!(
        client.follow_all(&ids),
        join_all(cancels),
        worker(),
        worker()
    );
    assert_eq!(frames.last().unwrap().event, "end");
    let mut ends: HashMap<&str, &str> = HashMap::new();
    for frame in frames.iter().filter(|frame| is_end(&frame.event)) {
        let id = frame.data["jobId"].as_str().unwrap();
        assert_eq!(ends.insert(id, &frame.event), None, "{id} ended twice");
    }
    assert_eq!(ends.len(), usize::from(JOBS));
    for (id, status) in &cancelled {
        let end = match *status {
            StatusCode::OK => "cancelled",
            StatusCode::CONFLICT => "done",
            other => panic!("{other} for {id}"),
        };
        assert_eq!(ends[id.as_str()], end);
    }

    until(async || client.metric("nws_queue_depth").await == 0.0).await;
    let mut counted = client.metric("nws_jobs_total{").await;
    for worker in [one, other].each_ref().map(Client::of) {
        until(async || worker.metric("nws_jobs_in_flight").await == 0.0).await;
        counted += worker.metric("nws_jobs_total{").await;
        assert_eq!(worker.metric("nws_retries_total{").await, 0.0);
    }
    assert_eq!(counted, f64::from(JOBS), "each end is counted once");
}

#[tokio::test]
async fn a_job_that_was_taken_back_is_done_when_it_is_sent_again() {
    let (data, name) = (tempfile::tempdir().unwrap(), namespace("again"));
    let publisher = role("publisher", &name, &data, &[]).await;
    let client = Client::of(&publisher);
    let photo = jpeg(640, 480, 1);
    let id = client.upload(&photo, &[]).await;
    for _ in 0..2 {
        assert_eq!(client.cancel(&id).await.status(), StatusCode::OK);
    }
    assert_eq!(client.upload(&photo, &[]).await, id);
    // Both copies of the message wait for this worker.
    let worker = role("worker", &name, &data, &[]).await;
    let end = client.ended(&id).await;
    assert_eq!(
        (&end["status"], &end["attempt"]),
        (&"done".into(), &1.into())
    );
    assert_eq!(client.cancel(&id).await.status(), StatusCode::CONFLICT);
    until(async || client.metric("nws_queue_depth").await == 0.0).await;
    let worker = Client::of(&worker);
    until(async || worker.metric("nws_jobs_in_flight").await == 0.0).await;
    assert_eq!(worker.metric("nws_jobs_total{").await, 1.0);
}

fn is_end(event: &str) -> bool {
    matches!(event, "done" | "failed" | "dead" | "cancelled")
}
