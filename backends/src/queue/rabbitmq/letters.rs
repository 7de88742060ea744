//! A look at the dead letters: each is fetched and not acknowledged, on a channel of the look's own. What was not removed
//! goes back to its place when that channel ends, even by the death of this process.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use lapin::{
    Acker, BasicProperties, Channel,
    message::BasicGetMessage,
    options::{BasicAckOptions, BasicGetOptions, BasicNackOptions},
};
use tokio::runtime::Handle;

use super::{
    Broker, RabbitQueue, epitaph, headers,
    session::{Session, answered},
    session_within,
};
use crate::{
    Error,
    error::Backend,
    queue::dead::{DeadLetters, Found, Grave, LETTERS_MAX, Look},
};

#[async_trait]
impl DeadLetters for RabbitQueue {
    async fn look(&self) -> Result<Box<dyn Look>, Error> {
        let look = RabbitLook::begin(Arc::clone(&self.0)).await?;
        Ok(Box::new(look))
    }
}

struct RabbitLook {
    broker: Arc<Broker>,
    session: Arc<Session>,
    /// None once the look has ended.
    channel: Option<Channel>,
    /// How many lay there at the beginning: what is put there meanwhile comes behind them.
    letters: u64,
    shown: u64,
}

impl RabbitLook {
    async fn begin(broker: Arc<Broker>) -> Result<Self, Error> {
        let max = broker.config.answer_max;
        let session =
            session_within(&broker.consume, "look", broker.config.connect_max + max).await?;
        let letters = broker.depth_of(broker.topology.dead_queue()).await?;
        let channel = answered("open_channel", max, session.connection.create_channel()).await?;
        Ok(Self {
            broker,
            session,
            channel: Some(channel),
            letters,
            shown: 0,
        })
    }

    fn is_over(&self) -> bool {
        self.shown >= self.letters.min(LETTERS_MAX as u64)
    }

    async fn fetch(&self) -> Result<Option<BasicGetMessage>, Error> {
        let ended = || Error::failed(Backend::Queue, "look", "the look has ended");
        let channel = self.channel.as_ref().ok_or_else(ended)?;
        let queue = self.broker.topology.dead_queue();
        let fetching = channel.basic_get(queue, BasicGetOptions::default());
        answered("look", self.broker.config.answer_max, fetching).await
    }
}

#[async_trait]
impl Look for RabbitLook {
    async fn next(&mut self) -> Result<Option<Found>, Error> {
        if self.is_over() {
            return Ok(None);
        }
        let Some(message) = self.fetch().await? else {
            return Ok(None);
        };
        self.shown += 1;
        let delivery = message.delivery;
        let body = Bytes::from(delivery.data);
        Ok(Some(Found {
            letter: epitaph::letter(&delivery.properties, &body),
            body: body.clone(),
            grave: Box::new(Fetched {
                broker: Arc::clone(&self.broker),
                session: Arc::clone(&self.session),
                acker: delivery.acker,
                properties: delivery.properties,
                body,
            }),
        }))
    }

    fn letters(&self) -> u64 {
        self.letters
    }

    async fn end(mut self: Box<Self>) -> Result<(), Error> {
        let Some(channel) = self.channel.take() else {
            return Ok(());
        };
        answered("look", self.broker.config.answer_max, put_back(channel)).await
    }
}

/// The broker puts back what a channel leaves behind, when it comes to notice; here it is told.
async fn put_back(channel: Channel) -> lapin::Result<()> {
    let everything = BasicNackOptions {
        multiple: true,
        requeue: true,
    };
    channel.basic_nack(0, everything).await?;
    channel.close(200, "looked".into()).await
}

impl Drop for RabbitLook {
    fn drop(&mut self) {
        if let (Some(channel), Ok(runtime)) = (self.channel.take(), Handle::try_current()) {
            runtime.spawn(answered(
                "look",
                self.broker.config.answer_max,
                put_back(channel),
            ));
        }
    }
}

/// A letter that was fetched.
#[derive(Debug)]
struct Fetched {
    broker: Arc<Broker>,
    session: Arc<Session>,
    acker: Acker,
    properties: BasicProperties,
    body: Bytes,
}

#[async_trait]
impl Grave for Fetched {
    async fn send(&self) -> Result<(), Error> {
        let properties = headers::of_replay(&self.properties);
        self.broker.publish_job(properties, &self.body).await
    }

    async fn remove(self: Box<Self>) -> Result<(), Error> {
        let max = self.broker.config.answer_max;
        match answered("remove", max, self.acker.ack(BasicAckOptions::default())).await {
            Ok(true) => Ok(()),
            Ok(false) => {
                let gone = "the channel is gone, the letter is there still";
                Err(Error::failed(Backend::Queue, "remove", gone))
            }
            Err(error) => {
                self.session.give_up();
                Err(error)
            }
        }
    }
}
