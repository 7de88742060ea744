//! A store behind a cache of results.

use std::sync::Arc;

use backends::{
    Key, Metrics, ObjectStore as _,
    objects::{Cached, Disk},
};
use redis::AsyncCommands as _;
use tempfile::TempDir;

use crate::{
    contract::{bytes_of_our_own, get, object_store_contract, open, original_of, put, result_key},
    services::{redis_at, redis_cluster_url, redis_url},
};

object_store_contract!({
    let fixture = Fixture::new(&redis_url()).await;
    (fixture.cached.clone(), fixture)
});

mod on_a_cluster {
    use super::*;

    object_store_contract!({
        let fixture = Fixture::new(&redis_cluster_url()).await;
        (fixture.cached.clone(), fixture)
    });
}

struct Fixture {
    cached: Cached,
    store: Disk,
    metrics: Metrics,
    namespace: String,
    _folder: TempDir,
}

impl Fixture {
    async fn new(url: &str) -> Self {
        let folder = TempDir::new().unwrap();
        let store = Disk::open(folder.path()).await.unwrap();
        let metrics = Metrics::new();
        let namespace = format!("test-{}", crate::services::unique());
        let server = redis_at(url).with_namespace(&namespace);
        Self {
            cached: Cached::new(Arc::new(store.clone()), server, metrics.clone()).unwrap(),
            store,
            metrics,
            namespace,
            _folder: folder,
        }
    }

    /// Seconds that the cache will keep the result; −2 if it has none.
    async fn cached_for_seconds(&self, key: &Key) -> i64 {
        let Key::Result(id) = key else {
            panic!("only results are cached");
        };
        let client = redis::Client::open(redis_url()).unwrap();
        let mut redis = client.get_multiplexed_async_connection().await.unwrap();
        let key = format!("{}:{{0}}:result:{id}", self.namespace);
        redis.ttl(key).await.unwrap()
    }

    fn hits_and_misses(&self) -> (u64, u64) {
        let count =
            |counter: &prometheus::IntCounterVec| counter.with_label_values(&["redis"]).get();
        (
            count(&self.metrics.cache_hits),
            count(&self.metrics.cache_misses),
        )
    }
}

#[tokio::test]
async fn a_result_is_read_from_the_cache() {
    let fixture = Fixture::new(&redis_url()).await;
    let (key, bytes) = (result_key(), bytes_of_our_own(1000));
    put(&fixture.cached, &key, &bytes).await;
    fixture.store.delete(&key).await.unwrap();
    assert_eq!(get(&fixture.cached, &key).await, Some(bytes));
    assert_eq!(fixture.hits_and_misses(), (1, 0));
    let seconds = fixture.cached_for_seconds(&key).await;
    assert!((86_000..=86_400).contains(&seconds), "{seconds}");
}

#[tokio::test]
async fn a_result_the_cache_lost_is_read_from_the_store_and_cached_again() {
    let fixture = Fixture::new(&redis_url()).await;
    let (key, bytes) = (result_key(), bytes_of_our_own(1000));
    put(&fixture.store, &key, &bytes).await;
    assert_eq!(get(&fixture.cached, &key).await, Some(bytes.clone()));
    assert_eq!(get(&fixture.cached, &key).await, Some(bytes));
    assert_eq!(fixture.hits_and_misses(), (1, 1));
}

#[tokio::test]
async fn a_large_result_and_an_original_pass_by_the_cache() {
    let fixture = Fixture::new(&redis_url()).await;
    let (key, large) = (result_key(), bytes_of_our_own(4 * 1024 * 1024 + 1));
    put(&fixture.cached, &key, &large).await;
    assert_eq!(fixture.cached_for_seconds(&key).await, -2);
    assert_eq!(get(&fixture.cached, &key).await, Some(large.clone()));
    put(&fixture.cached, &original_of(&large), &large).await;
    assert_eq!(
        get(&fixture.cached, &original_of(&large)).await,
        Some(large)
    );
    assert_eq!(fixture.hits_and_misses(), (0, 1));
}

#[tokio::test]
async fn a_result_that_is_opened_comes_from_the_cache_and_goes_there() {
    let fixture = Fixture::new(&redis_url()).await;
    let (key, bytes) = (result_key(), bytes_of_our_own(1000));
    put(&fixture.store, &key, &bytes).await;
    let part = open(&fixture.cached, &key, Some(1..3)).await;
    assert_eq!(part.collect().await.unwrap(), bytes.slice(1..3));
    assert_eq!(
        fixture.cached_for_seconds(&key).await,
        -2,
        "a part is not kept"
    );
    for _ in 0..2 {
        let object = open(&fixture.cached, &key, None).await;
        assert_eq!(object.held_bytes, 1000);
        assert_eq!(object.collect().await.unwrap(), bytes);
    }
    fixture.store.delete(&key).await.unwrap();
    let part = open(&fixture.cached, &key, Some(1..3)).await;
    assert_eq!(part.collect().await.unwrap(), bytes.slice(1..3));
    assert_eq!(fixture.hits_and_misses(), (2, 2));
}

#[tokio::test]
async fn without_its_cache_the_store_still_serves() {
    let fixture = Fixture::new("redis://127.0.0.1:9/").await;
    let (key, bytes) = (result_key(), bytes_of_our_own(1000));
    put(&fixture.cached, &key, &bytes).await;
    assert_eq!(get(&fixture.cached, &key).await, Some(bytes));
    let text = fixture.metrics.text();
    assert!(
        text.contains(r#"op="cache_put""#) && text.contains(r#"op="cache_get""#),
        "{text}"
    );
}

#[tokio::test]
async fn what_could_not_be_removed_from_the_cache_is_not_called_removed() {
    let fixture = Fixture::new("redis://127.0.0.1:9/").await;
    let key = result_key();
    put(&fixture.cached, &key, &bytes_of_our_own(10)).await;
    fixture.cached.delete(&key).await.unwrap_err();
}
