//! What `/stats` tells of real workers.

use schemas::{Stats, Step};

use crate::support::{
    client::Client,
    fleet::{namespace, role},
    picture::jpeg,
    process::{Process, service},
    redis::{Memory, OwnRedis},
    until,
};

#[tokio::test]
async fn one_process_tells_of_its_own_worker() {
    let data = tempfile::tempdir().unwrap();
    let settings = ["worker_slots=3", "worker_name=forge"];
    let process = Process::embedded(data.path(), &settings).await;
    let client = Client::of(&process);
    let id = client.upload(&jpeg(300, 200, 1), &[]).await;
    client.ended(&id).await;
    let stats = told(&client, |stats| stats.jobs.done == 1).await;
    assert!(stats.total_ms.is_some() && stats.steps_ms.contains_key(&Step::Decode));
    assert_eq!(names(&stats), ["forge"]);
    assert_eq!(stats.workers[0].slots, 3);
    assert!(!stats.degraded);
}

#[tokio::test]
async fn every_publisher_tells_of_every_worker_that_lives() {
    of_every_worker("stats", &service("REDIS_URL")).await;
}

#[tokio::test]
async fn every_publisher_tells_of_every_worker_on_a_redis_cluster() {
    of_every_worker("stats-cluster", &service("REDIS_CLUSTER_URL")).await;
}

#[tokio::test]
async fn without_redis_the_queue_is_told_and_the_workers_when_it_is_back() {
    let (data, name) = (tempfile::tempdir().unwrap(), namespace("stats-away"));
    let mut redis = OwnRedis::start(Memory::Lost).await;
    let settings = [&*format!("redis_url={}", redis.url()), "worker_name=forge"];
    let publisher = role("publisher", &name, &data, &settings).await;
    let _worker = role("worker", &name, &data, &settings).await;
    let client = Client::of(&publisher);
    told(&client, |stats| names(stats) == ["forge"]).await;

    redis.kill().await;
    let away = told(&client, |stats| stats.degraded).await;
    assert!(
        away.workers.is_empty() && away.queue.depth == Some(0),
        "{away:?}"
    );
    redis.start_again().await;
    let back = told(&client, |stats| names(stats) == ["forge"]).await;
    assert!(!back.degraded);
}

async fn of_every_worker(test: &str, redis: &str) {
    let (data, name) = (tempfile::tempdir().unwrap(), namespace(test));
    let redis = format!("redis_url={redis}");
    let quick = [&*redis, "worker_silence_max_ms=3000"];
    let slow = [&*redis, "worker_silence_max_ms=60000"];
    let publisher = role("publisher", &name, &data, &quick).await;
    let client = Client::of(&publisher);
    let worker = async |worker: &str| {
        let worker_name = format!("worker_name={worker}");
        role("worker", &name, &data, &[&redis, &worker_name]).await
    };
    let (doomed, drained, _stays) = (worker("a").await, worker("b").await, worker("a").await);
    told(&client, |stats| names(stats) == ["a", "a", "b"]).await;

    for seed in 0..6 {
        let id = client.upload(&jpeg(300, 200, seed), &[]).await;
        client.ended(&id).await;
    }
    let stats = told(&client, |stats| stats.jobs.done == 6).await;
    assert!((stats.jobs_per_second, stats.degraded) == (0.1, false));

    doomed.kill().await;
    told(&client, |stats| names(stats) == ["a", "b"]).await;
    assert!(drained.terminate().await.success());
    // One that has asked nobody before has nothing to remember, and would remember whoever is silent for a minute.
    let another = role("publisher", &name, &data, &slow).await;
    let stats = told(&Client::of(&another), |_| true).await;
    assert!(!names(&stats).contains(&"b"), "{stats:?}");
}

fn names(stats: &Stats) -> Vec<&str> {
    stats.workers.iter().map(|it| it.name.as_str()).collect()
}

/// Asks until the answer is as expected.
async fn told(client: &Client, expected: impl Fn(&Stats) -> bool) -> Stats {
    let mut seen = None;
    until(async || {
        let answer = client.get("/stats").await.bytes().await.unwrap();
        let stats = serde_json::from_slice(&answer).unwrap();
        seen = expected(&stats).then_some(stats);
        seen.is_some()
    })
    .await;
    seen.unwrap()
}
