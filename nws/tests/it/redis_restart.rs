//! Redis is killed and started again while clients follow a job over HTTP: whoever came before, meanwhile or after hears
//! its end, nothing twice, and never that there is no such job.

use reqwest::{Response, StatusCode};
use tokio::time::{Duration, interval, timeout};

use crate::support::{
    WITHIN,
    client::{Client, Frame, frame},
    fleet::{namespace, role},
    picture::jpeg,
    redis::{Memory, OwnRedis},
    until,
};

#[tokio::test]
async fn a_redis_that_is_killed_and_keeps_its_data_costs_no_client_a_jobs_end() {
    followed_over_a_restart("redis-kept", Memory::Kept).await;
}

#[tokio::test]
async fn a_redis_that_is_killed_and_loses_its_data_costs_no_client_a_jobs_end() {
    followed_over_a_restart("redis-lost", Memory::Lost).await;
}

async fn followed_over_a_restart(test: &str, memory: Memory) {
    let (data, name) = (tempfile::tempdir().unwrap(), namespace(test));
    let mut redis = OwnRedis::start(memory).await;
    let setting = format!("redis_url={}", redis.url());
    let settings = [setting.as_str()];
    let publisher = role("publisher", &name, &data, &settings).await;
    let client = Client::of(&publisher);
    let id = client.upload(&jpeg(300, 200, 1), &[]).await;
    let seen = first_frame(&client, &id).await;

    let stays = opened(&client, &id, None).await;
    redis.kill().await;
    until_records_are_away(&client).await;
    let comes_meanwhile = opened(&client, &id, None).await;
    redis.start_again().await;
    let comes_back = opened(&client, &id, Some(&seen)).await;
    let (stays, meanwhile, back, _worker) = tokio::join!(
        follow(&client, &id, stays, None),
        follow(&client, &id, comes_meanwhile, None),
        follow(&client, &id, comes_back, Some(seen)),
        role("worker", &name, &data, &settings),
    );
    for frames in [stays, meanwhile, back] {
        check(&frames);
    }
}

/// The first that a client hears of a job.
async fn first_frame(client: &Client, id: &str) -> Frame {
    let mut events = client.try_events(id, None).await.unwrap();
    let text = events.chunk().await.unwrap().expect("a frame comes first");
    frame(std::str::from_utf8(&text).unwrap()).expect("it is told where its job stands")
}

async fn until_records_are_away(client: &Client) {
    until(async || {
        let ready = client.get("/ready").await.text().await.unwrap();
        ready.contains(r#""status":"degraded""#)
    })
    .await;
}

/// A stream that has begun, or the word to come again.
async fn opened(client: &Client, id: &str, last: Option<&Frame>) -> Response {
    let answer = client.try_events(id, last).await.unwrap();
    let status = answer.status();
    assert!(
        [StatusCode::OK, StatusCode::SERVICE_UNAVAILABLE].contains(&status),
        "{status} after {last:?}"
    );
    answer
}

/// Follows a job to its end, from the last frame that was seen whenever it is told to come back.
async fn follow(client: &Client, id: &str, first: Response, last: Option<Frame>) -> Vec<Frame> {
    let following = async {
        let (mut answer, mut seen) = (first, Vec::from_iter(last));
        let mut pauses = interval(Duration::from_millis(50));
        loop {
            let text = answer.text().await.unwrap();
            seen.extend(text.split("\n\n").filter_map(frame));
            if seen.last().is_some_and(is_final) {
                return seen;
            }
            pauses.tick().await;
            answer = opened(client, id, seen.last()).await;
        }
    };
    timeout(WITHIN, following)
        .await
        .expect("everybody hears the end")
}

/// It was done, and nothing was told twice. The end of a job whose record is lost is told from the object store, with the
/// first of all ids.
fn check(frames: &[Frame]) {
    let (end, before) = frames.split_last().unwrap();
    assert_eq!(end.event, "done", "{frames:?}");
    let without_record = (end.id == "0-0").then_some((u64::MAX, 0));
    let end = without_record.unwrap_or_else(|| order(&end.id));
    let ids: Vec<_> = before
        .iter()
        .map(|frame| order(&frame.id))
        .chain([end])
        .collect();
    assert!(ids.is_sorted_by(|one, next| one < next), "{frames:?}");
}

fn order(id: &str) -> (u64, u64) {
    let (epoch, n) = id.split_once('-').unwrap();
    (epoch.parse().unwrap(), n.parse().unwrap())
}

fn is_final(frame: &Frame) -> bool {
    matches!(
        frame.event.as_str(),
        "done" | "failed" | "dead" | "cancelled"
    )
}
