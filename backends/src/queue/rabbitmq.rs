//! The networked queue: RabbitMQ, quorum queues, everything confirmed.
//!
//! Read in this order:
//! 1. [`topology`]: the exchanges and queues; [`ladder`]: how a retry waits inside the broker.
//! 2. [`headers`]: what travels beside a body.
//! 3. [`session`]: a connection that is built again whenever it breaks.
//! 4. [`publish`]: a message on its way out; [`receiver`]: on its way in, and its settlement.
//! 5. [`letters`]: what lies among the dead, and [`epitaph`], why; [`burials`]: what the broker put there by itself.

mod burials;
mod config;
mod epitaph;
mod headers;
mod ladder;
mod letters;
mod publish;
mod receiver;
mod session;
mod topology;

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use lapin::{
    BasicProperties,
    options::QueueDeclareOptions,
    types::{FieldTable, ShortString},
};
use schemas::Job;
use tokio::time::timeout;

pub use self::config::{Config, ConfigError, Namespace, Servers};
use self::{
    burials::RabbitBurials,
    publish::Message,
    receiver::RabbitReceiver,
    session::{Link, Role, Session, answered},
    topology::Topology,
};
use super::{Burials, Receiver, Sender, Source};
use crate::{
    Error,
    error::{Backend, Cause},
};

/// A queue at a broker. Clones share its two connections.
#[derive(Clone, Debug)]
pub struct RabbitQueue(Arc<Broker>);

/// What senders, receivers and deliveries share.
#[derive(Debug)]
struct Broker {
    config: Arc<Config>,
    topology: Topology,
    publish: Link,
    consume: Link,
}

impl RabbitQueue {
    /// Starts to connect. The broker may come later: receivers wait for it, senders for as long as they may.
    ///
    /// Call it within a tokio runtime.
    pub fn start(config: Config) -> Self {
        let config = Arc::new(config);
        Self(Arc::new(Broker {
            topology: Topology::new(config.namespace.clone()),
            publish: Link::start(Arc::clone(&config), Role::Publish),
            consume: Link::start(Arc::clone(&config), Role::Consume),
            config,
        }))
    }

    /// Ends both connections; what is still in hand goes to other workers at once.
    pub async fn close(&self) {
        tokio::join!(self.0.consume.close(), self.0.publish.close());
    }
}

#[async_trait]
impl Sender for RabbitQueue {
    async fn send(&self, job: &Job) -> Result<(), Error> {
        let properties = headers::of_job(job, crate::clock::now_ms());
        self.0.publish_job(properties, &job.to_json()).await
    }

    async fn depth(&self) -> Result<u64, Error> {
        self.0.depth().await
    }

    async fn check(&self) -> Result<(), Error> {
        let max = self.0.config.answer_max;
        let session = session_within(&self.0.publish, "check", max).await?;
        tokio::select! {
            biased;
            () = session.blocked() => {
                let alarm = "the broker takes no messages now: its memory or its disk is short";
                return Err(Error::new(Backend::Queue, "check", Cause::Refused(alarm.into())));
            }
            probed = publish::probe(&session, max, self.0.topology.jobs_exchange()) => probed?,
        }
        self.depth().await.map(drop)
    }
}

#[async_trait]
impl Source for RabbitQueue {
    async fn receiver(&self) -> Result<Box<dyn Receiver>, Error> {
        let jobs = self.0.topology.jobs_queue();
        Ok(Box::new(RabbitReceiver::new(Arc::clone(&self.0), jobs)))
    }

    async fn burials(&self) -> Result<Box<dyn Burials>, Error> {
        Ok(Box::new(RabbitBurials::new(Arc::clone(&self.0))))
    }
}

impl Broker {
    async fn publish_job(&self, properties: BasicProperties, body: &[u8]) -> Result<(), Error> {
        let exchange = self.topology.jobs_exchange();
        self.publish("send", exchange, ladder::JOBS_KEY.into(), properties, body)
            .await
    }

    /// A retry or a snooze: down the ladder, and back to the jobs.
    async fn publish_later(
        &self,
        delay: Duration,
        properties: BasicProperties,
        body: &[u8],
    ) -> Result<(), Error> {
        let route = ladder::route(delay);
        let exchange = self.topology.delay_exchange(route.level);
        self.publish(
            "retry",
            exchange,
            route.routing_key.into(),
            properties,
            body,
        )
        .await
    }

    async fn publish_dead(&self, properties: BasicProperties, body: &[u8]) -> Result<(), Error> {
        let exchange = self.topology.dead_exchange();
        self.publish(
            "bury",
            exchange,
            topology::TOLD_KEY.into(),
            properties,
            body,
        )
        .await
    }

    async fn publish(
        &self,
        op: &'static str,
        exchange: ShortString,
        routing_key: ShortString,
        properties: BasicProperties,
        body: &[u8],
    ) -> Result<(), Error> {
        let message = Message {
            exchange,
            routing_key,
            properties,
            body,
        };
        publish::publish(&self.publish, &self.config, op, &message).await
    }

    async fn depth(&self) -> Result<u64, Error> {
        self.depth_of(self.topology.jobs_queue()).await
    }

    /// Asked on the connection that consumes: an alarm stops the other one.
    async fn depth_of(&self, name: ShortString) -> Result<u64, Error> {
        let max = self.config.answer_max;
        let session = session_within(&self.consume, "depth", max).await?;
        let look = QueueDeclareOptions {
            passive: true,
            ..QueueDeclareOptions::default()
        };
        let looking = session
            .channel
            .queue_declare(name, look, FieldTable::default());
        match answered("depth", max, looking).await {
            Ok(queue) => Ok(queue.message_count().into()),
            Err(error) => {
                // The question closes its channel when the queue is gone: the next session declares both again.
                session.give_up();
                Err(error)
            }
        }
    }
}

/// A session of `link`, if there is one in time.
async fn session_within(
    link: &Link,
    op: &'static str,
    max: Duration,
) -> Result<Arc<Session>, Error> {
    match timeout(max, link.session()).await {
        Ok(session) => session,
        Err(_) => Err(Error::new(Backend::Queue, op, Cause::Timeout(max))),
    }
}

#[cfg(test)]
mod tests;
