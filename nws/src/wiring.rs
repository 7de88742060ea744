//! Where every part meets: the one place that names a concrete backend.
//!
//! A backend is networked where its URL is set, and embedded where it is not. Either stands behind a guard.

pub(crate) mod beside;
mod slots;

use std::{fmt, path::PathBuf, str::FromStr, sync::Arc};

use backends::{
    DataFolder, Fleet, Metrics, ObjectStore, Quota, RedisServer, Results, Sender, Source, fleet,
    guard::{Courtesy, Guard, Guarded, Pausing},
    objects::{Cached, Counted, Disk, Memory, MemoryConfig, S3, S3Options},
    outbox::{self, Outbox},
    queue::{
        DeadLetters,
        rabbitmq::{self, RabbitQueue},
        sqlite::SqliteQueue,
    },
    quota,
    results::{Local, Redis},
};
use engine::Fonts;
use publisher::{Dependency, Transport, Workshop, auth::Access};
use tracing::{info, warn};

use crate::{
    config::{Common, ConfigError, Settings},
    fonts,
};

pub(crate) use slots::{OPEN_SLOTS, Slots};

/// The parts of a process, wired.
pub(crate) struct System {
    queue: Queue,
    sender: Arc<dyn Sender>,
    letters: Arc<dyn DeadLetters>,
    source: Arc<dyn Source>,
    objects: Arc<dyn ObjectStore>,
    results: Arc<dyn Results>,
    outbox: Arc<dyn Outbox>,
    fleet: Arc<dyn Fleet>,
    /// `None` without a Redis: then this is the only publisher.
    quota: Option<Arc<dyn Quota>>,
    fonts: Arc<Fonts>,
    metrics: Metrics,
    spool: PathBuf,
    /// Where ACME keeps its account and its certificates.
    acme: PathBuf,
    /// Held as long as an embedded backend may write.
    _folder: Option<DataFolder>,
}

/// A queue has two ends, and a networked one has connections to close.
enum Queue {
    Embedded(Arc<SqliteQueue>),
    Networked(Arc<RabbitQueue>),
}

impl System {
    /// Makes every backend that the settings name.
    ///
    /// # Errors
    /// When the data folder is in use or cannot be written, or a URL or a font cannot be understood. A server that is away is no
    /// error: it is waited for.
    pub(crate) async fn wire(settings: &Settings) -> anyhow::Result<Self> {
        let (common, metrics) = (&settings.common, Metrics::new());
        let redis = redis_server(common, "redis_url", &common.redis_url)?;
        let cache = redis_server(common, "redis_cache_url", &common.redis_cache_url)?;
        let cache = cache.or_else(|| redis.clone());
        let folder = if is_embedded(common) {
            Some(DataFolder::open(&common.data)?)
        } else {
            None
        };
        let queue = queue(common, folder.as_ref()).await?;
        let store = Guarded::objects(store(common, folder.as_ref()).await?, &metrics);
        let records = records(folder.as_ref(), redis.clone()).await?;
        let results = Guarded::results(records.results, &metrics);
        let source = Pausing::new(queue.source(), store.guard(), results.guard());
        Ok(Self {
            sender: Arc::new(Guarded::sender(queue.sender(), &metrics)),
            letters: queue.letters(),
            source: Arc::new(source),
            queue,
            objects: cached(Arc::new(store), cache, &metrics)?,
            fleet: fleet(redis.as_ref(), results.guard())?,
            quota: quotas(redis, results.guard())?,
            outbox: Arc::new(Courtesy::new(records.outbox, results.guard())),
            results: Arc::new(results),
            fonts: Arc::new(loaded(common)?),
            metrics,
            spool: common.data.join("spool"),
            acme: common.data.join("acme"),
            _folder: folder,
        })
    }

