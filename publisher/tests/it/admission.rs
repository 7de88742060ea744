//! When no upload is taken in, and what its client is told before it has sent its photo.

use std::{sync::atomic::Ordering, time::Duration};

use backends::clock::{millis, now_ms};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::timeout,
};

use crate::support::{PATIENCE, Server, form::Form, photo, until};

#[tokio::test]
async fn a_queue_that_takes_no_jobs_is_told_before_the_body_is_sent() {
    let server = Server::start().await;
    server.sender.broken.set(true);
    let problem = server.closed().await.problem(503);
    assert_eq!(problem["detail"], "the queue takes no jobs now");

    let mut client = TcpStream::connect(server.address).await.unwrap();
    let head = "POST /upload HTTP/1.1\r\nhost: nws.test\r\ncontent-type: multipart/form-data; boundary=x\r\n\
        content-length: 1000000\r\nexpect: 100-continue\r\n\r\n";
    client.write_all(head.as_bytes()).await.unwrap();
    let mut answer = [0; 12];
    let read = timeout(PATIENCE, client.read_exact(&mut answer)).await;
    read.expect("it is answered before its body").unwrap();
    assert_eq!(&answer, b"HTTP/1.1 503");

    server.sender.broken.set(false);
    server.opened().await;
    server.accepted(&photo(1)).await;
}

#[tokio::test]
async fn an_object_store_that_is_away_is_told_and_found_again() {
    let server = Server::start().await;
    server.objects.broken.set(true);
    let problem = server.closed().await.problem(503);
    assert_eq!(problem["detail"], "the object store takes no images now");
    server.objects.broken.set(false);
    server.opened().await;
}

#[tokio::test]
async fn a_call_that_fails_in_earnest_closes_the_gate_at_once() {
    let server = Server::with(|config| config.admission_interval_ms = 3_600_000).await;
    until("the first look", || server.objects.checks() == 1).await;
    server.objects.broken.set(true);
    let upload = async || {
        server
            .upload(Form::new().image("a.png", &photo(1)), &[])
            .await
    };
    let in_earnest = upload().await.problem(503);
    assert_eq!(in_earnest["detail"], "objects does not answer as it should");
    let at_the_gate = upload().await.problem(503);
    assert_eq!(
        at_the_gate["detail"],
        "the object store takes no images now"
    );
    let metrics = server.metrics.text();
    assert!(metrics.contains(r#"nws_backend_errors_total{backend="objects",op="put"} 1"#));
}

#[tokio::test]
async fn a_queue_that_is_too_deep_is_told_with_both_numbers() {
    let server = Server::with(|config| config.queue_depth_max = 100).await;
    server.sender.others.store(101, Ordering::SeqCst);
    let answer = server.closed().await;
    let problem = answer.problem(503);
    assert_eq!(problem["type"], "urn:nws:problem:queue_full");
    assert_eq!(
        (&problem["measured"], &problem["limit"]),
        (&101.into(), &100.into())
    );
    answer.asks_back_soon();
    server.sender.others.store(0, Ordering::SeqCst);
    server.opened().await;
}

#[tokio::test]
async fn a_queue_whose_oldest_job_waits_for_too_long_is_told_with_both_numbers() {
    let server = Server::start().await;
    server.sender.others.store(1, Ordering::SeqCst);
    let since_ms = now_ms() - millis(Duration::from_secs(2 * 3600));
    let oldest = &server.results.oldest_waiting_ms;
    oldest.store(since_ms, Ordering::SeqCst);
    let problem = server.closed().await.problem(503);
    assert!(problem["measured"].as_u64().unwrap() >= 7200, "{problem}");
    assert_eq!(problem["limit"], 3600);
    assert!(server.metrics.queue_oldest_age_seconds.get() >= 7200);
    server.results.broken.set(true);
    server.opened().await;
}
