//! A connection that is kept up.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use futures::FutureExt as _;
use redis::{
    Client, Cmd, ConnectionInfo, Pipeline, RedisError, RedisFuture, RedisResult, Value,
    aio::{ConnectionLike, ConnectionManager, ConnectionManagerConfig},
};

use super::COMMAND_TIME_MAX;

/// A server that answers every command with an error gets no more new connections than this.
const REPLACED_AFTER_MIN: Duration = Duration::from_secs(1);

/// A connection that is built with its first command, shared by its clones, and built again when it breaks.
///
/// The library's manager does this, save in one case: where a server's greeting cannot be read, as when the wire breaks in
/// the middle of it, the manager keeps that error and answers every command with it, for ever. So it is replaced. What a
/// server answers to a command is a value here, also where it is an error (an unknown script, a replica that does not
/// write): it replaces nothing.
#[derive(Clone)]
pub(crate) struct Connection(Arc<Kept>);

struct Kept {
    client: Client,
    current: Mutex<Current>,
}

struct Current {
    manager: ConnectionManager,
    since: Instant,
}

impl Connection {
    /// Nothing is sent yet.
    pub(super) fn to(address: ConnectionInfo) -> RedisResult<Self> {
        let client = Client::open(address)?;
        let current = Mutex::new(Current::new(&client)?);
        Ok(Self(Arc::new(Kept { client, current })))
    }

    fn manager(&self) -> ConnectionManager {
        self.current().manager.clone()
    }

    /// Replaces the manager where `answer` may be a greeting's. Commands under way stay with the one before.
    fn learn<T>(&self, answer: &RedisResult<T>) {
        let Err(error) = answer else { return };
        let mut current = self.current();
        if may_be_a_greetings(error)
            && current.since.elapsed() >= REPLACED_AFTER_MIN
            && let Ok(new) = Current::new(&self.0.client)
        {
            *current = new;
        }
    }

    /// No code of ours panics while it holds this.
    fn current(&self) -> MutexGuard<'_, Current> {
        self.0
            .current
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl Current {
    fn new(client: &Client) -> RedisResult<Self> {
        let config = ConnectionManagerConfig::new()
            .set_connection_timeout(Some(COMMAND_TIME_MAX))
            .set_response_timeout(Some(COMMAND_TIME_MAX))
            .set_number_of_retries(0);
        Ok(Self {
            manager: client.get_connection_manager_lazy(config)?,
            since: Instant::now(),
        })
    }
}

/// After an I/O error, time-outs among them, the manager connects again by itself; a cluster's redirections are no errors.
fn may_be_a_greetings(error: &RedisError) -> bool {
    !error.is_io_error() && !error.is_cluster_error()
}

impl ConnectionLike for Connection {
    fn req_packed_command<'a>(&'a mut self, command: &'a Cmd) -> RedisFuture<'a, Value> {
        async move {
            let answer = self.manager().req_packed_command(command).await;
            self.learn(&answer);
            answer
        }
        .boxed()
    }

    fn req_packed_commands<'a>(
        &'a mut self,
        pipeline: &'a Pipeline,
        offset: usize,
        count: usize,
    ) -> RedisFuture<'a, Vec<Value>> {
        async move {
            let mut manager = self.manager();
            let answers = manager.req_packed_commands(pipeline, offset, count).await;
            self.learn(&answers);
            answers
        }
        .boxed()
    }

    fn get_db(&self) -> i64 {
        self.manager().get_db()
    }
}

#[cfg(test)]
mod tests {
    use redis::IntoConnectionInfo as _;

    use super::*;

    fn connection() -> Connection {
        let url = std::env::var("NWS_TEST_REDIS_URL")
            .expect("this test needs a Redis in NWS_TEST_REDIS_URL: run it with ops/services run");
        Connection::to(url.into_connection_info().unwrap()).unwrap()
    }

    async fn id(connection: &mut Connection) -> u64 {
        let mut ask = redis::cmd("CLIENT");
        ask.arg("ID").query_async(connection).await.unwrap()
    }

    #[tokio::test]
    async fn a_command_that_is_refused_costs_no_connection() {
        let mut connection = connection();
        let before = id(&mut connection).await;
        let long_ago = Instant::now().checked_sub(2 * REPLACED_AFTER_MIN);
        connection.current().since = long_ago.unwrap();
        for refused in ["EVALSHA 0 0", "NOSUCHCOMMAND", "GET too many words"] {
            let mut command = Cmd::new();
            for word in refused.split(' ') {
                command.arg(word);
            }
            let answer: RedisResult<()> = command.query_async(&mut connection).await;
            answer.unwrap_err();
        }
        assert_eq!(id(&mut connection).await, before);
    }
}
