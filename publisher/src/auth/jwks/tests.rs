//! When keys are fetched, and which.

use tokio::{io::AsyncWriteExt as _, net::TcpListener, time::timeout};

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
fn the_url_is_asked_for_what_is_unknown_or_old_but_not_again_at_once() {
    let now = Instant::now() + Duration::from_secs(10_000);
    let due = |fetched, tried, known| {
        let cache = cache(now, fetched, tried);
        AGES.is_fetch_due(&cache, known, now)
    };
    assert!(AGES.is_fetch_due(&Cache::default(), false, now));
    assert!(!due(299, 299, true), "known and fresh");
    assert!(due(300, 300, true), "known and old");
    assert!(!due(300, 9, true), "old, and just asked in vain");
    assert!(due(20, 20, false), "unknown");
    assert!(!due(9, 9, false), "unknown, and just asked");
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

#[tokio::test]
async fn who_hangs_up_does_not_end_the_fetch_for_the_others() {
    let list = r#"{"keys":[{"kty":"OKP","crv":"Ed25519","x":"AAAA","kid":"ours"}]}"#;
    let length = list.len();
    let answer = format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n{list}");
    // The TLS library takes no provider by itself. Another test of this process may have been first.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let provider = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", provider.local_addr().unwrap());
    let jwks = Arc::new(Jwks::new(url, AGES).unwrap());
    let find = async |jwks: Arc<Jwks>| jwks.find(Some("ours"), Algorithm::EdDSA).await;

    let first = tokio::spawn(find(Arc::clone(&jwks)));
    let (mut asked, _) = provider.accept().await.unwrap();
    first.abort();
    assert!(first.await.unwrap_err().is_cancelled());
    asked.write_all(answer.as_bytes()).await.unwrap();
    let second = timeout(FETCH_MAX, find(jwks)).await;
    assert!(second.expect("it waits no longer than a fetch").is_ok());
}
