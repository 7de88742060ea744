//! A store with the results that are asked for most in this process's memory.

use std::{
    convert::Infallible,
    fmt,
    ops::{Range, RangeInclusive},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use bytes::Bytes;
use moka::future::Cache;
use schemas::JobId;
use serde::{Deserialize, Serialize};

use super::{Body, Key, Kind, Meta, Object, ObjectStore, Page, Place, too_long};
use crate::{Error, Metrics, Once, error::Cause, once::Done};

/// Longer results would push out hundreds of short ones; they are read from beneath.
const RESULT_BYTES_MAX: u64 = 4 * 1024 * 1024;

/// What is taken for an entry beside its bytes: its key, its places in the table and in the queues by use and by age, and
/// what the allocator adds. 200,000 entries without bytes took 389 each.
const ENTRY_BYTES: u32 = 512;

/// The metrics' label.
const TIER: &str = "memory";

/// What may be set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct MemoryConfig {
    /// Bytes of results in a publisher's memory. 64 MiB: some three hundred results of the default box, which is what one
    /// page of pictures and its neighbours ask for, and a sixth of the memory that a busy publisher needs. 0: none.
    pub memory_cache_bytes_max: u64,
    /// How long a result is answered from memory before it is read again. 60 s: what another process has removed is
    /// answered no longer than that, and who is asked for a thousand times a second is read once a minute.
    pub memory_cache_age_max_secs: u64,
}

/// From a second to a day.
const AGE_MAX_SECS: RangeInclusive<u64> = 1..=24 * 60 * 60;

/// The age is out of its range. Its text does not name the key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{value} is out of range, {} to {} is allowed", AGE_MAX_SECS.start(), AGE_MAX_SECS.end())]
pub struct MemoryConfigError {
    /// The setting.
    pub key: &'static str,
    /// What it is set to.
    pub value: u64,
}

/// `store`, with results also kept in memory, and each of them read once for all who ask at the same time.
///
/// A result never changes under its id, so it can only be there or not. That it is not there is never remembered: it may
/// be stored at any moment, and whoever hears that its job is done finds it.
#[derive(Clone)]
pub struct Memory {
    store: Arc<dyn ObjectStore>,
    results: Once<JobId, Held, ()>,
    looks: Once<JobId, Infallible, Option<Meta>>,
    /// Counts removals: a result that was read while one was made may be the removed one.
    removals: Arc<AtomicU64>,
    metrics: Metrics,
}

/// What is held of a result.
#[derive(Clone, Debug)]
enum Held {
    Whole(Bytes),
    /// It is too long for here, so it is not asked for here once more.
    Long,
}

impl Memory {
    /// `store` behind a memory of the size that is set.
    pub fn new(store: Arc<dyn ObjectStore>, config: MemoryConfig, metrics: Metrics) -> Self {
        let results = Cache::builder()
            .max_capacity(config.memory_cache_bytes_max)
            .weigher(|_, held: &Held| held.weight())
            .time_to_live(Duration::from_secs(config.memory_cache_age_max_secs))
            .build();
        Self {
            store,
            results: Once::holding(results),
            looks: Once::holding_nothing(),
            removals: Arc::default(),
            metrics,
        }
    }

    /// The result, from memory where it is held.
    async fn result(&self, id: &JobId) -> Result<Option<Held>, Error> {
        let held = self.results.held(id).await;
        self.metrics.cache(TIER, held.is_some());
        if held.is_some() {
            return Ok(held);
        }
        let removals = self.removals.load(Ordering::SeqCst);
        let read = self.results.get(id, || self.read(id)).await?;
        if removals != self.removals.load(Ordering::SeqCst) {
            self.results.forget(id).await;
        }
        Ok(match read {
            Done::Lasting(held) => Some(held),
            Done::Now(()) => None,
        })
    }

