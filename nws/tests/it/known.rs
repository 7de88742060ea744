//! Known work is answered at once, and work that many ask for is done once.

use futures::future::join_all;
use reqwest::StatusCode;

use crate::support::{
    client::Client,
    fleet::{namespace, role},
    picture::jpeg,
    process::Process,
};

const UPLOADS: usize = 100;

#[tokio::test]
async fn a_result_that_was_fetched_is_answered_from_memory() {
    let data = tempfile::tempdir().unwrap();
    let process = Process::embedded(data.path(), &[]).await;
    let client = Client::of(&process);
    let photo = jpeg(600, 400, 1);
    let id = client.upload(&photo, &[]).await;
    assert_eq!(client.ended(&id).await["status"], "done");
    let path = format!("/image/{id}");
    let first = client.get(&path).await.bytes().await.unwrap();
    for _ in 0..4 {
        assert_eq!(client.get(&path).await.bytes().await.unwrap(), first);
    }
    let again = client.post(&photo, &[]).await;
    assert_eq!(again.headers()["x-cache"], "HIT");
    for (line, value) in [
        (r#"nws_cache_hits_total{tier="memory"}"#, 4.0),
        (r#"nws_cache_misses_total{tier="memory"}"#, 1.0),
        (r#"nws_cache_hits_total{tier="store"}"#, 1.0),
        (r#"nws_cache_hits_total{tier="results"}"#, 1.0),
    ] {
        assert_eq!(client.metric(line).await, value, "{line}");
    }
}

#[tokio::test]
async fn a_hundred_identical_uploads_to_two_publishers_are_one_picture_worked_on() {
    let (data, name) = (tempfile::tempdir().unwrap(), namespace("stampede"));
    let publishers = [
        role("publisher", &name, &data, &[]).await,
        role("publisher", &name, &data, &[]).await,
    ];
    let workers = [
        role("worker", &name, &data, &[]).await,
        role("worker", &name, &data, &[]).await,
    ];
    let (publishers, workers) = (
        publishers.each_ref().map(Client::of),
        workers.each_ref().map(Client::of),
    );
    let photo = jpeg(2400, 1600, 1);
    let uploads = publishers.iter().cycle().take(UPLOADS);
    let answers = join_all(uploads.map(|client| client.post(&photo, &[]))).await;
    let mut ids = Vec::new();
    for answer in answers {
        let status = answer.status();
        assert!([StatusCode::ACCEPTED, StatusCode::OK].contains(&status));
        let body = answer.bytes().await.unwrap();
        let body: serde_json::Value = serde_json::from_slice(&body).unwrap();
        ids.push(body["jobId"].as_str().unwrap().to_owned());
    }
    assert!(ids.iter().all(|id| *id == ids[0]));
    assert_eq!(publishers[0].ended(&ids[0]).await["status"], "done");

    let counted = async |clients: &[Client], step: &str| {
        let line = format!(r#"nws_pipeline_step_duration_seconds_count{{step="{step}"}}"#);
        join_all(clients.iter().map(|client| client.metric(&line)))
            .await
            .into_iter()
            .sum::<f64>()
    };
    assert_eq!(counted(&workers, "decode").await, 1.0);
    let stored = counted(&publishers, "store").await;
    assert!((1.0..=2.0).contains(&stored), "{stored} originals");
}
