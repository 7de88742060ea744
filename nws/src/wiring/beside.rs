//! The backends of a system that may be running, for a command beside it: nothing is taken from that system's hands.

use std::{path::Path, sync::Arc};

use backends::{
    DataFolder, ObjectStore,
    objects::{Disk, S3},
    queue::{DeadLetters, rabbitmq::RabbitQueue, sqlite::SqliteQueue},
};
use publisher::dead_letters::Office;

use super::{invalid, rabbitmq_config, records, redis_server, s3};
use crate::config::{Common, ConfigError, Settings};

/// Where dead letters are asked for, and the connections that end with it.
pub(crate) struct Beside {
    pub(crate) office: Office,
    broker: Option<Arc<RabbitQueue>>,
}

impl Beside {
    /// Makes the backends that the settings name.
    ///
    /// # Errors
    /// When there is no such data folder, or a URL cannot be understood.
    pub(crate) async fn wire(settings: &Settings) -> anyhow::Result<Self> {
        let common = &settings.common;
        let (letters, broker) = queue(common)?;
        let redis = redis_server(common, "redis_url", &common.redis_url)?;
        let folder = match redis {
            Some(_) => None,
            None => Some(DataFolder::beside(&common.data)?),
        };
        let office = Office {
            letters,
            results: records(folder.as_ref(), redis).await?.results,
            objects: objects(common)?,
        };
        Ok(Self { office, broker })
    }

    /// Says goodbye where that gives back at once what was looked at.
    pub(crate) async fn close(&self) {
        if let Some(broker) = &self.broker {
            broker.close().await;
        }
    }
}

type Queue = (Arc<dyn DeadLetters>, Option<Arc<RabbitQueue>>);

fn queue(common: &Common) -> anyhow::Result<Queue> {
    if common.amqp_url.is_empty() {
        return Ok((Arc::new(embedded_queue(&common.data)?), None));
    }
    let broker = Arc::new(RabbitQueue::start(rabbitmq_config(common)?));
    Ok((Arc::clone(&broker) as _, Some(broker)))
}

fn embedded_queue(data: &Path) -> anyhow::Result<SqliteQueue> {
    let path = DataFolder::beside(data)?.queue();
    if !path.exists() {
        let problem = format!("{} holds no queue, nothing ran there yet", data.display());
        return Err(ConfigError::Invalid {
            key: "data",
            problem,
        }
        .into());
    }
    Ok(SqliteQueue::beside(&path)?)
}

/// None beside a fleet whose results are files: this machine's data folder, if there is one, need not be that fleet's.
fn objects(common: &Common) -> anyhow::Result<Option<Arc<dyn ObjectStore>>> {
    if !common.s3_endpoint.is_empty() {
        let s3 = S3::new(&s3(common)).map_err(|error| invalid("s3_endpoint", &error))?;
        return Ok(Some(Arc::new(s3)));
    }
    if !common.amqp_url.is_empty() {
        return Ok(None);
    }
    let folder = DataFolder::beside(&common.data)?;
    Ok(Some(Arc::new(Disk::beside(&folder.objects()))))
}
