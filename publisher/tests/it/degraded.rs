//! Life without the records: nobody is refused for it, nothing is invented, and nothing is done twice.

use std::{sync::atomic::Ordering, time::Duration};

use backends::{Key, ObjectStore as _, Results as _, objects::Body};
use futures::future::join_all;
use schemas::{JobId, State, Status, Timings};

use crate::support::{
    Server,
    client::{self, Answer, Stream},
    form::Form,
    photo, until,
};

async fn without_records() -> Server {
    let server = Server::start().await;
    server.results.broken.set(true);
    server
}

async fn upload(server: &Server, seed: u8) -> Answer {
    let form = Form::new().image("a.png", &photo(seed));
    server.upload(form, &[]).await
}

async fn status(server: &Server, id: &JobId) -> Answer {
    server.get(&format!("/status/{id}"), &[]).await
}

async fn cancel(server: &Server, id: &JobId) -> Answer {
    let path = format!("/status/{id}");
    client::send(server.address, "DELETE", &path, &[], "".into()).await
}

async fn events(server: &Server, id: &JobId, headers: &[(&str, &str)]) -> Stream {
    let mut all = vec![("accept", "text/event-stream")];
    all.extend(headers);
    let path = format!("/status/{id}");
    client::open(server.address, "GET", &path, &all, "".into()).await
}

async fn store_result(server: &Server, id: &JobId) {
    let (key, body) = (
        Key::Result(*id),
        Body::Bytes(b"\xff\xd8\xff result"[..].into()),
    );
    server.objects.put(&key, body, "image/jpeg").await.unwrap();
}

fn processing(id: &JobId) -> State {
    State {
        status: Status::Processing,
        attempt: 1,
        ..State::queued(*id, Timings::default())
    }
}

#[tokio::test]
async fn an_upload_is_accepted_and_says_so() {
    let server = without_records().await;
    let answer = upload(&server, 1).await;
    assert_eq!(answer.status, 202);
    assert_eq!(
        (&answer.json()["status"], &answer.json()["degraded"]),
        (&"queued".into(), &true.into())
    );
    assert_eq!(server.sender.sent().len(), 1);
    let status = status(&server, &answer.job_id()).await;
    assert_eq!(status.status, 200);
    assert_eq!(
        (&status.json()["status"], &status.json()["degraded"]),
        (&"queued".into(), &true.into())
    );
}

#[tokio::test]
async fn the_same_upload_is_sent_once() {
    let server = without_records().await;
    let first = upload(&server, 1).await.job_id();
    assert_eq!(upload(&server, 1).await.job_id(), first);
    assert_eq!(server.sender.sent().len(), 1);
}

#[tokio::test]
async fn an_original_is_stored_once_also_if_the_records_go_away_after_it() {
    let server = Server::start().await;
    server
        .results
        .admissions_cut
        .store(u64::MAX, Ordering::SeqCst);
    let json = upload(&server, 1).await.json();
    assert_eq!(json["degraded"], true);
    assert_eq!(server.objects.originals_put(), 1);
}

#[tokio::test]
async fn a_known_result_is_answered_as_the_client_prefers() {
    let server = without_records().await;
    let id = upload(&server, 1).await.job_id();
    store_result(&server, &id).await;
    let answer = upload(&server, 1).await;
    assert_eq!((answer.status, answer.header("x-cache")), (200, "HIT"));
    assert_eq!(
        (&answer.json()["status"], &answer.json()["degraded"]),
        (&"done".into(), &true.into())
    );
    let form = Form::new().image("a.png", &photo(1));
    let image = server.upload(form, &[("accept", "image/jpeg")]).await;
    assert_eq!(image.status, 200);
    assert_eq!(&image.body[..], b"\xff\xd8\xff result");
    assert_eq!(server.sender.sent().len(), 1);
}

#[tokio::test]
async fn without_queue_and_records_nothing_is_accepted() {
    let server = without_records().await;
    server.sender.broken.set(true);
    upload(&server, 1).await.problem(503);
    assert!(server.sender.sent().is_empty());
}

#[tokio::test]
async fn a_status_that_nobody_can_know_is_neither_404_nor_invented() {
    let server = without_records().await;
    let id: JobId = "a".repeat(64).parse().unwrap();
    let answer = status(&server, &id).await;
    answer.problem(503);
    answer.asks_back_soon();
    store_result(&server, &id).await;
    let json = status(&server, &id).await.json();
    assert_eq!(
        (&json["status"], &json["degraded"], &json["url"]),
        (&"done".into(), &true.into(), &format!("/image/{id}").into())
    );
}

