//! A store with results in memory.

use std::{
    ops::Range,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use async_trait::async_trait;
use backends::{
    Error, Key, Metrics, ObjectStore,
    error::{Backend, Cause},
    objects::{Body, Counted, Disk, Kind, Memory, MemoryConfig, Meta, Object, Page, Place},
};
use bytes::Bytes;
use futures::future::join_all;
use tempfile::TempDir;
use tokio::sync::Notify;

use crate::contract::{
    PLENTY, bytes_of_our_own, get, object_store_contract, original_of, put, result_key,
};

const MIB: u64 = 1024 * 1024;

/// Those who ask for the same at once.
const CROWD: usize = 100;

object_store_contract!({
    let fixture = Fixture::new(MemoryConfig::default()).await;
    (fixture.memory.clone(), fixture)
});

struct Fixture {
    memory: Memory,
    store: Arc<Slow>,
    metrics: Metrics,
    _folder: TempDir,
}

/// Files that can be out of order, and that may only be read when they are told so.
#[derive(Debug)]
struct Slow {
    files: Disk,
    reads: AtomicU64,
    is_broken: AtomicBool,
    is_slow: AtomicBool,
    asked: Notify,
    go: Notify,
}

impl Fixture {
    async fn new(config: MemoryConfig) -> Self {
        let folder = TempDir::new().unwrap();
        let store = Arc::new(Slow {
            files: Disk::open(folder.path()).await.unwrap(),
            reads: AtomicU64::new(0),
            is_broken: AtomicBool::new(false),
            is_slow: AtomicBool::new(false),
            asked: Notify::new(),
            go: Notify::new(),
        });
        let metrics = Metrics::new();
        let counted = Counted::new(Arc::clone(&store) as _, metrics.clone());
        Self {
            memory: Memory::new(Arc::new(counted), config, metrics.clone()),
            store,
            metrics,
            _folder: folder,
        }
    }

    async fn with_bytes_max(memory_cache_bytes_max: u64) -> Self {
        Self::new(MemoryConfig {
            memory_cache_bytes_max,
            ..MemoryConfig::default()
        })
        .await
    }

    /// Stores a result of so many bytes.
    async fn result_of(&self, size_bytes: usize) -> (Key, Bytes) {
        let (key, bytes) = (result_key(), bytes_of_our_own(size_bytes));
        put(&self.memory, &key, &bytes).await;
        (key, bytes)
    }

    fn reads(&self) -> u64 {
        self.store.reads.load(Ordering::SeqCst)
    }

    fn hits_and_misses(&self, tier: &str) -> (u64, u64) {
        let count = |counter: &prometheus::IntCounterVec| counter.with_label_values(&[tier]).get();
        (
            count(&self.metrics.cache_hits),
            count(&self.metrics.cache_misses),
        )
    }
}

impl Slow {
    async fn wait_if_slow(&self) {
        if self.is_slow.load(Ordering::SeqCst) {
            self.asked.notify_one();
            self.go.notified().await;
        }
    }

    /// What `crowd` comes to, whose first call lasts until everybody else has called too.
    async fn while_slow<T>(&self, crowd: impl Future<Output = T>) -> T {
        self.is_slow.store(true, Ordering::SeqCst);
        let let_go = async {
            self.asked.notified().await;
            for _ in 0..CROWD {
                tokio::task::yield_now().await;
            }
            self.is_slow.store(false, Ordering::SeqCst);
            self.go.notify_one();
        };
        tokio::join!(crowd, let_go).0
    }
}

#[async_trait]
impl ObjectStore for Slow {
    async fn put(&self, key: &Key, body: Body, media_type: &str) -> Result<(), Error> {
        self.files.put(key, body, media_type).await
    }

    async fn get(&self, key: &Key, size_bytes_max: u64) -> Result<Option<Bytes>, Error> {
        self.reads.fetch_add(1, Ordering::SeqCst);
        if self.is_broken.load(Ordering::SeqCst) {
            let cause = Cause::Refused("out of order".to_owned());
            return Err(Error::new(Backend::Objects, "get", cause));
        }
        let read = self.files.get(key, size_bytes_max).await;
        self.wait_if_slow().await;
        read
    }

    async fn open(&self, key: &Key, range: Option<Range<u64>>) -> Result<Option<Object>, Error> {
        self.reads.fetch_add(1, Ordering::SeqCst);
        self.files.open(key, range).await
    }

    async fn head(&self, key: &Key) -> Result<Option<Meta>, Error> {
        self.reads.fetch_add(1, Ordering::SeqCst);
        let look = self.files.head(key).await;
        self.wait_if_slow().await;
        look
    }

    async fn delete(&self, key: &Key) -> Result<(), Error> {
        self.files.delete(key).await
    }

    async fn list(&self, kind: Kind, place: Option<&Place>, max: usize) -> Result<Page, Error> {
        self.files.list(kind, place, max).await
    }

    async fn check(&self) -> Result<(), Error> {
        self.files.check().await
    }
}

#[tokio::test]
async fn a_result_is_read_once_and_its_bytes_are_shared() {
    let fixture = Fixture::new(MemoryConfig::default()).await;
    let (key, bytes) = fixture.result_of(1000).await;
    let first = get(&fixture.memory, &key).await.unwrap();
    let second = get(&fixture.memory, &key).await.unwrap();
    assert_eq!(first, bytes);
    assert_eq!(first.as_ptr(), second.as_ptr(), "nothing is copied");
    assert_eq!(fixture.hits_and_misses("memory"), (1, 1));
    assert_eq!(fixture.hits_and_misses("store"), (1, 0));
    assert!(fixture.memory.holds(&key).await);
}

#[tokio::test]
async fn a_hundred_who_read_at_once_cause_one_read() {
    let fixture = Fixture::new(MemoryConfig::default()).await;
    let (key, bytes) = fixture.result_of(1000).await;
    fixture.store.is_slow.store(true, Ordering::SeqCst);
    let reads = join_all((0..CROWD).map(|_| get(&fixture.memory, &key)));
    let go = async {
        fixture.store.asked.notified().await;
        fixture.store.go.notify_one();
    };
    let (read, ()) = tokio::join!(reads, go);
    assert!(read.iter().all(|it| it.as_ref() == Some(&bytes)));
    assert_eq!(fixture.reads(), 1);
}

#[tokio::test]
async fn those_who_ask_for_what_is_not_there_share_a_look_and_what_is_stored_then_is_seen_at_once()
{
    let fixture = Fixture::new(MemoryConfig::default()).await;
    let key = result_key();
    let memory = &fixture.memory;
    // The first call may have been answered before the others asked, so it is not believed to know more than they.
    let looks = join_all((0..CROWD).map(|_| memory.head(&key)));
    let looks = fixture.store.while_slow(looks).await;
    assert!(looks.into_iter().all(|look| look.unwrap().is_none()));
    assert_eq!(fixture.reads(), 2);
    let reads = join_all((0..CROWD).map(|_| get(memory, &key)));
    let reads = fixture.store.while_slow(reads).await;
    assert!(reads.iter().all(Option::is_none));
    assert_eq!(fixture.reads(), 4);
    let bytes = bytes_of_our_own(10);
    put(&fixture.store.files, &key, &bytes).await;
    assert_eq!(get(memory, &key).await, Some(bytes));
}

#[tokio::test]
async fn a_read_that_fails_is_tried_again_by_the_next() {
    let fixture = Fixture::new(MemoryConfig::default()).await;
    let (key, bytes) = fixture.result_of(1000).await;
    fixture.store.is_broken.store(true, Ordering::SeqCst);
    fixture.memory.get(&key, PLENTY).await.unwrap_err();
    fixture.store.is_broken.store(false, Ordering::SeqCst);
    assert_eq!(get(&fixture.memory, &key).await, Some(bytes));
}

#[tokio::test]
async fn what_is_removed_while_it_is_read_is_not_held() {
    let fixture = Fixture::new(MemoryConfig::default()).await;
    let (key, _) = fixture.result_of(1000).await;
    fixture.store.is_slow.store(true, Ordering::SeqCst);
    let remove = async {
        fixture.store.asked.notified().await;
        fixture.memory.delete(&key).await.unwrap();
        fixture.store.is_slow.store(false, Ordering::SeqCst);
        fixture.store.go.notify_one();
    };
    tokio::join!(get(&fixture.memory, &key), remove);
    assert!(!fixture.memory.holds(&key).await);
    assert_eq!(get(&fixture.memory, &key).await, None);
}

#[tokio::test]
async fn what_another_process_removed_is_forgotten_after_its_age() {
    let config = MemoryConfig {
        memory_cache_age_max_secs: 1,
        ..MemoryConfig::default()
    };
    let fixture = Fixture::new(config).await;
    let (key, _) = fixture.result_of(1000).await;
    get(&fixture.memory, &key).await.unwrap();
    fixture.store.files.delete(&key).await.unwrap();
    while get(&fixture.memory, &key).await.is_some() {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn no_more_is_held_than_may_be_whatever_is_read() {
    let fixture = Fixture::with_bytes_max(MIB).await;
    let mut keys = Vec::new();
    for _ in 0..40 {
        let (key, _) = fixture.result_of(100_000).await;
        get(&fixture.memory, &key).await.unwrap();
        keys.push(key);
    }
    let held = join_all(keys.iter().map(|key| fixture.memory.holds(key))).await;
    let held = held.into_iter().filter(|held| *held).count();
    assert!(
        (1..=10).contains(&held),
        "{held} results of 100 kB in 1 MiB"
    );
}

#[tokio::test]
async fn what_is_too_long_for_memory_and_what_is_no_result_are_read_from_the_store() {
    let fixture = Fixture::new(MemoryConfig::default()).await;
    let (key, long) = fixture.result_of(4 * MIB as usize + 1).await;
    for _ in 0..2 {
        assert_eq!(get(&fixture.memory, &key).await.as_ref(), Some(&long));
    }
    assert_eq!(fixture.reads(), 3, "that it is too long is remembered");
    assert!(!fixture.memory.holds(&key).await);
    let original = original_of(&long);
    put(&fixture.memory, &original, &long).await;
    assert_eq!(get(&fixture.memory, &original).await, Some(long));
    assert!(!fixture.memory.holds(&original).await);
}

#[tokio::test]
async fn without_memory_the_store_still_serves() {
    let fixture = Fixture::with_bytes_max(0).await;
    let (key, bytes) = fixture.result_of(1000).await;
    for _ in 0..2 {
        assert_eq!(get(&fixture.memory, &key).await.as_ref(), Some(&bytes));
    }
    assert_eq!(fixture.reads(), 2);
}
