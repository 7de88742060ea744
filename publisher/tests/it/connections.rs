//! Clients that are slow, lie, or leave, and a publisher that is told to stop.

use std::time::{Duration, Instant};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::timeout,
};

use crate::support::{
    PATIENCE, Server,
    client::{self, line},
    files,
    form::Form,
    photo, photo_of, until,
};

const MIB: usize = 1024 * 1024;

/// The head of an upload, and as much of its body as is wanted.
fn upload(content_length: usize, body: &[u8]) -> Vec<u8> {
    let content_type = Form::new().content_type();
    let head = format!(
        "POST /upload HTTP/1.1\r\nhost: nws.test\r\ncontent-type: {content_type}\r\ncontent-length: {content_length}\r\n\r\n"
    );
    [head.as_bytes(), body].concat()
}

async fn connected(server: &Server, first: &[u8]) -> TcpStream {
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    stream.write_all(first).await.unwrap();
    stream
}

/// All that comes until the server closes.
async fn rest(mut stream: TcpStream) -> String {
    let mut bytes = Vec::new();
    let read = timeout(PATIENCE, stream.read_to_end(&mut bytes)).await;
    read.expect("the server closes").unwrap();
    String::from_utf8_lossy(&bytes).into_owned()
}

#[tokio::test]
async fn a_client_that_says_nothing_is_let_go() {
    let server = Server::with(|config| config.header_timeout_secs = 1).await;
    assert_eq!(rest(connected(&server, b"").await).await, "");
}

#[tokio::test]
async fn a_header_that_never_ends_is_let_go() {
    let server = Server::with(|config| config.header_timeout_secs = 1).await;
    rest(connected(&server, b"GET / HTTP/1.1\r\nhost: nws.test\r\nx-slow: ").await).await;
}

#[tokio::test]
async fn a_connection_that_was_answered_is_kept_for_a_time_of_its_own() {
    let server = Server::with(|config| {
        config.header_timeout_secs = 1;
        config.keep_alive_secs = 2;
    })
    .await;
    let asked = Instant::now();
    let health = b"GET /health HTTP/1.1\r\nhost: nws.test\r\n\r\n";
    let answer = rest(connected(&server, health).await).await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert!(asked.elapsed() >= Duration::from_secs(2));
}

