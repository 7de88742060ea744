//! A 202 means that the message is confirmed; what was not confirmed is published later.

use std::time::Duration;

use backends::Results as _;
use schemas::{State, Status, Timings};

use crate::support::{Server, form::Form, photo, until};

#[tokio::test]
async fn no_confirmation_no_202() {
    let server = Server::start().await;
    server.sender.silent.set(true);
    let answer = server
        .upload(Form::new().image("a.png", &photo(1)), &[])
        .await;
    answer.problem(503);
    answer.asks_back_soon();
    assert!(
        server
            .metrics
            .text()
            .contains(r#"nws_uploads_total{status="refused"} 1"#)
    );
}

#[tokio::test]
async fn the_next_identical_upload_publishes_what_was_not_confirmed() {
    let server = Server::start().await;
    server.sender.silent.set(true);
    server
        .upload(Form::new().image("a.png", &photo(1)), &[])
        .await
        .problem(503);
    server.sender.silent.set(false);
    server.opened().await;
    let unsent = server.results.unsent_now();
    server.results.silence(&unsent[0], Duration::from_secs(4)); // nobody is about to send it any more
    let id = server.accepted(&photo(1)).await;
    assert_eq!(server.sender.sent().len(), 1);
    assert!(server.results.record(&id).await.unwrap().unwrap().sent);
}

#[tokio::test]
async fn the_sweeper_publishes_what_was_not_confirmed() {
    let server = Server::with(|config| {
        config.unsent_age_secs = 0;
        config.sweep_interval_ms = 5;
    })
    .await;
    server.sender.silent.set(true);
    server
        .upload(Form::new().image("a.png", &photo(1)), &[])
        .await
        .problem(503);
    assert!(server.sender.sent().is_empty());
    server.sender.silent.set(false);
    until("the sweeper publishes", || server.sender.sent().len() == 1).await;
    let id = server.sender.sent()[0].id();
    assert_eq!(
        server.get(&format!("/status/{id}"), &[]).await.json()["status"],
        "queued"
    );
}

#[tokio::test]
async fn a_job_whose_end_was_lost_is_published_again_once_it_is_silent_for_too_long() {
    const SILENT_MAX: Duration = Duration::from_secs(15 * 60);
    let server = Server::start().await;
    let id = server.accepted(&photo(1)).await;
    for (messages, status) in [(2, Status::Queued), (3, Status::Processing)] {
        let state = State {
            status,
            ..State::queued(id, Timings::default())
        };
        server.announce(state).await;
        server.results.silence(&id, SILENT_MAX / 2);
        assert_eq!(server.accepted(&photo(1)).await, id);
        assert_eq!(
            server.sender.sent().len(),
            messages - 1,
            "it may be at work"
        );
        server.results.silence(&id, 2 * SILENT_MAX);
        assert_eq!(server.accepted(&photo(1)).await, id);
        assert_eq!(server.sender.sent().len(), messages);
        assert_eq!(server.accepted(&photo(1)).await, id);
        assert_eq!(server.sender.sent().len(), messages, "it was just sent");
    }
}

#[tokio::test]
async fn a_job_that_ended_long_ago_is_not_published_again() {
    let server = Server::start().await;
    let id = server.accepted(&photo(1)).await;
    server.stop(&id, Status::Failed).await;
    server.results.silence(&id, Duration::from_secs(3600));
    let again = Form::new().image("a.png", &photo(1));
    assert_eq!(server.upload(again, &[]).await.json()["status"], "failed");
    assert_eq!(server.sender.sent().len(), 1);
}
