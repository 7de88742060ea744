//! The one connection that hears of every change in a shard, however many watch here.

use std::{convert::Infallible, sync::Arc, time::Duration};

use futures::{StreamExt as _, TryStreamExt as _, stream};
use redis::{
    RedisResult,
    aio::MultiplexedConnection,
    streams::{StreamId, StreamRangeReply, StreamReadReply},
};
use schemas::JobId;
use tracing::{info, warn};

use super::Jobs;
use crate::{
    Error,
    clock::millis,
    error::{Backend, Cause},
    redis_server::Shard,
    results::{hub::Hub, rules},
};

/// How long one read waits for news. It bounds how late a dead connection is noticed.
const WAIT_MAX: Duration = Duration::from_secs(5);

/// What the answer to such a read may take beyond it.
const ANSWER_TIME_MAX: Duration = Duration::from_secs(2);

/// Events in one read: at 1 KiB each half a MiB.
const EVENTS_MAX: usize = 500;

/// Records that are read at once after a gap.
const READS_AT_ONCE_MAX: usize = 16;

/// Pauses between connections that did not hold, each with some jitter, so that a fleet does not come back in step.
const PAUSE_MIN: Duration = Duration::from_millis(50);
const PAUSE_MAX: Duration = Duration::from_secs(2);

/// Where we are in the stream of events: the id of the last one that was read, in the stream's own counting.
type Place = String;

/// The place before a stream's first event.
const START: &str = "0-0";

/// Tells `hub` whatever happens in `shard`, over one connection after another.
pub(super) async fn read(shard: Shard, jobs: Jobs, hub: Arc<Hub>) {
    let mut reader = Reader {
        shard,
        jobs,
        hub,
        place: START.to_owned(),
        pause: PAUSE_MIN,
    };
    loop {
        let Err(error) = reader.read_one_connection().await;
        warn!("event reader of shard {shard} reconnects: {error}");
        reader.jobs.commands.doubt(shard);
        let jitter = rand::random_range(0.5..1.0);
        tokio::time::sleep(reader.pause.mul_f64(jitter)).await;
        reader.pause = (reader.pause * 2).min(PAUSE_MAX);
    }
}

struct Reader {
    shard: Shard,
    jobs: Jobs,
    hub: Arc<Hub>,
    place: Place,
    pause: Duration,
}

impl Reader {
    /// Connects, makes good what was missed meanwhile, and reads until the connection breaks.
    async fn read_one_connection(&mut self) -> Result<Infallible, Error> {
        let mut connection = in_time(self.jobs.commands.blocking(self.shard)).await?;
        self.introduce_ourselves(&mut connection).await?;
        // The order matters: what comes after this place will be read, what came before is in the records by now.
        self.place = self.last_place(&mut connection).await?;
        self.reread_records().await?;
        info!("event reader of shard {} is connected", self.shard);
        loop {
            let events = self.wait_for_news(&mut connection).await?;
            self.pause = PAUSE_MIN;
            let fell_behind =
                events.len() == EVENTS_MAX && self.is_place_lost(&mut connection).await?;
            self.tell(&events);
            if fell_behind {
                self.reread_records().await?;
            }
        }
    }

    /// So that an operator finds this connection among the others in `CLIENT LIST`.
    async fn introduce_ourselves(
        &self,
        connection: &mut MultiplexedConnection,
    ) -> Result<(), Error> {
        let mut name = redis::cmd("CLIENT");
        name.arg("SETNAME").arg(self.key("reader"));
        in_time(name.query_async(connection)).await
    }

    async fn last_place(&self, connection: &mut MultiplexedConnection) -> Result<Place, Error> {
        let last = self
            .one_of_stream("XREVRANGE", "+", "-", connection)
            .await?;
        Ok(last.unwrap_or_else(|| START.to_owned()))
    }

    /// Whether the stream was cut beyond our place, so that there were events that we will never read.
    async fn is_place_lost(&self, connection: &mut MultiplexedConnection) -> Result<bool, Error> {
        let oldest = self.one_of_stream("XRANGE", "-", "+", connection).await?;
        Ok(oldest.is_some_and(|oldest| order(&oldest) > order(&self.place)))
    }

    /// Tells every watcher of this shard where its job stands: events may have been missed.
    async fn reread_records(&self) -> Result<(), Error> {
        let is_ours = |id: &JobId| self.jobs.server.shard_of(id) == self.shard;
        stream::iter(self.hub.watched().into_iter().filter(is_ours))
            .map(|id| self.reread_record(id))
            .buffer_unordered(READS_AT_ONCE_MAX)
            .try_collect()
            .await
    }

    /// A record that cannot be read is passed over, as an event is.
    async fn reread_record(&self, id: JobId) -> Result<(), Error> {
        match self.jobs.history("resync", &id).await {
            Ok(Some(history)) => self.hub.tell_missed(history),
            Ok(None) => {}
            Err(error) if matches!(error.cause, Cause::Corrupt(_)) => {
                warn!(job.id = %id, %error, "job {id} is passed over: {error}");
            }
            Err(error) => return Err(error),
        }
        Ok(())
    }

    async fn wait_for_news(
        &self,
        connection: &mut MultiplexedConnection,
    ) -> Result<Vec<StreamId>, Error> {
        let mut read = redis::cmd("XREAD");
        read.arg("BLOCK")
            .arg(millis(WAIT_MAX))
            .arg("COUNT")
            .arg(EVENTS_MAX)
            .arg("STREAMS")
            .arg(self.key("fire"))
            .arg(&self.place);
        let answer: Option<StreamReadReply> = in_time(read.query_async(connection)).await?;
        let streams = answer.map(|answer| answer.keys).unwrap_or_default();
        Ok(streams.into_iter().flat_map(|stream| stream.ids).collect())
    }

    /// An entry that cannot be read is another version's; it must not stop the rest.
    fn tell(&mut self, events: &[StreamId]) {
        for entry in events {
            self.place.clone_from(&entry.id);
            let text = |field| entry.get::<String>(field).unwrap_or_default();
            match rules::event("read", &text("id"), &text("state")) {
                Ok(event) => self.hub.tell(&event),
                Err(error) => warn!("event {} is passed over: {error}", entry.id),
            }
        }
    }

    async fn one_of_stream(
        &self,
        command: &str,
        from: &str,
        to: &str,
        connection: &mut MultiplexedConnection,
    ) -> Result<Option<Place>, Error> {
        let mut range = redis::cmd(command);
        range
            .arg(self.key("fire"))
            .arg(from)
            .arg(to)
            .arg("COUNT")
            .arg(1);
        let answer: StreamRangeReply = in_time(range.query_async(connection)).await?;
        Ok(answer.ids.into_iter().next().map(|entry| entry.id))
    }

    fn key(&self, kind: &str) -> String {
        self.jobs.server.key(self.shard, kind)
    }
}

/// Places are ordered as Redis orders them: by milliseconds, then by number.
fn order(place: &str) -> Option<(u64, u64)> {
    let (millis, number) = place.split_once('-')?;
    Some((millis.parse().ok()?, number.parse().ok()?))
}

async fn in_time<T>(answer: impl Future<Output = RedisResult<T>>) -> Result<T, Error> {
    let time_max = WAIT_MAX + ANSWER_TIME_MAX;
    match tokio::time::timeout(time_max, answer).await {
        Ok(answer) => answer.map_err(|error| Error::failed(Backend::Results, "read", error)),
        Err(_) => Err(Error::new(
            Backend::Results,
            "read",
            Cause::Timeout(time_max),
        )),
    }
}
