//! Whose a job is, and what links open.

use std::time::{SystemTime, UNIX_EPOCH};

use publisher::auth::{Config, NewKey, new_link_key};
use schemas::JobId;

use crate::support::{
    Server,
    client::{self, Answer},
    form::Form,
    photo, until,
};

const ADA: u8 = 1;
const BOB: u8 = 2;
const ADMIN: u8 = 3;
const UPLOADER: u8 = 4;

fn config() -> Config {
    let holders = [
        (ADA, "ada", "upload,read"),
        (BOB, "bob", "upload,read"),
        (ADMIN, "root", "admin"),
        (UPLOADER, "uploader", "upload"),
    ];
    let lines = holders.map(|(seed, name, scopes)| {
        let entry = NewKey::new([seed; 32]).entry(name, scopes.parse().unwrap());
        entry.unwrap().to_string()
    });
    Config {
        auth_keys: lines.join(" "),
        link_keys: new_link_key("a", [7; 32]).unwrap(),
        ..Config::default()
    }
}

fn bearer(seed: u8) -> String {
    format!("Bearer {}", NewKey::new([seed; 32]).reveal())
}

async fn upload(server: &Server, seed: u8) -> Answer {
    let authorization = bearer(seed);
    let form = Form::new().image("a.png", &photo(1));
    let headers = [("authorization", authorization.as_str())];
    server.upload(form, &headers).await
}

async fn ask(server: &Server, method: &str, path: &str, seed: u8) -> Answer {
    let authorization = bearer(seed);
    let headers = [("authorization", authorization.as_str())];
    client::send(server.address, method, path, &headers, "".into()).await
}

async fn cancel(server: &Server, id: &JobId, seed: u8) -> Answer {
    ask(server, "DELETE", &format!("/status/{id}"), seed).await
}

/// A job of Ada's whose result is there.
async fn done(server: &Server) -> JobId {
    let id = upload(server, ADA).await.job_id();
    server.finish(&id, b"\xff\xd8\xff result").await;
    id
}

#[tokio::test]
async fn a_job_is_taken_back_by_who_uploaded_it() {
    let server = Server::guarded(&config()).await;
    let id = upload(&server, ADA).await.job_id();
    let problem = cancel(&server, &id, BOB).await.problem(403);
    assert_eq!(problem["type"], "urn:nws:problem:not_yours");
    assert_eq!(cancel(&server, &id, ADA).await.status, 200);
    assert_eq!(cancel(&server, &id, ADA).await.status, 200, "said again");
}

#[tokio::test]
async fn a_job_that_two_uploaded_is_taken_from_neither_but_by_an_operator() {
    let server = Server::guarded(&config()).await;
    let id = upload(&server, ADA).await.job_id();
    assert_eq!(upload(&server, BOB).await.job_id(), id);
    for seed in [ADA, BOB] {
        let problem = cancel(&server, &id, seed).await.problem(409);
        assert_eq!(problem["type"], "urn:nws:problem:shared");
    }
    assert_eq!(server.sender.sent().len(), 1, "it is one job all the same");
    assert_eq!(cancel(&server, &id, ADMIN).await.status, 200);
    upload(&server, BOB).await;
    assert_eq!(cancel(&server, &id, BOB).await.status, 200, "a new life");
}

#[tokio::test]
async fn a_job_that_two_uploaded_while_the_records_were_away_is_taken_from_neither() {
    let server = Server::guarded(&config()).await;
    server.results.broken.set(true);
    let id = upload(&server, ADA).await.job_id();
    assert_eq!(upload(&server, BOB).await.job_id(), id);
    server.results.broken.set(false);
    until("it is recorded", || server.results.status(&id).is_some()).await;
    until("both are noted", || server.results.is_shared(&id)).await;
    cancel(&server, &id, ADA).await.problem(409);
}

