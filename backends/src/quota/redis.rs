//! Counters in Redis: one for each client and thing, of a few bytes, that is gone two windows after the last request.

use std::{fmt, time::Duration};

use async_trait::async_trait;
use schemas::Digest;

use super::{Allowance, Quota, Taken};
use crate::{
    Error,
    clock::millis,
    redis_server::{Commands, RedisServer, Script, within},
};

/// What the clients of a fleet have asked for.
pub struct Redis {
    server: RedisServer,
    commands: Commands,
    take: Script,
}

impl Redis {
    /// The counters on `server`. Nothing is sent yet, so this works while the server is down; it needs a runtime.
    ///
    /// # Errors
    /// When the server's address cannot be right.
    pub fn new(server: RedisServer) -> Result<Self, Error> {
        Ok(Self {
            commands: server.commands()?,
            server,
            take: Script::new(include_str!("redis/take.lua")),
        })
    }
}

#[async_trait]
impl Quota for Redis {
    async fn take(
        &self,
        what: &'static str,
        client: &Digest,
        allowance: Allowance,
    ) -> Result<Taken, Error> {
        let shard = self.server.shard_of_digest(client);
        let kind = self.server.key(shard, "quota");
        let mut call = self.take.call();
        call.key(format!("{kind}:{what}:{client}"))
            .arg(millis(allowance.window))
            .arg(allowance.requests.get());
        let (is_counted, number) = within("take", call.run(self.commands.at(shard))).await?;
        Ok(taken(is_counted, number))
    }
}

/// What the script answers.
fn taken(is_counted: bool, number: u64) -> Taken {
    if is_counted {
        Taken::Counted { left: number }
    } else {
        Taken::Refused {
            wait: Duration::from_millis(number),
        }
    }
}

impl fmt::Debug for Redis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Redis")
            .field("server", &self.server)
            .finish_non_exhaustive()
    }
}
