//! A store that counts how often a result had to be read from it: the last tier of the caches before it.

use std::{ops::Range, sync::Arc};

use async_trait::async_trait;
use bytes::Bytes;

use super::{Body, Key, Kind, Meta, Object, ObjectStore, Page, Place};
use crate::{Error, Metrics};

/// The metrics' label.
const TIER: &str = "store";

/// `store`, whose reads of results are counted.
#[derive(Clone, Debug)]
pub struct Counted {
    store: Arc<dyn ObjectStore>,
    metrics: Metrics,
}

impl Counted {
    /// Counts the reads of `store`.
    pub const fn new(store: Arc<dyn ObjectStore>, metrics: Metrics) -> Self {
        Self { store, metrics }
    }
}

#[async_trait]
impl ObjectStore for Counted {
    async fn put(&self, key: &Key, body: Body, media_type: &str) -> Result<(), Error> {
        self.store.put(key, body, media_type).await
    }

    /// A read that failed says nothing of what is there.
    async fn get(&self, key: &Key, size_bytes_max: u64) -> Result<Option<Bytes>, Error> {
        let read = self.store.get(key, size_bytes_max).await?;
        if let Key::Result(_) = key {
            self.metrics.cache(TIER, read.is_some());
        }
        Ok(read)
    }

    async fn open(&self, key: &Key, range: Option<Range<u64>>) -> Result<Option<Object>, Error> {
        let opened = self.store.open(key, range).await?;
        if let Key::Result(_) = key {
            self.metrics.cache(TIER, opened.is_some());
        }
        Ok(opened)
    }

    async fn head(&self, key: &Key) -> Result<Option<Meta>, Error> {
        self.store.head(key).await
    }

    async fn delete(&self, key: &Key) -> Result<(), Error> {
        self.store.delete(key).await
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
