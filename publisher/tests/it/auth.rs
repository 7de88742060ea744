//! Who may do what, with API keys.

use publisher::auth::{Config, NewKey};

use crate::{
    issuer,
    support::{
        Server,
        client::{self, Answer},
        form::Form,
        photo,
    },
};

const UPLOADER: u8 = 1;
const READER: u8 = 2;
const ADMIN: u8 = 3;
const NOBODY: u8 = 9;

pub(crate) fn key(seed: u8) -> String {
    NewKey::new([seed; 32]).reveal().to_owned()
}

fn bearer(seed: u8) -> String {
    format!("Bearer {}", key(seed))
}

fn keys() -> Config {
    let holders = [
        (UPLOADER, "uploader", "upload"),
        (READER, "reader", "read"),
        (ADMIN, "admin", "admin"),
    ];
    let lines = holders.map(|(seed, name, scopes)| {
        let entry = NewKey::new([seed; 32]).entry(name, scopes.parse().unwrap());
        entry.unwrap().to_string()
    });
    Config {
        auth_keys: lines.join("\n"),
        ..Config::default()
    }
}

async fn ask(server: &Server, method: &str, path: &str, seed: u8) -> Answer {
    let authorization = bearer(seed);
    let headers = [("authorization", authorization.as_str())];
    client::send(server.address, method, path, &headers, "".into()).await
}

fn refusals(server: &Server, reason: &str) -> u64 {
    let refusals = &server.metrics.auth_refusals;
    refusals.with_label_values(&[reason]).get()
}

#[tokio::test]
async fn each_route_is_open_to_its_scope_and_to_no_other() {
    let server = Server::guarded(&keys()).await;
    let id = "0".repeat(64);
    for (method, path, scope) in [
        ("POST", "/upload".to_owned(), UPLOADER),
        ("DELETE", format!("/status/{id}"), UPLOADER),
        ("GET", format!("/status/{id}"), READER),
        ("GET", format!("/image/{id}"), READER),
        ("HEAD", format!("/image/{id}"), READER),
        ("GET", "/events?ids=x".to_owned(), READER),
        ("GET", "/stats".to_owned(), READER),
        ("GET", "/metrics".to_owned(), READER),
        ("GET", "/admin/dlq".to_owned(), ADMIN),
        ("POST", format!("/admin/dlq/{id}/replay"), ADMIN),
    ] {
        let stranger = client::send(server.address, method, &path, &[], "".into()).await;
        assert_eq!(stranger.status, 401, "{method} {path}");
        assert_eq!(stranger.header("www-authenticate"), "Bearer realm=\"nws\"");
        assert_eq!(ask(&server, method, &path, NOBODY).await.status, 401);
        for other in [UPLOADER, READER].into_iter().filter(|it| *it != scope) {
            let refused = ask(&server, method, &path, other).await;
            assert_eq!(refused.status, 403, "{method} {path}");
            assert!(
                refused
                    .header("www-authenticate")
                    .contains("error=\"insufficient_scope\", scope="),
                "{refused:?}"
            );
        }
        for allowed in [scope, ADMIN] {
            let answer = ask(&server, method, &path, allowed).await;
            assert!(
                !matches!(answer.status, 401 | 403),
                "{method} {path}: {answer:?}"
            );
        }
    }
    assert_eq!(refusals(&server, "credential_missing"), 10);
    assert_eq!(refusals(&server, "key_unknown"), 10);
    assert_eq!(refusals(&server, "scope_missing"), 12);
}

#[tokio::test]
async fn probes_limits_and_the_page_are_open_whoever_asks() {
    let server = Server::guarded(&keys()).await;
    for path in ["/health", "/ready", "/limits", "/", "/favicon.svg"] {
        assert_eq!(server.get(path, &[]).await.status, 200, "{path}");
        assert_eq!(
            ask(&server, "GET", path, NOBODY).await.status,
            200,
            "{path}"
        );
    }
    assert_eq!(server.get("/nowhere", &[]).await.status, 404);
}