#[tokio::test]
async fn records_that_were_away_are_not_believed_at_once_that_a_job_is_unknown() {
    let server = without_records().await;
    let id: JobId = "a".repeat(64).parse().unwrap();
    status(&server, &id).await.problem(503);
    server.results.broken.set(false);
    for answer in [status(&server, &id).await, cancel(&server, &id).await] {
        answer.problem(503);
        answer.asks_back_soon();
    }
    assert_eq!(events(&server, &id, &[]).await.status, 200);
}

#[tokio::test]
async fn what_was_sent_is_recorded_once_the_records_are_back_and_not_sent_again() {
    let server = Server::with(|config| {
        config.sweep_interval_ms = 5;
        config.unsent_age_secs = 0;
    })
    .await;
    server.results.broken.set(true);
    let id = upload(&server, 1).await.job_id();
    server.results.broken.set(false);
    until("it is recorded", || server.results.is_sent(&id)).await;
    let json = status(&server, &id).await.json();
    assert_eq!(
        (&json["status"], &json["degraded"]),
        (&"queued".into(), &().into())
    );
    assert!(json["timings"]["store"].is_number(), "{json}");
    assert_eq!(server.sender.sent().len(), 1);
}

#[tokio::test]
async fn a_connection_that_breaks_costs_no_record() {
    let server = Server::start().await;
    server.results.admissions_cut.store(2, Ordering::SeqCst);
    let json = upload(&server, 1).await.json();
    assert_eq!(
        (&json["status"], &json["degraded"]),
        (&"queued".into(), &().into())
    );
}

