//! Publishers and workers as processes of their own, over real services.

use futures::future::join_all;
use reqwest::StatusCode;
use schemas::{Digest, Job};

use crate::support::{
    client::Client,
    fleet::{namespace, role},
    picture::jpeg,
    process::service,
    stranger::{publish, recipe},
    until,
};

#[tokio::test]
async fn two_publishers_and_two_workers_share_24_uploads() {
    let (data, name) = (tempfile::tempdir().unwrap(), namespace("share"));
    let publishers = [
        role("publisher", &name, &data, &[]).await,
        role("publisher", &name, &data, &[]).await,
    ];
    let clients = publishers.each_ref().map(Client::of);
    let mut ids = Vec::new();
    for seed in 0..24 {
        ids.push(
            clients[usize::from(seed % 2)]
                .upload(&jpeg(1200, 800, seed), &[])
                .await,
        );
    }
    let workers = [
        role("worker", &name, &data, &["worker_slots=1"]).await,
        role("worker", &name, &data, &["worker_slots=1"]).await,
    ];

    for (number, id) in ids.iter().enumerate() {
        let other = &clients[(number + 1) % 2];
        assert_eq!(other.ended(id).await["status"], "done");
        assert_eq!(
            other.get(&format!("/image/{id}")).await.status(),
            StatusCode::OK
        );
    }
    let mut done = Vec::new();
    for worker in &workers {
        done.push(
            Client::of(worker)
                .metric(r#"nws_jobs_total{status="done"}"#)
                .await,
        );
    }
    assert_eq!(done.iter().sum::<f64>(), 24.0);
    assert!(
        done.iter().all(|done| *done > 0.0),
        "one worker did it all: {done:?}"
    );
}

#[tokio::test]
async fn a_fleet_on_a_redis_cluster_does_24_jobs_and_their_events_are_heard() {
    let (data, name) = (tempfile::tempdir().unwrap(), namespace("cluster"));
    let cluster = format!("redis_url={}", service("REDIS_CLUSTER_URL"));
    let publisher = role("publisher", &name, &data, &[&cluster]).await;
    let client = Client::of(&publisher);
    let mut ids = Vec::new();
    for seed in 0..24 {
        ids.push(client.upload(&jpeg(600, 400, seed), &[]).await);
    }

    let work = async {
        until_metric(&client, "nws_sse_clients", 24.0).await;
        role("worker", &name, &data, &[&cluster]).await
    };
    let heard = join_all(ids.iter().map(|id| client.follow(id)));
    let (heard, _worker) = tokio::join!(heard, work);
    for frames in heard {
        let events: Vec<_> = frames.iter().map(|frame| frame.event.as_str()).collect();
        assert_eq!(events.first(), Some(&"queued"));
        assert!(events.contains(&"processing"), "{events:?}");
        assert_eq!(events.last(), Some(&"done"));
    }
    for id in ids {
        let image = client.get(&format!("/image/{id}")).await;
        assert_eq!(image.status(), StatusCode::OK);
    }
}

#[tokio::test]
async fn a_cache_of_its_own_may_be_away() {
    let (data, name) = (tempfile::tempdir().unwrap(), namespace("cache"));
    let nowhere = ["redis_cache_url=redis://127.0.0.1:9/"];
    let publisher = role("publisher", &name, &data, &nowhere).await;
    let worker = role("worker", &name, &data, &nowhere).await;
    let client = Client::of(&publisher);
    let id = client.upload(&jpeg(300, 200, 1), &[]).await;
    assert_eq!(client.ended(&id).await["status"], "done");
    let image = client.get(&format!("/image/{id}")).await;
    assert_eq!(image.status(), StatusCode::OK);
    let passed_by = r#"nws_backend_errors_total{backend="cache",op="cache_"#;
    for process in [&publisher, &worker] {
        assert!(Client::of(process).metric(passed_by).await > 0.0);
    }
}

#[tokio::test]
async fn a_job_outlives_the_worker_that_is_killed_with_it() {
    // First, and not between two uploads: they take seconds, in which the client's connection would be closed unseen.
    let photos = [0, 1, 2, 3].map(|seed| jpeg(4000, 3000, seed));
    let (data, name) = (tempfile::tempdir().unwrap(), namespace("kill"));
    let publisher = role("publisher", &name, &data, &[]).await;
    let client = Client::of(&publisher);
    let doomed = role("worker", &name, &data, &["worker_slots=1"]).await;
    let mut ids = Vec::new();
    for photo in &photos {
        ids.push(client.upload(photo, &[]).await);
    }
    doomed.kill().await;
    let _survivor = role("worker", &name, &data, &[]).await;
    for id in ids {
        assert_eq!(client.ended(&id).await["status"], "done");
    }
}

#[tokio::test]
async fn anyone_may_publish_a_job() {
    let (data, name) = (tempfile::tempdir().unwrap(), namespace("stranger"));
    let publisher = role("publisher", &name, &data, &[]).await;
    let _worker = role("worker", &name, &data, &[]).await;
    let client = Client::of(&publisher);
    let photo = jpeg(600, 400, 7);
    let first = client.upload(&photo, &[]).await;
    assert_eq!(client.ended(&first).await["status"], "done");

    // The original is there; a stranger asks for another result of it, with nothing but an AMQP library.
    let job = Job::new(Digest::of(&photo), recipe("by a stranger"), 0);
    publish(&name, &job.to_json()).await;
    let id = job.id().to_string();
    until_known(&client, &id).await;
    assert_eq!(client.ended(&id).await["status"], "done");
}

#[tokio::test]
async fn a_message_that_is_no_job_does_not_stop_the_others() {
    let (data, name) = (tempfile::tempdir().unwrap(), namespace("poison"));
    let publisher = role("publisher", &name, &data, &[]).await;
    let worker = role("worker", &name, &data, &[]).await;
    publish(&name, b"this is no JSON").await;
    let missing = Job::new(
        Digest::of(b"an original that nobody stored"),
        recipe("x"),
        0,
    );
    publish(&name, &missing.to_json()).await;

    let client = Client::of(&publisher);
    let id = client.upload(&jpeg(300, 200, 1), &[]).await;
    assert_eq!(client.ended(&id).await["status"], "done");
    until_known(&client, &missing.id().to_string()).await;
    assert_eq!(
        client.ended(&missing.id().to_string()).await["status"],
        "dead"
    );
    until_metric(
        &Client::of(&worker),
        r#"nws_dead_letters_total{reason="undecodable"}"#,
        1.0,
    )
    .await;
}

#[tokio::test]
async fn a_role_answers_probes() {
    let (data, name) = (tempfile::tempdir().unwrap(), namespace("probes"));
    for role_name in ["publisher", "worker"] {
        let process = role(role_name, &name, &data, &[]).await;
        let client = Client::of(&process);
        assert_eq!(client.get("/health").await.status(), StatusCode::OK);
        let ready = client.get("/ready").await;
        assert_eq!(
            ready.status(),
            StatusCode::OK,
            "{}",
            ready.text().await.unwrap()
        );
        assert!(
            client
                .get("/metrics")
                .await
                .text()
                .await
                .unwrap()
                .contains("nws_jobs_in_flight")
        );
    }
}

/// Waits until a worker has spoken of the job: nobody announced it before.
async fn until_known(client: &Client, id: &str) {
    let path = format!("/status/{id}");
    until(async || client.get(&path).await.status() != StatusCode::NOT_FOUND).await;
}

/// Waits until a metric has reached `value`.
async fn until_metric(client: &Client, line: &str, value: f64) {
    until(async || client.metric(line).await >= value).await;
}