#[tokio::test]
async fn where_nobody_has_to_say_who_they_are_nobody_is_asked() {
    let server = Server::start().await;
    let form = Form::new().image("a.png", &photo(1));
    let answer = server.upload(form, &[("authorization", "Bearer")]).await;
    assert_eq!(answer.status, 202, "{answer:?}");
    assert_eq!(server.get("/metrics", &[]).await.status, 200);
}

#[tokio::test]
async fn a_key_comes_in_either_header() {
    let server = Server::guarded(&keys()).await;
    let headers = [("x-api-key", key(READER))];
    let headers = headers.each_ref().map(|(name, key)| (*name, key.as_str()));
    assert_eq!(server.get("/stats", &headers).await.status, 200);
}

#[tokio::test]
async fn what_is_no_credential_is_refused_before_it_is_looked_up() {
    let server = Server::guarded(&keys()).await;
    let (long, both) = (format!("Bearer {}", "a".repeat(9000)), bearer(READER));
    for (headers, status, reason) in [
        (
            vec![("authorization", "Bearer")],
            400,
            "credential_malformed",
        ),
        (
            vec![("authorization", "Bearer a b")],
            400,
            "credential_malformed",
        ),
        (
            vec![("authorization", &both), ("x-api-key", "nws_")],
            400,
            "credentials_several",
        ),
        (vec![("authorization", &long)], 400, "credential_too_long"),
        (
            vec![("authorization", "Basic dTpw")],
            401,
            "credential_missing",
        ),
        (vec![("authorization", "Bearer a.b.c")], 401, "key_unknown"),
    ] {
        let problem = server.get("/stats", &headers).await.problem(status);
        assert_eq!(problem["type"], format!("urn:nws:problem:{reason}"));
        assert_eq!(problem["field"], "authorization");
    }
    let problem = server.get("/stats", &[("authorization", &long)]).await;
    let problem = problem.problem(400);
    assert_eq!(
        (&problem["measured"], &problem["limit"]),
        (&9007.into(), &8192.into())
    );
}

#[tokio::test]
async fn a_stranger_s_photo_is_not_read_and_the_connection_ends() {
    let server = Server::guarded(&keys()).await;
    let form = Form::new().image("a.png", &photo(1));
    let answer = server.upload(form, &[]).await;
    answer.problem(401);
    assert_eq!(answer.header("connection"), "close");
    assert_eq!(server.objects.count(), 0);
}

#[tokio::test]
async fn more_keys_come_from_a_file_and_a_key_in_vain_is_no_settings() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("keys");
    std::fs::write(&file, format!("# ours\n{}\n", keys().auth_keys)).unwrap();
    let config = Config {
        auth_keys_file: file.clone(),
        ..Config::default()
    };
    let server = Server::guarded(&config).await;
    assert_eq!(ask(&server, "GET", "/stats", READER).await.status, 200);
    std::fs::write(&file, "# none").unwrap();
    let error = publisher::auth::Access::open(&config).unwrap_err();
    assert_eq!(error.key, "auth_keys_file");
    let headers = [("authorization", "Basic dTpw"), ("x-api-key", &key(READER))];
    assert_eq!(server.get("/stats", &headers).await.status, 200);
}

#[tokio::test]
async fn a_key_file_of_the_wrong_kind_is_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("key.pem");
    let config = Config {
        auth_jwt_key_file: file.clone(),
        ..issuer::taking_tokens()
    };
    for content in [
        "",
        "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
    ] {
        std::fs::write(&file, content).unwrap();
        let error = publisher::auth::Access::open(&config).unwrap_err();
        assert_eq!(error.key, "auth_jwt_key_file");
    }
    std::fs::remove_file(&file).unwrap();
    let error = publisher::auth::Access::open(&config).unwrap_err();
    assert!(error.problem.contains("key.pem"), "{error}");
}
