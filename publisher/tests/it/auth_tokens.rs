//! Tokens of an identity provider.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use futures::future::join_all;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode, get_current_timestamp};
use publisher::auth::Config;
use serde_json::{Value, json};
use tokio::time::{interval, timeout};

use crate::{
    issuer::{Issuer, Signer, claims, taking_tokens},
    support::{self, PATIENCE, Server, client::Answer},
};

/// A publisher that takes what `signer` signs.
async fn trusting(signer: &Signer) -> Server {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("key.pem");
    std::fs::write(&file, &signer.public_pem).unwrap();
    Server::guarded(&Config {
        auth_jwt_key_file: file,
        ..taking_tokens()
    })
    .await
}

/// One that takes what the keys of `issuer` sign.
async fn following(issuer: &Issuer, change: impl FnOnce(&mut Config)) -> Server {
    let mut config = Config {
        auth_jwks_url: issuer.url(),
        ..taking_tokens()
    };
    change(&mut config);
    Server::guarded(&config).await
}

async fn read(server: &Server, bearer: &str) -> Answer {
    server.get("/stats", &[("authorization", bearer)]).await
}

/// Asks until `holds`.
async fn until(server: &Server, bearer: &str, holds: impl Fn(&Answer) -> bool) {
    let mut looks = interval(std::time::Duration::from_millis(20));
    let looked = async {
        while !holds(&read(server, bearer).await) {
            looks.tick().await;
        }
    };
    timeout(PATIENCE, looked).await.expect("it holds");
}

#[tokio::test]
async fn a_token_of_each_algorithm_is_let_in_and_no_further_than_its_scopes() {
    for algorithm in [Algorithm::RS256, Algorithm::ES256, Algorithm::EdDSA] {
        let signer = Signer::new("1", algorithm);
        let server = trusting(&signer).await;
        let token = signer.bearer(&claims());
        assert_eq!(read(&server, &token).await.status, 200, "{algorithm:?}");
        let mut claims = claims();
        claims["scope"] = json!("openid upload");
        let refused = read(&server, &signer.bearer(&claims)).await;
        refused.problem(403);
        let other = Signer::new("1", algorithm).bearer(&claims);
        refused_for(&read(&server, &other).await, "its signature is wrong");
    }
}

#[tokio::test]
async fn a_token_for_somebody_else_too_old_or_too_new_is_refused() {
    let signer = Signer::new("1", Algorithm::ES256);
    let server = trusting(&signer).await;
    let now = get_current_timestamp();
    for (claim, value, reason) in [
        ("aud", json!("another"), "(aud)"),
        ("aud", Value::Null, "(aud)"),
        ("aud", json!(7), "(aud)"),
        ("iss", json!(["https://id.test/"]), "(iss)"),
        ("iss", json!("https://evil.test/"), "(iss)"),
        ("iss", Value::Null, "(iss)"),
        ("exp", json!(now - 60), "(exp)"),
        ("exp", Value::Null, "(exp)"),
        ("exp", json!("soon"), "(exp)"),
        ("exp", json!(-5), "(exp)"),
        ("exp", json!(1e30), "(exp)"),
        ("nbf", json!(now + 120), "(nbf)"),
        ("nbf", json!("soon"), "(nbf)"),
        ("scope", json!(7), "its scope"),
        ("sub", Value::Null, "(sub)"),
        ("sub", json!(""), "(sub)"),
    ] {
        let mut claims = claims();
        claims[claim] = value;
        refused_for(&read(&server, &signer.bearer(&claims)).await, reason);
    }
    let mut lenient = claims();
    lenient["exp"] = json!(now - 5);
    lenient["nbf"] = json!(now + 5);
    lenient["aud"] = json!(["another", "nws"]);
    lenient["scope"] = json!(["openid", "read"]);
    assert_eq!(read(&server, &signer.bearer(&lenient)).await.status, 200);
}

#[tokio::test]
async fn a_token_does_not_choose_how_it_is_checked() {
    let signer = Signer::new("1", Algorithm::RS256);
    let server = trusting(&signer).await;
    let part = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let unsigned = format!(
        "Bearer {}.{}.",
        part(json!({ "alg": "none" })),
        part(claims())
    );
    refused_for(&read(&server, &unsigned).await, "cannot be read");
    let secret = EncodingKey::from_secret(signer.public_pem.as_bytes());
    let confused = encode(&Header::new(Algorithm::HS256), &claims(), &secret).unwrap();
    refused_for(
        &read(&server, &format!("Bearer {confused}")).await,
        "none of RS256",
    );
    let other = Signer::new("1", Algorithm::ES256).bearer(&claims());
    refused_for(&read(&server, &other).await, "another algorithm");
    refused_for(&read(&server, "Bearer nonsense").await, "cannot be read");
}