    async fn read(&self, id: &JobId) -> Result<Done<Held, ()>, Error> {
        match self.store.get(&Key::Result(*id), RESULT_BYTES_MAX).await {
            Ok(Some(bytes)) => Ok(Done::Lasting(Held::Whole(bytes))),
            Ok(None) => Ok(Done::Now(())),
            Err(error) if matches!(error.cause, Cause::TooLong { .. }) => {
                Ok(Done::Lasting(Held::Long))
            }
            Err(error) => Err(error),
        }
    }
}

impl Held {
    fn weight(&self) -> u32 {
        let bytes = match self {
            Self::Whole(bytes) => u32::try_from(bytes.len()).unwrap_or(u32::MAX),
            Self::Long => 0,
        };
        bytes.saturating_add(ENTRY_BYTES)
    }
}

#[async_trait]
impl ObjectStore for Memory {
    async fn put(&self, key: &Key, body: Body, media_type: &str) -> Result<(), Error> {
        self.store.put(key, body, media_type).await
    }

    async fn get(&self, key: &Key, size_bytes_max: u64) -> Result<Option<Bytes>, Error> {
        let Key::Result(id) = key else {
            return self.store.get(key, size_bytes_max).await;
        };
        match self.result(id).await? {
            Some(Held::Whole(bytes)) if bytes.len() as u64 > size_bytes_max => {
                Err(too_long("get", bytes.len() as u64, size_bytes_max))
            }
            Some(Held::Whole(bytes)) => Ok(Some(bytes)),
            Some(Held::Long) => self.store.get(key, size_bytes_max).await,
            None => Ok(None),
        }
    }

    async fn open(&self, key: &Key, range: Option<Range<u64>>) -> Result<Option<Object>, Error> {
        let Key::Result(id) = key else {
            return self.store.open(key, range).await;
        };
        match self.result(id).await? {
            Some(Held::Whole(bytes)) => Object::in_memory(&bytes, range).map(Some),
            Some(Held::Long) => self.store.open(key, range).await,
            None => Ok(None),
        }
    }

    /// The age of an object is known to the store alone, so memory does not answer. But whoever looks for the same result
    /// at the same time, as those do who follow a job that nobody knows, shares one look.
    async fn head(&self, key: &Key) -> Result<Option<Meta>, Error> {
        match key {
            Key::Result(id) => self.looks.together(id, || self.store.head(key)).await,
            _ => self.store.head(key).await,
        }
    }

    async fn holds(&self, key: &Key) -> bool {
        match key {
            Key::Result(id) => matches!(self.results.held(id).await, Some(Held::Whole(_))),
            _ => false,
        }
    }

    async fn delete(&self, key: &Key) -> Result<(), Error> {
        let deleted = self.store.delete(key).await;
        if let Key::Result(id) = key {
            self.removals.fetch_add(1, Ordering::SeqCst);
            self.results.forget(id).await;
        }
        deleted
    }

    async fn list(
        &self,
        kind: Kind,
        place: Option<&Place>,
        objects_max: usize,
    ) -> Result<Page, Error> {
        self.store.list(kind, place, objects_max).await
    }

    async fn check(&self) -> Result<(), Error> {
        self.store.check().await
    }
}

impl Default for MemoryConfig {
    fn default() -> Self {
        Self {
            memory_cache_bytes_max: 64 * 1024 * 1024,
            memory_cache_age_max_secs: 60,
        }
    }
}

impl MemoryConfig {
    /// Whether a process can run with these settings.
    ///
    /// # Errors
    /// The first setting that is out of its range.
    pub fn check(&self) -> Result<(), MemoryConfigError> {
        let value = self.memory_cache_age_max_secs;
        if AGE_MAX_SECS.contains(&value) {
            return Ok(());
        }
        let key = "memory_cache_age_max_secs";
        Err(MemoryConfigError { key, value })
    }
}

impl fmt::Debug for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Memory")
            .field("store", &self.store)
            .finish_non_exhaustive()
    }
}
