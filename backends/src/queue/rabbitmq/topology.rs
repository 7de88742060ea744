//! The exchanges and queues. Arguments are part of a name: to change one, change the name's version, or the broker
//! answers 406 to every session of the other version.

use lapin::{
    Channel, ExchangeKind,
    options::{ExchangeBindOptions, ExchangeDeclareOptions, QueueBindOptions, QueueDeclareOptions},
    types::{AMQPValue, FieldTable, ShortString},
};

use super::{
    config::Namespace,
    ladder::{self, JOBS_KEY, LEVELS, UNIT},
};
use crate::queue::CRASHES_MAX;

/// What a worker buries a message with: its client was told before.
pub(super) const TOLD_KEY: &str = "jobs.image.told";
/// What the broker buries a message with, so that nobody knows.
const UNTOLD_KEY: &str = "jobs.image";

/// Looks at dead letters count as deliveries; with a common limit, twenty of them would destroy the letter. The same holds
/// for news of a burial that nobody can be told of while the records are away.
const LOOKS_MAX: i32 = 1_000_000;

/// The names within a namespace.
#[derive(Clone, Debug)]
pub(super) struct Topology {
    namespace: Namespace,
}

impl Topology {
    pub(super) const fn new(namespace: Namespace) -> Self {
        Self { namespace }
    }

    /// The exchange that jobs are sent to, with [`JOBS_KEY`].
    pub(super) fn jobs_exchange(&self) -> ShortString {
        format!("{}.jobs", self.namespace).into()
    }

    /// The queue of the jobs.
    pub(super) fn jobs_queue(&self) -> ShortString {
        format!("{}.jobs.image.v1", self.namespace).into()
    }

    /// The exchange of the dead letters.
    pub(super) fn dead_exchange(&self) -> ShortString {
        format!("{}.dlx", self.namespace).into()
    }

    /// The queue of the dead letters.
    pub(super) fn dead_queue(&self) -> ShortString {
        format!("{}.dlq.v1", self.namespace).into()
    }

    /// The queue of copies of what the broker buried, until somebody has told of them.
    pub(super) fn buried_queue(&self) -> ShortString {
        format!("{}.buried.v1", self.namespace).into()
    }

    /// A level of the ladder: its exchange and its queue have one name.
    fn level(&self, level: u32) -> ShortString {
        format!("{}.delay.v1.{level:02}", self.namespace).into()
    }

    /// Where messages go at `level`; below the last one is the way out.
    pub(super) fn delay_exchange(&self, level: Option<u32>) -> ShortString {
        level.map_or_else(
            || format!("{}.delay.v1.out", self.namespace).into(),
            |level| self.level(level),
        )
    }

    /// Declares everything; what is there already is left alone.
    ///
    /// The order matters: a queue whose dead-letter exchange is missing drops its dead letters in silence.
    pub(super) async fn declare(&self, channel: &Channel) -> lapin::Result<()> {
        self.declare_exchanges(channel).await?;
        self.declare_dead_queues(channel).await?;
        self.declare_jobs_queue(channel).await?;
        for level in 0..LEVELS {
            self.declare_level(channel, level).await?;
        }
        Ok(())
    }

    async fn declare_exchanges(&self, channel: &Channel) -> lapin::Result<()> {
        exchange(channel, self.jobs_exchange(), ExchangeKind::Direct).await?;
        exchange(channel, self.dead_exchange(), ExchangeKind::Topic).await?;
        exchange(channel, self.delay_exchange(None), ExchangeKind::Topic).await?;
        for level in 0..LEVELS {
            exchange(channel, self.level(level), ExchangeKind::Topic).await?;
        }
        Ok(())
    }

    async fn declare_dead_queues(&self, channel: &Channel) -> lapin::Result<()> {
        for (name, key) in [(self.dead_queue(), "#"), (self.buried_queue(), UNTOLD_KEY)] {
            let arguments = quorum([("x-delivery-limit", LOOKS_MAX.into())]);
            queue(channel, name.clone(), arguments).await?;
            bind(channel, name, self.dead_exchange(), key).await?;
        }
        Ok(())
    }

