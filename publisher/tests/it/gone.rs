//! Clients that leave in the middle of their upload.

use std::time::Duration;

use futures::future::join_all;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use crate::support::{Server, files, form::Form, photo, photo_of, until};

const KIB: usize = 1024;

/// A request, head and body, of a photo that is too long for memory.
fn request() -> Vec<u8> {
    let form = Form::new()
        .field("wm_text", "gone")
        .image("a.png", &photo_of(300 * KIB));
    let content_type = form.content_type();
    let body = form.into_bytes();
    let head = format!(
        "POST /upload HTTP/1.1\r\nhost: nws.test\r\ncontent-type: {content_type}\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    [head.as_bytes(), &body].concat()
}

/// Sends as many bytes, then is gone; `reset` says whether without a goodbye.
async fn leave_after(server: &Server, bytes: &[u8], reset: bool) {
    let mut client = TcpStream::connect(server.address).await.unwrap();
    if reset {
        client.set_zero_linger().unwrap();
    }
    // The publisher may have refused by now; that is as good.
    let _ = client.write_all(bytes).await;
}

#[tokio::test]
async fn a_client_that_leaves_at_any_byte_leaves_nothing_behind() {
    let server = Server::with(|config| {
        config.uploads_max = 2;
        config.spool_memory_bytes_max = 64 * KIB;
    })
    .await;
    let request = request();
    let cuts: Vec<_> = (0..40)
        .map(|_| rand::random_range(1..request.len()))
        .collect();
    for cut in &cuts {
        leave_after(&server, &request[..*cut], rand::random()).await;
    }
    until("every spooled file is gone", || files(&server.spool()) == 0).await;
    let (sent, stored) = (server.sender.sent(), server.objects.count());
    assert!(sent.is_empty() && stored == 0, "cut at {cuts:?}");
    server.opened().await;
    let photos = [photo(1), photo(2)];
    let both = photos.iter().map(|photo| server.accepted(photo));
    assert_eq!(join_all(both).await.len(), 2, "both places are free");
}

#[tokio::test]
async fn a_client_that_leaves_after_its_last_byte_loses_at_most_an_original() {
    let mut server = Server::with(|config| {
        config.spool_memory_bytes_max = 64 * KIB;
        config.unsent_age_secs = 0;
        config.sweep_interval_ms = 5;
    })
    .await;
    for reset in [false, true].repeat(10) {
        leave_after(&server, &request(), reset).await;
    }
    until("every spooled file is gone", || files(&server.spool()) == 0).await;
    server.drain().await;
    assert!(server.objects.count() <= 1);
    // A job on record is on the queue too, or will be: the next upload finds it so.
    let unsent = server.results.unsent_now();
    assert!(unsent.is_empty(), "{unsent:?}");
}

#[tokio::test]
async fn an_answer_that_nobody_reads_costs_nothing() {
    let server = Server::start().await;
    let request = request();
    let mut client = TcpStream::connect(server.address).await.unwrap();
    client.write_all(&request).await.unwrap();
    let mut first = [0];
    let read = tokio::time::timeout(Duration::from_secs(20), client.read_exact(&mut first));
    read.await.expect("it is answered").unwrap();
    drop(client);
    assert_eq!(server.sender.sent().len(), 1);
}
