//! A consumer that outlives its connections, and the settlement of what it received.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use async_trait::async_trait;
use backon::Retryable as _;
use bytes::Bytes;
use futures::StreamExt as _;
use lapin::{
    Acker, BasicProperties, Channel, Consumer,
    options::{
        BasicAckOptions, BasicCancelOptions, BasicConsumeOptions, BasicNackOptions, BasicQosOptions,
    },
    types::{FieldTable, ShortString},
};
use tokio::{
    runtime::Handle,
    sync::{OwnedSemaphorePermit, Semaphore},
    task::JoinHandle,
    time::timeout,
};

use super::{
    Broker, headers,
    session::{Session, answered, pauses},
};
use crate::{
    Error,
    clock::millis,
    error::Backend,
    queue::{Attempt, Delivery, Receiver, Settle, Verdict},
};

/// One message at a time: what a receiver has not begun, another may take.
const PREFETCH: u16 = 1;

pub(super) struct RabbitReceiver {
    broker: Arc<Broker>,
    queue: ShortString,
    /// None until there is a session, and after one broke.
    consuming: Option<Consuming>,
    /// A task of its own: cancelled half way, lapin would keep a consumer that nobody reads, with a message in its hand.
    starting: Option<JoinHandle<Result<Consuming, Error>>>,
    /// Free while the last delivery is settled: one in hand at most.
    hand: Arc<Semaphore>,
}

impl RabbitReceiver {
    /// What consumes `queue`.
    pub(super) fn new(broker: Arc<Broker>, queue: ShortString) -> Self {
        Self {
            broker,
            queue,
            consuming: None,
            starting: None,
            hand: Arc::new(Semaphore::new(1)),
        }
    }

    #[cfg(test)]
    pub(super) fn channel(&self) -> Option<&Channel> {
        self.consuming.as_ref().map(|consuming| &consuming.channel)
    }

    /// What consumes, built first where there is none, however long it takes.
    async fn consuming(&mut self) -> Result<&mut Consuming, Error> {
        while self.consuming.is_none() {
            if self.starting.is_none() {
                let session = self.broker.consume.session().await?;
                let (broker, queue) = (Arc::clone(&self.broker), self.queue.clone());
                self.starting = Some(tokio::spawn(start(broker, session, queue)));
            }
            let starting = self.starting.as_mut().expect("it was begun just now");
            let started = starting.await;
            self.starting = None;
            match started.map_err(|panic| Error::failed(Backend::Queue, "receive", panic)) {
                Ok(Ok(consuming)) => self.consuming = Some(consuming),
                Ok(Err(error)) | Err(error) => {
                    tracing::warn!(%error, "consumer cannot be started, trying again");
                }
            }
        }
        Ok(self.consuming.as_mut().expect("it was built just now"))
    }

    /// What consumes, or is about to.
    async fn take_consuming(&mut self) -> Option<Consuming> {
        if let Some(starting) = self.starting.take() {
            return starting.await.ok()?.ok();
        }
        self.consuming.take()
    }

    /// The next message of the queue, however long it takes.
    ///
    /// A consumer that is given up may have been sent a message meanwhile. It is worked on like any other: let go with its
    /// consumer it would count as a crash, before RabbitMQ 4.3 also if it was given back.
    pub(super) async fn take(&mut self) -> Result<Hand, Error> {
        let place = Arc::clone(&self.hand)
            .acquire_owned()
            .await
            .expect("the semaphore is never closed");
        loop {
            let broker = Arc::clone(&self.broker);
            let consuming = self.consuming().await?;
            match consuming.next(&broker).await {
                Ok(message) => return Ok(Hand::new(broker, consuming, message, place)),
                Err(error) => {
                    tracing::warn!(%error, "consumer ended, building a new one");
                    let last = consuming.last(broker.config.answer_max).await;
                    let consuming = self.consuming.take();
                    if let (Some(consuming), Some(message)) = (consuming, last) {
                        return Ok(Hand::new(broker, &consuming, message, place));
                    }
                }
            }
        }
    }
}

#[async_trait]
impl Receiver for RabbitReceiver {
    async fn receive(&mut self) -> Result<Delivery, Error> {
        self.take().await.map(delivery)
    }

