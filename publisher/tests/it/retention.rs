//! Objects that are old go, and no others.

use std::time::Duration;

use backends::{Key, ObjectStore as _, objects::Body};
use schemas::{Digest, JobId};

use crate::support::{Server, photo, until};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

async fn put(server: &Server, key: Key, age: Duration) {
    let body = Body::Bytes(b"bytes"[..].into());
    server.objects.put(&key, body, "image/jpeg").await.unwrap();
    server.objects.age(&key, age);
}

#[tokio::test]
async fn old_originals_and_results_are_removed_and_young_ones_stay() {
    let server = Server::with(|config| {
        config.retention_days = 10;
        config.retention_interval_secs = 1;
    })
    .await;
    let original = |name: &str| Key::Original(Digest::of(name.as_bytes()));
    let result = |name: &str| Key::Result(JobId::new(Digest::of(name.as_bytes())));
    let accepted = |name: &str| Key::Accepted(JobId::new(Digest::of(name.as_bytes())));
    let of = |name| [original(name), result(name), accepted(name)];
    let (old, young) = (of("old"), of("young"));
    for key in young {
        put(&server, key, 9 * DAY).await;
    }
    for key in old {
        put(&server, key, 11 * DAY).await;
    }
    let gone = || old.iter().all(|key| !server.objects.has(key));
    until("the old ones are removed", gone).await;
    assert!(young.iter().all(|key| server.objects.has(key)));
}

#[tokio::test]
async fn an_original_that_is_uploaded_again_is_young() {
    let server = Server::with(|config| config.retention_interval_secs = 1).await;
    let (photo, marker) = (photo(1), Key::Original(Digest::of(b"marker")));
    let key = Key::Original(Digest::of(&photo));
    put(&server, key, 29 * DAY).await;
    server.accepted(&photo).await;
    put(&server, marker, 31 * DAY).await;
    until("a sweep is over", || !server.objects.has(&marker)).await;
    assert!(server.objects.age_of(&key) < DAY);
}