#[tokio::test]
async fn another_publisher_knows_a_job_that_is_not_recorded_yet() {
    let server = without_records().await;
    let other = server.beside().await;
    let id = upload(&server, 1).await.job_id();

    let known = status(&other, &id).await;
    assert_eq!(known.status, 200);
    assert_eq!(
        (&known.json()["status"], &known.json()["degraded"]),
        (&"queued".into(), &true.into())
    );
    let path = format!("/events?ids={id}");
    let mut all = client::open(other.address, "GET", &path, &[], "".into()).await;
    for stream in [&mut events(&other, &id, &[]).await, &mut all] {
        assert_eq!(stream.status, 200);
        let frame = stream.frame().await.unwrap();
        assert!(frame.contains(r#""degraded":true"#), "{frame}");
    }
    let cancelled = cancel(&other, &id).await;
    cancelled.problem(503);
    cancelled.asks_back_soon();

    server.results.broken.set(false);
    until("it is recorded", || server.results.is_sent(&id)).await;
    let known = status(&other, &id).await.json();
    assert_eq!(known["degraded"], serde_json::Value::Null);
    assert_eq!(cancel(&other, &id).await.status, 200);
}

#[tokio::test]
async fn a_job_that_was_accepted_without_a_record_long_ago_is_unknown_again() {
    let server = without_records().await;
    let other = server.beside().await;
    let id = upload(&server, 1).await.job_id();
    let day = Duration::from_secs(24 * 60 * 60);
    server.objects.age(&Key::Accepted(id), day);
    status(&other, &id).await.problem(404);
}

#[tokio::test]
async fn a_worker_that_was_quicker_keeps_its_claim() {
    let server = without_records().await;
    let [claimed, spoken] = [
        upload(&server, 1).await.job_id(),
        upload(&server, 2).await.job_id(),
    ];
    let epoch = server.results.claim(&claimed).await.unwrap().epoch;
    server.announce(processing(&spoken)).await;
    server.results.broken.set(false);
    until("it is recorded", || {
        server.results.status(&claimed).is_some()
    })
    .await;
    assert_eq!(
        server.results.claim(&claimed).await.unwrap().epoch,
        epoch + 1
    );
    assert_eq!(server.results.status(&spoken), Some(Status::Processing));
    assert_eq!(server.sender.sent().len(), 2);
}

#[tokio::test]
async fn a_job_that_had_ended_before_starts_again_even_if_its_message_was_let_go() {
    for (seed, status) in [(1, Status::Cancelled), (2, Status::Dead)] {
        let server = without_records().await;
        let id = accepted_again(&server, seed, status).await;
        server.results.broken.set(false);
        until("it is sent again", || server.sender.sent().len() == 3).await;
        assert_eq!(server.results.status(&id), Some(Status::Queued));
    }
}

#[tokio::test]
async fn a_job_that_cannot_be_sent_again_at_once_is_not_taken_for_sent() {
    let server = without_records().await;
    let id = accepted_again(&server, 1, Status::Cancelled).await;
    server.sender.broken.set(true);
    server.results.broken.set(false);
    until("it is recorded", || {
        server.results.status(&id) == Some(Status::Queued)
    })
    .await;
    server.sender.broken.set(false);
    until("it is sent again", || server.sender.sent().len() == 3).await;
}

/// Accepts a photo whose job ended in `status` before the records went away.
async fn accepted_again(server: &Server, seed: u8, status: Status) -> JobId {
    server.results.broken.set(false);
    let id = server.accepted(&photo(seed)).await;
    server.stop(&id, status).await;
    server.results.broken.set(true);
    assert_eq!(upload(server, seed).await.status, 202);
    assert_eq!(server.sender.sent().len(), 2);
    id
}

#[tokio::test]
async fn a_stream_opens_and_goes_on_with_the_real_events() {
    let server = without_records().await;
    let id = upload(&server, 1).await.job_id();
    let mut stream = events(&server, &id, &[]).await;
    assert_eq!(stream.status, 200);
    let frame = stream.frame().await.unwrap();
    assert!(frame.contains(r#""degraded":true"#), "{frame}");
    assert!(!frame.contains("id:"), "nobody numbered it: {frame}");
    server.results.broken.set(false);
    let (epoch, name, data) = stream.event().await.unwrap();
    assert_eq!((name.as_str(), &data["degraded"]), ("queued", &().into()));
    assert!(!epoch.is_empty());
    server.finish(&id, b"\xff\xd8\xff result").await;
    assert_eq!(stream.event().await.unwrap().1, "done");
    assert!(stream.event().await.is_none());
}

#[tokio::test]
async fn a_stream_of_a_job_that_nobody_knows_waits_for_its_result() {
    let server = without_records().await;
    let id: JobId = "b".repeat(64).parse().unwrap();
    let mut stream = events(&server, &id, &[]).await;
    assert_eq!(stream.status, 200, "an error would be for ever");
    store_result(&server, &id).await;
    let (last, name, data) = stream.event().await.unwrap();
    assert_eq!((name.as_str(), &data["degraded"]), ("done", &true.into()));
    assert!(stream.event().await.is_none());
    let after_the_end = events(&server, &id, &[("last-event-id", &last)]).await;
    assert_eq!(after_the_end.status, 204);
}

#[tokio::test]
async fn a_stream_that_was_open_before_lives_on() {
    let server = Server::start().await;
    let id = server.accepted(&photo(1)).await;
    let mut stream = events(&server, &id, &[]).await;
    assert_eq!(stream.event().await.unwrap().1, "queued");
    server.results.broken.set(true);
    server.finish(&id, b"\xff\xd8\xff result").await;
    server.results.broken.set(false);
    assert_eq!(stream.event().await.unwrap().1, "done");
}

#[tokio::test]
async fn who_prefers_to_wait_gets_the_result_all_the_same() {
    let server = without_records().await;
    let id = upload(&server, 1).await.job_id();
    let form = Form::new().image("a.png", &photo(1));
    let waiting = server.upload(form, &[("prefer", "wait=20")]);
    let (answer, ()) = tokio::join!(waiting, store_result(&server, &id));
    assert_eq!(
        (answer.status, &answer.json()["status"]),
        (200, &"done".into())
    );
}

#[tokio::test]
async fn many_jobs_are_followed_on_one_stream_all_the_same() {
    let server = without_records().await;
    let ids = [1, 2].map(|seed| upload(&server, seed));
    let ids = join_all(ids)
        .await
        .iter()
        .map(Answer::job_id)
        .collect::<Vec<_>>();
    let path = format!("/events?ids={},{}", ids[0], ids[1]);
    let mut stream = client::open(server.address, "GET", &path, &[], "".into()).await;
    assert_eq!(stream.status, 200);
    for _ in &ids {
        let frame = stream.frame().await.unwrap();
        assert!(frame.contains(r#""degraded":true"#), "{frame}");
    }
    server.results.broken.set(false);
    until("both are recorded", || {
        ids.iter().all(|id| server.results.is_sent(id))
    })
    .await;
    for id in &ids {
        server.finish(id, b"\xff\xd8\xff result").await;
    }
    let mut ends = 0;
    while let Some(frame) = stream.frame().await {
        ends += usize::from(frame.contains("event: done") || frame.contains("event:done"));
    }
    assert_eq!(ends, 2);
}
