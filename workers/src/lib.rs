//! The optimizer fleet: consume, work, judge, settle.
//!
//! Read in this order:
//! 1. [`run`]: receivers side by side, until told to stop.
//! 2. [`optimize`]: one job, from its original to its result; `tell`: what clients hear of it.
//! 3. [`mod@error`] and [`retry`]: why it failed, and what becomes of it; pure.
//! 4. [`slots`]: how many pictures are worked on at once; the crate `slot`: where.
//! 5. `burials`: what nobody lived to tell.
//! 6. `pulse`: what the fleet hears of this worker; `ledger`, what it did of late.
//!
//! A worker keeps nothing between two jobs, so the fleet grows by starting more of them.

mod burials;
pub mod config;
pub mod error;
mod ledger;
mod logos;
pub mod optimize;
mod pulse;
pub mod retry;
pub mod slots;
mod stopwatch;
mod tell;

use std::{sync::Arc, time::Duration};

use backends::{Delivery, Error, Receiver, Source, clock::now_ms};
use tokio::{
    task::JoinSet,
    time::{sleep, timeout},
};
use tokio_util::sync::CancellationToken;
use tracing::{Instrument as _, error, info, info_span, warn};

pub use config::{Config, Sandboxing};
pub use optimize::{Optimizer, Tools};
use pulse::Heart;
use retry::Tries;

/// How long a worker waits before it asks again for a receiver that it could not get or has lost.
const RECEIVER_PAUSE: Duration = Duration::from_secs(1);

/// How long a worker without a slot waits before it looks again. Its jobs wait on the queue, where others take them.
const SLOT_PAUSE: Duration = Duration::from_millis(250);

/// How long unfinished deliveries may take to be handed back once the grace is over.
const HAND_BACK_MAX: Duration = Duration::from_secs(2);

/// Works until `shutdown`, then finishes what is in hand, within the grace of the configuration.
///
/// One receiver more than slots: the next original is fetched while every core works.
pub async fn run(
    source: Arc<dyn Source>,
    tools: Tools,
    config: Config,
    shutdown: CancellationToken,
) {
    let receivers = config.worker_slots + 1;
    info!(
        slots = config.worker_slots,
        receivers, "worker {} is ready for jobs", config.worker_name
    );
    let fleet = Arc::clone(&tools.fleet);
    let optimizer = Arc::new(Optimizer::new(tools, &config));
    let _announcing = burials::announce(&source, &optimizer, &shutdown);
    let heart = Heart::start(fleet, Arc::clone(&optimizer), &config, shutdown.clone());
    let worker = Worker {
        source,
        optimizer,
        shutdown,
        grace_over: CancellationToken::new(),
    };
    let mut loops = JoinSet::new();
    for _ in 0..receivers {
        loops.spawn(worker.clone().consume());
    }
    let again = || worker.clone().consume();
    watch_over(&worker.shutdown, &mut loops, again).await;
    worker
        .drain(loops, Duration::from_secs(config.grace_secs))
        .await;
    heart.stop().await;
}

/// What a worker's loops share.
#[derive(Clone)]
struct Worker {
    source: Arc<dyn Source>,
    optimizer: Arc<Optimizer>,
    /// No more deliveries.
    shutdown: CancellationToken,
    /// What is still in hand goes back.
    grace_over: CancellationToken,
}

impl Worker {
    /// One receiver's life: a delivery after the other, while there are slots for them.
    async fn consume(self) {
        while let Some(mut receiver) = self.subscribe().await {
            while self.optimizer.is_open()
                && let Some(delivery) = self.next(&mut *receiver).await
            {
                self.see_through(delivery).await;
            }
            // One that was on its way is snoozed like those before it: handed back it would count as a crash.
            if !self.optimizer.is_open()
                && let Some(delivery) = receiver.stop().await
            {
                self.see_through(delivery).await;
            }
        }
    }

    async fn see_through(&self, delivery: Delivery) {
        let span = info_span!(
            "delivery",
            message.id = delivery.message_id,
            attempt = delivery.attempt
        );
        if let Err(error) = self.work(delivery).instrument(span).await {
            self.optimizer.metrics().backend_error(&error);
            warn!(error = %error, "delivery could not be settled and comes again");
        }
    }

