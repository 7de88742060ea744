//! When keys are fetched, and which.

use futures::{FutureExt as _, future::join_all, poll};
use tokio::{
    io::AsyncWriteExt as _,
    net::{TcpListener, TcpStream},
    time::timeout,
};

use super::*;

const AGES: Ages = Ages {
    refresh: Duration::from_secs(300),
    pause: Duration::from_secs(10),
    stale_max: Duration::from_secs(3600),
};

/// Keys that were fetched and a fetch that was tried so many seconds ago.
fn cache(now: Instant, fetched_secs: u64, tried_secs: u64) -> Cache {
    let ago = |secs| now.checked_sub(Duration::from_secs(secs));
    Cache {
        fetched: ago(fetched_secs),
        tried: ago(tried_secs),
        ..Cache::default()
    }
}

#[test]
fn old_keys_are_fetched_again_but_not_at_once_where_that_was_in_vain() {
    let now = Instant::now() + Duration::from_secs(10_000);
    let wait = |fetched, tried| AGES.until_fetch(&cache(now, fetched, tried), now).as_secs();
    assert_eq!(AGES.until_fetch(&Cache::default(), now), Duration::ZERO);
    assert_eq!(wait(299, 299), 1, "fresh");
    assert_eq!(wait(300, 300), 0, "old");
    assert_eq!(wait(300, 9), 1, "old, and just asked in vain");
    assert_eq!(wait(298, 5), 5, "fresh, and just asked for another");
}

#[test]
fn the_url_is_asked_for_what_is_unknown_but_not_again_at_once() {
    let now = Instant::now() + Duration::from_secs(10_000);
    assert!(!AGES.is_too_early(&Cache::default(), now));
    assert!(!AGES.is_too_early(&cache(now, 20, 10), now));
    assert!(AGES.is_too_early(&cache(now, 20, 9), now));
}

#[test]
fn old_keys_are_better_than_none_and_very_old_ones_are_not() {
    let now = Instant::now() + Duration::from_secs(10_000);
    assert!(AGES.are_good(&cache(now, 3599, 0), now));
    assert!(!AGES.are_good(&cache(now, 3600, 0), now));
    assert!(!AGES.are_good(&Cache::default(), now), "never fetched");
}

#[test]
fn keys_for_something_else_are_passed_over() {
    let others = r#"{"keys":[
        {"kty":"oct","k":"AAAA","kid":"hmac"},
        {"kty":"EC","crv":"P-384","x":"AA","y":"AA","kid":"p384"},
        {"kty":"OKP","crv":"X25519","x":"AA","kid":"x"},
        {"kty":"RSA","n":"AQAB","e":"AQAB","use":"enc","kid":"enc"},
        {"kty":"new","kid":"new"}"#;
    read(format!("{others}]}}").as_bytes())
        .map(|_| ())
        .unwrap_err();
    let ours = r#"{"kty":"OKP","crv":"Ed25519","x":"AAAA","kid":"ours","use":"sig"}"#;
    let keys = read(format!("{others},{ours}]}}").as_bytes())
        .map_err(drop)
        .unwrap();
    assert_eq!(keys.len(), 1);
    assert_eq!(keys[0].id.as_deref(), Some("ours"));
}

const OURS: &str =
    r#"{"keys":[{"kty":"OKP","crv":"Ed25519","x":"AAAA","kid":"ours","use":"sig"}]}"#;

/// A provider that answers when the test does.
async fn provider() -> (TcpListener, Arc<Jwks>) {
    provider_asked_every(AGES).await
}

async fn provider_asked_every(ages: Ages) -> (TcpListener, Arc<Jwks>) {
    // The TLS library takes no provider by itself. Another test of this process may have been first.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let provider = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", provider.local_addr().unwrap());
    (provider, Arc::new(Jwks::new(url, ages).unwrap()))
}

async fn answer(mut asked: TcpStream) {
    let length = OURS.len();
    let head = format!("HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n");
    let answer = format!("{head}{OURS}");
    asked.write_all(answer.as_bytes()).await.unwrap();
}

#[tokio::test]
async fn who_hangs_up_does_not_end_the_fetch_for_the_others() {
    let (provider, jwks) = provider().await;
    let find = async |jwks: Arc<Jwks>| jwks.find(Some("ours"), Algorithm::EdDSA).await;

    let first = tokio::spawn(find(Arc::clone(&jwks)));
    let (asked, _) = provider.accept().await.unwrap();
    first.abort();
    assert!(first.await.unwrap_err().is_cancelled());
    answer(asked).await;
    let second = timeout(FETCH_MAX, find(jwks)).await;
    assert!(second.expect("it waits no longer than a fetch").is_ok());
}

#[tokio::test]
async fn a_known_key_waits_for_nobody_and_strangers_share_one_fetch() {
    let (provider, jwks) = provider_asked_every(Ages {
        pause: Duration::ZERO,
        ..AGES
    })
    .await;
    *jwks.cache() = Cache {
        keys: read(OURS.as_bytes()).map_err(drop).unwrap(),
        ..cache(Instant::now(), AGES.refresh.as_secs() + 1, 1)
    };
    let strangers = ["a", "b", "c", "d", "e", "f"];
    let mut strangers = Box::pin(join_all(
        strangers.map(|id| jwks.find(Some(id), Algorithm::EdDSA)),
    ));
    assert!(poll!(&mut strangers).is_pending());
    let (asked, _) = provider.accept().await.unwrap();
    assert!(poll!(&mut strangers).is_pending());
    let known = jwks.find(Some("ours"), Algorithm::EdDSA).now_or_never();
    assert!(known.expect("it does not wait").is_ok());
    answer(asked).await;
    let told = timeout(FETCH_MAX, strangers).await;
    let told = told.expect("they wait for one fetch");
    assert!(told.iter().all(|it| matches!(it, Err(Denied::Token(_)))));
    assert!(provider.accept().now_or_never().is_none());
}
