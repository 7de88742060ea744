//! Wishes to be told that are refused.

use std::sync::Arc;

use backends::{
    outbox::{self, Room},
    results,
};
use publisher::webhooks::Config;

use crate::support::{Server, form::Form, photo};

#[tokio::test]
async fn who_has_too_many_webhooks_waiting_is_told_how_many_and_may_come_back() {
    // As the binary does at its start.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let folder = tempfile::tempdir().unwrap();
    let records = results::Local::open(&folder.path().join("records")).await;
    let full = outbox::Local::of(&records.unwrap()).with_room(Room {
        notices_max: 0,
        notices_of_each: 0,
    });
    let server = Server::of(|parts| {
        parts.outbox = Arc::new(full);
        parts.webhooks = Config {
            webhook_secrets: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".to_owned(),
            ..Config::default()
        };
    })
    .await;
    let form = Form::new().image("a.png", &photo(1));
    let form = form.field("webhook_url", "https://example.com/");
    let refused = server.upload(form, &[]).await;
    let problem = refused.problem(429);
    assert_eq!(problem["type"], "urn:nws:problem:too_many_webhooks");
    assert_eq!(problem["field"], "webhook_url");
    assert_eq!(
        (&problem["measured"], &problem["limit"]),
        (&0.into(), &0.into())
    );
    assert!(refused.header("retry-after").parse::<u64>().is_ok());
    assert_eq!(server.sender.sent().len(), 1, "the job is taken in");
}
