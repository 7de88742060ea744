//! The commands behind each method, and the scripts that most of them are.

use redis::{FromRedisValue, RedisResult};
use schemas::{Job, JobId, State, Timings};

use super::{Jobs, Known};
use crate::{
    outbox::redis as outbox,
    redis_server::{AtShard, Call, Script, Shard},
    results::{Epoch, Owner, rules},
};

/// Events kept for readers that lost their connection: at 1 KiB each about 20 MiB, and minutes of a busy fleet. Who was
/// away longer reads the records instead.
const STREAM_EVENTS_MAX: u32 = 20_000;

/// How long the trace of a check stays.
const CHECK_SECONDS: u32 = 60;

macro_rules! script {
    ($file:literal) => {
        Script::new(concat!(
            include_str!("../../outbox/redis/notice.lua"),
            "\n",
            include_str!("tell.lua"),
            "\n",
            include_str!($file)
        ))
    };
}

/// The scripts, ready to be called by their digest.
pub(super) struct Scripts {
    admit: Script,
    announce: Script,
    cancel: Script,
    claim: Script,
    history: Script,
    mark_sent: Script,
    oldest_waiting: Script,
    unsent: Script,
}

impl Default for Scripts {
    fn default() -> Self {
        Self {
            admit: script!("admit.lua"),
            announce: script!("announce.lua"),
            cancel: script!("cancel.lua"),
            claim: script!("claim.lua"),
            history: script!("history.lua"),
            mark_sent: script!("mark_sent.lua"),
            oldest_waiting: script!("oldest_waiting.lua"),
            unsent: script!("unsent.lua"),
        }
    }
}

impl Jobs {
    /// What is recorded then, and whether the job began just now.
    pub(super) async fn admit(
        &self,
        job: &Job,
        state: &State,
        again: bool,
        by: Option<&Owner>,
        now_ms: u64,
    ) -> RedisResult<(Known, bool)> {
        let mut call = self.about(&self.scripts.admit, &job.id());
        write_event(&mut call, state, now_ms);
        call.arg(job.to_json()).arg(u8::from(again)).arg(name(by));
        let (began_now, id, state, sent, updated_at_ms, cancelled_epoch, owner) =
            self.send(&job.id(), &call).await?;
        let known = Known {
            id,
            state,
            sent,
            updated_at_ms,
            cancelled_epoch,
            owner,
        };
        Ok((known, began_now))
    }

    /// The event's id, or `None` where the claim is stale.
    pub(super) async fn announce(
        &self,
        epoch: Epoch,
        state: &State,
        now_ms: u64,
    ) -> RedisResult<Option<String>> {
        let mut call = self.about(&self.scripts.announce, &state.job_id);
        write_event(&mut call, state, now_ms);
        call.arg(epoch).arg(rules::EPOCH_EVENTS_MAX);
        self.send_end(&state.job_id, call).await
    }

    /// The newest event's id, its state, and what was done.
    pub(super) async fn cancel(
        &self,
        id: &JobId,
        by: Option<&Owner>,
        now_ms: u64,
    ) -> RedisResult<Option<(String, String, String)>> {
        let mut call = self.about(&self.scripts.cancel, id);
        let nothing_yet = State::queued(*id, Timings::default()).cancelled();
        write_event(&mut call, &nothing_yet, now_ms);
        call.arg(name(by));
        self.send_end(id, call).await
    }

    /// The epoch, and the state before it.
    pub(super) async fn claim(
        &self,
        id: &JobId,
        now_ms: u64,
    ) -> RedisResult<(Epoch, Option<String>)> {
        let mut call = self.about(&self.scripts.claim, id);
        call.arg(id.to_string())
            .arg(now_ms)
            .arg(rules::RECORD_AGE_MAX.as_secs());
        self.send(id, &call).await
    }

    pub(super) async fn mark_sent(&self, id: &JobId, epoch: Epoch, now_ms: u64) -> RedisResult<()> {
        let mut call = self.about(&self.scripts.mark_sent, id);
        call.arg(id.to_string()).arg(epoch).arg(now_ms);
        self.send(id, &call).await
    }

    /// The messages of a shard's jobs admitted at `until_ms` or before, each with the epoch of its admission.
    pub(super) async fn unsent(
        &self,
        shard: Shard,
        until_ms: u64,
        jobs_max: usize,
    ) -> RedisResult<Vec<(Vec<u8>, Epoch)>> {
        let mut call = self.scripts.unsent.call();
        call.key(self.server.key(shard, "unsent"))
            .arg(until_ms)
            .arg(jobs_max)
            .arg(self.server.key(shard, "job:"));
        call.run(self.commands.at(shard)).await
    }

