//! One Redis server: how we connect to it, how long we wait for it, and what our keys are called.

use std::{fmt, sync::Arc, time::Duration};

use backon::{ConstantBuilder, Retryable as _};
use redis::{
    AsyncConnectionConfig, Client, IntoConnectionInfo as _, RedisError, RedisResult,
    aio::{ConnectionManager, ConnectionManagerConfig, MultiplexedConnection},
    io::tcp::TcpSettings,
};
use schemas::JobId;

use crate::{
    Error,
    error::{Backend, Cause},
};

/// A command takes less than a millisecond; who waits longer than this waits for a server that is not well.
const COMMAND_TIME_MAX: Duration = Duration::from_secs(1);

/// A host that acknowledges nothing for so long is gone. Without this a connection that a firewall forgot would time out
/// one command after another for a quarter of an hour before it is built again.
#[cfg(target_os = "linux")]
const ACKNOWLEDGE_TIME_MAX: Duration = Duration::from_secs(5);

/// Before every key, so that several systems may share a server.
const NAMESPACE: &str = "nws";

/// All keys carry this shard tag, so that on a cluster the keys of one job would lie together. There is one shard.
const SHARD: &str = "{0}";

/// A Redis server, and the part of it that is ours.
#[derive(Clone)]
pub struct RedisServer {
    client: Client,
    namespace: Arc<str>,
}

impl RedisServer {
    /// The server at `url`. Nothing is sent yet, so this works while the server is down.
    ///
    /// # Errors
    /// When `url` is no Redis URL.
    pub fn new(url: &str) -> Result<Self, Error> {
        let client = url
            .into_connection_info()
            .map(|server| server.set_tcp_settings(tcp_settings()))
            .and_then(Client::open)
            .map_err(|error| failed("open", error))?;
        Ok(Self {
            client,
            namespace: NAMESPACE.into(),
        })
    }

    /// The same server under other keys: `<namespace>:{0}:…` instead of `nws:{0}:…`.
    #[must_use]
    pub fn with_namespace(mut self, namespace: &str) -> Self {
        self.namespace = namespace.into();
        self
    }

    /// A connection for commands. It is built with the first one, shared by its clones, and built again when it breaks.
    pub(crate) fn commands(&self) -> Result<ConnectionManager, Error> {
        let config = ConnectionManagerConfig::new()
            .set_connection_timeout(Some(COMMAND_TIME_MAX))
            .set_response_timeout(Some(COMMAND_TIME_MAX))
            .set_number_of_retries(0);
        self.client
            .get_connection_manager_lazy(config)
            .map_err(|error| failed("open", error))
    }

    /// A connection for commands that block on purpose, which a response timeout would break off.
    pub(crate) async fn blocking(&self) -> RedisResult<MultiplexedConnection> {
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(COMMAND_TIME_MAX))
            .set_response_timeout(None);
        self.client
            .get_multiplexed_async_connection_with_config(&config)
            .await
    }

    /// The key of what is one for all jobs, for example `nws:{0}:fire`.
    pub(crate) fn key(&self, kind: &str) -> String {
        format!("{}:{SHARD}:{kind}", self.namespace)
    }

    /// The key of what each job has, for example `nws:{0}:log:<id>`.
    pub(crate) fn key_of(&self, kind: &str, id: &JobId) -> String {
        format!("{}:{SHARD}:{kind}:{id}", self.namespace)
    }
}

/// Small commands must not wait until the one before is acknowledged.
fn tcp_settings() -> TcpSettings {
    let settings = TcpSettings::default().set_nodelay(true);
    #[cfg(target_os = "linux")]
    let settings = settings.set_user_timeout(ACKNOWLEDGE_TIME_MAX);
    settings
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
