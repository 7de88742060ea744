//! A bucket on a server that does not do its work: answers are scripted, one per connection.

use backends::{
    Error, ObjectStore as _,
    error::Cause,
    objects::{S3, S3Options},
};
use bytes::Bytes;
use futures::StreamExt as _;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
};

use crate::{
    bucket::install_tls,
    contract::{PLENTY, bytes_of_our_own, open, original_of, put, result_key},
};

const BUSY: &str = "HTTP/1.1 503 Slow Down\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
const PHOTO: &str = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nphoto";
/// With the digest of `photo`.
const CHANGED: &str = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\
    x-amz-meta-sha256: 55c64d0fcd6f9d5f7c828093857e3fdfda68478bb4e9bd24d481ef391c7804e8\r\n\r\nphoso";
const BROKEN_OFF: &str = "HTTP/1.1 200 OK\r\nContent-Length: 500\r\nConnection: close\r\n\r\nphoto";
const SHORT_SO_FAR: &str = "HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\nphoto";
const ENDLESS: &str = "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nphoto and more and more";
const STORED: &str = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
const DENIED: &str = "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
const NO_BUCKET: &str = "HTTP/1.1 404 Not Found\r\nContent-Length: 25\r\nConnection: close\r\n\r\n\
    <Code>NoSuchBucket</Code>";

/// A bucket on a server that gives `answers` one by one, then hangs up.
async fn server_that_says(answers: &'static [&'static str]) -> S3 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let store = store_at(&listener);
    tokio::spawn(async move {
        for answer in answers {
            let (mut connection, _) = listener.accept().await.unwrap();
            // Head and body of every request here fit.
            let mut request = [0; 16 * 1024];
            let _ = connection.read(&mut request).await.unwrap();
            connection.write_all(answer.as_bytes()).await.unwrap();
        }
    });
    store
}

fn store_at(listener: &TcpListener) -> S3 {
    install_tls();
    S3::new(&S3Options {
        endpoint: format!("http://{}", listener.local_addr().unwrap()),
        bucket: "bucket".to_owned(),
        region: "us-east-1".to_owned(),
        access_key: "key".to_owned(),
        secret_key: "secret".to_owned(),
    })
    .unwrap()
}

#[tokio::test]
async fn a_busy_server_is_asked_again() {
    let store = server_that_says(&[BUSY, BUSY, PHOTO]).await;
    let photo = store.get(&result_key(), PLENTY).await.unwrap();
    assert_eq!(photo, Some(Bytes::from("photo")));
}

#[tokio::test]
async fn a_busy_server_is_asked_three_times_and_no_more() {
    let store = server_that_says(&[BUSY, BUSY, BUSY, PHOTO]).await;
    let error = store.get(&result_key(), PLENTY).await.unwrap_err();
    assert!(error.to_string().contains("HTTP 503"), "{error}");
}

#[tokio::test]
async fn a_put_that_broke_off_is_done_again_with_the_whole_body() {
    let store = server_that_says(&["", BUSY, STORED]).await;
    let bytes = bytes_of_our_own(1000);
    put(&store, &original_of(&bytes), &bytes).await;
}

#[tokio::test]
async fn a_refusal_is_not_asked_again() {
    let store = server_that_says(&[DENIED, PHOTO]).await;
    let error = store.get(&result_key(), PLENTY).await.unwrap_err();
    assert!(error.to_string().contains("HTTP 403 Forbidden"), "{error}");
}

#[tokio::test]
async fn a_body_that_broke_off_is_no_object() {
    let store = server_that_says(&[BROKEN_OFF, BROKEN_OFF, BROKEN_OFF]).await;
    let error = store.get(&result_key(), PLENTY).await.unwrap_err();
    assert!(matches!(error.cause, Cause::Failed(_)), "{error}");
}

#[tokio::test]
async fn a_result_that_changed_on_its_way_back_is_read_again() {
    let store = server_that_says(&[CHANGED, PHOTO]).await;
    let photo = store.get(&result_key(), PLENTY).await.unwrap();
    assert_eq!(photo, Some(Bytes::from("photo")));
}

