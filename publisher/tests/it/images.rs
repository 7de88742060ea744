//! The result's bytes.

use backends::{Key, ObjectStore as _, Results as _, objects::Body};
use schemas::{Digest, State, Status, Timings};
use tokio::time::timeout;

use crate::support::{PATIENCE, Server, client, photo};

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
        assert_eq!(
            answer.header("content-security-policy"),
            "default-src 'none'; sandbox"
        );
        assert_eq!(answer.body, if method == "GET" { RESULT } else { b"" });
    }
}

/// Neither by its digest nor by its job, however the path is spelled.
#[tokio::test]
async fn an_original_is_never_given() {
    let server = Server::start().await;
    let photo = photo(1);
    let id = server.accepted(&photo).await;
    let sha256 = Digest::of(&photo);
    let key = Key::Original(sha256);
    assert!(server.objects.get(&key, 1 << 20).await.unwrap().is_some());
    for path in [
        format!("/{key}"),
        format!("/image/{id}"),
        format!("/image/{sha256}"),
        format!("/image/{key}"),
        format!("/image/../{key}"),
        format!("/image/..%2f{}", key.to_string().replace('/', "%2f")),
        format!("/assets/..%2f{}", key.to_string().replace('/', "%2f")),
        format!("/image/{id}/original"),
        format!("/status/{sha256}"),
        format!("/logo/{sha256}"),
    ] {
        server.get(&path, &[]).await.problem(404);
    }
    let told = server.get(&format!("/status/{id}"), &[]).await;
    let told = String::from_utf8_lossy(&told.body).into_owned();
    assert!(!told.contains(&sha256.to_string()), "{told}");
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

#[tokio::test]
async fn an_image_that_is_there_is_given_although_its_end_was_lost() {
    let server = Server::start().await;
    let id = server.accepted(&photo(1)).await;
    server.finish(&id, RESULT).await;
    let mut state = State::queued(id, Timings::default());
    state.status = Status::Processing;
    server.announce(state).await;
    let answer = server.get(&format!("/image/{id}"), &[]).await;
    assert_eq!((answer.status, &answer.body[..]), (200, RESULT));
    assert_eq!(answer.header("etag"), format!("\"{}\"", Digest::of(RESULT)));
}

#[tokio::test]
async fn the_image_of_a_job_that_was_taken_back_is_not_given() {
    let server = Server::start().await;
    let id = server.accepted(&photo(1)).await;
    let (key, body) = (Key::Result(id), Body::Bytes(RESULT.into()));
    server.objects.put(&key, body, "image/jpeg").await.unwrap();
    let path = format!("/image/{id}");
    assert_eq!(server.get(&path, &[]).await.status, 200);
    server.results.cancel(&id).await.unwrap();
    for headers in [&[][..], &[("if-none-match", "*")]] {
        server.get(&path, headers).await.problem(404);
    }
}

#[tokio::test]
async fn images_that_nobody_takes_do_not_fill_the_memory() {
    const SIZE_BYTES: usize = 40 * 1024 * 1024;
    static IMAGE: [u8; SIZE_BYTES] = [0; SIZE_BYTES];
    let server = Server::with(|config| config.images_in_flight_bytes_max = SIZE_BYTES as u64).await;
    let id = server.accepted(&photo(1)).await;
    server.finish(&id, &IMAGE).await;
    let path = format!("/image/{id}");
    let slow = client::open(server.address, "GET", &path, &[], "".into()).await;
    assert_eq!(slow.status, 200);
    let refused = server.get(&path, &[]).await;
    refused.problem(503);
    refused.asks_back_soon();
    server.results.forget(&id);
    server.get(&path, &[]).await.problem(503);
    drop(slow);
    let again = async { while server.get(&path, &[]).await.status != 200 {} };
    timeout(PATIENCE, again).await.expect("its memory is free");
}
