//! Counters in Redis: one for each client and thing, of a kilobyte at most, that is gone when nothing in it counts any more.

use std::{fmt, time::Duration};

use async_trait::async_trait;
use schemas::Digest;

use super::{Allowance, Quota, Taken};
use crate::{
    Error,
    clock::millis,
    redis_server::{Commands, RedisServer, Script, within},
};

/// Parts of a window that are counted by themselves. 60: a request counts for a sixtieth longer than the window at most, and a
/// busy client takes 61 small numbers.
const SLICES: u64 = 60;

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
            .arg(slice_ms(allowance.window))
            .arg(SLICES)
            .arg(allowance.requests.get());
        let (is_counted, left, ms) = within("take", call.run(self.commands.at(shard))).await?;
        Ok(taken(is_counted, left, Duration::from_millis(ms)))
    }
}

/// Rounded up: all slices together are no shorter than the window.
fn slice_ms(window: Duration) -> u64 {
    millis(window).div_ceil(SLICES).max(1)
}

/// What the script answers.
const fn taken(is_counted: bool, left: u64, until_more: Duration) -> Taken {
    if is_counted {
        let more_in = until_more;
        Taken::Counted { left, more_in }
    } else {
        Taken::Refused { wait: until_more }
    }
}

impl fmt::Debug for Redis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Redis")
            .field("server", &self.server)
            .finish_non_exhaustive()
    }
}