    /// What a publisher is made of. `workshop` is where photos are worked on, if that is in this process too.
    ///
    /// # Errors
    /// When a certificate that is named cannot be shown, or an address cannot be listened on.
    pub(crate) fn publisher(
        &self,
        settings: &Settings,
        access: Arc<Access>,
        workshop: Option<Arc<dyn Workshop>>,
    ) -> Result<publisher::Parts, ConfigError> {
        let transport = Transport::open(&settings.transport, &self.acme);
        Ok(publisher::Parts {
            config: settings.publisher.clone(),
            access,
            fairness: settings.fairness.clone(),
            quota: self.quota.clone(),
            transport: transport.map_err(|error| invalid(error.key, &error))?,
            webhooks: settings.webhooks.clone(),
            outbox: Arc::clone(&self.outbox),
            sender: Arc::clone(&self.sender),
            letters: Arc::clone(&self.letters),
            objects: self.at_hand(settings.memory),
            results: Arc::clone(&self.results),
            fleet: Arc::clone(&self.fleet),
            fonts: Arc::clone(&self.fonts),
            limits: settings.limits,
            metrics: self.metrics.clone(),
            workshop,
            spool: self.spool.clone(),
        })
    }

    /// The objects, with those that are asked for most in memory. Only who answers clients has a use for that: a worker
    /// reads no result.
    fn at_hand(&self, config: MemoryConfig) -> Arc<dyn ObjectStore> {
        let objects = Arc::clone(&self.objects);
        Arc::new(Memory::new(objects, config, self.metrics.clone()))
    }

    /// What a worker works with.
    pub(crate) fn tools(&self, settings: &Settings, slots: Arc<Slots>) -> workers::Tools {
        workers::Tools {
            objects: Arc::clone(&self.objects),
            results: Arc::clone(&self.results),
            fleet: Arc::clone(&self.fleet),
            fonts: Arc::clone(&self.fonts),
            renderer: slots,
            original_bytes_max: settings.publisher.image_bytes_max,
            result_bytes_max: settings.publisher.result_bytes_max,
            metrics: self.metrics.clone(),
        }
    }

    /// Where photos are worked on, from now on.
    ///
    /// # Errors
    /// When there is no memory for what slots share.
    pub(crate) fn slots(&self, settings: &Settings) -> std::io::Result<Arc<Slots>> {
        Ok(Arc::new(Slots::start(settings, &self.fonts)?))
    }

    /// Where jobs come from.
    pub(crate) fn source(&self) -> Arc<dyn Source> {
        Arc::clone(&self.source)
    }

    /// What `/ready` asks.
    pub(crate) fn dependencies(&self) -> Vec<Dependency> {
        vec![
            Dependency::Queue(Arc::clone(&self.sender)),
            Dependency::Objects(Arc::clone(&self.objects)),
            Dependency::Results(Arc::clone(&self.results)),
        ]
    }

    pub(crate) fn metrics(&self) -> Metrics {
        self.metrics.clone()
    }

    /// Says goodbye where that spares others a wait.
    pub(crate) async fn close(&self) {
        if let Queue::Networked(queue) = &self.queue {
            queue.close().await;
        }
    }
}

impl Queue {
    fn sender(&self) -> Arc<dyn Sender> {
        match self {
            Self::Embedded(queue) => Arc::clone(queue) as _,
            Self::Networked(queue) => Arc::clone(queue) as _,
        }
    }

    fn letters(&self) -> Arc<dyn DeadLetters> {
        match self {
            Self::Embedded(queue) => Arc::clone(queue) as _,
            Self::Networked(queue) => Arc::clone(queue) as _,
        }
    }

    fn source(&self) -> Arc<dyn Source> {
        match self {
            Self::Embedded(queue) => Arc::clone(queue) as _,
            Self::Networked(queue) => Arc::clone(queue) as _,
        }
    }
}

/// Whether any backend lives in the data folder. A role of the fleet only spools there, and shares it with others.
fn is_embedded(common: &Common) -> bool {
    [&common.amqp_url, &common.redis_url, &common.s3_endpoint]
        .into_iter()
        .any(String::is_empty)
}

fn redis_server(
    common: &Common,
    key: &'static str,
    url: &str,
) -> anyhow::Result<Option<RedisServer>> {
    if url.is_empty() {
        return Ok(None);
    }
    let server = RedisServer::new(url).map_err(|error| invalid(key, &error))?;
    Ok(Some(server.with_namespace(&common.namespace)))
}

async fn queue(common: &Common, folder: Option<&DataFolder>) -> anyhow::Result<Queue> {
    match folder {
        Some(folder) if common.amqp_url.is_empty() => Ok(Queue::Embedded(Arc::new(
            SqliteQueue::open(&folder.queue()).await?,
        ))),
        _ => {
            let config = rabbitmq_config(common)?;
            Ok(Queue::Networked(Arc::new(RabbitQueue::start(config))))
        }
    }
}

