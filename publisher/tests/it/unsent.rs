//! A 202 means that the message is confirmed; what was not confirmed is published later.

use backends::Results as _;

use crate::support::{Server, form::Form, photo, until};

#[tokio::test]
async fn no_confirmation_no_202() {
    let server = Server::start().await;
    server.sender.broken.set(true);
    let answer = server
        .upload(Form::new().image("a.png", &photo(1)), &[])
        .await;
    answer.problem(503);
    assert_eq!(answer.header("retry-after"), "5");
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
    server.sender.broken.set(true);
    server
        .upload(Form::new().image("a.png", &photo(1)), &[])
        .await
        .problem(503);
    server.sender.broken.set(false);
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
    server.sender.broken.set(true);
    server
        .upload(Form::new().image("a.png", &photo(1)), &[])
        .await
        .problem(503);
    assert!(server.sender.sent().is_empty());
    server.sender.broken.set(false);
    until("the sweeper publishes", || server.sender.sent().len() == 1).await;
    let id = server.sender.sent()[0].id();
    assert_eq!(
        server.get(&format!("/status/{id}"), &[]).await.json()["status"],
        "queued"
    );
}

#[tokio::test]
async fn without_storage_or_records_nothing_is_accepted() {
    let server = Server::start().await;
    server.objects.broken.set(true);
    server
        .upload(Form::new().image("a.png", &photo(1)), &[])
        .await
        .problem(503);
    server.objects.broken.set(false);
    server.results.broken.set(true);
    server
        .upload(Form::new().image("a.png", &photo(1)), &[])
        .await
        .problem(503);
    assert!(
        server.sender.sent().is_empty(),
        "a message without its original or record"
    );
    let metrics = server.metrics.text();
    assert!(metrics.contains(r#"nws_backend_errors_total{backend="objects",op="put"} 1"#));
}
