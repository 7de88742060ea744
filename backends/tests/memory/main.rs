//! What uploads cost in memory. A test binary of its own: it measures the process.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]
#![cfg(target_os = "linux")]

#[path = "../support/bucket.rs"]
mod bucket;
#[path = "../support/settings.rs"]
mod settings;

use backends::{
    Key, ObjectStore as _,
    objects::{Body, S3},
};
use futures::future::try_join_all;
use schemas::{Digest, JobId};
use tempfile::NamedTempFile;

const UPLOADS: u32 = 100;
const UPLOAD_BYTES: u64 = 2 * 1024 * 1024;
/// Measured: 67 to 74 MiB for 20 MiB each; held whole, the 2 MiB of this test would be 200.
const MEMORY_KIB_MAX: u64 = 128 * 1024;

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_uploads_at_once_are_not_held_in_memory() {
    let store = S3::new(&bucket::s3_options()).unwrap();
    let file = NamedTempFile::new().unwrap();
    file.as_file().set_len(UPLOAD_BYTES).unwrap();
    let body = Body::File {
        path: file.path().to_owned(),
        size_bytes: UPLOAD_BYTES,
    };
    let keys: Vec<_> = (0..UPLOADS).map(key).collect();

    let before_kib = memory_kib("VmRSS");
    let puts = keys
        .iter()
        .map(|key| store.put(key, body.clone(), "image/jpeg"));
    try_join_all(puts).await.unwrap();
    let cost_kib = memory_kib("VmHWM") - before_kib;

    try_join_all(keys.iter().map(|key| store.delete(key)))
        .await
        .unwrap();
    assert!(
        cost_kib < MEMORY_KIB_MAX,
        "{cost_kib} KiB, the limit is {MEMORY_KIB_MAX}"
    );
}

fn key(n: u32) -> Key {
    Key::Result(JobId::new(Digest::of(format!("memory {n}").as_bytes())))
}

/// `VmRSS` is the resident memory now, `VmHWM` the most it ever was.
fn memory_kib(name: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with(name)).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}
