//! Many jobs on one stream.

use backends::{Key, ObjectStore as _, objects::Body};
use schemas::{JobId, State, Status, Timings};
use serde_json::Value;

use crate::support::{
    Server,
    client::{self, Stream},
    photo,
};

async fn events(server: &Server, ids: &[JobId], headers: &[(&str, &str)]) -> Stream {
    let ids: Vec<_> = ids.iter().map(ToString::to_string).collect();
    let path = format!("/events?ids={}", ids.join(","));
    client::open(server.address, "GET", &path, headers, "".into()).await
}

async fn accepted(server: &Server, photos: u8) -> Vec<JobId> {
    let mut ids = Vec::new();
    for seed in 0..photos {
        ids.push(server.accepted(&photo(seed)).await);
    }
    ids
}

async fn rest(stream: &mut Stream) -> Vec<(String, String, Value)> {
    let mut rest = Vec::new();
    while let Some(event) = stream.event().await {
        rest.push(event);
    }
    rest
}

#[tokio::test]
async fn many_jobs_share_a_stream_that_ends_with_the_last_of_them() {
    let server = Server::start().await;
    let ids = accepted(&server, 3).await;
    let mut stream = events(&server, &ids, &[]).await;
    assert_eq!(stream.status, 200);
    assert_eq!(stream.headers["content-type"], "text/event-stream");
    assert_eq!(stream.headers["cache-control"], "no-store");
    assert_eq!(stream.headers["x-accel-buffering"], "no");
    assert_eq!(server.metrics.sse_clients.get(), 1);
    let mut told: Vec<JobId> = Vec::new();
    for _ in &ids {
        let (id, event, data) = stream.event().await.unwrap();
        assert_eq!(
            (event.as_str(), &data["status"]),
            ("queued", &"queued".into())
        );
        assert!(id.contains('-') && data["snapshot"].is_null(), "{data}");
        told.push(data["jobId"].as_str().unwrap().parse().unwrap());
    }
    told.sort();
    let mut sorted = ids.clone();
    sorted.sort();
    assert_eq!(told, sorted);

    server.finish(&ids[1], b"\xff\xd8\xff result").await;
    let (_, event, data) = stream.event().await.unwrap();
    assert_eq!(
        (event.as_str(), &data["jobId"]),
        ("done", &ids[1].to_string().into())
    );
    server.stop(&ids[0], Status::Failed).await;
    assert_eq!(stream.event().await.unwrap().1, "failed");
    server.stop(&ids[2], Status::Dead).await;
    assert_eq!(stream.event().await.unwrap().1, "dead");
    let (last, event, _) = stream.event().await.unwrap();
    assert_eq!(event, "end");
    assert!(stream.event().await.is_none(), "the stream ends");

    let after_the_end = events(&server, &ids, &[("last-event-id", &last)]).await;
    assert_eq!(after_the_end.status, 204);
}

#[tokio::test]
async fn who_comes_back_is_told_where_each_job_stands() {
    let server = Server::start().await;
    let ids = accepted(&server, 2).await;
    let (seen, ..) = events(&server, &ids, &[]).await.event().await.unwrap();
    let mut processing = State::queued(ids[0], Timings::default());
    processing.status = Status::Processing;
    server.announce(processing).await;
    server.finish(&ids[1], b"\xff\xd8\xff result").await;

    let mut stream = events(&server, &ids, &[("last-event-id", &seen)]).await;
    let mut statuses = Vec::new();
    for _ in &ids {
        let (_, event, data) = stream.event().await.unwrap();
        assert_eq!(data["snapshot"], true);
        statuses.push(event);
    }
    statuses.sort();
    assert_eq!(statuses, ["done", "processing"]);
    server.finish(&ids[0], b"\xff\xd8\xff result").await;
    let told = rest(&mut stream).await;
    assert!(told[0].2["snapshot"].is_null());
    let told: Vec<_> = told.iter().map(|(_, event, _)| event).collect();
    assert_eq!(told, ["done", "end"]);
}

#[tokio::test]
async fn a_job_that_nobody_knows_does_not_fail_the_others() {
    let server = Server::start().await;
    let known = server.accepted(&photo(1)).await;
    let unknown: JobId = "a".repeat(64).parse().unwrap();
    let outlived: JobId = "b".repeat(64).parse().unwrap();
    let body = Body::Bytes(b"\xff\xd8\xff result"[..].into());
    let key = Key::Result(outlived);
    server.objects.put(&key, body, "image/jpeg").await.unwrap();
    server.stop(&known, Status::Failed).await;

    let mut stream = events(&server, &[unknown, known, outlived], &[]).await;
    let told = rest(&mut stream).await;
    let of = |id: JobId| {
        told.iter()
            .find(|(.., data)| data["jobId"] == id.to_string())
    };
    let (id, event, data) = of(unknown).unwrap();
    assert_eq!((id.as_str(), event.as_str()), ("", "unknown"));
    assert_eq!(data["error"]["code"], "not_found");
    assert_eq!(of(known).unwrap().1, "failed");
    assert_eq!(of(outlived).unwrap().1, "done");
    assert_eq!((told.len(), told[3].1.as_str()), (4, "end"));
}

#[tokio::test]
async fn a_list_that_cannot_be_followed_is_refused_by_its_reason() {
    let server = Server::start().await;
    let get = async |query: String| server.get(&format!("/events{query}"), &[]).await;
    for query in ["", "?ids=", "?ids=,,"] {
        get(query.to_owned()).await.problem(422);
    }
    let problem = get(format!("?ids={},nobody", "a".repeat(64)))
        .await
        .problem(422);
    assert_eq!(problem["field"], "ids");
    assert!(
        problem["detail"].as_str().unwrap().contains("nobody"),
        "{problem}"
    );

    let problem = get("?ids=a&ids=b".to_owned()).await.problem(422);
    assert_eq!(problem["detail"], "ids: is given 2 times, one is expected");

    let ids: Vec<_> = (0..201).map(|number| format!("{number:064x}")).collect();
    let problem = get(format!("?ids={}", ids.join(","))).await.problem(422);
    assert_eq!(
        (&problem["measured"], &problem["limit"]),
        (&201.into(), &200.into())
    );
    let folded = format!("?ids={},{}", ids[..200].join(","), ids[7]);
    assert_eq!(get(folded).await.status, 200);
}

#[tokio::test]
async fn a_stream_of_many_is_one_client_and_beats() {
    let server = Server::with(|config| {
        config.sse_clients_max = 1;
        config.heartbeat_secs = 1;
    })
    .await;
    let ids = accepted(&server, 3).await;
    let mut stream = events(&server, &ids, &[]).await;
    assert_eq!(events(&server, &ids, &[]).await.status, 503);
    for _ in &ids {
        stream.event().await.unwrap();
    }
    let heartbeat = stream.frame().await.unwrap();
    assert!(heartbeat.starts_with(':'), "{heartbeat}");
}