    async fn stop(mut self: Box<Self>) -> Option<Delivery> {
        let mut consuming = self.take_consuming().await?;
        let message = consuming.last(self.broker.config.answer_max).await?;
        // With the place taken there is none: the broker sends one at a time.
        let place = Arc::clone(&self.hand).try_acquire_owned().ok()?;
        let broker = Arc::clone(&self.broker);
        Some(delivery(Hand::new(broker, &consuming, message, place)))
    }
}

/// The broker may have sent a message that nobody asked for any more; it goes back without counting as a crash where the
/// broker allows that.
impl Drop for RabbitReceiver {
    fn drop(&mut self) {
        if let (Some(consuming), Ok(runtime)) = (self.consuming.take(), Handle::try_current()) {
            runtime.spawn(consuming.stop(self.broker.config.answer_max));
        }
    }
}

/// Starts to consume; a session that does not let us is given up.
async fn start(
    broker: Arc<Broker>,
    session: Arc<Session>,
    queue: ShortString,
) -> Result<Consuming, Error> {
    Consuming::start(&broker, Arc::clone(&session), queue)
        .await
        .inspect_err(|_| session.give_up())
}

/// A consumer on a channel of its own.
struct Consuming {
    session: Arc<Session>,
    channel: Channel,
    messages: Consumer,
    queue: ShortString,
}

impl Consuming {
    async fn start(
        broker: &Broker,
        session: Arc<Session>,
        queue: ShortString,
    ) -> Result<Self, Error> {
        let max = broker.config.answer_max;
        let channel = answered("open_channel", max, session.connection.create_channel()).await?;
        let one = channel.basic_qos(PREFETCH, BasicQosOptions::default());
        answered("qos", max, one).await?;
        let consume = channel.basic_consume(
            queue.clone(),
            "".into(),
            BasicConsumeOptions::default(),
            FieldTable::default(),
        );
        let messages = answered("consume", max, consume).await?;
        Ok(Self {
            session,
            channel,
            messages,
            queue,
        })
    }

    /// The next message. Safe to cancel: until it is taken, it stays in the stream.
    async fn next(&mut self, broker: &Broker) -> Result<lapin::message::Delivery, Error> {
        let config = &broker.config;
        loop {
            if let Ok(next) = timeout(config.silence_max, self.messages.next()).await {
                return arrived(next);
            }
            if broker.depth_of(self.queue.clone()).await? > 0 {
                // One may be on its way; given up by then, the broker would count its consumer as crashed.
                return match timeout(config.answer_max, self.messages.next()).await {
                    Ok(next) => arrived(next),
                    Err(_) => Err(failed("messages wait, and none came")),
                };
            }
        }
    }

    /// Gives back what was sent and not asked for. Where this fails, the channel's end does it.
    async fn stop(mut self, answer_max: Duration) {
        if let Some(message) = self.last(answer_max).await {
            let _ = timeout(answer_max, message.acker.nack(requeue())).await;
        }
    }

    /// Stops, and takes what was sent already: one message at most, see [`PREFETCH`].
    async fn last(&mut self, answer_max: Duration) -> Option<lapin::message::Delivery> {
        let taken = timeout(answer_max, self.cancel_and_take()).await;
        taken.ok()?.ok()?
    }

    async fn cancel_and_take(&mut self) -> lapin::Result<Option<lapin::message::Delivery>> {
        let tag = self.messages.tag();
        self.channel
            .basic_cancel(tag, BasicCancelOptions::default())
            .await?;
        self.messages.next().await.transpose()
    }
}

/// What the stream gave; its end does not say which of the two it was.
fn arrived(
    next: Option<lapin::Result<lapin::message::Delivery>>,
) -> Result<lapin::message::Delivery, Error> {
    match next {
        Some(message) => message.map_err(failed),
        None => Err(failed(
            "the broker cancelled the consumer, or a dropped delivery closed its channel",
        )),
    }
}

fn failed(why: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
    Error::failed(Backend::Queue, "receive", why)
}

fn delivery(hand: Hand) -> Delivery {
    let properties = &hand.properties;
    Delivery {
        message_id: properties
            .message_id()
            .as_ref()
            .map(|id| id.as_str().to_owned()),
        attempt: headers::attempt(properties),
        crashes: headers::crashes(properties),
        snoozes: headers::snoozes(properties),
        history: headers::history(properties),
        body: hand.body.clone(),
        settle: Box::new(hand),
    }
}

