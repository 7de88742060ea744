//! HTTP/1.1 and HTTP/2, with TLS and without, and clients that make something of it.

use http::Request;
use http_body_util::BodyExt as _;
use rustls::version::{TLS12, TLS13};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::timeout,
};

use crate::{
    frames::Wire,
    support::{PATIENCE, Server, client, files, form::Form, photo, photo_of, until},
    wire::{Http2, Pair, Uploading, over_http1, request, whole},
};

const MIB: usize = 1024 * 1024;
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// An empty SETTINGS frame.
const SETTINGS: [u8; 9] = [0, 0, 0, 4, 0, 0, 0, 0, 0];
const GOAWAY: u8 = 7;
const ENHANCE_YOUR_CALM: u8 = 0xb;
/// A setting.
const MAX_CONCURRENT_STREAMS: [u8; 2] = [0, 3];
/// The alert of TLS that says which part of a hello was refused.
const PROTOCOL_VERSION: u8 = 70;

#[tokio::test]
async fn without_tls_http2_is_spoken_with_who_begins_it() {
    let server = Server::start().await;
    let answer = Http2::to(server.address).await.get("/health").await;
    assert_eq!(answer.status(), 200);
    assert!(!answer.headers().contains_key("strict-transport-security"));
    assert_eq!(server.get("/health", &[]).await.status, 200);
}