    async fn declare_jobs_queue(&self, channel: &Channel) -> lapin::Result<()> {
        let crashes_max = i32::try_from(CRASHES_MAX).expect("a handful");
        let arguments = quorum([
            ("x-delivery-limit", crashes_max.into()),
            (
                "x-dead-letter-exchange",
                text(self.dead_exchange().as_str()),
            ),
            ("x-dead-letter-routing-key", text(UNTOLD_KEY)),
            ("x-dead-letter-strategy", text("at-least-once")),
        ]);
        queue(channel, self.jobs_queue(), arguments).await?;
        bind(channel, self.jobs_queue(), self.jobs_exchange(), JOBS_KEY).await?;
        let arrived = ladder::arrived();
        bind(
            channel,
            self.jobs_queue(),
            self.delay_exchange(None),
            &arrived,
        )
        .await
    }

    async fn declare_level(&self, channel: &Channel, level: u32) -> lapin::Result<()> {
        let below = self.delay_exchange(level.checked_sub(1));
        let wait_ms = (UNIT * (1 << level)).as_millis();
        let wait_ms = i32::try_from(wait_ms).expect("the highest level waits 410 seconds");
        let arguments = quorum([
            ("x-message-ttl", wait_ms.into()),
            ("x-dead-letter-exchange", text(below.as_str())),
            ("x-dead-letter-strategy", text("at-least-once")),
        ]);
        queue(channel, self.level(level), arguments).await?;
        bind(
            channel,
            self.level(level),
            self.level(level),
            &ladder::waits(level),
        )
        .await?;
        let passes = ladder::passes(level).into();
        channel
            .exchange_bind(
                below,
                self.level(level),
                passes,
                ExchangeBindOptions::default(),
                FieldTable::default(),
            )
            .await
    }

    /// Removes everything.
    #[cfg(test)]
    pub(super) async fn delete(&self, channel: &Channel) -> lapin::Result<()> {
        use lapin::options::{ExchangeDeleteOptions, QueueDeleteOptions};

        let levels = || (0..LEVELS).map(|level| self.level(level));
        let queues = [self.jobs_queue(), self.dead_queue(), self.buried_queue()];
        for queue in levels().chain(queues) {
            channel
                .queue_delete(queue, QueueDeleteOptions::default())
                .await?;
        }
        let others = [
            self.jobs_exchange(),
            self.dead_exchange(),
            self.delay_exchange(None),
        ];
        for exchange in levels().chain(others) {
            channel
                .exchange_delete(exchange, ExchangeDeleteOptions::default())
                .await?;
        }
        Ok(())
    }
}

/// What all our queues share: kept on disk by a majority, and full means refused rather than dropped.
fn quorum<const N: usize>(arguments: [(&'static str, AMQPValue); N]) -> FieldTable {
    let mut table = FieldTable::default();
    table.insert("x-queue-type".into(), text("quorum"));
    table.insert("x-overflow".into(), text("reject-publish"));
    for (name, value) in arguments {
        table.insert(name.into(), value);
    }
    table
}

fn text(text: &str) -> AMQPValue {
    AMQPValue::LongString(text.into())
}

async fn exchange(channel: &Channel, name: ShortString, kind: ExchangeKind) -> lapin::Result<()> {
    let options = ExchangeDeclareOptions {
        durable: true,
        ..ExchangeDeclareOptions::default()
    };
    channel
        .exchange_declare(name, kind, options, FieldTable::default())
        .await
}

async fn queue(channel: &Channel, name: ShortString, arguments: FieldTable) -> lapin::Result<()> {
    let options = QueueDeclareOptions {
        durable: true,
        ..QueueDeclareOptions::default()
    };
    channel.queue_declare(name, options, arguments).await?;
    Ok(())
}

async fn bind(
    channel: &Channel,
    queue: ShortString,
    exchange: ShortString,
    key: &str,
) -> lapin::Result<()> {
    channel
        .queue_bind(
            queue,
            exchange,
            key.into(),
            QueueBindOptions::default(),
            FieldTable::default(),
        )
        .await
}
