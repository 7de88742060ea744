//! Tells the fleet that this worker lives, and what it did of late.
//!
//! No job waits for it. A heartbeat that cannot be sent is lost, and the next one says all that it would have said.

use std::sync::Arc;

use backends::{
    Error, Fleet,
    clock::now_ms,
    fleet::{BEAT_PAUSE, Heartbeat, WorkerId},
};
use tokio::{
    task::JoinHandle,
    time::{MissedTickBehavior, interval},
};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use crate::{config::Config, optimize::Optimizer};

/// A worker's heart. It beats until it is stopped, or dropped.
pub(crate) struct Heart {
    stop: CancellationToken,
    beating: JoinHandle<()>,
}

impl Heart {
    /// Beats at once, now and then, and when `shutdown` begins.
    pub(crate) fn start(
        fleet: Arc<dyn Fleet>,
        optimizer: Arc<Optimizer>,
        config: &Config,
        shutdown: CancellationToken,
    ) -> Self {
        let pulse = Pulse {
            fleet,
            optimizer,
            id: WorkerId::new(rand::random()),
            name: config.worker_name.clone(),
            started_at_ms: now_ms(),
            was_heard: true,
        };
        let stop = CancellationToken::new();
        let beating = tokio::spawn(pulse.beat_until(stop.clone(), shutdown));
        Self { stop, beating }
    }

    /// Takes the worker off the fleet. What is being sent is waited for: it would bring the worker back.
    pub(crate) async fn stop(mut self) {
        self.stop.cancel();
        let _ = (&mut self.beating).await;
    }
}

/// A worker that is given up does not say that it lives.
impl Drop for Heart {
    fn drop(&mut self) {
        self.beating.abort();
    }
}

struct Pulse {
    fleet: Arc<dyn Fleet>,
    optimizer: Arc<Optimizer>,
    id: WorkerId,
    name: String,
    started_at_ms: u64,
    /// Whether the last word was heard: only a change is told.
    was_heard: bool,
}

impl Pulse {
    async fn beat_until(mut self, stop: CancellationToken, shutdown: CancellationToken) {
        let mut ticks = interval(BEAT_PAUSE);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut draining = false;
        loop {
            tokio::select! {
                biased;
                () = stop.cancelled() => break,
                () = shutdown.cancelled(), if !draining => draining = true,
                _ = ticks.tick() => {}
            }
            let beaten = self.fleet.beat(&self.heartbeat(draining)).await;
            self.note(beaten);
        }
        let left = self.fleet.leave(&self.id).await;
        self.note(left);
    }

    fn heartbeat(&self, draining: bool) -> Heartbeat {
        Heartbeat {
            id: self.id.clone(),
            name: self.name.clone(),
            slots: self.optimizer.slots().places() as u64,
            busy: self.optimizer.slots().busy() as u64,
            started_at_ms: self.started_at_ms,
            draining,
            tally: self.optimizer.ledger().tally(),
        }
    }

    fn note(&mut self, said: Result<(), Error>) {
        let was_heard = std::mem::replace(&mut self.was_heard, said.is_ok());
        match said {
            Ok(()) if !was_heard => info!("the fleet hears of this worker again"),
            Ok(()) => {}
            Err(error) => {
                self.optimizer.metrics().backend_error(&error);
                if was_heard {
                    warn!(%error, "the fleet does not hear of this worker: {error}");
                }
            }
        }
    }
}
