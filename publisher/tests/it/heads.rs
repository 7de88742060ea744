//! The heads of requests: how long they may be.

use crate::{
    support::{Server, client, photo},
    wire::{Http2, request},
};

/// Jobs of one event stream, and characters of a credential, as documented.
const JOBS_MAX: usize = 200;
const CREDENTIAL_CHARS_MAX: usize = 8192;

#[tokio::test]
async fn as_many_jobs_as_allowed_are_followed_with_the_longest_credential() {
    let server = Server::start().await;
    let id = server.accepted(&photo(1)).await.to_string();
    let path = format!("/events?ids={}", vec![id; JOBS_MAX].join(","));
    let credential = format!("Bearer {}", "a".repeat(CREDENTIAL_CHARS_MAX));
    let headers = [("authorization", credential.as_str())];
    let http1 = client::open(server.address, "GET", &path, &headers, "".into()).await;
    assert_eq!(http1.status, 200);
    let asked = request("GET", &path, &headers, "".into());
    let http2 = Http2::to(server.address).await.send(asked).await;
    assert_eq!(http2.status(), 200);
}
