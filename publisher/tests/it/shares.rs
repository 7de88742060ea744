//! However much a client holds, there is something left for the next.

use std::time::Duration;

use backends::objects::IN_MEMORY_BYTES_MAX;
use http_body_util::BodyExt as _;
use tokio::time::{interval, timeout};

use crate::{
    support::{PATIENCE, Server, client, photo, until},
    wire::Http2,
};

/// Far longer than what a connection takes unread.
static LONG: [u8; 40 * 1024 * 1024] = [0; 40 * 1024 * 1024];

/// A publisher behind a proxy, which tells clients apart.
async fn behind_a_proxy(change: impl FnOnce(&mut publisher::Config)) -> Server {
    Server::of(|parts| {
        parts.fairness.trusted_proxies = 1;
        change(&mut parts.config);
    })
    .await
}

/// As many answers at once as one client gets before it is refused, and that refusal.
async fn all_it_can(
    server: &Server,
    path: &str,
    headers: &[(&str, &str)],
) -> (Vec<client::Stream>, client::Answer) {
    let mut held = Vec::new();
    loop {
        let answer = client::open(server.address, "GET", path, headers, "".into()).await;
        if answer.status != 200 {
            return (held, answer.whole().await);
        }
        held.push(answer);
    }
}

#[tokio::test]
async fn a_client_that_reads_slowly_leaves_memory_for_the_next_one() {
    let server = behind_a_proxy(|config| {
        config.images_in_flight_bytes_max = 2 * IN_MEMORY_BYTES_MAX;
    })
    .await;
    let id = server.accepted(&photo(1)).await;
    server.finish(&id, &LONG).await;
    let path = format!("/image/{id}");
    let greedy = [("x-forwarded-for", "1.1.1.1")];
    let (held, refused) = all_it_can(&server, &path, &greedy).await;
    assert!(held.len() > 1, "it may take what nobody else wants");
    let problem = refused.problem(503);
    let bytes_max = 2 * IN_MEMORY_BYTES_MAX;
    assert_eq!(
        problem["detail"],
        format!(
            "of the {bytes_max} bytes of images that there may be at once, this client has its share"
        )
    );
    refused.asks_back_soon();
    let next = [("x-forwarded-for", "2.2.2.2")];
    let answer = client::open(server.address, "GET", &path, &next, "".into()).await;
    assert_eq!(answer.status, 200);
}

#[tokio::test]
async fn a_client_that_follows_many_jobs_leaves_a_stream_for_the_next_one() {
    let server = behind_a_proxy(|config| config.sse_clients_max = 8).await;
    let id = server.accepted(&photo(1)).await;
    let path = format!("/events?ids={id}");
    let (held, refused) = all_it_can(&server, &path, &[("x-forwarded-for", "1.1.1.1")]).await;
    assert_eq!(held.len(), 7);
    refused.problem(503);
    let next = [("x-forwarded-for", "2.2.2.2")];
    let answer = client::open(server.address, "GET", &path, &next, "".into()).await;
    assert_eq!(answer.status, 200);
}

#[tokio::test]
async fn whoever_is_on_this_machine_may_have_all() {
    let server = Server::with(|config| config.sse_clients_max = 8).await;
    let id = server.accepted(&photo(1)).await;
    let (held, refused) = all_it_can(&server, &format!("/events?ids={id}"), &[]).await;
    assert_eq!(held.len(), 8);
    assert_eq!(
        refused.problem(503)["detail"],
        "the limit of 8 event streams at once is reached"
    );
}

#[tokio::test]
async fn a_client_that_takes_an_image_too_slowly_is_cut_and_gives_its_memory_back() {
    let server = Server::with(|config| {
        config.stall_timeout_secs = 1;
        config.image_bytes_per_sec_min = 1024 * 1024 * 1024;
    })
    .await;
    let id = server.accepted(&photo(1)).await;
    server.finish(&id, &LONG).await;
    let http2 = Http2::to(server.address).await;
    let mut answer = http2.get(&format!("/image/{id}")).await;
    assert_eq!(answer.status(), 200);
    let mut turns = interval(Duration::from_millis(20));
    let read = async {
        loop {
            turns.tick().await;
            match answer.frame().await {
                Some(Ok(_)) => {}
                ended => return ended,
            }
        }
    };
    let ended = timeout(PATIENCE, read).await.expect("it is cut");
    assert!(matches!(ended, Some(Err(_))), "{ended:?}");
    until("its place is free", || {
        let text = server.metrics.text();
        text.contains(r#"nws_bulkhead_in_use{bulkhead="image_reads"} 0"#)
    })
    .await;
}