fn rabbitmq_config(common: &Common) -> Result<rabbitmq::Config, ConfigError> {
    let mut config = rabbitmq::Config::new(parsed("amqp_url", &common.amqp_url)?);
    config.namespace = parsed("namespace", &common.namespace)?;
    Ok(config)
}

/// The fonts of the settings. Who configures a folder hears what in it is of no use.
fn loaded(common: &Common) -> Result<Fonts, ConfigError> {
    let loaded = fonts::load(&common.fonts)?;
    for fonts::Skipped { path, reason } in &loaded.skipped {
        warn!(path = %path.display(), "font {} is not used: {reason}", path.display());
    }
    if !common.fonts.is_empty() {
        let (files, bytes) = (loaded.files, loaded.bytes);
        info!(
            files,
            bytes, "marks may use {files} font files besides the fonts inside"
        );
    }
    Ok(loaded.fonts)
}

async fn store(
    common: &Common,
    folder: Option<&DataFolder>,
) -> anyhow::Result<Arc<dyn ObjectStore>> {
    Ok(match folder {
        Some(folder) if common.s3_endpoint.is_empty() => {
            Arc::new(Disk::open(&folder.objects()).await?)
        }
        _ => Arc::new(S3::new(&s3(common)).map_err(|error| invalid("s3_endpoint", &error))?),
    })
}

/// Results are read back far more often than they are made: a Redis that is there keeps them at hand. The cache stands
/// before the guard, because what it has can be read while the store is left alone.
fn cached(
    store: Arc<dyn ObjectStore>,
    cache: Option<RedisServer>,
    metrics: &Metrics,
) -> anyhow::Result<Arc<dyn ObjectStore>> {
    let store = Arc::new(Counted::new(store, metrics.clone()));
    Ok(match cache {
        Some(cache) => Arc::new(Cached::new(store, cache, metrics.clone())?),
        None => store,
    })
}

/// The records, and the outbox that changes with them.
struct Records {
    results: Arc<dyn Results>,
    outbox: Arc<dyn Outbox>,
}

async fn records(
    folder: Option<&DataFolder>,
    redis: Option<RedisServer>,
) -> anyhow::Result<Records> {
    match (redis, folder) {
        (Some(redis), _) => Ok(Records {
            results: Arc::new(Redis::new(redis.clone())?),
            outbox: Arc::new(outbox::Redis::new(redis)?),
        }),
        (None, Some(folder)) => {
            let local = Local::open(&folder.results()).await?;
            Ok(Records {
                outbox: Arc::new(outbox::Local::of(&local)),
                results: Arc::new(local),
            })
        }
        (None, None) => unreachable!("without a Redis the data folder is open"),
    }
}

/// Workers are heard where the records are: who shares the one shares the other.
fn fleet(redis: Option<&RedisServer>, records: Guard) -> anyhow::Result<Arc<dyn Fleet>> {
    Ok(match redis {
        Some(redis) => Arc::new(Courtesy::new(Arc::new(fleet::Redis::new(redis)?), records)),
        None => Arc::new(fleet::Local::default()),
    })
}

/// Clients' requests are counted where the records are.
fn quotas(redis: Option<RedisServer>, records: Guard) -> anyhow::Result<Option<Arc<dyn Quota>>> {
    let Some(redis) = redis else {
        return Ok(None);
    };
    let counters = Arc::new(quota::Redis::new(redis)?);
    Ok(Some(Arc::new(Courtesy::new(counters, records))))
}

fn s3(common: &Common) -> S3Options {
    S3Options {
        endpoint: common.s3_endpoint.clone(),
        bucket: common.s3_bucket.clone(),
        region: common.s3_region.clone(),
        access_key: common.s3_access_key.clone(),
        secret_key: common.s3_secret_key.clone(),
    }
}

fn parsed<T: FromStr<Err: fmt::Display>>(key: &'static str, value: &str) -> Result<T, ConfigError> {
    value.parse().map_err(|error| invalid(key, &error))
}

fn invalid(key: &'static str, error: &dyn fmt::Display) -> ConfigError {
    ConfigError::Invalid {
        key,
        problem: error.to_string(),
    }
}
