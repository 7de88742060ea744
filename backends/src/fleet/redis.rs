//! The workers of a fleet, in one hash of Redis: a field for each, with the moment at which it was heard by the server's
//! clock. So no worker's clock matters, and a fleet that is gone leaves nothing behind.

use std::{fmt, time::Duration};

use async_trait::async_trait;
use redis::{FromRedisValue, RedisResult};
use tracing::debug;

use super::{Alive, Fleet, Heartbeat, SILENCE_MAX, WORKERS_MAX, WorkerId, local::too_many};
use crate::{
    Error,
    clock::millis,
    redis_server::{Call, Commands, RedisServer, Script, Shard, within_again},
};

macro_rules! script {
    ($file:literal) => {
        Script::new(concat!(
            include_str!("redis/heard.lua"),
            "\n",
            include_str!($file)
        ))
    };
}

/// What the workers of a fleet say.
pub struct Redis {
    commands: Commands,
    shard: Shard,
    key: String,
    beat: Script,
    leave: Script,
    alive: Script,
}

impl Redis {
    /// The workers of the fleet on `server`. Nothing is sent yet, so this works while the server is down; it needs a runtime.
    ///
    /// # Errors
    /// When the server's address cannot be right.
    pub fn new(server: &RedisServer) -> Result<Self, Error> {
        let shard = server.shard_of_fleet();
        Ok(Self {
            commands: server.commands()?,
            shard,
            key: server.key(shard, "workers"),
            beat: script!("redis/beat.lua"),
            leave: script!("redis/leave.lua"),
            alive: script!("redis/alive.lua"),
        })
    }

    fn about_the_fleet<'a>(&self, script: &'a Script) -> Call<'a> {
        let mut call = script.call();
        call.key(self.key.clone()).arg(millis(SILENCE_MAX));
        call
    }

    async fn run<T: FromRedisValue>(&self, call: &Call<'_>) -> RedisResult<T> {
        call.run(self.commands.at(self.shard)).await
    }
}

#[async_trait]
impl Fleet for Redis {
    async fn beat(&self, heartbeat: &Heartbeat) -> Result<(), Error> {
        let json = serde_json::to_string(heartbeat).expect("a heartbeat is JSON");
        let mut call = self.about_the_fleet(&self.beat);
        call.arg(heartbeat.id.to_string())
            .arg(json)
            .arg(WORKERS_MAX);
        let kept: bool = within_again("beat", || self.run(&call)).await?;
        if kept { Ok(()) } else { Err(too_many()) }
    }

    async fn leave(&self, id: &WorkerId) -> Result<(), Error> {
        let mut call = self.about_the_fleet(&self.leave);
        call.arg(id.to_string());
        within_again("leave", || self.run(&call)).await
    }

    async fn alive(&self, silence_max: Duration) -> Result<Vec<Alive>, Error> {
        let mut call = self.about_the_fleet(&self.alive);
        call.arg(millis(silence_max));
        let heard: Vec<(u64, String)> = within_again("alive", || self.run(&call)).await?;
        Ok(heard.iter().filter_map(alive).collect())
    }
}

/// What cannot be read is another version's; it must not hide the rest.
fn alive((age_ms, json): &(u64, String)) -> Option<Alive> {
    let heartbeat = serde_json::from_str(json)
        .inspect_err(|error| debug!("a heartbeat is passed over: {error}"))
        .ok()?;
    Some(Alive {
        heartbeat,
        age: Duration::from_millis(*age_ms),
    })
}

impl fmt::Debug for Redis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Redis")
            .field("key", &self.key)
            .finish_non_exhaustive()
    }
}