#[tokio::test]
async fn the_address_of_an_image_opens_it_and_nothing_else() {
    let server = Server::guarded(&config()).await;
    let id = done(&server).await;
    let status = ask(&server, "GET", &format!("/status/{id}"), ADA).await;
    let url = status.json()["url"].as_str().unwrap().to_owned();
    let image = server.get(&url, &[]).await;
    assert_eq!(image.status, 200, "{image:?}");
    let kept = image.header("cache-control");
    assert!(kept.starts_with("private, max-age="), "{kept}");
    let head = client::send(server.address, "HEAD", &url, &[], "".into()).await;
    assert_eq!(head.status, 200);
    let (_, opens) = url.split_once('?').unwrap();
    let other = format!("/image/{}?{opens}", "0".repeat(64));
    server.get(&other, &[]).await.problem(403);
    let status = format!("/status/{id}?{opens}");
    server.get(&status, &[]).await.problem(401);
    server.get(&format!("/image/{id}"), &[]).await.problem(401);
}

#[tokio::test]
async fn every_answer_that_names_an_image_signs_it() {
    let server = Server::guarded(&config()).await;
    let id = upload(&server, ADA).await.job_id();
    let queued = upload(&server, ADA).await;
    let events = format!("/events?ids={id}");
    server.finish(&id, b"\xff\xd8\xff result").await;
    let told = ask(&server, "GET", &events, ADA).await;
    let told = String::from_utf8(told.body.to_vec()).unwrap();
    let signed = format!("/image/{id}?exp=");
    assert!(told.contains(&signed), "{told}");
    let url = queued.json()["url"].as_str().unwrap().to_owned();
    assert!(url.starts_with(&signed), "{url}");
}

#[tokio::test]
async fn an_old_link_and_a_forged_one_are_told_apart() {
    let server = Server::guarded(&config()).await;
    let id = done(&server).await;
    let status = ask(&server, "GET", &format!("/status/{id}"), ADA).await;
    let url = status.json()["url"].as_str().unwrap().to_owned();
    let forged = url.replace("kid=a", "kid=b");
    let problem = server.get(&forged, &[]).await.problem(403);
    assert_eq!(problem["type"], "urn:nws:problem:link_forged");

    let short = Config {
        link_age_secs: 1,
        ..config()
    };
    let server = Server::guarded(&short).await;
    let id = done(&server).await;
    let status = ask(&server, "GET", &format!("/status/{id}"), ADA).await;
    let url = status.json()["url"].as_str().unwrap().to_owned();
    let expires = expiry(&url);
    until("it is over", || {
        SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap()
            .as_secs()
            >= expires
    })
    .await;
    let problem = server.get(&url, &[]).await.problem(403);
    assert_eq!(problem["type"], "urn:nws:problem:link_expired");
    assert_eq!(problem["limit"], expires);
}

#[tokio::test]
async fn a_good_link_opens_whatever_credential_came_beside_it() {
    let server = Server::guarded(&config()).await;
    let id = done(&server).await;
    let status = ask(&server, "GET", &format!("/status/{id}"), ADA).await;
    let url = status.json()["url"].as_str().unwrap().to_owned();
    let forged = url.replace("kid=a", "kid=b");
    for (credential, without, beside_forged) in [
        (bearer(ADA), 200, 200),
        (bearer(UPLOADER), 403, 403),
        (bearer(9), 401, 401),
        ("Bearer a.b.c".to_owned(), 401, 401),
        ("Bearer a b".to_owned(), 400, 400),
    ] {
        let headers = [("authorization", credential.as_str())];
        assert_eq!(server.get(&url, &headers).await.status, 200, "{credential}");
        let unsigned = server.get(&format!("/image/{id}"), &headers).await;
        assert_eq!(unsigned.status, without, "{credential}");
        let refused = server.get(&forged, &headers).await;
        assert_eq!(refused.status, beside_forged, "{credential}");
    }
}

fn expiry(url: &str) -> u64 {
    let (_, rest) = url.split_once("exp=").unwrap();
    let (expiry, _) = rest.split_once('&').unwrap();
    expiry.parse().unwrap()
}

