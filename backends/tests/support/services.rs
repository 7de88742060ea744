//! The real servers the tests talk to, and a corner of each for every test.

use std::{
    process,
    sync::{
        Once,
        atomic::{AtomicU64, Ordering},
    },
    time::{SystemTime, UNIX_EPOCH},
};

use backends::{RedisServer, objects::S3Options};

/// A setting that names a server.
pub fn setting(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| {
        panic!("{name} is not set: run `ops/test`, or `ops/services run cargo test`")
    })
}

pub fn redis_url() -> String {
    setting("NWS_TEST_REDIS_URL")
}

/// Redis at `url`, under keys that no other test has.
pub fn redis_at(url: &str) -> RedisServer {
    RedisServer::new(url)
        .unwrap()
        .with_namespace(&format!("test-{}", unique()))
}

/// The test bucket. Tests share it: their keys are digests of bytes that no other test has.
pub fn s3_options() -> S3Options {
    install_tls();
    S3Options {
        endpoint: setting("NWS_TEST_S3_ENDPOINT"),
        bucket: setting("NWS_TEST_S3_BUCKET"),
        region: setting("NWS_TEST_S3_REGION"),
        access_key: setting("NWS_TEST_S3_ACCESS_KEY"),
        secret_key: setting("NWS_TEST_S3_SECRET_KEY"),
    }
}

/// A text that no other test has, nor this one when it runs again.
pub fn unique() -> String {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    format!(
        "{}-{}-{}",
        since.as_nanos(),
        process::id(),
        COUNT.fetch_add(1, Ordering::Relaxed)
    )
}

/// What `main` does in its first line.
fn install_tls() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        rustls::crypto::aws_lc_rs::default_provider()
            .install_default()
            .expect("nobody installed another one");
    });
}
