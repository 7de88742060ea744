//! The heads of requests: how long they may be, and for which host they say that they are.

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::timeout,
};

use crate::{
    support::{
        PATIENCE, Server,
        client::{self, NAME},
        photo,
    },
    wire::{Http2, Pair, request},
};

/// Jobs of one event stream, and characters of a credential, as documented.
const JOBS_MAX: usize = 200;
const CREDENTIAL_CHARS_MAX: usize = 8192;

/// What the server says to such a head of HTTP/1, until it closes.
async fn said(server: &Server, head: &str) -> String {
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut answer = String::new();
    let read = timeout(PATIENCE, stream.read_to_string(&mut answer)).await;
    read.expect("it closes").unwrap();
    answer
}

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

#[tokio::test]
async fn a_request_of_http1_says_once_for_which_host_it_is() {
    let server = Server::start().await;
    for hosts in [
        "",
        "host: nws.test\r\nhost: nws.test\r\n",
        "host: nws.test\r\nhost: evil.example\r\n",
        "host: a b/c@d\r\n",
        "host: evil.example@nws.test\r\n",
        "host:\r\n",
    ] {
        for path in ["/", "/health", "/metrics", "/nowhere"] {
            let answer = said(&server, &format!("GET {path} HTTP/1.1\r\n{hosts}\r\n")).await;
            assert!(answer.starts_with("HTTP/1.1 400"), "{hosts}: {answer}");
            assert!(
                answer.contains("urn:nws:problem:host_malformed"),
                "{answer}"
            );
        }
    }
    let answer = said(&server, "GET /health HTTP/1.0\r\n\r\n").await;
    assert!(answer.starts_with("HTTP/1.0 200"), "{answer}");
}

#[tokio::test]
async fn the_port_without_tls_sends_nobody_to_what_is_no_host() {
    let pair = Pair::new();
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let plain = free.local_addr().unwrap();
    drop(free);
    let transport = pair.transport(|it| it.http_redirect_listen = plain.to_string());
    let _server = Server::behind(transport, |_| {}).await;
    let sent = client::send(plain, "GET", "/", &[("host", NAME)], "".into()).await;
    assert_eq!(
        (sent.status, sent.header("cache-control")),
        (308, "no-store")
    );
    for hosts in [&["a@b"][..], &[NAME, NAME], &[NAME, "evil.example"]] {
        let hosts: Vec<_> = hosts.iter().map(|host| ("host", *host)).collect();
        let refused = client::send(plain, "GET", "/", &hosts, "".into()).await;
        refused.problem(400);
        assert_eq!(refused.header("location"), "");
    }
}