#[tokio::test]
async fn a_result_that_changes_every_time_is_no_result() {
    let store = server_that_says(&[CHANGED, CHANGED, CHANGED]).await;
    let error = store.get(&result_key(), PLENTY).await.unwrap_err();
    assert!(matches!(error.cause, Cause::Corrupt(_)), "{error}");
}

/// What could be read of a body before it failed, and how that ended.
async fn read_piece_by_piece(store: &S3) -> (Vec<u8>, Result<(), Error>) {
    let object = open(store, &result_key(), None).await;
    let mut read = Vec::new();
    let mut pieces = object.pieces;
    while let Some(piece) = pieces.next().await {
        match piece {
            Ok(piece) => read.extend_from_slice(&piece),
            Err(error) => return (read, Err(error)),
        }
    }
    (read, Ok(()))
}

#[tokio::test]
async fn a_body_that_breaks_off_while_it_is_read_ends_in_an_error() {
    let store = server_that_says(&[BROKEN_OFF]).await;
    let (_, end) = read_piece_by_piece(&store).await;
    let error = end.unwrap_err();
    assert!(matches!(error.cause, Cause::Failed(_)), "{error}");
    assert_eq!(error.op, "read");
}

#[tokio::test]
async fn what_changed_on_its_way_is_never_read_to_its_end() {
    let store = server_that_says(&[CHANGED]).await;
    let (read, end) = read_piece_by_piece(&store).await;
    let error = end.unwrap_err();
    assert!(matches!(error.cause, Cause::Corrupt(_)), "{error}");
    assert!(read.len() < "phoso".len());
}

#[tokio::test]
async fn an_object_is_opened_again_where_its_server_was_busy() {
    let store = server_that_says(&[BUSY, BUSY, PHOTO]).await;
    assert!(matches!(read_piece_by_piece(&store).await, (read, Ok(())) if read == b"photo"));
}

#[tokio::test]
async fn a_server_that_heeds_no_range_is_not_believed() {
    let store = server_that_says(&[PHOTO]).await;
    let error = store.open(&result_key(), Some(1..3)).await.unwrap_err();
    assert!(matches!(error.cause, Cause::Corrupt(_)), "{error}");
}

#[tokio::test]
async fn a_body_whose_length_is_not_told_is_not_opened() {
    let store = server_that_says(&[ENDLESS]).await;
    let error = store.open(&result_key(), None).await.unwrap_err();
    assert!(matches!(error.cause, Cause::Corrupt(_)), "{error}");
}

/// The limit is for silence alone: the clock stands still while anything arrives.
#[tokio::test(start_paused = true)]
async fn a_server_that_falls_silent_within_a_body_is_given_up() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let store = store_at(&listener);
    let server = async {
        let (mut connection, _) = listener.accept().await.unwrap();
        let mut request = [0; 16 * 1024];
        let _ = connection.read(&mut request).await.unwrap();
        connection.write_all(SHORT_SO_FAR.as_bytes()).await.unwrap();
        connection
    };
    let client = async { open(&store, &result_key(), None).await };
    let (_silent, object) = tokio::join!(server, client);
    let error = object.collect().await.unwrap_err();
    assert!(
        matches!(error.cause, Cause::Timeout(waited) if waited.as_secs() == 10),
        "{error}"
    );
}

#[tokio::test]
async fn a_body_without_a_length_is_not_read_beyond_the_limit() {
    let store = server_that_says(&[ENDLESS]).await;
    let error = store.get(&result_key(), 10).await.unwrap_err();
    assert!(error.to_string().contains("the limit is 10"), "{error}");
}

#[tokio::test]
async fn a_missing_bucket_is_no_missing_object() {
    let store = server_that_says(&[NO_BUCKET]).await;
    let error = store.get(&result_key(), PLENTY).await.unwrap_err();
    assert!(error.to_string().contains("NoSuchBucket"), "{error}");
}