    /// One job, start to finish: do it, judge it, secure what follows, tell the client, let go.
    async fn work(&self, delivery: Delivery) -> Result<(), Error> {
        let optimizer = &self.optimizer;
        let _in_flight = optimizer.count_in_flight();
        let turn = self
            .grace_over
            .run_until_cancelled(optimizer.optimize(&delivery))
            .await;
        let Some(turn) = turn else {
            return delivery.hand_back().await;
        };
        let tries = Tries::of(&delivery);
        let verdict = retry::judge(&turn.outcome, tries, rand::random());
        let verdict = optimizer.teller().burial(&turn, tries, verdict).await;
        let secured = delivery
            .secure(&verdict, optimizer.name(), now_ms())
            .await?;
        // A detour is confirmed by the broker before anybody hears of it.
        optimizer.teller().detour(&turn, &verdict).await;
        secured.ack().await
    }

    /// A receiver once there are slots, however long it takes to get one; `None` at shutdown.
    async fn subscribe(&self) -> Option<Box<dyn Receiver>> {
        while !self.shutdown.is_cancelled() {
            if !self.optimizer.is_open() {
                self.pause(SLOT_PAUSE).await;
                continue;
            }
            match self.source.receiver().await {
                Ok(receiver) => return Some(receiver),
                Err(error) => self.pause_after(&error).await,
            }
        }
        None
    }

    /// The receiver's next delivery; `None` at shutdown, and when the receiver is of no more use.
    async fn next(&self, receiver: &mut dyn Receiver) -> Option<Delivery> {
        match self
            .shutdown
            .run_until_cancelled(receiver.receive())
            .await?
        {
            Ok(delivery) => Some(delivery),
            Err(error) => {
                self.pause_after(&error).await;
                None
            }
        }
    }

    async fn pause_after(&self, error: &Error) {
        self.optimizer.metrics().backend_error(error);
        warn!(error = %error, "no receiver, asking for another");
        self.pause(RECEIVER_PAUSE).await;
    }

    async fn pause(&self, pause: Duration) {
        self.shutdown.run_until_cancelled(sleep(pause)).await;
    }

    /// Lets the loops finish what is in hand. What is not finished within `grace` is handed back, and is no attempt.
    async fn drain(&self, mut loops: JoinSet<()>, grace: Duration) {
        self.shutdown.cancelled().await;
        info!(
            grace_secs = grace.as_secs(),
            "worker takes no more jobs and finishes what is in hand"
        );
        if timeout(grace, all(&mut loops)).await.is_err() {
            warn!(
                receivers = loops.len(),
                "grace is over, unfinished deliveries go back to the queue"
            );
            self.grace_over.cancel();
            // A loop that is still here then is dropped with its delivery, which comes again too.
            let _ = timeout(HAND_BACK_MAX, all(&mut loops)).await;
        }
        info!("worker is drained");
    }
}

/// Keeps every loop going until shutdown: one that ends before has panicked, and the worker would be a slot short.
async fn watch_over<L>(shutdown: &CancellationToken, loops: &mut JoinSet<()>, again: impl Fn() -> L)
where
    L: Future<Output = ()> + Send + 'static,
{
    while let Some(Some(ended)) = shutdown.run_until_cancelled(loops.join_next()).await {
        // One that heard of the shutdown may be heard of before the shutdown itself.
        if shutdown.is_cancelled() {
            return;
        }
        error!(ended = ?ended, "a receiver's loop ended by a bug, starting another");
        loops.spawn(again());
    }
}

async fn all(loops: &mut JoinSet<()>) {
    while loops.join_next().await.is_some() {}
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    #[tokio::test]
    async fn a_loop_that_ends_at_shutdown_is_not_started_again_and_one_that_panicked_is() {
        let (shutdown, mut loops) = (CancellationToken::new(), JoinSet::new());
        loops.spawn(async { panic!("a bug") });
        let started = AtomicU32::new(0);
        let again = || {
            started.fetch_add(1, Ordering::SeqCst);
            let shutdown = shutdown.clone();
            async move { shutdown.cancel() } // and it has ended, both at once
        };
        watch_over(&shutdown, &mut loops, again).await;
        assert_eq!(started.load(Ordering::SeqCst), 1);
    }
}