#[tokio::test]
async fn keys_are_fetched_before_anybody_asks() {
    let (issuer, signer) = (Issuer::start().await, Signer::new("1", Algorithm::EdDSA));
    issuer.lists(&[&signer]);
    let server = following(&issuer, |config| config.auth_jwks_pause_secs = 3600).await;
    support::until("they are fetched", || issuer.asked() == 1).await;
    let token = signer.bearer(&claims());
    assert_eq!(read(&server, &token).await.status, 200);
    assert_eq!(issuer.asked(), 1);
}

#[tokio::test]
async fn a_provider_that_is_away_at_the_start_keeps_nobody_out_but_its_tokens() {
    let (issuer, signer) = (Issuer::start().await, Signer::new("1", Algorithm::EdDSA));
    let server = following(&issuer, |config| config.auth_jwks_pause_secs = 1).await;
    support::until("they were asked for", || issuer.asked() == 1).await;
    assert_eq!(server.get("/ready", &[]).await.status, 200);
    issuer.lists(&[&signer]);
    let before = issuer.asked();
    support::until("they are asked for again", || issuer.asked() > before).await;
    let token = signer.bearer(&claims());
    assert_eq!(read(&server, &token).await.status, 200);
}

#[tokio::test]
async fn who_comes_while_keys_are_fetched_waits_for_them() {
    let (issuer, signer) = (Issuer::start().await, Signer::new("1", Algorithm::EdDSA));
    issuer.lists(&[&signer]);
    let server = following(&issuer, |_| {}).await;
    let token = signer.bearer(&claims());
    let answers = join_all((0..50).map(|_| read(&server, &token))).await;
    assert!(answers.iter().all(|answer| answer.status == 200));
}

#[tokio::test]
async fn a_provider_may_change_its_keys() {
    let (issuer, old) = (Issuer::start().await, Signer::new("old", Algorithm::EdDSA));
    issuer.lists(&[&old]);
    let server = following(&issuer, |config| config.auth_jwks_pause_secs = 1).await;
    let old_token = old.bearer(&claims());
    assert_eq!(read(&server, &old_token).await.status, 200);
    let new = Signer::new("new", Algorithm::RS256);
    issuer.lists(&[&new]);
    until(&server, &new.bearer(&claims()), |answer| {
        answer.status == 200
    })
    .await;
    refused_for(&read(&server, &old_token).await, "(kid)");
}

#[tokio::test]
async fn tokens_with_unknown_keys_do_not_make_us_ask_again_and_again() {
    let (issuer, known) = (
        Issuer::start().await,
        Signer::new("known", Algorithm::EdDSA),
    );
    issuer.lists(&[&known]);
    let server = following(&issuer, |config| config.auth_jwks_pause_secs = 3600).await;
    let unknown = Signer::new("unknown", Algorithm::EdDSA).bearer(&claims());
    for _ in 0..3 {
        refused_for(&read(&server, &unknown).await, "(kid)");
        assert_eq!(read(&server, &known.bearer(&claims())).await.status, 200);
    }
    assert_eq!(issuer.asked(), 1);
}

#[tokio::test]
async fn keys_that_are_known_stay_good_while_their_url_is_away() {
    let (issuer, signer) = (Issuer::start().await, Signer::new("1", Algorithm::EdDSA));
    issuer.lists(&[&signer]);
    let server = following(&issuer, |config| {
        config.auth_jwks_refresh_secs = 1;
        config.auth_jwks_pause_secs = 1;
    })
    .await;
    let token = signer.bearer(&claims());
    assert_eq!(read(&server, &token).await.status, 200);
    issuer.breaks();
    let asked = issuer.asked();
    until(&server, &token, |answer| {
        assert_eq!(answer.status, 200);
        issuer.asked() > asked
    })
    .await;
}

#[tokio::test]
async fn without_any_keys_a_token_is_neither_good_nor_bad() {
    let issuer = Issuer::start().await;
    let server = following(&issuer, |config| config.auth_jwks_pause_secs = 3600).await;
    let token = Signer::new("1", Algorithm::EdDSA).bearer(&claims());
    for _ in 0..2 {
        let answer = read(&server, &token).await;
        answer.problem(503);
        answer.asks_back_soon();
    }
    assert_eq!(issuer.asked(), 1);
}

#[track_caller]
fn refused_for(answer: &Answer, reason: &str) {
    let problem = answer.problem(401);
    assert_eq!(problem["type"], "urn:nws:problem:token_refused");
    let detail = problem["detail"].as_str().unwrap();
    assert!(detail.contains(reason), "{detail}");
    assert!(
        answer
            .header("www-authenticate")
            .contains("error=\"invalid_token\"")
    );
}
