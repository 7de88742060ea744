//! The real servers the tests talk to, and a corner of each for every test.

use std::{
    process,
    sync::atomic::{AtomicU64, Ordering},
    time::{SystemTime, UNIX_EPOCH},
};

use backends::RedisServer;

use crate::settings::setting;

pub(crate) fn redis_url() -> String {
    setting("NWS_TEST_REDIS_URL")
}

pub(crate) fn redis_cluster_url() -> String {
    setting("NWS_TEST_REDIS_CLUSTER_URL")
}

/// Redis at `url`, under keys that no other test has.
pub(crate) fn redis_at(url: &str) -> RedisServer {
    RedisServer::new(url)
        .unwrap()
        .with_namespace(&format!("test-{}", unique()))
}

/// A text that no other test has, nor this one when it runs again.
pub(crate) fn unique() -> String {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    format!(
        "{}-{}-{}",
        since.as_nanos(),
        process::id(),
        COUNT.fetch_add(1, Ordering::Relaxed)
    )
}
