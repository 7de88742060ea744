//! What happens to the servers that every test shares, so nothing else runs beside these tests.

use std::{process::Command, time::Duration};

use load::faults::{self, Options};
use reqwest::StatusCode;
use serde_json::Value;

use crate::support::{
    client::{Client, install_tls},
    fleet::{Still, namespace, role},
    picture::jpeg,
    process::{binary, service},
    until,
};

/// One whose first faults are many kinds: a worker and the broker die, the broker has an alarm, Redis and S3 stop, wires
/// are cut and damaged, and all is over when the last job is uploaded. `load faults` takes others, and more jobs.
const SEED: u64 = 1978;
const JOBS: usize = 40;
const LAST_JOB_WITHIN: Duration = Duration::from_secs(60);

#[tokio::test]
async fn a_fleet_loses_nothing_while_everything_around_it_breaks() {
    install_tls();
    let options = Options::new(binary().to_owned(), SEED, JOBS, LAST_JOB_WITHIN);
    let report = faults::run(&options.without_curse()).await.unwrap();
    assert!(report.is_clean(), "{report}");
}

#[tokio::test]
async fn a_redis_that_stands_still_for_a_while_costs_no_job() {
    let (data, name) = (tempfile::tempdir().unwrap(), namespace("stall"));
    let publisher = role("publisher", &name, &data, &[]).await;
    let slow = ["worker_slots=1"];
    let workers = [
        role("worker", &name, &data, &slow).await,
        role("worker", &name, &data, &slow).await,
    ];
    let client = Client::of(&publisher);
    let mut ids = Vec::new();
    for seed in 0..12 {
        ids.push(client.upload(&jpeg(2400, 1600, seed), &[]).await);
    }

    let redis = Still::server("redis");
    // Until a call was given up: Redis will carry it out all the same when it goes on.
    until(async || {
        let mut given_up = 0.0;
        for worker in workers.each_ref().map(Client::of) {
            given_up += worker
                .metric(r#"nws_backend_errors_total{backend="results""#)
                .await;
        }
        given_up > 0.0
    })
    .await;
    drop(redis);

    for id in ids {
        assert_eq!(client.ended(&id).await["status"], "done");
    }
}

#[tokio::test]
async fn without_redis_uploads_are_accepted_and_followed_to_their_end() {
    let (data, name) = (tempfile::tempdir().unwrap(), namespace("no-redis"));
    let publisher = role("publisher", &name, &data, &[]).await;
    let _worker = role("worker", &name, &data, &[]).await;
    let client = Client::of(&publisher);
    let before = client.upload(&jpeg(300, 200, 1), &[]).await;
    assert_eq!(client.ended(&before).await["status"], "done");

    let redis = Still::server("redis");
    assert_eq!(status(&client, &before).await, ("done".into(), true));
    let image = client.get(&format!("/image/{before}")).await;
    assert_eq!(image.status(), StatusCode::OK);
    let meanwhile = client.upload(&jpeg(300, 200, 2), &[]).await;
    assert_eq!(status(&client, &meanwhile).await, ("queued".into(), true));
    let unknown = client.get(&format!("/status/{}", "0".repeat(64))).await;
    assert_eq!(unknown.status(), StatusCode::SERVICE_UNAVAILABLE);
    let ready = client.get("/ready").await;
    assert_eq!(ready.status(), StatusCode::OK);

    let back = async {
        until(async || client.metric("nws_sse_clients").await == 1.0).await;
        drop(redis);
    };
    let (frames, ()) = tokio::join!(client.follow(&meanwhile), back);
    assert_eq!(frames.last().unwrap().event, "done");
    assert_eq!(status(&client, &meanwhile).await, ("done".into(), false));
}

#[tokio::test]
async fn with_one_master_of_a_redis_cluster_away_a_publisher_is_degraded_and_accepts() {
    let (data, name) = (tempfile::tempdir().unwrap(), namespace("one-master"));
    let cluster = format!("redis_url={}", service("REDIS_CLUSTER_URL"));
    let publisher = role("publisher", &name, &data, &[&cluster]).await;
    let client = Client::of(&publisher);

    let master = Still::server("redis_cluster/2");
    until_ready_as(&client, "degraded").await;
    for seed in 0..8 {
        client.upload(&jpeg(300, 200, seed), &[]).await;
    }
    drop(master);
    until_ready_as(&client, "ready").await;
}

#[tokio::test]
async fn without_the_object_store_uploads_are_refused_until_it_is_back() {
    let (data, name) = (tempfile::tempdir().unwrap(), namespace("no-s3"));
    let publisher = role("publisher", &name, &data, &[]).await;
    let client = Client::of(&publisher);
    let store = Still::server("s3");
    until_refused(&client, "the object store takes no images now").await;
    drop(store);
    until_accepted(&client).await;
}

#[tokio::test]
async fn without_the_broker_uploads_are_refused_until_it_is_back() {
    let (data, name) = (tempfile::tempdir().unwrap(), namespace("no-broker"));
    let publisher = role("publisher", &name, &data, &[]).await;
    let client = Client::of(&publisher);
    broker("pause");
    until_refused(&client, "the queue takes no jobs now").await;
    broker("resume");
    until_accepted(&client).await;
}

/// Where a job stands, and whether the records are away.
async fn status(client: &Client, id: &str) -> (String, bool) {
    let answer = client.get(&format!("/status/{id}")).await;
    assert_eq!(answer.status(), StatusCode::OK);
    let state: Value = answer.json().await.unwrap();
    let word = state["status"].as_str().unwrap().to_owned();
    (word, state["degraded"] == true)
}

/// Waits until `/ready` says so; it never refuses work meanwhile.
async fn until_ready_as(client: &Client, status: &str) {
    until(async || {
        let ready = client.get("/ready").await;
        assert_eq!(ready.status(), StatusCode::OK);
        let body: Value = ready.json().await.unwrap();
        body["status"] == status
    })
    .await;
}

/// Waits until an upload is refused for this reason, before its form is read: it is none.
async fn until_refused(client: &Client, reason: &str) {
    until(async || {
        let answer = client.post(b"", &[]).await;
        let problem: Value = answer.json().await.unwrap();
        problem["detail"] == reason
    })
    .await;
}

async fn until_accepted(client: &Client) {
    let photo = jpeg(300, 200, 3);
    until(async || client.post(&photo, &[]).await.status() == StatusCode::ACCEPTED).await;
}

/// Does something to the broker that `ops/services` started.
fn broker(command: &str) {
    let program = std::env::var("NWS_TEST_RABBITMQ").expect("`ops/services run` exports it");
    let done = Command::new(program).arg(command).status().unwrap();
    assert!(done.success(), "{command}");
}