/// A message in hand.
#[derive(Debug)]
pub(super) struct Hand {
    broker: Arc<Broker>,
    session: Arc<Session>,
    channel: Channel,
    acker: Acker,
    pub(super) properties: BasicProperties,
    pub(super) body: Bytes,
    settled: bool,
    /// The receiver's one place, free again with this hand.
    _place: OwnedSemaphorePermit,
}

impl Hand {
    fn new(
        broker: Arc<Broker>,
        consuming: &Consuming,
        message: lapin::message::Delivery,
        place: OwnedSemaphorePermit,
    ) -> Self {
        Self {
            broker,
            session: Arc::clone(&consuming.session),
            channel: consuming.channel.clone(),
            acker: message.acker,
            properties: message.properties,
            body: Bytes::from(message.data),
            settled: false,
            _place: place,
        }
    }

    /// Whether it can still be settled by us.
    fn is_ours(&self) -> bool {
        self.session.works() && self.channel.status().connected()
    }

    /// Publishes what follows from the verdict.
    async fn publish(&self, verdict: &Verdict, history: &[Attempt]) -> Result<(), Error> {
        let body = &self.body;
        match *verdict {
            Verdict::Retry { delay, .. } => {
                let properties = headers::of_retry(&self.properties, history);
                self.broker.publish_later(delay, properties, body).await
            }
            Verdict::Snooze { delay, .. } => {
                let properties = headers::of_snooze(&self.properties);
                self.broker.publish_later(delay, properties, body).await
            }
            Verdict::Bury { reason, .. } => {
                let now_ms = crate::clock::now_ms();
                let properties = headers::of_burial(&self.properties, history, reason, now_ms);
                self.broker.publish_dead(properties, body).await
            }
            Verdict::Done | Verdict::Fail(_) | Verdict::Drop => Ok(()),
        }
    }

    /// Settles the message. An answer of `false` means that the channel is gone and nothing was settled.
    async fn settle(
        &mut self,
        op: &'static str,
        settle: impl Future<Output = lapin::Result<bool>>,
    ) -> Result<(), Error> {
        match answered(op, self.broker.config.answer_max, settle).await {
            Ok(true) => {
                self.settled = true;
                Ok(())
            }
            Ok(false) => Err(gone(op)),
            Err(error) => {
                self.session.give_up();
                Err(error)
            }
        }
    }
}

#[async_trait]
impl Settle for Hand {
    /// Tries again for as long as the delivery is ours: who fails here drops it, and a drop counts as a crash. While the
    /// broker's alarm stops us publishing it still gives messages out, and a few rounds of that would bury them all.
    async fn secure(&mut self, verdict: &Verdict, history: &[Attempt]) -> Result<(), Error> {
        let began = Instant::now();
        let securing = (|| self.publish(verdict, history))
            .retry(pauses())
            .when(|_| self.is_ours() && began.elapsed() < self.broker.config.secure_max)
            .notify(|error, pause| {
                let pause_ms = millis(pause);
                tracing::warn!(%error, pause_ms, "broker does not take the message, trying again");
            });
        tokio::select! {
            // First, because most verdicts publish nothing.
            biased;
            secured = securing => secured,
            () = self.session.lost() => Err(gone("secure")),
        }
    }

    async fn ack(mut self: Box<Self>) -> Result<(), Error> {
        let acker = self.acker.clone();
        self.settle("ack", acker.ack(BasicAckOptions::default()))
            .await
    }

    /// Before RabbitMQ 4.3 the broker counts this as a delivery, and so as a crash.
    async fn hand_back(mut self: Box<Self>) -> Result<(), Error> {
        let acker = self.acker.clone();
        self.settle("hand_back", acker.nack(requeue())).await
    }
}

/// Closing the channel gives the message back and counts; the receiver opens another one.
impl Drop for Hand {
    fn drop(&mut self) {
        if self.settled {
            return;
        }
        if let Ok(runtime) = Handle::try_current() {
            let (channel, answer_max) = (self.channel.clone(), self.broker.config.answer_max);
            runtime.spawn(async move {
                let _ = answered("close", answer_max, channel.close(200, "dropped".into())).await;
            });
        }
    }
}

fn gone(op: &'static str) -> Error {
    let why = "the channel is gone, nothing was settled";
    Error::failed(Backend::Queue, op, why)
}

fn requeue() -> BasicNackOptions {
    BasicNackOptions {
        requeue: true,
        ..BasicNackOptions::default()
    }
}