#[tokio::test]
async fn a_body_that_falls_silent_is_answered_408_and_leaves_nothing() {
    let server = Server::with(|config| config.idle_timeout_secs = 1).await;
    let body = Form::new().image("a.png", &photo_of(2 * MIB)).into_bytes();
    let stream = connected(&server, &upload(body.len(), &body[..MIB + 500_000])).await;
    let answer = rest(stream).await;
    assert!(answer.starts_with("HTTP/1.1 408"), "{answer}");
    assert!(answer.contains(r#""measured":1,"limit":1"#), "{answer}");
    assert_eq!(files(&server.spool()), 0);
}

#[tokio::test]
async fn a_body_that_trickles_is_answered_408_and_leaves_nothing() {
    let server = Server::with(|config| config.upload_window_secs = 1).await;
    let body = Form::new().image("a.png", &photo_of(2 * MIB)).into_bytes();
    let mut stream = connected(&server, &upload(body.len(), &body[..1000])).await;
    let (mut reader, mut writer) = stream.split();
    let trickle = async {
        let mut pauses = tokio::time::interval(Duration::from_millis(50));
        for byte in &body[1000..] {
            pauses.tick().await;
            if writer.write_all(&[*byte]).await.is_err() {
                break;
            }
        }
    };
    let mut bytes = Vec::new();
    tokio::select! {
        read = timeout(PATIENCE, reader.read_to_end(&mut bytes)) => drop(read.expect("it ends")),
        () = trickle => {}
    }
    let answer = String::from_utf8_lossy(&bytes);
    assert!(answer.starts_with("HTTP/1.1 408"), "{answer}");
    assert!(answer.contains(r#""limit":4096"#), "{answer}");
    assert_eq!(files(&server.spool()), 0);
}

#[tokio::test]
async fn a_client_that_leaves_in_the_middle_leaves_no_file() {
    let mut server = Server::start().await;
    let body = Form::new().image("a.png", &photo_of(4 * MIB)).into_bytes();
    let stream = connected(&server, &upload(body.len(), &body[..3 * MIB])).await;
    until("the upload is spooled", || files(&server.spool()) == 1).await;
    drop(stream);
    until("the file goes away", || files(&server.spool()) == 0).await;
    server.drain().await;
    assert!(server.sender.sent().is_empty());
}

#[tokio::test]
async fn a_content_length_that_is_too_small_makes_a_malformed_form() {
    let server = Server::start().await;
    let body = Form::new().image("a.png", &photo(1)).into_bytes();
    let answer = rest(connected(&server, &upload(body.len() - 20, &body)).await).await;
    assert!(answer.starts_with("HTTP/1.1 400"), "{answer}");
    assert!(server.sender.sent().is_empty());
}

#[tokio::test]
async fn a_small_content_length_does_not_smuggle_a_large_photo() {
    let server = Server::with(|config| config.image_bytes_max = 1000).await;
    let body = Form::new().image("a.png", &photo_of(2000)).into_bytes();
    let chunked = format!(
        "POST /upload HTTP/1.1\r\nhost: nws.test\r\ntransfer-encoding: chunked\r\ncontent-type: {}\r\n\r\n{:x}\r\n",
        Form::new().content_type(),
        body.len(),
    );
    let request = [chunked.as_bytes(), &body, b"\r\n0\r\n\r\n"].concat();
    let mut stream = connected(&server, &request).await;
    stream.shutdown().await.unwrap();
    let mut answer = [0; 12];
    timeout(PATIENCE, stream.read_exact(&mut answer))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(&answer, b"HTTP/1.1 413");
}

#[tokio::test]
async fn what_is_no_image_is_refused_before_the_rest_is_sent() {
    let server = Server::start().await;
    let body = Form::new().image("a.pdf", &[b'%'; 1000]).into_bytes();
    let mut stream = connected(&server, &upload(20 * MIB, &body[..500])).await;
    let mut answer = [0; 12];
    timeout(PATIENCE, stream.read_exact(&mut answer))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(&answer, b"HTTP/1.1 415");
}

#[tokio::test]
async fn an_answer_reaches_a_client_that_is_still_sending() {
    let server = Server::start().await;
    let body = Form::new()
        .image("a.pdf", &vec![b'%'; 20 * MIB])
        .into_bytes();
    let mut stream = connected(&server, &upload(body.len(), b"")).await;
    let (mut reader, mut writer) = stream.split();
    let mut answer = [0; 12];
    let sent = writer.write_all(&body);
    let read = timeout(PATIENCE, reader.read_exact(&mut answer));
    let (sent, read) = tokio::join!(sent, read);
    sent.expect("no reset while the client sends");
    read.unwrap().unwrap();
    assert_eq!(&answer, b"HTTP/1.1 415");
}

#[tokio::test]
async fn a_client_that_stops_reading_is_let_go() {
    static IMAGE: [u8; 40 * MIB] = [0; 40 * MIB];
    let mut server = Server::with(|config| {
        config.stall_timeout_secs = 1;
        config.drain_timeout_secs = 600;
    })
    .await;
    let id = server.accepted(&photo(1)).await;
    server.finish(&id, &IMAGE).await;
    let request = format!("GET /image/{id} HTTP/1.1\r\nhost: nws.test\r\n\r\n");
    let mut stream = connected(&server, request.as_bytes()).await;
    let mut head = [0; 12];
    timeout(PATIENCE, stream.read_exact(&mut head))
        .await
        .unwrap()
        .unwrap();
    // A drain lets answers end, and this one ends by its limit only.
    server.drain().await;
    let mut taken = Vec::new();
    let rest = timeout(PATIENCE, stream.read_to_end(&mut taken))
        .await
        .unwrap();
    assert!(rest.is_err() || taken.len() < IMAGE.len());
}

#[tokio::test]
async fn a_drain_lets_an_upload_end_and_ends_event_streams() {
    let mut server = Server::start().await;
    let id = server.accepted(&photo(1)).await;
    let headers = [("accept", "text/event-stream")];
    let path = format!("/status/{id}");
    let mut events = client::open(server.address, "GET", &path, &headers, "".into()).await;
    events.event().await.unwrap();
    let _opened_in_advance = TcpStream::connect(server.address).await.unwrap();

    let body = Form::new().image("a.png", &photo_of(2 * MIB)).into_bytes();
    let (first, second) = body.split_at(body.len() - 1000);
    let mut uploading = connected(&server, &upload(body.len(), first)).await;
    until("the upload is spooled", || files(&server.spool()) == 1).await;

    server.shutdown.cancel();
    let goodbye = events.frame().await.unwrap();
    let pause_ms: u64 = line(&goodbye, "retry:").unwrap().parse().unwrap();
    assert!(
        (1000..=5000).contains(&pause_ms) && goodbye.starts_with(':'),
        "{goodbye}"
    );
    assert!(events.frame().await.is_none(), "the stream ends");
    uploading.write_all(second).await.unwrap();
    let answer = rest(uploading).await;
    assert!(answer.starts_with("HTTP/1.1 202"), "{answer}");
    server.drain().await;
    assert!(TcpStream::connect(server.address).await.is_err());
    assert_eq!(server.sender.sent().len(), 2);
}

#[tokio::test]
async fn a_drain_does_not_wait_for_ever() {
    let mut server = Server::with(|config| config.drain_timeout_secs = 1).await;
    let body = Form::new().image("a.png", &photo_of(2 * MIB)).into_bytes();
    let _stuck = connected(&server, &upload(body.len(), &body[..MIB + 500_000])).await;
    until("the upload is spooled", || files(&server.spool()) == 1).await;
    server.drain().await;
    assert_eq!(files(&server.spool()), 0);
}

#[tokio::test]
async fn a_publisher_that_drains_says_so_before_it_takes_no_more() {
    let mut server = Server::with(|config| config.drain_delay_secs = 2).await;
    let id = server.accepted(&photo(1)).await;
    let headers = [("accept", "text/event-stream")];
    let path = format!("/status/{id}");
    let mut events = client::open(server.address, "GET", &path, &headers, "".into()).await;
    events.event().await.unwrap();

    server.shutdown.cancel();
    let ready = server.get("/ready", &[]).await;
    assert_eq!(
        (ready.status, &ready.json()["status"]),
        (503, &"draining".into())
    );
    assert_eq!(
        server.get("/health", &[]).await.header("connection"),
        "close"
    );
    server.accepted(&photo(2)).await;
    server.finish(&id, b"\xff\xd8\xff result").await;
    assert_eq!(
        events.event().await.unwrap().1,
        "done",
        "streams go on meanwhile"
    );
    server.drain().await;
    assert!(TcpStream::connect(server.address).await.is_err());
}
