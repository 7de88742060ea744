//! The optimizer fleet: consume, work, judge, settle.
//!
//! Read in this order:
//! 1. [`run`]: receivers side by side, until told to stop.
//! 2. [`optimize`]: one job, from its original to its result.
//! 3. [`error`] and [`retry`]: why it failed, and what becomes of it; pure.
//! 4. [`slots`]: where pixels are worked on.
//!
//! A worker keeps nothing between two jobs, so the fleet grows by starting more of them.

pub mod config;
pub mod error;
pub mod optimize;
pub mod retry;
pub mod slots;
mod stopwatch;

use std::{sync::Arc, time::Duration};

use backends::{Delivery, Error, Receiver, Source, clock::now_ms};
use tokio::{task::JoinSet, time::timeout};
use tokio_util::sync::CancellationToken;
use tracing::{Instrument as _, info, info_span, warn};

pub use config::Config;
pub use optimize::{Optimizer, Tools};

/// How long a worker waits before it asks again for a receiver that it could not get.
const RECEIVER_PAUSE: Duration = Duration::from_secs(1);

/// Works until `shutdown`, then finishes what is in hand, within the grace of the configuration.
///
/// One receiver more than slots: the next original is fetched while every core works.
pub async fn run(
    source: Arc<dyn Source>,
    tools: Tools,
    config: Config,
    shutdown: CancellationToken,
) {
    let optimizer = Arc::new(Optimizer::new(tools, &config));
    let receivers = config.worker_slots + 1;
    info!(
        slots = config.worker_slots,
        receivers, "worker {} is ready for jobs", config.worker_name
    );

    let mut loops = JoinSet::new();
    for _ in 0..receivers {
        loops.spawn(consume(source.clone(), optimizer.clone(), shutdown.clone()));
    }
    shutdown.cancelled().await;
    drain(loops, Duration::from_secs(config.grace_secs)).await;
}

/// One receiver's life: a delivery after the other.
async fn consume(source: Arc<dyn Source>, optimizer: Arc<Optimizer>, shutdown: CancellationToken) {
    while let Some(mut receiver) = subscribe(&*source, &optimizer, &shutdown).await {
        while let Some(delivery) = next(&mut *receiver, &optimizer, &shutdown).await {
            let span = info_span!(
                "delivery",
                message.id = delivery.message_id,
                attempt = delivery.attempt
            );
            if let Err(error) = work(&optimizer, delivery).instrument(span).await {
                optimizer.metrics().backend_error(&error);
                warn!(error = %error, "delivery could not be settled and comes again");
            }
        }
    }
}

/// One job, start to finish: do it, judge it, secure what follows, tell the client, let go.
async fn work(optimizer: &Optimizer, delivery: Delivery) -> Result<(), Error> {
    let _in_flight = optimizer.count_in_flight();
    let turn = optimizer.optimize(&delivery).await;
    let verdict = retry::judge(&turn.outcome, delivery.attempt, rand::random());
    // A retry or a burial is confirmed by the broker before anybody hears of it.
    let secured = delivery
        .secure(&verdict, optimizer.name(), now_ms())
        .await?;
    optimizer.tell_detour(&turn, &verdict).await;
    secured.ack().await
}

/// A receiver, however long it takes to get one; `None` at shutdown.
async fn subscribe(
    source: &dyn Source,
    optimizer: &Optimizer,
    shutdown: &CancellationToken,
) -> Option<Box<dyn Receiver>> {
    while !shutdown.is_cancelled() {
        match source.receiver().await {
            Ok(receiver) => return Some(receiver),
            Err(error) => {
                optimizer.metrics().backend_error(&error);
                warn!(error = %error, "no receiver, asking again");
                shutdown
                    .run_until_cancelled(tokio::time::sleep(RECEIVER_PAUSE))
                    .await;
            }
        }
    }
    None
}

/// The receiver's next delivery; `None` at shutdown, and when the receiver is of no more use.
async fn next(
    receiver: &mut dyn Receiver,
    optimizer: &Optimizer,
    shutdown: &CancellationToken,
) -> Option<Delivery> {
    match shutdown.run_until_cancelled(receiver.receive()).await? {
        Ok(delivery) => Some(delivery),
        Err(error) => {
            optimizer.metrics().backend_error(&error);
            warn!(error = %error, "receiver is lost, asking for another");
            None
        }
    }
}

/// Lets the loops finish what is in hand. What is not finished within `grace` is given up and comes again elsewhere.
async fn drain(mut loops: JoinSet<()>, grace: Duration) {
    info!(
        grace_secs = grace.as_secs(),
        "worker takes no more jobs and finishes what is in hand"
    );
    let finished = async { while loops.join_next().await.is_some() {} };
    if timeout(grace, finished).await.is_err() {
        warn!(
            receivers = loops.len(),
            "grace is over, unfinished deliveries go back to the queue"
        );
        loops.shutdown().await;
    }
    info!("worker is drained");
}
