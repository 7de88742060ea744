//! Jobs that are taken back.

use schemas::Status;

use crate::support::{
    Server,
    client::{self, Answer},
    photo,
};

async fn cancel(server: &Server, id: &str) -> Answer {
    let path = format!("/status/{id}");
    client::send(server.address, "DELETE", &path, &[], "".into()).await
}

fn counted(server: &Server) -> u64 {
    server.metrics.jobs.with_label_values(&["cancelled"]).get()
}

#[tokio::test]
async fn a_job_is_cancelled_once_however_often_it_is_asked_for() {
    let server = Server::start().await;
    let id = server.accepted(&photo(1)).await;
    let path = format!("/status/{id}");
    let headers = [("accept", "text/event-stream")];
    let mut events = client::open(server.address, "GET", &path, &headers, "".into()).await;
    assert_eq!(events.event().await.unwrap().1, "queued");
    for _ in 0..2 {
        let answer = cancel(&server, &id.to_string()).await;
        assert_eq!(
            (answer.status, answer.header("cache-control")),
            (200, "no-store")
        );
        let json = answer.json();
        assert_eq!(
            (&json["status"], &json["jobId"]),
            (&"cancelled".into(), &id.to_string().into())
        );
    }
    assert_eq!(events.event().await.unwrap().1, "cancelled");
    assert!(events.event().await.is_none(), "the stream ends");
    assert_eq!(counted(&server), 1);
}

#[tokio::test]
async fn what_has_ended_is_not_cancelled() {
    let server = Server::start().await;
    for (seed, status) in [(1, Status::Failed), (2, Status::Dead)] {
        let id = server.accepted(&photo(seed)).await;
        server.stop(&id, status).await;
        let problem = cancel(&server, &id.to_string()).await.problem(409);
        assert_eq!(problem["type"], "urn:nws:problem:ended");
        assert!(
            problem["detail"]
                .as_str()
                .unwrap()
                .contains(status.as_str()),
            "{problem}"
        );
    }
    let id = server.accepted(&photo(3)).await;
    server.finish(&id, b"\xff\xd8\xff result").await;
    cancel(&server, &id.to_string()).await.problem(409);
    server.results.forget(&id);
    cancel(&server, &id.to_string()).await.problem(409);
    assert_eq!(counted(&server), 0);
}

#[tokio::test]
async fn an_unknown_job_is_not_there_and_an_outage_is_told() {
    let server = Server::start().await;
    cancel(&server, &"0".repeat(64)).await.problem(404);
    cancel(&server, "no-id").await.problem(404);
    server.results.broken.set(true);
    cancel(&server, &"0".repeat(64)).await.problem(503);
}

#[tokio::test]
async fn a_cancelled_job_that_is_uploaded_again_starts_again() {
    let server = Server::start().await;
    let id = server.accepted(&photo(1)).await;
    cancel(&server, &id.to_string()).await;
    assert_eq!(server.accepted(&photo(1)).await, id);
    let status = server.get(&format!("/status/{id}"), &[]).await.json();
    assert_eq!(status["status"], "queued");
    assert_eq!(server.sender.sent().len(), 2);
}

#[tokio::test]
async fn a_path_names_the_methods_it_knows() {
    let server = Server::start().await;
    for (path, allowed) in [
        (format!("/status/{}", "0".repeat(64)), "GET,HEAD,DELETE"),
        ("/events".to_owned(), "GET,HEAD"),
        ("/upload".to_owned(), "POST"),
    ] {
        let answer = client::send(server.address, "PATCH", &path, &[], "".into()).await;
        answer.problem(405);
        assert_eq!(answer.header("allow"), allowed, "{path}");
    }
}
