//! The outbox in Redis. What belongs to a job lies in its shard, beside its record: the script that ends the job makes
//! the notices.

use std::{fmt, time::Duration};

use async_trait::async_trait;
use futures::future::join_all;
use redis::{FromRedisValue, RedisResult};
use schemas::{Digest, JobId};
use tracing::warn;

use super::{Notice, NoticeId, Outbox, Room, Subscribed, TARGETS_MAX, Written, name, read_all};
use crate::{
    Error,
    clock::millis,
    error::{Backend, Cause},
    redis_server::{Call, Commands, RedisServer, Script, Shard, within_again},
    results::Owner,
};

/// The outbox of a fleet.
pub struct Redis {
    commands: Commands,
    server: RedisServer,
    room: Room,
    subscribe: Script,
    take_due: Script,
    settle: Script,
    postpone: Script,
}

impl Redis {
    /// The outbox on `server`, where the records are. Nothing is sent yet, so this works while the server is down; it needs
    /// a runtime.
    ///
    /// # Errors
    /// When the server's address cannot be right.
    pub fn new(server: RedisServer) -> Result<Self, Error> {
        Ok(Self {
            commands: server.commands()?,
            server,
            room: Room::default(),
            subscribe: Script::new(concat!(
                include_str!("redis/notice.lua"),
                "\n",
                include_str!("redis/subscribe.lua")
            )),
            take_due: Script::new(include_str!("redis/take_due.lua")),
            settle: Script::new(concat!(
                include_str!("redis/notice.lua"),
                "\n",
                include_str!("redis/settle.lua")
            )),
            postpone: Script::new(include_str!("redis/postpone.lua")),
        })
    }

    /// The same with more room, or less.
    #[must_use]
    pub fn with_room(self, room: Room) -> Self {
        Self { room, ..self }
    }

    async fn about<T: FromRedisValue>(&self, id: &JobId, call: &Call<'_>) -> RedisResult<T> {
        call.run(self.commands.at(self.server.shard_of(id))).await
    }

    /// Calls a script about the notices of a job's shard.
    fn about_notices<'a>(&self, script: &'a Script, shard: Shard) -> Call<'a> {
        let mut call = script.call();
        add_keys(&mut call, &self.server, shard);
        call
    }

    async fn take_from(
        &self,
        shard: Shard,
        notices_max: usize,
        now_ms: u64,
        lease: Duration,
    ) -> Result<Vec<Written>, Error> {
        let mut call = self.about_notices(&self.take_due, shard);
        call.arg(now_ms)
            .arg(notices_max)
            .arg(now_ms + millis(lease));
        let taken: Vec<(String, String, String, String, u64, u32)> =
            within_again("take_due", || call.run(self.commands.at(shard))).await?;
        let written = |(id, url, owner, state, since_ms, attempts)| Written {
            id,
            url,
            owner,
            state,
            since_ms,
            attempts,
        };
        Ok(taken.into_iter().map(written).collect())
    }

    async fn depth_of(&self, shard: Shard) -> Result<u64, Error> {
        let mut count = redis::cmd("ZCARD");
        count.arg(outbox_key(&self.server, shard));
        within_again("depth", || async {
            count.query_async(&mut self.commands.at(shard)).await
        })
        .await
    }

    /// What the shards answer that do answer: one that is away does not hold up the others. Only where none does there is
    /// an error.
    async fn of_every_shard<T, Asked: Future<Output = Result<T, Error>>>(
        &self,
        ask: impl Fn(Shard) -> Asked,
    ) -> Result<Vec<T>, Error> {
        let answers = join_all(self.server.shards().map(ask)).await;
        let (known, failures): (Vec<_>, Vec<_>) = answers.into_iter().partition(Result::is_ok);
        let mut failures = failures.into_iter().filter_map(Result::err);
        if known.is_empty()
            && let Some(failure) = failures.next()
        {
            return Err(failure);
        }
        failures.for_each(|error| warn!(op = error.op, "a shard is passed over: {error}"));
        Ok(known.into_iter().flatten().collect())
    }
}

/// Gives a call the keys of a shard's outbox: the ids of its notices by when they are due, their contents, and how many
/// there are for each client and of each job.
pub(crate) fn add_keys(call: &mut Call<'_>, server: &RedisServer, shard: Shard) {
    call.key(outbox_key(server, shard))
        .key(server.key(shard, "notices"))
        .key(server.key(shard, "notice_counts"));
}

fn outbox_key(server: &RedisServer, shard: Shard) -> String {
    server.key(shard, "outbox")
}

#[async_trait]
impl Outbox for Redis {
    async fn subscribe(
        &self,
        id: &JobId,
        url: &str,
        by: Option<&Owner>,
        now_ms: u64,
    ) -> Result<Subscribed, Error> {
        let mut call = self.subscribe.call();
        call.key(self.server.key_of("job", id));
        add_keys(&mut call, &self.server, self.server.shard_of(id));
        call.arg(id.to_string())
            .arg(Digest::of(url.as_bytes()).to_string())
            .arg(url)
            .arg(name(by))
            .arg(now_ms)
            .arg(TARGETS_MAX)
            .arg(self.room.notices_max)
            .arg(self.room.notices_of_each);
        let (word, waiting, limit): (String, u64, u64) =
            within_again("subscribe", || self.about(id, &call)).await?;
        subscribed(&word, waiting, limit)
    }

    async fn take_due(
        &self,
        notices_max: usize,
        now_ms: u64,
        lease: Duration,
    ) -> Result<Vec<Notice>, Error> {
        let of_each = (notices_max / self.server.shards().count()).max(1);
        let ask = |shard| self.take_from(shard, of_each, now_ms, lease);
        let written = self.of_every_shard(ask).await?;
        Ok(read_all(written.into_iter().flatten().collect()))
    }

    async fn settle(&self, id: &NoticeId) -> Result<(), Error> {
        let mut call = self.about_notices(&self.settle, self.server.shard_of(&id.job));
        call.arg(id.to_string());
        within_again("settle", || self.about(&id.job, &call)).await
    }

    async fn forget(&self, id: &NoticeId) -> Result<(), Error> {
        let mut call = self.about_notices(&self.settle, self.server.shard_of(&id.job));
        call.key(self.server.key_of("job", &id.job))
            .arg(id.to_string())
            .arg(id.target.to_string());
        within_again("forget", || self.about(&id.job, &call)).await
    }

    async fn postpone(&self, id: &NoticeId, due_ms: u64, attempts: u32) -> Result<(), Error> {
        let mut call = self.about_notices(&self.postpone, self.server.shard_of(&id.job));
        call.arg(id.to_string()).arg(due_ms).arg(attempts);
        within_again("postpone", || self.about(&id.job, &call)).await
    }

    async fn depth(&self) -> Result<u64, Error> {
        let depths = self.of_every_shard(|shard| self.depth_of(shard)).await?;
        Ok(depths.into_iter().sum())
    }
}

fn subscribed(word: &str, waiting: u64, limit: u64) -> Result<Subscribed, Error> {
    match word {
        "waits" => Ok(Subscribed::Waits),
        "due" => Ok(Subscribed::Due),
        "too_many_targets" => Ok(Subscribed::TooManyTargets),
        "too_many_wait" => Ok(Subscribed::TooManyWait { waiting, limit }),
        other => {
            let cause = Cause::Corrupt(format!("{other:?} is no answer to a wish to be told"));
            Err(Error::new(Backend::Results, "subscribe", cause))
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
