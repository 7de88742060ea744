//! The result's bytes.

use schemas::Digest;

use crate::support::{Server, client, photo};

const RESULT: &[u8] = b"\xff\xd8\xff result";

#[tokio::test]
async fn an_image_is_given_with_its_type_length_and_tag() {
    let server = Server::start().await;
    let id = server.accepted(&photo(1)).await;
    server.finish(&id, RESULT).await;
    let path = format!("/image/{id}");
    for method in ["GET", "HEAD"] {
        let answer = client::send(server.address, method, &path, &[], "".into()).await;
        assert_eq!(answer.status, 200);
        assert_eq!(answer.header("content-type"), "image/jpeg");
        assert_eq!(answer.header("content-length"), RESULT.len().to_string());
        assert_eq!(answer.header("etag"), format!("\"{}\"", Digest::of(RESULT)));
        assert_eq!(
            answer.header("cache-control"),
            "public, max-age=86400, immutable"
        );
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
        assert_eq!(answer.body, if method == "GET" { RESULT } else { b"" });
    }
}

#[tokio::test]
async fn who_has_the_image_is_not_sent_it_again() {
    let server = Server::start().await;
    let id = server.accepted(&photo(1)).await;
    server.finish(&id, RESULT).await;
    let path = format!("/image/{id}");
    let etag = format!("\"{}\"", Digest::of(RESULT));
    for tag in [
        etag.clone(),
        format!("W/{etag}"),
        format!("\"x\", {etag}"),
        "*".to_owned(),
    ] {
        let answer = server.get(&path, &[("if-none-match", &tag)]).await;
        assert_eq!(
            (answer.status, answer.header("etag")),
            (304, etag.as_str()),
            "{tag}"
        );
        assert!(answer.body.is_empty());
    }
    assert_eq!(
        server
            .get(&path, &[("if-none-match", "\"x\"")])
            .await
            .status,
        200
    );
}

#[tokio::test]
async fn an_image_needs_no_record() {
    let server = Server::start().await;
    let id = server.accepted(&photo(1)).await;
    let path = format!("/image/{id}");
    server.get(&path, &[]).await.problem(404);
    server.finish(&id, RESULT).await;
    server.results.forget(&id);
    let answer = server.get(&path, &[]).await;
    assert_eq!(answer.header("etag"), format!("\"{}\"", Digest::of(RESULT)));
    server.results.broken.set(true);
    assert_eq!(server.get(&path, &[]).await.body, RESULT);
}
