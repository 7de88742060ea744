//! Redis: how we connect to it, how long we wait for it, and what our keys are called.
//!
//! Read in this order: `shard`, how jobs are spread over a cluster; `address`, what a URL may say; `commands`, the way of
//! a command to its shard, by a `connection`; `script`, what runs on the server; `cluster`, who holds which shard, from the
//! `map` that a `node` tells.

mod address;
mod cluster;
mod commands;
mod connection;
mod map;
mod node;
mod script;
mod shard;

use std::{fmt, sync::Arc, time::Duration};

use backon::{ConstantBuilder, Retryable as _};
use redis::{ConnectionInfo, RedisError, RedisResult, io::tcp::TcpSettings};
use schemas::{Digest, JobId};

use self::{address::Address, shard::Shards};
use crate::{
    Error,
    error::{Backend, Cause},
};

pub use self::address::NotAnAddress;
pub(crate) use self::{
    commands::{AtShard, Commands},
    script::{Call, Script},
    shard::Shard,
};

/// A command takes less than a millisecond; who waits longer than this waits for a server that is not well.
const COMMAND_TIME_MAX: Duration = Duration::from_secs(1);

/// A host that acknowledges nothing for so long is gone. Without this a connection that a firewall forgot would time out
/// one command after another for a quarter of an hour before it is built again.
#[cfg(target_os = "linux")]
const ACKNOWLEDGE_TIME_MAX: Duration = Duration::from_secs(5);

/// Before every key, so that several systems may share a server.
const NAMESPACE: &str = "nws";

/// A Redis server or cluster, and the part of it that is ours.
#[derive(Clone)]
pub struct RedisServer {
    address: Address,
    namespace: Arc<str>,
}

impl RedisServer {
    /// The server or the cluster at `url`. Nothing is sent yet, so this works while it is down.
    ///
    /// # Errors
    /// When `url` is no Redis URL.
    pub fn new(url: &str) -> Result<Self, NotAnAddress> {
        Ok(Self {
            address: url.parse()?,
            namespace: NAMESPACE.into(),
        })
    }

    /// The same under other keys: `<namespace>:{0}:…` instead of `nws:{0}:…`.
    #[must_use]
    pub fn with_namespace(mut self, namespace: &str) -> Self {
        self.namespace = namespace.into();
        self
    }

    /// Connections for commands, not shared with others that ask for some.
    pub(crate) fn commands(&self) -> Result<Commands, Error> {
        Commands::to(&self.address).map_err(|error| failed("open", error))
    }

    /// Every shard, for what is asked of all of them.
    pub(crate) fn shards(&self) -> impl Iterator<Item = Shard> + use<> {
        self.shards_of_kind().all()
    }

    /// The shard of what the fleet has once.
    pub(crate) fn shard_of_fleet(&self) -> Shard {
        self.shards_of_kind().first()
    }

    /// The shard that a job's keys carry.
    pub(crate) fn shard_of(&self, id: &JobId) -> Shard {
        self.shards_of_kind().of(id)
    }

    /// The shard of what a digest names.
    pub(crate) fn shard_of_digest(&self, digest: &Digest) -> Shard {
        self.shards_of_kind().of_digest(digest)
    }

    /// The key of what each shard has, for example `nws:{0}:fire`.
    pub(crate) fn key(&self, shard: Shard, kind: &str) -> String {
        format!("{}:{shard}:{kind}", self.namespace)
    }

    /// The key of what each job has, for example `nws:{0}:log:<id>`.
    pub(crate) fn key_of(&self, kind: &str, id: &JobId) -> String {
        format!("{}:{id}", self.key(self.shard_of(id), kind))
    }

    fn shards_of_kind(&self) -> Shards {
        match self.address {
            Address::Server(_) => Shards::OF_A_SERVER,
            Address::Cluster(_) => Shards::OF_A_CLUSTER,
        }
    }
}

/// Small commands must not wait until the one before is acknowledged.
fn with_our_settings(address: ConnectionInfo) -> ConnectionInfo {
    let settings = TcpSettings::default().set_nodelay(true);
    #[cfg(target_os = "linux")]
    let settings = settings.set_user_timeout(ACKNOWLEDGE_TIME_MAX);
    address.set_tcp_settings(settings)
}

/// Waits for one command, as long as a command may take.
pub(crate) async fn within<T>(
    op: &'static str,
    command: impl Future<Output = RedisResult<T>>,
) -> Result<T, Error> {
    match tokio::time::timeout(COMMAND_TIME_MAX, command).await {
        Ok(answer) => answer.map_err(|error| failed(op, error)),
        Err(_) => Err(timed_out(op)),
    }
}

/// The same for a command that may as well be done twice: one that falls into a broken connection is sent again on the
/// new one, so that a restarted server is noticed by nobody.
pub(crate) async fn within_again<T, Sent: Future<Output = RedisResult<T>>>(
    op: &'static str,
    command: impl FnMut() -> Sent,
) -> Result<T, Error> {
    let once_more = ConstantBuilder::default()
        .with_delay(Duration::from_millis(20))
        .with_max_times(2);
    within(op, command.retry(once_more).when(RedisError::is_io_error)).await
}

fn failed(op: &'static str, error: RedisError) -> Error {
    if error.is_timeout() {
        return timed_out(op);
    }
    Error::failed(Backend::Results, op, error)
}

fn timed_out(op: &'static str) -> Error {
    Error::new(Backend::Results, op, Cause::Timeout(COMMAND_TIME_MAX))
}

/// Without the URL, which may hold a password.
impl fmt::Debug for RedisServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisServer")
            .field("namespace", &self.namespace)
            .finish_non_exhaustive()
    }
}