#[tokio::test]
async fn an_image_that_took_a_credential_is_kept_by_its_asker_alone() {
    let server = Server::guarded(&config()).await;
    let id = done(&server).await;
    let image = ask(&server, "GET", &format!("/image/{id}"), ADA).await;
    assert_eq!(
        image.header("cache-control"),
        "private, max-age=86400, immutable"
    );
    let open = Server::start().await;
    let id = open.accepted(&photo(1)).await;
    open.finish(&id, b"\xff\xd8\xff result").await;
    let image = open.get(&format!("/image/{id}"), &[]).await;
    assert_eq!(
        image.header("cache-control"),
        "public, max-age=86400, immutable"
    );
}

#[tokio::test]
async fn a_page_of_a_listed_origin_may_ask_and_another_may_not() {
    let origin = "https://shop.example";
    let server = Server::guarded(&Config {
        cors_origins: origin.to_owned(),
        ..config()
    })
    .await;
    let preflight = async |origin: &str| {
        let headers = [
            ("origin", origin),
            ("access-control-request-method", "DELETE"),
            ("access-control-request-headers", "authorization"),
        ];
        client::send(server.address, "OPTIONS", "/status/x", &headers, "".into()).await
    };
    let allowed = preflight(origin).await;
    assert_eq!(allowed.status, 200, "{allowed:?}");
    assert_eq!(allowed.header("access-control-allow-origin"), origin);
    let methods = allowed.header("access-control-allow-methods");
    assert!(methods.contains("DELETE"), "{methods}");
    let headers = allowed.header("access-control-allow-headers");
    for header in ["authorization", "if-match", "if-none-match"] {
        assert!(headers.contains(header), "{header} in {headers}");
    }
    assert_eq!(allowed.header("access-control-allow-credentials"), "");
    let other = preflight("https://evil.example").await;
    assert_eq!(other.header("access-control-allow-origin"), "");

    let refused = server.get("/stats", &[("origin", origin)]).await;
    refused.problem(401);
    assert_eq!(
        refused.header("access-control-allow-origin"),
        origin,
        "a page reads why"
    );
    let exposed = refused.header("access-control-expose-headers");
    for header in [
        "location",
        "retry-after",
        "ratelimit",
        "etag",
        "x-cache",
        "x-request-id",
    ] {
        assert!(exposed.contains(header), "{header} in {exposed}");
    }
}

#[tokio::test]
async fn options_without_a_page_are_answered_as_if_no_page_might_ask() {
    let server = Server::guarded(&Config {
        cors_origins: "https://shop.example".to_owned(),
        ..config()
    })
    .await;
    let options = async |path: &str, headers: &[(&str, &str)]| {
        client::send(server.address, "OPTIONS", path, headers, "".into()).await
    };
    for headers in [
        vec![],
        vec![("origin", "https://shop.example")],
        vec![("access-control-request-method", "GET")],
    ] {
        options("/nothing", &headers).await.problem(404);
        options("/limits", &headers).await.problem(405);
    }
}

#[tokio::test]
async fn without_a_list_no_page_of_another_origin_is_answered() {
    let server = Server::start().await;
    let headers = [("origin", "https://shop.example")];
    let answer = server.get("/limits", &headers).await;
    assert_eq!(answer.header("access-control-allow-origin"), "");
    let preflight = client::send(server.address, "OPTIONS", "/limits", &headers, "".into());
    preflight.await.problem(405);
}

#[tokio::test]
async fn an_original_is_for_who_alone_uploaded_it_and_for_operators() {
    let server = Server::guarded(&config()).await;
    let id = upload(&server, ADA).await.job_id();
    let path = format!("/original/{id}");
    assert_eq!(ask(&server, "GET", &path, ADA).await.body, photo(1));
    assert_eq!(ask(&server, "GET", &path, ADMIN).await.body, photo(1));
    let problem = ask(&server, "GET", &path, BOB).await.problem(403);
    assert_eq!(problem["type"], "urn:nws:problem:not_yours");
    upload(&server, BOB).await;
    for one_of_both in [ADA, BOB] {
        ask(&server, "GET", &path, one_of_both).await.problem(403);
    }
}
