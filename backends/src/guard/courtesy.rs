//! What is done as a courtesy: it respects a guard, and no work has to wait because of it.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use schemas::{Digest, JobId};

use super::Guard;
use crate::{
    Error,
    fleet::{Alive, Fleet, Heartbeat, WorkerId},
    outbox::{Notice, NoticeId, Outbox, Subscribed},
    quota::{Allowance, Quota, Taken},
    results::Owner,
};

/// A port beside another one of the same backend. While that is left alone, no call is made; a call that fails does not
/// open its breaker, which would stop the workers for a courtesy.
#[derive(Debug)]
pub struct Courtesy<P: ?Sized> {
    port: Arc<P>,
    guard: Guard,
}

impl<P: ?Sized> Courtesy<P> {
    /// `port`, as long as `guard` lets calls through.
    pub fn new(port: Arc<P>, guard: Guard) -> Self {
        Self { port, guard }
    }
}

#[async_trait]
impl<P: Fleet + ?Sized> Fleet for Courtesy<P> {
    async fn beat(&self, heartbeat: &Heartbeat) -> Result<(), Error> {
        self.guard.admit("beat")?;
        self.port.beat(heartbeat).await
    }

    async fn leave(&self, id: &WorkerId) -> Result<(), Error> {
        self.guard.admit("leave")?;
        self.port.leave(id).await
    }

    async fn alive(&self, silence_max: Duration) -> Result<Vec<Alive>, Error> {
        self.guard.admit("alive")?;
        self.port.alive(silence_max).await
    }
}

#[async_trait]
impl<P: Quota + ?Sized> Quota for Courtesy<P> {
    async fn take(
        &self,
        what: &'static str,
        client: &Digest,
        allowance: Allowance,
    ) -> Result<Taken, Error> {
        self.guard.admit("take")?;
        self.port.take(what, client, allowance).await
    }
}

#[async_trait]
impl<P: Outbox + ?Sized> Outbox for Courtesy<P> {
    async fn subscribe(
        &self,
        id: &JobId,
        url: &str,
        by: Option<&Owner>,
        now_ms: u64,
    ) -> Result<Subscribed, Error> {
        self.guard.admit("subscribe")?;
        self.port.subscribe(id, url, by, now_ms).await
    }

    async fn take_due(
        &self,
        notices_max: usize,
        now_ms: u64,
        lease: Duration,
    ) -> Result<Vec<Notice>, Error> {
        self.guard.admit("take_due")?;
        self.port.take_due(notices_max, now_ms, lease).await
    }

    async fn settle(&self, id: &NoticeId) -> Result<(), Error> {
        self.guard.admit("settle")?;
        self.port.settle(id).await
    }

    async fn forget(&self, id: &NoticeId) -> Result<(), Error> {
        self.guard.admit("forget")?;
        self.port.forget(id).await
    }

    async fn postpone(&self, id: &NoticeId, due_ms: u64, attempts: u32) -> Result<(), Error> {
        self.guard.admit("postpone")?;
        self.port.postpone(id, due_ms, attempts).await
    }

    async fn depth(&self) -> Result<u64, Error> {
        self.guard.admit("depth")?;
        self.port.depth().await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        error::{Backend, Cause},
        fleet::Local,
        guard::{
            breaker::FAILURES_MAX,
            tests::{guard, open},
        },
    };

    #[derive(Debug)]
    struct Away;

    #[async_trait]
    impl Fleet for Away {
        async fn beat(&self, _: &Heartbeat) -> Result<(), Error> {
            unreachable!("nobody beats here")
        }

        async fn leave(&self, _: &WorkerId) -> Result<(), Error> {
            let cause = Cause::Timeout(Duration::ZERO);
            Err(Error::new(Backend::Results, "leave", cause))
        }

        async fn alive(&self, _: Duration) -> Result<Vec<Alive>, Error> {
            unreachable!("nobody asks here")
        }
    }

    #[tokio::test]
    async fn a_courtesy_that_fails_stops_nobody() {
        let (guard, _) = guard();
        let courtesy = Courtesy::new(Arc::new(Away), guard.clone());
        for _ in 0..2 * FAILURES_MAX {
            let error = courtesy.leave(&WorkerId::new(1)).await.unwrap_err();
            assert!(error.was_made());
        }
        assert!(!guard.is_open());
    }

    #[tokio::test]
    async fn what_is_left_alone_is_not_asked_for_a_courtesy() {
        let (guard, _) = guard();
        let courtesy = Courtesy::new(Arc::new(Local::default()), guard.clone());
        courtesy.alive(Duration::ZERO).await.unwrap();
        open(&guard).await;
        let refused = courtesy.alive(Duration::ZERO).await.unwrap_err();
        assert!(!refused.was_made());
    }
}
