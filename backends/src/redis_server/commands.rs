//! The way of a command to its shard.

use std::sync::Arc;

use futures::FutureExt as _;
use redis::{
    AsyncConnectionConfig, Client, Cmd, ConnectionInfo, Pipeline, RedisFuture, RedisResult, Value,
    aio::{ConnectionLike, MultiplexedConnection},
};

use super::{
    COMMAND_TIME_MAX, address::Address, cluster::Cluster, connection::Connection, shard::Shard,
};

/// Connections for commands, one to each node that is spoken to. They are built with the first command, shared by all
/// clones, and built again when they break.
#[derive(Clone)]
pub(crate) enum Commands {
    Server {
        address: ConnectionInfo,
        connection: Connection,
    },
    Cluster(Arc<Cluster>),
}

/// Whoever holds a shard, as a connection.
#[derive(Clone)]
pub(crate) enum AtShard {
    Server(Connection),
    Cluster(Arc<Cluster>, Shard),
}

impl Commands {
    pub(super) fn to(address: &Address) -> RedisResult<Self> {
        Ok(match address {
            Address::Server(address) => Self::Server {
                address: address.clone(),
                connection: Connection::to(address.clone())?,
            },
            Address::Cluster(seeds) => Self::Cluster(Arc::new(Cluster::new(seeds))),
        })
    }

    /// Where the commands about a shard go.
    pub(crate) fn at(&self, shard: Shard) -> AtShard {
        match self {
            Self::Server { connection, .. } => AtShard::Server(connection.clone()),
            Self::Cluster(cluster) => AtShard::Cluster(Arc::clone(cluster), shard),
        }
    }

    /// A connection of its own to whoever holds the shard now, for commands that block on purpose, which a response
    /// timeout would break off.
    pub(crate) async fn blocking(&self, shard: Shard) -> RedisResult<MultiplexedConnection> {
        let address = match self {
            Self::Server { address, .. } => address.clone(),
            Self::Cluster(cluster) => cluster.address_of(shard).await?,
        };
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(COMMAND_TIME_MAX))
            .set_response_timeout(None);
        Client::open(address)?
            .get_multiplexed_async_connection_with_config(&config)
            .await
    }

    /// Says that whoever held the shard does not answer: it is looked for again.
    pub(crate) fn doubt(&self, shard: Shard) {
        if let Self::Cluster(cluster) = self {
            cluster.forget(shard);
        }
    }
}

impl ConnectionLike for AtShard {
    fn req_packed_command<'a>(&'a mut self, command: &'a Cmd) -> RedisFuture<'a, Value> {
        match self {
            Self::Server(connection) => connection.req_packed_command(command),
            Self::Cluster(cluster, shard) => cluster.send(*shard, command).boxed(),
        }
    }

    /// On a cluster this follows no redirection: what must happen at once is a script here, not a pipeline.
    fn req_packed_commands<'a>(
        &'a mut self,
        pipeline: &'a Pipeline,
        offset: usize,
        count: usize,
    ) -> RedisFuture<'a, Vec<Value>> {
        match self {
            Self::Server(connection) => connection.req_packed_commands(pipeline, offset, count),
            Self::Cluster(cluster, shard) => async move {
                let mut master = cluster.master_of(*shard).await?;
                master.req_packed_commands(pipeline, offset, count).await
            }
            .boxed(),
        }
    }

    fn get_db(&self) -> i64 {
        match self {
            Self::Server(connection) => connection.get_db(),
            Self::Cluster(..) => 0,
        }
    }
}
