//! Answers on their way through the packer.

use std::io::Read as _;

use flate2::read::GzDecoder;

use crate::support::{Server, client, form::Form, photo};

const ALL: (&str, &str) = ("accept-encoding", "gzip, deflate, br, zstd");

#[tokio::test]
async fn text_is_packed_for_who_takes_it() {
    let server = Server::start().await;
    let plain = server.get("/metrics", &[]).await;
    assert_eq!(plain.header("content-encoding"), "");
    assert_eq!(plain.header("vary"), "accept-encoding");
    for (taken, coding) in [
        ("gzip, deflate, br, zstd", "zstd"),
        ("gzip, br", "br"),
        ("gzip", "gzip"),
        ("gzip, br;q=0.5, zstd;q=0", "gzip"),
        ("identity;q=0, *", "zstd"),
    ] {
        let packed = server.get("/metrics", &[("accept-encoding", taken)]).await;
        assert_eq!(packed.header("content-encoding"), coding, "{taken}");
        assert_eq!(packed.header("vary"), "accept-encoding");
        assert!(packed.body.len() < plain.body.len() / 2);
    }
    let gzip = server.get("/metrics", &[("accept-encoding", "gzip")]).await;
    let mut text = String::new();
    GzDecoder::new(&gzip.body[..])
        .read_to_string(&mut text)
        .unwrap();
    assert!(text.contains("# TYPE nws_jobs_in_flight gauge"), "{text}");
}

#[tokio::test]
async fn short_text_pictures_and_events_are_sent_as_they_are() {
    static IMAGE: [u8; 100_000] = [0; 100_000];
    let server = Server::start().await;
    let id = server.accepted(&photo(1)).await;
    let told = server.get(&format!("/status/{id}"), &[ALL]).await;
    assert_eq!(told.header("content-encoding"), "");
    let events = [ALL, ("accept", "text/event-stream")];
    let path = format!("/status/{id}");
    let mut events = client::open(server.address, "GET", &path, &events, "".into()).await;
    assert!(!events.headers.contains_key("content-encoding"));
    assert_eq!(events.event().await.unwrap().1, "queued");
    server.finish(&id, &IMAGE).await;
    for headers in [&[ALL][..], &[ALL, ("range", "bytes=0-9999")]] {
        let image = server.get(&format!("/image/{id}"), headers).await;
        assert_eq!(image.header("content-encoding"), "");
        assert_eq!(image.body.len().to_string(), image.header("content-length"));
    }
}

/// An upload that was taken in must not be told to have been refused.
#[tokio::test]
async fn who_excludes_every_coding_is_answered_without_one() {
    let server = Server::start().await;
    let form = Form::new().image("a.png", &photo(1));
    let nothing = [("accept-encoding", "identity;q=0")];
    let answer = server.upload(form, &nothing).await;
    assert_eq!(
        (answer.status, answer.header("content-encoding")),
        (202, "")
    );
    assert_eq!(server.get("/metrics", &nothing).await.status, 200);
}
