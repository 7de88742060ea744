//! A store with a cache of results before it: most results are read within seconds of being made.

use std::{fmt, ops::Range, sync::Arc, time::Duration};

use async_trait::async_trait;
use bytes::Bytes;
use futures::future::try_join_all;
use redis::RedisResult;
use schemas::JobId;
use tokio_util::task::AbortOnDropHandle;
use tracing::warn;

use super::{Body, IN_MEMORY_BYTES_MAX, Key, Kind, Meta, Object, ObjectStore, Page, Place};
use crate::{
    Error, Metrics,
    error::Backend,
    guard::Guard,
    redis_server::{Commands, RedisServer, within, within_again},
};

/// Longer results would push out hundreds of short ones; they are read from the store.
const RESULT_BYTES_MAX: u64 = IN_MEMORY_BYTES_MAX;

/// Who has not fetched a result by then waits for the store.
const RESULT_AGE_MAX: Duration = Duration::from_secs(24 * 60 * 60);

/// The metrics' label.
const TIER: &str = "redis";

/// `store`, with results also kept in Redis. The cache helps where it can and never fails a call, save a removal: what is
/// to be forgotten must not live on in it.
#[derive(Clone)]
pub struct Cached {
    store: Arc<dyn ObjectStore>,
    server: RedisServer,
    commands: Commands,
    metrics: Metrics,
    /// Who asks for an image does not wait for a cache that is known to be away.
    guard: Guard,
    _trials: Arc<AbortOnDropHandle<()>>,
}

impl Cached {
    /// `store` behind a cache on `server`, which may be down. It needs a runtime.
    ///
    /// # Errors
    /// When the server's address cannot be right.
    pub fn new(
        store: Arc<dyn ObjectStore>,
        server: RedisServer,
        metrics: Metrics,
    ) -> Result<Self, Error> {
        let commands = server.commands()?;
        let guard = Guard::new(Backend::Cache, &metrics);
        let (asked, way) = (server.clone(), commands.clone());
        Ok(Self {
            store,
            server,
            metrics,
            _trials: Arc::new(guard.attend(move || check(asked.clone(), way.clone()))),
            guard,
            commands,
        })
    }

    /// What the cache holds, if it answers.
    async fn cached(&self, id: &JobId) -> Option<Option<Bytes>> {
        let read = within_again("cache_get", || self.send("GET", id, |_| {}));
        let read = self.guarded("cache_get", read).await;
        let cached: Option<Option<Vec<u8>>> = self.best_effort(read);
        self.metrics.cache(TIER, matches!(cached, Some(Some(_))));
        cached.map(|cached| cached.map(Bytes::from))
    }

    async fn keep(&self, id: &JobId, bytes: &[u8]) {
        let kept = within_again("cache_put", || {
            self.send("SET", id, |set| {
                set.arg(bytes).arg("EX").arg(RESULT_AGE_MAX.as_secs());
            })
        });
        let kept = self.guarded("cache_put", kept).await;
        self.best_effort::<()>(kept);
    }

    async fn send<T: redis::FromRedisValue>(
        &self,
        name: &str,
        id: &JobId,
        more: impl FnOnce(&mut redis::Cmd),
    ) -> RedisResult<T> {
        let mut command = redis::cmd(name);
        command.arg(self.server.key_of("result", id));
        more(&mut command);
        let mut shard = self.commands.at(self.server.shard_of(id));
        command.query_async(&mut shard).await
    }

    async fn guarded<T>(
        &self,
        op: &'static str,
        command: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Error> {
        let ours = async { command.await.map_err(of_the_cache) };
        self.guard.call(op, ours).await
    }

    /// That the cache is left alone was logged when it began.
    fn best_effort<T>(&self, tried: Result<T, Error>) -> Option<T> {
        tried
            .inspect_err(|error| {
                self.metrics.backend_error(error);
                if error.was_made() {
                    warn!(op = error.op, "result cache is passed by: {error}");
                }
            })
            .ok()
    }
}

#[async_trait]
impl ObjectStore for Cached {
    async fn put(&self, key: &Key, body: Body, media_type: &str) -> Result<(), Error> {
        self.store.put(key, body.clone(), media_type).await?;
        if let Key::Result(id) = key
            && body.size_bytes() <= RESULT_BYTES_MAX
            && let Some(bytes) = self.best_effort(read(body).await)
        {
            self.keep(id, &bytes).await;
        }
        Ok(())
    }

    async fn get(&self, key: &Key, size_bytes_max: u64) -> Result<Option<Bytes>, Error> {
        let Key::Result(id) = key else {
            return self.store.get(key, size_bytes_max).await;
        };
        let cached = self.cached(id).await;
        if let Some(Some(bytes)) = &cached
            && bytes.len() as u64 <= size_bytes_max
        {
            return Ok(Some(bytes.clone()));
        }
        let stored = self.store.get(key, size_bytes_max).await?;
        // A cache that did not answer would not listen either, and the client has waited for it once.
        if let (Some(_), Some(bytes)) = (cached, &stored)
            && bytes.len() as u64 <= RESULT_BYTES_MAX
        {
            self.keep(id, bytes).await;
        }
        Ok(stored)
    }

    async fn open(&self, key: &Key, range: Option<Range<u64>>) -> Result<Option<Object>, Error> {
        let Key::Result(id) = key else {
            return self.store.open(key, range).await;
        };
        let cached = self.cached(id).await;
        if let Some(Some(bytes)) = &cached {
            return Object::in_memory(bytes, range).map(Some);
        }
        let is_whole = range.is_none();
        let Some(object) = self.store.open(key, range).await? else {
            return Ok(None);
        };
        if cached.is_none() || !is_whole || object.size_bytes > RESULT_BYTES_MAX {
            return Ok(Some(object));
        }
        let sha256 = object.sha256;
        let bytes = object.collect().await?;
        self.keep(id, &bytes).await;
        let kept = Object::in_memory(&bytes, None)?;
        Ok(Some(Object { sha256, ..kept }))
    }

    async fn head(&self, key: &Key) -> Result<Option<Meta>, Error> {
        self.store.head(key).await
    }

    async fn delete(&self, key: &Key) -> Result<(), Error> {
        self.store.delete(key).await?;
        if let Key::Result(id) = key {
            let forget = within("cache_delete", self.send::<()>("DEL", id, |_| {}));
            self.guarded("cache_delete", forget).await?;
        }
        Ok(())
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

/// Whether every part of the cache answers.
async fn check(server: RedisServer, commands: Commands) -> Result<(), Error> {
    let ping = async |mut shard| redis::cmd("PING").query_async(&mut shard).await;
    let pings = server
        .shards()
        .map(|shard| within("cache_check", ping(commands.at(shard))));
    try_join_all(pings).await.map(|_: Vec<()>| ())
}

/// The server says that it is where records are; here it is where results are kept at hand.
fn of_the_cache(error: Error) -> Error {
    Error {
        backend: Backend::Cache,
        ..error
    }
}

async fn read(body: Body) -> Result<Bytes, Error> {
    match body {
        Body::Bytes(bytes) | Body::Digested { bytes, .. } => Ok(bytes),
        Body::File { path, .. } => tokio::fs::read(path)
            .await
            .map(Bytes::from)
            .map_err(|error| Error::failed(Backend::Objects, "cache_put", error)),
    }
}

impl fmt::Debug for Cached {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cached")
            .field("store", &self.store)
            .field("server", &self.server)
            .finish_non_exhaustive()
    }
}
