//! Files of keys that change while a publisher runs.

use std::fs;

use jsonwebtoken::Algorithm;
use publisher::auth::{Config, NewKey};
use tokio::time::{Duration, interval, timeout};

use crate::{
    issuer::{Signer, claims, taking_tokens},
    support::{PATIENCE, Server},
};

/// Asks with this credential until the answer is `status`.
async fn until(server: &Server, bearer: &str, status: u16) {
    let mut looks = interval(Duration::from_millis(20));
    let asked = async {
        while server
            .get("/stats", &[("authorization", bearer)])
            .await
            .status
            != status
        {
            looks.tick().await;
        }
    };
    timeout(PATIENCE, asked).await.expect("the file is noticed");
}

#[tokio::test]
async fn a_key_that_is_taken_out_of_its_file_opens_nothing_any_more() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("keys");
    let keys = [1, 2].map(|seed| NewKey::new([seed; 32]));
    let [old, new] = keys
        .each_ref()
        .map(|key| format!("Bearer {}", key.reveal()));
    let lines = keys.map(|key| key.entry("ada", "read".parse().unwrap()).unwrap());
    fs::write(&file, lines[0].to_string()).unwrap();
    let server = Server::guarded(&Config {
        auth_keys_file: file.clone(),
        auth_reload_secs: 1,
        ..Config::default()
    })
    .await;
    until(&server, &old, 200).await;
    fs::write(&file, lines[1].to_string()).unwrap();
    until(&server, &old, 401).await;
    until(&server, &new, 200).await;
}

#[tokio::test]
async fn the_key_of_tokens_may_be_changed_in_its_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("key.pem");
    let [old, new] = [Algorithm::EdDSA, Algorithm::ES256].map(|it| Signer::new("1", it));
    fs::write(&file, &old.public_pem).unwrap();
    let server = Server::guarded(&Config {
        auth_jwt_key_file: file.clone(),
        auth_reload_secs: 1,
        ..taking_tokens()
    })
    .await;
    let [was, is] = [&old, &new].map(|signer| signer.bearer(&claims()));
    until(&server, &was, 200).await;
    fs::write(&file, &new.public_pem).unwrap();
    until(&server, &was, 401).await;
    until(&server, &is, 200).await;
}
