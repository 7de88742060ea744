//! A queue whose first acknowledgement is too late: the broker has taken the message back.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use async_trait::async_trait;
use backends::{
    Delivery, Error, Receiver, Source, Verdict,
    error::Backend,
    queue::{Attempt, Burials, Settle},
};

#[derive(Debug)]
pub(crate) struct Stale<S> {
    source: Arc<S>,
    lost: Arc<AtomicBool>,
}

impl<S> Stale<S> {
    pub(crate) fn once(source: Arc<S>) -> Arc<Self> {
        Arc::new(Self {
            source,
            lost: Arc::default(),
        })
    }
}

#[async_trait]
impl<S: Source> Source for Stale<S> {
    async fn receiver(&self) -> Result<Box<dyn Receiver>, Error> {
        let receiver = self.source.receiver().await?;
        let lost = Arc::clone(&self.lost);
        Ok(Box::new(Wrapped { receiver, lost }))
    }

    async fn burials(&self) -> Result<Box<dyn Burials>, Error> {
        self.source.burials().await
    }
}

struct Wrapped {
    receiver: Box<dyn Receiver>,
    lost: Arc<AtomicBool>,
}

#[async_trait]
impl Receiver for Wrapped {
    async fn receive(&mut self) -> Result<Delivery, Error> {
        let mut delivery = self.receiver.receive().await?;
        delivery.settle = Box::new(Late {
            settle: delivery.settle,
            lost: Arc::clone(&self.lost),
        });
        Ok(delivery)
    }
}

#[derive(Debug)]
struct Late {
    settle: Box<dyn Settle>,
    lost: Arc<AtomicBool>,
}

#[async_trait]
impl Settle for Late {
    async fn secure(&mut self, verdict: &Verdict, history: &[Attempt]) -> Result<(), Error> {
        self.settle.secure(verdict, history).await
    }

    async fn ack(self: Box<Self>) -> Result<(), Error> {
        if self.lost.swap(true, Ordering::Relaxed) {
            self.settle.ack().await
        } else {
            Err(Error::failed(Backend::Queue, "ack", "the channel is gone"))
        }
    }

    async fn hand_back(self: Box<Self>) -> Result<(), Error> {
        self.settle.hand_back().await
    }
}
