//! Where a job stands: as JSON, and as events from now to the end.

use backends::{Key, ObjectStore as _, objects::Body};
use schemas::{JobId, State, Status, Timings};

use crate::support::{
    Server,
    client::{self, Stream},
    photo,
};

async fn events(server: &Server, id: &JobId, headers: &[(&str, &str)]) -> Stream {
    let mut all = vec![("accept", "text/event-stream")];
    all.extend(headers);
    client::open(
        server.address,
        "GET",
        &format!("/status/{id}"),
        &all,
        "".into(),
    )
    .await
}

fn processing(id: &JobId) -> State {
    let mut state = State::queued(*id, Timings::default());
    state.status = Status::Processing;
    state.attempt = 1;
    state
}

#[tokio::test]
async fn a_status_is_json() {
    let server = Server::start().await;
    let id = server.accepted(&photo(1)).await;
    let answer = server.get(&format!("/status/{id}"), &[]).await;
    assert_eq!(
        (answer.status, answer.header("cache-control")),
        (200, "no-store")
    );
    let json = answer.json();
    assert_eq!(json["jobId"], id.to_string());
    assert_eq!(
        (&json["status"], &json["attempt"]),
        (&"queued".into(), &0.into())
    );
    assert!(json["timings"]["store"].is_number(), "{json}");
}

#[tokio::test]
async fn events_tell_each_change_and_end_with_the_job() {
    let server = Server::start().await;
    let id = server.accepted(&photo(1)).await;
    let mut stream = events(&server, &id, &[]).await;
    assert_eq!(stream.status, 200);
    assert_eq!(stream.headers["content-type"], "text/event-stream");
    assert_eq!(stream.headers["cache-control"], "no-store");
    assert_eq!(stream.headers["x-accel-buffering"], "no");
    let (_, name, data) = stream.event().await.unwrap();
    assert_eq!(
        (name.as_str(), &data["jobId"]),
        ("queued", &id.to_string().into())
    );
    server.announce(processing(&id)).await;
    assert_eq!(stream.event().await.unwrap().1, "processing");
    server.finish(&id, b"\xff\xd8\xff result").await;
    let (_, name, data) = stream.event().await.unwrap();
    assert_eq!(
        (name.as_str(), &data["picture"]["width"]),
        ("done", &8.into())
    );
    assert_eq!(data["url"], format!("/image/{id}"));
    let picture = &data["picture"];
    assert_eq!(
        (&picture["contrast"], &picture["written"]["quality"]),
        (&4.5.into(), &80.into())
    );
    assert!(
        stream.event().await.is_none(),
        "the final event ends the stream"
    );
}

#[tokio::test]
async fn a_client_that_comes_back_gets_what_it_missed_and_nothing_twice() {
    let server = Server::start().await;
    let id = server.accepted(&photo(1)).await;
    let (seen, ..) = events(&server, &id, &[]).await.event().await.unwrap();
    server.announce(processing(&id)).await;
    server.finish(&id, b"\xff\xd8\xff result").await;

    let mut stream = events(&server, &id, &[("last-event-id", &seen)]).await;
    assert_eq!(stream.event().await.unwrap().1, "processing");
    let (last, name, _) = stream.event().await.unwrap();
    assert_eq!(name, "done");

    let after_the_end = events(&server, &id, &[("last-event-id", &last)]).await;
    assert_eq!(after_the_end.status, 204);
    let path = format!("/status/{id}?lastEventId={last}");
    let headers = [("accept", "text/event-stream")];
    assert_eq!(server.get(&path, &headers).await.status, 204);
}

#[tokio::test]
async fn a_silent_stream_beats_and_says_when_to_come_back() {
    let server = Server::with(|config| config.heartbeat_secs = 1).await;
    let id = server.accepted(&photo(1)).await;
    let mut stream = events(&server, &id, &[]).await;
    let first = stream.frame().await.unwrap();
    assert!(
        first.contains("retry: 1000") || first.contains("retry:1000"),
        "{first}"
    );
    let heartbeat = stream.frame().await.unwrap();
    assert!(heartbeat.starts_with(':'), "{heartbeat}");
}

#[tokio::test]
async fn a_result_that_outlived_its_record_is_done() {
    let server = Server::start().await;
    let id: JobId = "a".repeat(64).parse().unwrap();
    let body = Body::Bytes(b"\xff\xd8\xff result"[..].into());
    server
        .objects
        .put(&Key::Result(id), body, "image/jpeg")
        .await
        .unwrap();
    let json = server.get(&format!("/status/{id}"), &[]).await.json();
    assert_eq!(
        (&json["status"], &json["url"]),
        (&"done".into(), &format!("/image/{id}").into())
    );
    for known in [&[][..], &[("last-event-id", "7-1")]] {
        let mut stream = events(&server, &id, known).await;
        let (last, name, _) = stream.event().await.unwrap();
        assert_eq!((last.as_str(), name.as_str()), ("0-0", "done"));
        assert!(stream.event().await.is_none());
    }
    let after_the_end = events(&server, &id, &[("last-event-id", "0-0")]).await;
    assert_eq!(after_the_end.status, 204);
}

#[tokio::test]
async fn event_streams_are_counted_and_limited() {
    let server = Server::with(|config| config.sse_clients_max = 1).await;
    let id = server.accepted(&photo(1)).await;
    let mut first = events(&server, &id, &[]).await;
    first.event().await.unwrap();
    assert_eq!(server.metrics.sse_clients.get(), 1);
    assert_eq!(events(&server, &id, &[]).await.status, 503);
    drop(first);
    crate::support::until("the stream is let go of", || {
        server.metrics.sse_clients.get() == 0
    })
    .await;
    assert_eq!(events(&server, &id, &[]).await.status, 200);
}

#[tokio::test]
async fn a_client_whose_job_was_lost_with_the_records_is_told_to_come_back() {
    let server = Server::start().await;
    let id: JobId = "c".repeat(64).parse().unwrap();
    let now_ms = backends::clock::now_ms();
    let last = format!("{now_ms}-1");
    let mut stream = events(&server, &id, &[("last-event-id", &last)]).await;
    assert_eq!(stream.status, 200);
    let frame = stream.frame().await.unwrap();
    assert!(client::line(&frame, "retry:").is_some(), "{frame}");
    assert!(stream.frame().await.is_none());

    // Two days later its record would have expired anyhow.
    let long_ago = format!("{}-1", now_ms - 2 * 24 * 60 * 60 * 1000);
    for headers in [&[][..], &[("last-event-id", long_ago.as_str())]] {
        assert_eq!(events(&server, &id, headers).await.status, 404);
    }
}

#[tokio::test]
async fn a_snapshot_says_so() {
    let server = Server::start().await;
    let id = server.accepted(&photo(1)).await;
    let (seen, _, data) = events(&server, &id, &[]).await.event().await.unwrap();
    assert!(data["snapshot"].is_null(), "{data}");
    server.results.trims.set(true);
    server.announce(processing(&id)).await;
    server.finish(&id, b"\xff\xd8\xff result").await;
    let mut stream = events(&server, &id, &[("last-event-id", &seen)]).await;
    let (_, name, data) = stream.event().await.unwrap();
    assert_eq!((name.as_str(), &data["snapshot"]), ("done", &true.into()));
    assert!(stream.event().await.is_none());
}
