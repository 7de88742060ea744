//! Browsers that a stranger's page leads to a publisher where nobody has to say who they are.

use std::sync::Arc;

use http::Request;
use publisher::auth::{Access, Config, NewKey};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use crate::{
    support::{
        Server,
        client::{Answer, NAME},
        form::Form,
        open_to_all, photo,
    },
    wire::Http2,
};

const STRANGER: &str = "evil.example:3000";

async fn read(server: &Server, path: &str, host: &str) -> Answer {
    server.get(path, &[("host", host)]).await
}

async fn upload(server: &Server, headers: &[(&str, &str)]) -> Answer {
    server
        .upload(Form::new().image("a.png", &photo(1)), headers)
        .await
}

#[tokio::test]
async fn a_name_that_is_not_known_is_answered_nothing() {
    let server = Server::start().await;
    for path in [
        "/",
        "/stats",
        "/limits",
        "/metrics",
        "/events",
        "/admin/dlq",
        "/nowhere",
    ] {
        let problem = read(&server, path, STRANGER).await.problem(421);
        assert_eq!(problem["type"], "urn:nws:problem:host_unknown", "{path}");
        assert_eq!(problem["field"], "host");
        let detail = problem["detail"].as_str().unwrap();
        assert!(
            detail.contains(STRANGER) && detail.contains("allowed_hosts"),
            "{detail}"
        );
    }
    let same_origin = [("host", STRANGER), ("sec-fetch-site", "same-origin")];
    let refused = upload(&server, &same_origin).await;
    refused.problem(421);
    assert_eq!(refused.header("connection"), "close");
    assert_eq!(server.objects.count(), 0);
    let refusals = &server.metrics.auth_refusals;
    assert_eq!(refusals.with_label_values(&["host_unknown"]).get(), 8);
}

#[tokio::test]
async fn over_http2_the_name_is_looked_at_too() {
    let server = Server::start().await;
    let asked = Request::get(format!("http://{STRANGER}/stats")).body("".into());
    let answer = Http2::to(server.address).await.send(asked.unwrap()).await;
    assert_eq!(answer.status(), 421, "{answer:?}");
}

#[tokio::test]
async fn an_address_this_machine_and_a_name_that_is_listed_are_answered() {
    let server = Server::start().await;
    let address = server.address.to_string();
    for host in [&*address, "192.0.2.7", "[::1]:3000", "localhost:3000", NAME] {
        assert_eq!(read(&server, "/stats", host).await.status, 200, "{host}");
    }
}

#[tokio::test]
async fn a_probe_may_call_it_as_it_likes_or_not_at_all() {
    let server = Server::start().await;
    for path in ["/health", "/ready"] {
        assert_eq!(read(&server, path, STRANGER).await.status, 200, "{path}");
    }
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    stream
        .write_all(b"GET /stats HTTP/1.0\r\n\r\n")
        .await
        .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.0 200 "), "{answer}");
}

#[tokio::test]
async fn with_keys_or_where_something_else_keeps_strangers_out_any_name_will_do() {
    let line = NewKey::new([1; 32]).entry("ada", "read".parse().unwrap());
    let keys = Config {
        auth_keys: line.unwrap().to_string(),
        ..Config::default()
    };
    let guarded = Server::guarded(&keys).await;
    read(&guarded, "/stats", STRANGER).await.problem(401);
    assert_eq!(read(&guarded, "/limits", STRANGER).await.status, 200);
    let anyhow = Access::default().under_any_name();
    let open = Server::of(|parts| parts.access = Arc::new(anyhow)).await;
    assert_eq!(read(&open, "/stats", STRANGER).await.status, 200);
}

#[tokio::test]
async fn a_form_of_another_site_uploads_nothing() {
    let server = Server::start().await;
    for header in [
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
        ("origin", "http://evil.example"),
        ("origin", "http://nws.test:81"),
        ("origin", "null"),
    ] {
        let refused = upload(&server, &[header]).await;
        let problem = refused.problem(403);
        assert_eq!(problem["type"], "urn:nws:problem:other_site", "{header:?}");
        assert_eq!(refused.header("connection"), "close");
    }
    assert_eq!(server.objects.count(), 0);
}

#[tokio::test]
async fn the_page_itself_uploads_behind_a_proxy_too_and_so_does_who_is_no_browser() {
    let server = Server::start().await;
    let secured = format!("https://{NAME}");
    for headers in [
        &[
            ("sec-fetch-site", "same-origin"),
            ("origin", "https://other.example"),
        ][..],
        &[("origin", &*secured)],
        &[("origin", &secured), ("x-forwarded-proto", "https")],
        &[],
    ] {
        let answer = upload(&server, headers).await;
        assert_eq!(answer.status, 202, "{headers:?}: {answer:?}");
    }
}

#[tokio::test]
async fn a_page_that_is_listed_may_upload() {
    let origin = "https://shop.example";
    let config = Config {
        cors_origins: origin.to_owned(),
        ..open_to_all()
    };
    let server = Server::guarded(&config).await;
    let theirs = [("sec-fetch-site", "cross-site"), ("origin", origin)];
    let answer = upload(&server, &theirs).await;
    assert_eq!(answer.status, 202, "{answer:?}");
}

#[tokio::test]
async fn who_brings_a_key_may_come_from_anywhere() {
    let key = NewKey::new([1; 32]);
    let line = key.entry("ada", "upload".parse().unwrap()).unwrap();
    let server = Server::guarded(&Config {
        auth_keys: line.to_string(),
        ..Config::default()
    })
    .await;
    let theirs = [
        ("sec-fetch-site", "cross-site"),
        ("x-api-key", key.reveal()),
    ];
    assert_eq!(upload(&server, &theirs).await.status, 202);
}