#[tokio::test]
async fn with_tls_the_client_chooses_between_http2_and_http1() {
    let pair = Pair::new();
    let server = Server::behind(pair.transport(|_| {}), |_| {}).await;
    let tls = pair.connect(server.address, "h2").await.unwrap();
    assert_eq!(tls.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
    let http2 = Http2::over(tls).await.get("/health").await;
    let tls = pair.connect(server.address, "http/1.1").await.unwrap();
    let http1 = over_http1(tls, "/health").await;
    for answer in [http2, http1] {
        assert_eq!(answer.status(), 200);
        let strict = &answer.headers()["strict-transport-security"];
        assert_eq!(strict, "max-age=31536000");
    }
}

#[tokio::test]
async fn tls_1_2_and_1_3_are_spoken() {
    let pair = Pair::new();
    let server = Server::behind(pair.transport(|_| {}), |_| {}).await;
    for version in [&TLS12, &TLS13] {
        let tls = pair.connect_by(version, server.address).await.unwrap();
        let spoken = tls.get_ref().1.protocol_version();
        assert_eq!(spoken, Some(version.version));
        assert_eq!(over_http1(tls, "/health").await.status(), 200);
    }
}

#[tokio::test]
async fn tls_1_1_is_refused() {
    let pair = Pair::new();
    let server = Server::behind(pair.transport(|_| {}), |_| {}).await;
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    // A record with a ClientHello: version 1.1, a random, no session, ECDHE with AES in CBC, no compression, and the
    // signatures that it takes, without which no version would do.
    let hello = [
        &[3, 2][..],
        &[7; 32],
        &[0],
        &[0, 2, 0xc0, 0x13],
        &[1, 0],
        &[0, 8, 0, 13, 0, 4, 0, 2, 4, 3],
    ]
    .concat();
    let length = u8::try_from(hello.len()).unwrap();
    let head = [22, 3, 1, 0, length + 4, 1, 0, 0, length];
    stream
        .write_all(&[&head[..], &hello].concat())
        .await
        .unwrap();
    let mut alert = Vec::new();
    let read = timeout(PATIENCE, stream.read_to_end(&mut alert)).await;
    read.expect("the server closes").unwrap();
    assert_eq!((alert[0], &alert[5..]), (21, &[2, PROTOCOL_VERSION][..]));
}

#[tokio::test]
async fn a_renewed_certificate_is_shown_and_who_is_connected_stays() {
    let pair = Pair::new();
    let server = Server::behind(pair.transport(|_| {}), |_| {}).await;
    let tls = pair.connect(server.address, "h2").await.unwrap();
    let before = Http2::over(tls).await;
    pair.renew();
    let shown = async {
        while pair.connect(server.address, "h2").await.is_err() {
            tokio::task::yield_now().await;
        }
    };
    timeout(PATIENCE, shown).await.expect("it is shown");
    assert_eq!(before.get("/health").await.status(), 200);
}

#[tokio::test]
async fn slow_handshakes_hold_up_nobody_and_are_cut() {
    let pair = Pair::new();
    let transport = pair.transport(|it| it.tls_handshake_timeout_secs = 1);
    let server = Server::behind(transport, |_| {}).await;
    let mut slow = Vec::new();
    for _ in 0..100 {
        let mut stream = TcpStream::connect(server.address).await.unwrap();
        stream.write_all(&[22, 3, 1]).await.unwrap();
        slow.push(stream);
    }
    let tls = pair.connect(server.address, "h2").await.unwrap();
    assert_eq!(Http2::over(tls).await.get("/health").await.status(), 200);
    for mut stream in slow {
        let mut rest = Vec::new();
        let read = timeout(PATIENCE, stream.read_to_end(&mut rest)).await;
        read.expect("the server closes").unwrap();
    }
}

#[tokio::test]
async fn a_handshake_takes_a_place_among_the_connections() {
    let pair = Pair::new();
    let transport = pair.transport(|it| it.tls_handshake_timeout_secs = 1);
    let server = Server::behind(transport, |it| it.connections_max = 1).await;
    let mut slow = TcpStream::connect(server.address).await.unwrap();
    let next = pair.connect(server.address, "h2").await;
    next.expect("the place is free once the slow one is cut");
    let mut rest = [0];
    let read = futures::FutureExt::now_or_never(slow.read(&mut rest));
    assert_eq!(read.expect("it is over already").unwrap(), 0);
}

#[tokio::test]
async fn a_client_that_begins_http2_and_asks_for_nothing_is_let_go() {
    let server = Server::with(|config| config.header_timeout_secs = 1).await;
    // The head of a HEADERS frame, whose rest does not come.
    let begun = [PREFACE, &SETTINGS, &[0, 0, 100, 1, 4, 0, 0, 0, 1]].concat();
    for first in [&PREFACE[..10], &begun] {
        let mut stream = TcpStream::connect(server.address).await.unwrap();
        stream.write_all(first).await.unwrap();
        let mut rest = Vec::new();
        let read = timeout(PATIENCE, stream.read_to_end(&mut rest)).await;
        read.expect("the server closes").unwrap();
    }
}

#[tokio::test]
async fn a_client_that_shook_hands_and_asks_for_nothing_is_let_go() {
    let pair = Pair::new();
    let transport = pair.transport(|_| {});
    let server = Server::behind(transport, |config| config.header_timeout_secs = 1).await;
    let mut tls = pair.connect(server.address, "http/1.1").await.unwrap();
    tls.write_all(b"GET / HTTP/1.1\r\nx-slow: ").await.unwrap();
    let mut rest = Vec::new();
    let read = timeout(PATIENCE, tls.read_to_end(&mut rest)).await;
    let _: std::io::Result<usize> = read.expect("the server closes");
}

#[tokio::test]
async fn an_idle_connection_of_http2_is_let_go_and_one_with_events_stays() {
    let server = Server::with(|config| {
        config.keep_alive_secs = 1;
        config.header_timeout_secs = 2;
    })
    .await;
    let id = server.accepted(&photo(1)).await;
    let follows = Http2::to(server.address).await;
    let accept = [("accept", "text/event-stream")];
    let events = request("GET", &format!("/status/{id}"), &accept, "".into());
    let mut events = follows.send(events).await;
    events.frame().await.unwrap().unwrap();

    let idle = Http2::to(server.address).await;
    assert_eq!(idle.get("/health").await.status(), 200);
    idle.ended().await;
    assert_eq!(follows.get("/health").await.status(), 200);
}

#[tokio::test]
async fn a_header_that_is_too_long_is_refused() {
    let server = Server::start().await;
    for (size_bytes, status) in [(30_000, 200), (40_000, 431)] {
        let long = "a".repeat(size_bytes);
        let asked = request("GET", "/health", &[("x-long", &long)], "".into());
        let answer = Http2::to(server.address).await.send(asked).await;
        assert_eq!(answer.status(), status, "HTTP/2, {size_bytes} bytes");
    }
    for (size_bytes, status) in [(60_000, 200), (70_000, 431)] {
        let long = "a".repeat(size_bytes);
        let answer = server.get("/health", &[("x-long", &long)]).await;
        assert_eq!(answer.status, status, "HTTP/1.1, {size_bytes} bytes");
    }
}

#[tokio::test]
async fn events_come_over_http2() {
    let server = Server::start().await;
    let id = server.accepted(&photo(1)).await;
    let http2 = Http2::to(server.address).await;
    let accept = [("accept", "text/event-stream")];
    let asked = request("GET", &format!("/status/{id}"), &accept, "".into());
    let mut events = http2.send(asked).await;
    let first = events.frame().await.unwrap().unwrap().into_data().unwrap();
    server.finish(&id, b"\xff\xd8\xff result").await;
    let rest = timeout(PATIENCE, events.collect()).await.unwrap().unwrap();
    let text = [first, rest.to_bytes()].concat();
    let text = String::from_utf8(text).unwrap();
    assert!(
        text.contains("event: queued") && text.contains("event: done"),
        "{text}"
    );
}

#[tokio::test]
async fn an_upload_as_long_as_allowed_comes_over_http2_and_tls() {
    let pair = Pair::new();
    let server = Server::behind(pair.transport(|_| {}), |_| {}).await;
    let tls = pair.connect(server.address, "h2").await.unwrap();
    let http2 = Http2::over(tls).await;
    let form = Form::new().image("a.png", &photo_of(20 * MIB));
    let content_type = form.content_type();
    let headers = [("content-type", content_type.as_str())];
    let upload = request("POST", "/upload", &headers, form.into_bytes());
    let (status, _, body) = whole(http2.send(upload).await).await;
    assert_eq!(status, 202, "{body:?}");
    assert_eq!(server.sender.sent().len(), 1);
}

#[tokio::test]
async fn a_refused_upload_over_http2_leaves_its_connection() {
    let server = Server::start().await;
    let http2 = Http2::to(server.address).await;
    let form = Form::new().image("a.pdf", &vec![b'%'; 20 * MIB]);
    let content_type = form.content_type();
    let headers = [("content-type", content_type.as_str())];
    let body = form.into_bytes();
    for _ in 0..3 {
        let upload = request("POST", "/upload", &headers, body.clone());
        let (status, headers, _) = whole(http2.send(upload).await).await;
        assert_eq!(status, 415);
        assert!(!headers.contains_key("connection"));
    }
    assert_eq!(http2.get("/health").await.status(), 200);
    assert_eq!(files(&server.spool()), 0);
}

#[tokio::test]
async fn an_upload_over_http2_that_falls_silent_is_answered_408_and_the_others_go_on() {
    let server = Server::with(|config| config.idle_timeout_secs = 1).await;
    let form = Form::new().image("a.png", &photo_of(2 * MIB));
    let mut uploading = Uploading::to(server.address, &form).await;
    let body = form.into_bytes();
    uploading.send(body.slice(..MIB), false).await.unwrap();
    let (status, problem) = uploading.answer().await;
    assert_eq!((status.as_u16(), &problem["limit"]), (408, &1.into()));
    assert_eq!(uploading.get("/health").await.unwrap(), 200);
    assert_eq!(files(&server.spool()), 0);
}

#[tokio::test]
async fn an_upload_over_http2_that_trickles_is_answered_408_and_the_others_go_on() {
    let server = Server::with(|config| config.upload_window_secs = 1).await;
    let form = Form::new().image("a.png", &photo_of(2 * MIB));
    let mut uploading = Uploading::to(server.address, &form).await;
    let body = form.into_bytes();
    let mut pauses = tokio::time::interval(std::time::Duration::from_millis(50));
    let trickle = async {
        for byte in 0..body.len() {
            pauses.tick().await;
            let sent = uploading.send(body.slice(byte..=byte), false).await;
            if sent.is_err() || uploading.is_refused() {
                break;
            }
        }
    };
    timeout(PATIENCE, trickle).await.expect("it is cut");
    let (status, problem) = uploading.answer().await;
    assert_eq!((status.as_u16(), &problem["limit"]), (408, &4096.into()));
    assert_eq!(uploading.get("/health").await.unwrap(), 200);
}

#[tokio::test]
async fn an_answer_that_is_not_taken_is_given_up_and_the_others_go_on() {
    static IMAGE: [u8; 4 * MIB] = [0; 4 * MIB];
    let server = Server::with(|config| config.stall_timeout_secs = 1).await;
    let id = server.accepted(&photo(1)).await;
    server.finish(&id, &IMAGE).await;
    let tcp = TcpStream::connect(server.address).await.unwrap();
    let (sender, connection) = h2::client::handshake(tcp).await.unwrap();
    let connection = tokio::spawn(connection);

    let ask = async |path: String| {
        let mut sender = sender.clone().ready().await.unwrap();
        let asked = Request::get(format!("http://nws.test{path}")).body(());
        let (answer, _) = sender.send_request(asked.unwrap(), true).unwrap();
        timeout(PATIENCE, answer).await.unwrap().unwrap()
    };
    let mut image = ask(format!("/image/{id}")).await.into_body();
    let given_up = timeout(PATIENCE, async {
        // What is read is not released, so that there is room for the first of it only.
        while let Some(piece) = image.data().await {
            piece?;
        }
        Ok::<_, h2::Error>(())
    });
    let reset = given_up.await.expect("it is given up").unwrap_err();
    assert!(reset.is_reset() && reset.is_remote(), "{reset}");
    assert_eq!(ask("/health".to_owned()).await.status(), 200);
    connection.abort();
}

#[tokio::test]
async fn a_drain_says_goaway_and_lets_an_upload_end() {
    let mut server = Server::start().await;
    let form = Form::new().image("a.png", &photo_of(2 * MIB));
    let mut uploading = Uploading::to(server.address, &form).await;
    let body = form.into_bytes();
    uploading.send(body.slice(..MIB), false).await.unwrap();

    server.shutdown.cancel();
    let refused = async {
        loop {
            if let Err(refused) = uploading.get("/health").await {
                return refused;
            }
        }
    };
    let refused = timeout(PATIENCE, refused).await.expect("it is told to go");
    assert!(refused.is_go_away() && refused.is_remote(), "{refused}");
    uploading.send(body.slice(MIB..), true).await.unwrap();
    let (status, job) = uploading.answer().await;
    assert_eq!(status, 202, "{job}");
    uploading.ended().await;
    server.drain().await;
    assert_eq!(server.sender.sent().len(), 1);
}

#[tokio::test]
async fn a_drain_ends_event_streams_and_connections_without_a_request() {
    let mut server = Server::start().await;
    let http2 = Http2::to(server.address).await;
    let id = server.accepted(&photo(1)).await;
    let accept = [("accept", "text/event-stream")];
    let asked = request("GET", &format!("/status/{id}"), &accept, "".into());
    let mut events = http2.send(asked).await;
    events.frame().await.unwrap().unwrap();
    let idle = Http2::to(server.address).await;
    assert_eq!(idle.get("/health").await.status(), 200);

    server.shutdown.cancel();
    let rest = timeout(PATIENCE, events.collect()).await.unwrap();
    rest.expect("the stream ends as it should");
    idle.ended().await;
    http2.ended().await;
    server.drain().await;
}

#[tokio::test]
async fn while_it_drains_an_answer_over_http2_is_the_last_of_its_connection() {
    let mut server = Server::with(|config| config.drain_delay_secs = 2).await;
    let http2 = Http2::to(server.address).await;
    assert_eq!(http2.get("/health").await.status(), 200);
    server.shutdown.cancel();
    let last = http2.get("/health").await;
    assert!(!last.headers().contains_key("connection"));
    whole(last).await;
    http2.ended().await;
    assert_eq!(server.get("/health", &[]).await.status, 200, "it serves on");
    server.drain().await;
}

#[tokio::test]
async fn a_flood_of_requests_that_are_taken_back_ends_with_its_connection() {
    let server = Server::start().await;
    let mut flood = [PREFACE, &SETTINGS].concat();
    for n in 0..10_000_u32 {
        let [a, b, c, d] = (2 * n + 1).to_be_bytes();
        // GET http / from the static table, with END_STREAM and END_HEADERS; then RST_STREAM with CANCEL.
        flood.extend([0, 0, 3, 1, 5, a, b, c, d, 0x82, 0x86, 0x84]);
        flood.extend([0, 0, 4, 3, 0, a, b, c, d, 0, 0, 0, 8]);
    }
    let stream = TcpStream::connect(server.address).await.unwrap();
    let (mut reader, mut writer) = stream.into_split();
    let writing = tokio::spawn(async move { writer.write_all(&flood).await });
    let (mut answer, mut piece) = (Vec::new(), [0; 4096]);
    let read = timeout(PATIENCE, async {
        while let Ok(read @ 1..) = reader.read(&mut piece).await {
            answer.extend(&piece[..read]);
        }
    });
    read.await.expect("the server ends it");
    let _: std::io::Result<()> = writing.await.unwrap();
    let goaway = frames(&answer).find(|(kind, _)| *kind == GOAWAY);
    assert_eq!(goaway.unwrap().1[7], ENHANCE_YOUR_CALM);
    assert_eq!(server.get("/health", &[]).await.status, 200);
}

/// The kind and the payload of each frame.
fn frames(mut bytes: &[u8]) -> impl Iterator<Item = (u8, Vec<u8>)> {
    let mut frames = Vec::new();
    while let [a, b, c, kind, _, _, _, _, _, rest @ ..] = bytes {
        let length = u32::from_be_bytes([0, *a, *b, *c]) as usize;
        let Some((payload, after)) = rest.split_at_checked(length) else {
            break;
        };
        frames.push((*kind, payload.to_vec()));
        bytes = after;
    }
    frames.into_iter()
}

/// A publisher that takes one request of a connection at a time.
async fn one_by_one() -> Server {
    let transport = publisher::TransportConfig {
        http2_streams_max: 1,
        ..publisher::TransportConfig::default()
    };
    let folder = tempfile::tempdir().unwrap();
    let transport = publisher::Transport::open(&transport, folder.path()).unwrap();
    Server::behind(transport, |_| {}).await
}

#[tokio::test]
async fn a_client_that_opens_more_streams_than_it_may_has_the_others_refused() {
    let server = one_by_one().await;
    let tcp = TcpStream::connect(server.address).await.unwrap();
    let (mut sender, connection) = h2::client::handshake(tcp).await.unwrap();
    let upload = || {
        Request::post("http://nws.test/upload")
            .header("content-type", "multipart/form-data; boundary=a")
    };
    // Before the connection is driven, the client has not heard how many it may open.
    let (_first, _unended) = sender
        .send_request(upload().body(()).unwrap(), false)
        .unwrap();
    let (second, _unended) = sender
        .send_request(upload().body(()).unwrap(), false)
        .unwrap();
    let connection = tokio::spawn(connection);
    let refused = timeout(PATIENCE, second).await.unwrap().unwrap_err();
    assert_eq!(refused.reason(), Some(h2::Reason::REFUSED_STREAM));
    connection.abort();
}

#[tokio::test]
async fn more_requests_at_once_than_allowed_wait_for_each_other() {
    let server = one_by_one().await;
    let http2 = Http2::to(server.address).await;
    let mut wire = Wire::to(server.address).await;
    let settings = wire.next().await.payload;
    let limit = settings
        .chunks(6)
        .find(|it| it[..2] == MAX_CONCURRENT_STREAMS);
    assert_eq!(limit.unwrap()[2..], [0, 0, 0, 1]);
    http2.get("/health").await; // now the client knows the limit
    let asked = (0..20).map(|_| http2.get("/health"));
    for answer in futures::future::join_all(asked).await {
        assert_eq!(answer.status(), 200);
    }
}

#[tokio::test]
async fn who_comes_without_tls_is_sent_to_where_it_is_spoken() {
    let pair = Pair::new();
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let plain = free.local_addr().unwrap();
    drop(free);
    let transport = pair.transport(|it| it.http_redirect_listen = plain.to_string());
    let mut server = Server::behind(transport, |_| {}).await;
    let answer = client::send(plain, "POST", "/upload?a=b", &[], "".into()).await;
    let secured = format!("https://nws.test:{}/upload?a=b", server.address.port());
    assert_eq!((answer.status, answer.header("location")), (308, &*secured));
    assert_eq!(answer.header("strict-transport-security"), "");
    server.drain().await;
    until("the port is free again", || {
        std::net::TcpStream::connect(plain).is_err()
    })
    .await;
}
