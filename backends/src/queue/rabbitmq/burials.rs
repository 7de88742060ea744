//! News of what the broker buried by itself, from a queue of their own: each one for one worker of the fleet.

use std::sync::Arc;

use async_trait::async_trait;

use super::{
    Broker, epitaph,
    receiver::{Hand, RabbitReceiver},
};
use crate::{
    Error,
    queue::{
        Settle as _,
        dead::{Burial, Burials, Notice},
    },
};

pub(super) struct RabbitBurials(RabbitReceiver);

impl RabbitBurials {
    pub(super) fn new(broker: Arc<Broker>) -> Self {
        let queue = broker.topology.buried_queue();
        Self(RabbitReceiver::new(broker, queue))
    }
}

#[async_trait]
impl Burials for RabbitBurials {
    async fn next(&mut self) -> Result<Burial, Error> {
        let hand = self.0.take().await?;
        Ok(Burial {
            letter: epitaph::letter(&hand.properties, &hand.body),
            notice: Box::new(hand),
        })
    }
}

#[async_trait]
impl Notice for Hand {
    async fn told(self: Box<Self>) -> Result<(), Error> {
        self.ack().await
    }
}
