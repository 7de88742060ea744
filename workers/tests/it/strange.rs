//! A source of one message that no sender of ours would send.

use std::sync::Mutex;

use async_trait::async_trait;
use backends::{
    Delivery, Error, Receiver, Source, Verdict,
    queue::{Attempt, Burials, Settle, dead::Burial},
};
use bytes::Bytes;

/// Gives its message out once, and then nothing any more.
#[derive(Debug)]
pub(crate) struct Strange(Mutex<Option<Delivery>>);

impl Strange {
    pub(crate) fn message(id: &str, body: &'static [u8]) -> Self {
        Self(Mutex::new(Some(Delivery {
            message_id: Some(id.to_owned()),
            body: Bytes::from_static(body),
            attempt: 1,
            crashes: 0,
            snoozes: 0,
            history: Vec::new(),
            settle: Box::new(Nowhere),
        })))
    }
}

#[async_trait]
impl Source for Strange {
    async fn receiver(&self) -> Result<Box<dyn Receiver>, Error> {
        Ok(Box::new(Once(self.0.lock().unwrap().take())))
    }

    async fn burials(&self) -> Result<Box<dyn Burials>, Error> {
        Ok(Box::new(Once(None)))
    }
}

#[async_trait]
impl Burials for Once {
    async fn next(&mut self) -> Result<Burial, Error> {
        std::future::pending().await
    }
}

struct Once(Option<Delivery>);

#[async_trait]
impl Receiver for Once {
    async fn receive(&mut self) -> Result<Delivery, Error> {
        match self.0.take() {
            Some(delivery) => Ok(delivery),
            None => std::future::pending().await,
        }
    }
}

/// The other side of a message that came from nowhere.
#[derive(Debug)]
struct Nowhere;

#[async_trait]
impl Settle for Nowhere {
    async fn secure(&mut self, _: &Verdict, _: &[Attempt]) -> Result<(), Error> {
        Ok(())
    }

    async fn ack(self: Box<Self>) -> Result<(), Error> {
        Ok(())
    }

    async fn hand_back(self: Box<Self>) -> Result<(), Error> {
        Ok(())
    }
}