    /// When the oldest of a shard's jobs that wait was admitted, after those from before `since_ms` are forgotten.
    pub(super) async fn oldest_waiting(
        &self,
        shard: Shard,
        since_ms: u64,
    ) -> RedisResult<Option<u64>> {
        let mut call = self.scripts.oldest_waiting.call();
        call.key(self.server.key(shard, "waiting")).arg(since_ms);
        call.run(self.commands.at(shard)).await
    }

    pub(super) async fn record(&self, id: &JobId) -> RedisResult<Option<Known>> {
        let mut fields = redis::cmd("HMGET");
        fields
            .arg(self.server.key_of("job", id))
            .arg(&["id", "state", "sent", "updated", "cancel", "owner"]);
        Ok(known(fields.query_async(&mut self.at(id)).await?))
    }

    /// What the job's message says.
    pub(super) async fn message(&self, id: &JobId) -> RedisResult<Option<Vec<u8>>> {
        let mut message = redis::cmd("HGET");
        message.arg(self.server.key_of("job", id)).arg("job");
        message.query_async(&mut self.at(id)).await
    }

    /// The log's entries and the record, of one moment.
    pub(super) async fn log_and_record(
        &self,
        id: &JobId,
    ) -> RedisResult<(Vec<String>, Option<Known>)> {
        let call = self.about(&self.scripts.history, id);
        let (log, fields) = self.send(id, &call).await?;
        Ok((log, known(fields)))
    }

    /// A write, because a server that is full still reads.
    pub(super) async fn check(&self, shard: Shard) -> RedisResult<()> {
        redis::cmd("SET")
            .arg(self.server.key(shard, "check"))
            .arg(1)
            .arg("EX")
            .arg(CHECK_SECONDS)
            .query_async(&mut self.commands.at(shard))
            .await
    }

    fn about<'a>(&self, script: &'a Script, id: &JobId) -> Call<'a> {
        let shard = self.server.shard_of(id);
        let mut call = script.call();
        call.key(self.server.key_of("job", id))
            .key(self.server.key_of("log", id))
            .key(self.server.key(shard, "fire"))
            .key(self.server.key(shard, "unsent"))
            .key(self.server.key(shard, "waiting"));
        call
    }

    async fn send<T: FromRedisValue>(&self, id: &JobId, call: &Call<'_>) -> RedisResult<T> {
        call.run(self.at(id)).await
    }

    /// Sends what may end a job. Where somebody is to be told of that, the script asks for the outbox.
    async fn send_end<T: FromRedisValue>(&self, id: &JobId, mut call: Call<'_>) -> RedisResult<T> {
        match self.send(id, &call).await {
            Err(error) if error.code() == Some("OUTBOX") => {
                outbox::add_keys(&mut call, &self.server, self.server.shard_of(id));
                self.send(id, &call).await
            }
            answer => answer,
        }
    }

    fn at(&self, id: &JobId) -> AtShard {
        self.commands.at(self.server.shard_of(id))
    }
}

/// What `event_of` in `tell.lua` reads.
fn write_event(call: &mut Call<'_>, state: &State, now_ms: u64) {
    let (record_age, log_age) = rules::kept_for(state.status);
    call.arg(state.job_id.to_string())
        .arg(state.status.as_str())
        .arg(rules::json(&rules::bounded(state)))
        .arg(now_ms)
        .arg(record_age.as_secs())
        .arg(log_age.as_secs())
        .arg(rules::LOG_ENTRIES_MAX)
        .arg(STREAM_EVENTS_MAX);
}

/// A name, or nothing.
fn name(by: Option<&Owner>) -> &str {
    by.map_or("", Owner::as_str)
}

/// What is read of a job's hash: id, state, sent, updated, cancel, owner.
type Fields = (
    Option<String>,
    Option<String>,
    Option<bool>,
    Option<u64>,
    Option<Epoch>,
    Option<String>,
);

/// A hash without a state is a claim on a job that nobody recorded.
fn known(fields: Fields) -> Option<Known> {
    let (id, state, sent, updated_at_ms, cancelled_epoch, owner) = fields;
    Some(Known {
        id: id?,
        state: state?,
        sent: sent.unwrap_or_default(),
        updated_at_ms: updated_at_ms.unwrap_or_default(),
        cancelled_epoch,
        owner,
    })
}
