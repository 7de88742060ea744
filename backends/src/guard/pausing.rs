//! A source that pauses while its deliveries could only fail.

use std::{fmt, mem, sync::Arc};

use async_trait::async_trait;
use tokio::{sync::Mutex, task::JoinHandle};

use super::Guard;
use crate::{
    Delivery, Error, Receiver, Source, Verdict,
    queue::{Attempt, Burials, Settle},
};

/// `source`, which gives out nothing new while the object store or the records are left alone. Messages wait where
/// others can take them: on the queue.
#[derive(Debug)]
pub struct Pausing {
    source: Arc<dyn Source>,
    needs: Needs,
}

/// What a job needs.
#[derive(Clone, Debug)]
struct Needs {
    objects: Guard,
    results: Guard,
}

impl Pausing {
    /// `source`, as long as neither `objects` nor `results` is left alone.
    pub fn new(source: Arc<dyn Source>, objects: Guard, results: Guard) -> Self {
        Self {
            source,
            needs: Needs { objects, results },
        }
    }
}

#[async_trait]
impl Source for Pausing {
    async fn receiver(&self) -> Result<Box<dyn Receiver>, Error> {
        Ok(Box::new(PausingReceiver {
            source: Arc::clone(&self.source),
            needs: self.needs.clone(),
            side: Arc::default(),
        }))
    }

    /// Not paused: who hears of a burial and cannot tell it keeps it until somebody can be told.
    async fn burials(&self) -> Result<Box<dyn Burials>, Error> {
        self.source.burials().await
    }
}

struct PausingReceiver {
    source: Arc<dyn Source>,
    needs: Needs,
    /// Shared with the delivery in hand. The lock is held while somebody receives.
    side: Arc<Mutex<Side>>,
}

/// What a receiver is at. It is kept between two calls of `receive`, each of which may be given up at any moment.
#[derive(Default)]
enum Side {
    /// Until everything is there.
    #[default]
    Waiting,
    Consuming(Box<dyn Receiver>),
    /// A task of its own: given up half way, the consumer would live on with a message in its hand.
    Stopping(JoinHandle<Option<Delivery>>),
    /// A message that was on its way when it stopped. It is given out although it cannot be finished now: its job is
    /// snoozed, and that is no crash, as handing it back would be.
    Last(Delivery),
}

#[async_trait]
impl Receiver for PausingReceiver {
    async fn receive(&mut self) -> Result<Delivery, Error> {
        let mut delivery = self
            .side
            .lock()
            .await
            .next(&*self.source, &self.needs)
            .await?;
        delivery.settle = Box::new(PausingSettle {
            settle: delivery.settle,
            needs: self.needs.clone(),
            side: Arc::clone(&self.side),
        });
        Ok(delivery)
    }

    async fn stop(self: Box<Self>) -> Option<Delivery> {
        let mut side = self.side.lock().await;
        side.stop().await;
        match mem::take(&mut *side) {
            Side::Last(delivery) => Some(delivery),
            _ => None,
        }
    }
}

impl Side {
    async fn next(&mut self, source: &dyn Source, needs: &Needs) -> Result<Delivery, Error> {
        loop {
            match self {
                Self::Waiting => {
                    needs.are_there().await;
                    *self = Self::Consuming(source.receiver().await?);
                }
                Self::Consuming(receiver) => tokio::select! {
                    biased;
                    () = needs.is_missing() => self.stop().await,
                    delivery = receiver.receive() => return delivery,
                },
                Self::Stopping(_) | Self::Last(_) => self.stop().await,
            }
            if let Self::Last(_) = self
                && let Self::Last(delivery) = mem::take(self)
            {
                return Ok(delivery);
            }
        }
    }

    /// Stops consuming, and waits until that has come to an end. Given up, it goes on with the next call.
    async fn stop(&mut self) {
        *self = match mem::take(self) {
            Self::Consuming(receiver) => Self::Stopping(tokio::spawn(receiver.stop())),
            other => other,
        };
        if let Self::Stopping(stopping) = self {
            let last = stopping.await.unwrap_or_default();
            *self = last.map_or(Self::Waiting, Self::Last);
        }
    }
}

/// Settles a delivery, and stops consuming first where something is missing by then: while one is in hand the broker
/// sends no other, so none is on its way that would have to be handed back.
#[derive(Debug)]
struct PausingSettle {
    settle: Box<dyn Settle>,
    needs: Needs,
    side: Arc<Mutex<Side>>,
}

impl PausingSettle {
    async fn stop_if_missing(&self) {
        // Who receives already looks for itself.
        if self.needs.is_any_missing()
            && let Ok(mut side) = self.side.try_lock()
        {
            side.stop().await;
        }
    }
}

#[async_trait]
impl Settle for PausingSettle {
    async fn secure(&mut self, verdict: &Verdict, history: &[Attempt]) -> Result<(), Error> {
        self.settle.secure(verdict, history).await
    }

    async fn ack(self: Box<Self>) -> Result<(), Error> {
        self.stop_if_missing().await;
        self.settle.ack().await
    }

    async fn hand_back(self: Box<Self>) -> Result<(), Error> {
        self.stop_if_missing().await;
        self.settle.hand_back().await
    }
}

impl Needs {
    fn is_any_missing(&self) -> bool {
        self.objects.is_open() || self.results.is_open()
    }

    /// Returns when nothing is missing. What closed may open while the other one is waited for.
    async fn are_there(&self) {
        while self.is_any_missing() {
            self.objects.closed().await;
            self.results.closed().await;
        }
    }

    /// Returns when something is missing.
    async fn is_missing(&self) {
        tokio::select! {
            () = self.objects.opened() => {}
            () = self.results.opened() => {}
        }
    }
}

/// A receiver shows nothing of itself.
impl fmt::Debug for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Waiting => "Waiting",
            Self::Consuming(_) => "Consuming",
            Self::Stopping(_) => "Stopping",
            Self::Last(_) => "Last",
        })
    }
}

#[cfg(test)]
mod tests;
