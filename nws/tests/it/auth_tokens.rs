//! Tokens of an identity provider and pages of other origins, at the door of the running binary.

use std::time::{SystemTime, UNIX_EPOCH};

use axum::{Json, Router, routing::get};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use rcgen::{KeyPair, PKCS_ED25519, PublicKeyData as _, SigningKey as _};
use reqwest::{Client, Method, Response, StatusCode};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::{
    auth::printed,
    support::{client::install_tls, process::Process},
};

const ISSUER: &str = "auth_jwt_issuer=https://id.test/";
const AUDIENCE: &str = "auth_jwt_audience=nws";
const ORIGIN: &str = "https://shop.example";

fn signer() -> KeyPair {
    KeyPair::generate_for(&PKCS_ED25519).unwrap()
}

/// What `signer` says of Ada, who may read.
fn token(signer: &KeyPair) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let claims = json!({
        "iss": "https://id.test/", "aud": "nws", "sub": "ada", "scope": "read",
        "exp": now.as_secs() + 300,
    });
    let part = |part: Value| URL_SAFE_NO_PAD.encode(part.to_string());
    let header = part(json!({ "alg": "EdDSA", "kid": "1" }));
    let signed = format!("{header}.{}", part(claims));
    let signature = signer.sign(signed.as_bytes()).unwrap();
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
}

async fn read(process: &Process, token: &str) -> StatusCode {
    let asked = Client::new().get(format!("{}/stats", process.url));
    asked.bearer_auth(token).send().await.unwrap().status()
}

#[tokio::test]
async fn a_token_is_believed_by_the_key_of_a_file() {
    install_tls();
    let (ours, other) = (signer(), signer());
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("key.pem");
    std::fs::write(&file, ours.public_key_pem()).unwrap();
    let file = format!("auth_jwt_key_file={}", file.display());
    let data = tempfile::tempdir().unwrap();
    let process = Process::embedded(data.path(), &[&file, ISSUER, AUDIENCE]).await;
    assert_eq!(read(&process, &token(&ours)).await, StatusCode::OK);
    let refused = read(&process, &token(&other)).await;
    assert_eq!(refused, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_token_is_believed_by_the_keys_of_a_url() {
    install_tls();
    let (ours, other) = (signer(), signer());
    let x = URL_SAFE_NO_PAD.encode(ours.der_bytes());
    let key = json!({ "kty": "OKP", "crv": "Ed25519", "kid": "1", "x": x });
    let list = Json(json!({ "keys": [key] }));
    let provider = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("auth_jwks_url=http://{}/", provider.local_addr().unwrap());
    let router = Router::new().route("/", get(async || list));
    let serving = tokio::spawn(async { axum::serve(provider, router).await });
    let data = tempfile::tempdir().unwrap();
    let process = Process::embedded(data.path(), &[&url, ISSUER, AUDIENCE]).await;
    assert_eq!(read(&process, &token(&ours)).await, StatusCode::OK);
    let refused = read(&process, &token(&other)).await;
    assert_eq!(refused, StatusCode::UNAUTHORIZED);
    serving.abort();
}

#[tokio::test]
async fn a_page_of_a_listed_origin_asks_first_and_then_reads() {
    install_tls();
    let made = printed(&["key", "new", "--name", "shop", "--scope", "read"]).await;
    let (keys, origins) = (
        format!("auth_keys={}", made[1]),
        format!("cors_origins={ORIGIN}"),
    );
    let data = tempfile::tempdir().unwrap();
    let process = Process::embedded(data.path(), &[&keys, &origins]).await;
    let url = format!("{}/stats", process.url);
    let from = |origin, method| Client::new().request(method, &url).header("origin", origin);
    let preflight = from(ORIGIN, Method::OPTIONS)
        .header("access-control-request-method", "GET")
        .header("access-control-request-headers", "authorization");
    let preflight = preflight.send().await.unwrap();
    assert_eq!(preflight.status(), StatusCode::OK);
    assert_eq!(allowed(&preflight), ORIGIN);
    let read = from(ORIGIN, Method::GET).bearer_auth(&made[0]);
    let read = read.send().await.unwrap();
    assert_eq!((read.status(), allowed(&read)), (StatusCode::OK, ORIGIN));
    let other = from("https://evil.example", Method::GET).bearer_auth(&made[0]);
    assert_eq!(allowed(&other.send().await.unwrap()), "");
}

fn allowed(answer: &Response) -> &str {
    let origin = answer.headers().get("access-control-allow-origin");
    origin.map_or("", |origin| origin.to_str().unwrap())
}
