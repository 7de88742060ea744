//! What operators and the page ask.

use std::sync::Arc;

use backends::Metrics;
use publisher::{Config, Dependency, Slots, Stop, Workshop};
use tokio::net::TcpListener;

use crate::support::{Server, client, photo, ports::MemoryObjects, until};

#[tokio::test]
async fn what_is_true_for_now_only_is_kept_by_no_cache() {
    let server = Server::start().await;
    for path in [
        "/health", "/ready", "/metrics", "/limits", "/stats", "/nothing",
    ] {
        let answer = server.get(path, &[]).await;
        assert_eq!(answer.header("cache-control"), "no-store", "{path}");
    }
}

#[tokio::test]
async fn ready_names_the_dependency_that_fails() {
    let server = Server::start().await;
    assert_eq!(server.get("/health", &[]).await.status, 200);
    let ready = server.get("/ready", &[]).await;
    assert_eq!(
        (ready.status, &ready.json()["status"]),
        (200, &"ready".into())
    );
    server.objects.broken.set(true);
    let ready = server.get("/ready", &[]).await;
    assert_eq!(ready.status, 503);
    let dependencies = &ready.json()["dependencies"];
    assert_eq!(dependencies["objects"], "failing");
    assert_eq!(
        (&dependencies["queue"], &dependencies["results"]),
        (&"ok".into(), &"ok".into())
    );
    assert_eq!(server.get("/health", &[]).await.status, 200);
}

#[tokio::test]
async fn a_publisher_is_ready_without_the_records_alone() {
    let server = Server::start().await;
    server.results.broken.set(true);
    let ready = server.get("/ready", &[]).await;
    assert_eq!(
        (ready.status, &ready.json()["status"]),
        (200, &"degraded".into())
    );
    assert_eq!(ready.json()["dependencies"]["results"], "failing");
    server.sender.broken.set(true);
    assert_eq!(server.get("/ready", &[]).await.status, 503);
}

#[tokio::test]
async fn metrics_tell_of_routes_uploads_and_depth() {
    let server = Server::start().await;
    server.accepted(&photo(1)).await;
    until("the depth is seen", || {
        server.metrics.queue_depth.get() == 1
    })
    .await;
    server.get("/nowhere/else", &[]).await;
    server
        .get(&format!("/status/{}", "0".repeat(64)), &[])
        .await;
    let answer = server.get("/metrics", &[]).await;
    assert!(
        answer
            .header("content-type")
            .starts_with("text/plain; version=0.0.4")
    );
    let text = std::str::from_utf8(&answer.body).unwrap();
    for line in [
        r#"nws_uploads_total{status="queued"} 1"#,
        "nws_queue_depth 1",
        r#"nws_http_request_duration_seconds_count{route="/upload",status="202"} 1"#,
        r#"nws_http_request_duration_seconds_count{route="/status/{id}",status="404"} 1"#,
        r#"nws_http_request_duration_seconds_count{route="none",status="404"} 1"#,
        r#"nws_pipeline_step_duration_seconds_count{step="store"} 1"#,
    ] {
        assert!(text.contains(line), "{line} is not in\n{text}");
    }
}

#[tokio::test]
async fn limits_are_those_in_force() {
    let server = Server::with(|config| config.image_bytes_max = 7).await;
    let limits = server.get("/limits", &[]).await.json();
    assert_eq!(limits["imageBytesMax"], 7);
    assert_eq!(limits["pixelsMax"], 100_000_000);
}

#[tokio::test]
async fn every_answer_carries_a_request_id() {
    let server = Server::start().await;
    let given = server.get("/nowhere", &[("x-request-id", "abc-1")]).await;
    assert_eq!(given.header("x-request-id"), "abc-1");
    let refused = server.get("/health", &[("x-request-id", "a b\" c")]).await;
    assert_eq!(refused.header("x-request-id").len(), 36);
}

#[tokio::test]
async fn a_worker_serves_its_probes_alone() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let stop = Stop::default();
    let served = tokio::spawn(publisher::serve_probes(
        listener,
        Config::default(),
        vec![Dependency::Objects(Arc::new(MemoryObjects::default()))],
        None,
        Metrics::new(),
        stop.clone(),
    ));
    let get = async |path| client::send(address, "GET", path, &[], "".into()).await;
    assert_eq!(get("/ready").await.json()["dependencies"]["objects"], "ok");
    assert_eq!(get("/metrics").await.status, 200);
    get("/upload").await.problem(404);
    stop.draining.cancel();
    assert_eq!(get("/ready").await.json()["status"], "draining");
    stop.closing.cancel();
    served.await.unwrap();
}

/// Slots that are there, or are not.
#[derive(Debug)]
struct Place(bool);

impl Workshop for Place {
    fn slots(&self) -> Slots {
        Slots::new(self.0, [("seccomp", "missing")].into()).with_warning("nobody is safe")
    }
}

#[tokio::test]
async fn a_worker_without_slots_is_not_ready_and_says_how_they_are_locked_in() {
    for (are_there, status, code) in [(true, "ready", 200), (false, "not ready", 503)] {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let stop = Stop::default();
        let served = tokio::spawn(publisher::serve_probes(
            listener,
            Config::default(),
            Vec::new(),
            Some(Arc::new(Place(are_there))),
            Metrics::new(),
            stop.clone(),
        ));
        let ready = client::send(address, "GET", "/ready", &[], "".into()).await;
        assert_eq!(ready.status, code);
        assert_eq!(ready.json()["status"], status);
        assert_eq!(ready.json()["slots"]["sandbox"]["seccomp"], "missing");
        assert_eq!(ready.json()["slots"]["warning"], "nobody is safe");
        stop.closing.cancel();
        served.await.unwrap();
    }
}
