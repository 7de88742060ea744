//! Known work, and work that many ask for at once.

use std::time::Duration;

use backends::{Key, ObjectStore as _, Results as _};
use futures::future::join_all;
use schemas::Status;

use crate::support::{Server, client, form::Form, photo, until};

/// Uploads a photo so many times at once, to each of the servers as often.
async fn stampede(servers: &[&Server], uploads: usize) {
    let (photo, servers) = (photo(1), servers.iter().cycle().take(uploads));
    let answers = join_all(servers.map(|server| server.accepted(&photo))).await;
    assert!(answers.iter().all(|id| *id == answers[0]));
}

#[tokio::test]
async fn identical_uploads_at_once_store_one_original_and_publish_one_message() {
    let server = Server::start().await;
    let servers = [&server];
    server.sender.halted.send_replace(true);
    let end = async {
        until("one is sent", || server.sender.given() == 1).await;
        server.sender.halted.send_replace(false);
    };
    tokio::join!(stampede(&servers, 60), end);
    assert_eq!(server.sender.sent().len(), 1);
    assert_eq!(server.objects.originals_put(), 1);
}

#[tokio::test]
async fn two_publishers_that_get_a_photo_at_once_publish_one_message() {
    let one = Server::start().await;
    let other = one.beside().await;
    let both = [&one, &other];
    one.sender.halted.send_replace(true);
    let end = async {
        // The one that did not record the job looks whether it is sent.
        until("one sends and the other looks", || {
            one.sender.given() > 1 || one.results.reads() > 10
        })
        .await;
        one.sender.halted.send_replace(false);
    };
    tokio::join!(stampede(&both, 60), end);
    assert_eq!(one.sender.sent().len(), 1);
    assert!(one.objects.originals_put() <= 2);
}

#[tokio::test]
async fn a_failure_is_told_to_all_who_sent_the_photo_and_the_next_upload_begins_anew() {
    let server = Server::start().await;
    server.sender.silent.set(true);
    let form = || Form::new().image("a.png", &photo(1));
    let answers = join_all((0..30).map(|_| server.upload(form(), &[]))).await;
    for answer in answers {
        answer.problem(503);
    }
    server.sender.silent.set(false);
    server.opened().await;
    let unsent = server.results.unsent_now();
    server.results.silence(&unsent[0], Duration::from_secs(4));
    server.accepted(&photo(1)).await;
    assert_eq!(server.sender.sent().len(), 1);
}

#[tokio::test]
async fn a_picture_that_many_look_at_is_asked_of_the_records_seldom() {
    let server = Server::start().await;
    let id = server.accepted(&photo(1)).await;
    server.finish(&id, b"image").await;
    let before = server.results.reads();
    let path = format!("/image/{id}");
    for _ in 0..100 {
        assert_eq!(server.get(&path, &[]).await.status, 200);
    }
    let reads = server.results.reads() - before;
    assert!(reads < 50, "{reads} reads for 100 answers");
}

#[tokio::test]
async fn a_job_that_was_done_once_and_is_taken_back_is_not_answered_from_memory() {
    let server = Server::start().await;
    let id = server.accepted(&photo(1)).await;
    server.finish(&id, b"image").await;
    let path = format!("/image/{id}");
    assert_eq!(server.get(&path, &[]).await.status, 200);

    server.objects.delete(&Key::Result(id)).await.unwrap();
    server.accepted(&photo(1)).await;
    let status = format!("/status/{id}");
    let cancelled = client::send(server.address, "DELETE", &status, &[], "".into()).await;
    assert_eq!(cancelled.status, 200);
    // A worker may have stored its result before it heard.
    let late = backends::objects::Body::Bytes("late".into());
    server
        .objects
        .put(&Key::Result(id), late, "image/jpeg")
        .await
        .unwrap();
    let problem = server.get(&path, &[]).await.problem(404);
    assert_eq!(problem["type"], "urn:nws:problem:not_ready");
    let record = server.results.record(&id).await.unwrap().unwrap();
    assert_eq!(record.event.state.status, Status::Cancelled);
}
