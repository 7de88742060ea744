//! How notices come out of the outbox: round after round, as many as may be in hand.

use std::{collections::HashMap, sync::Arc, time::Duration};

use backends::{
    Error,
    clock::{millis, now_ms},
    outbox::Notice,
};
use tokio::{
    task::JoinSet,
    time::{Interval, MissedTickBehavior, interval, sleep, timeout},
};
use tokio_util::sync::CancellationToken;
use tracing::warn;

use super::{courier::Courier, doors::Doors};
use crate::app::App;

/// How much longer than an attempt a notice is lent: time to note what came of it, twice over.
const NOTE_TIME_MAX: Duration = Duration::from_secs(5);

/// What attempts in hand get at the end. What takes longer is sent again by the next process, under the same id.
const DRAIN_TIME_MAX: Duration = Duration::from_secs(2);

/// The pause after a look that failed: the outbox is where the records are, and they are being looked after.
const PAUSE_AFTER_FAILURE: Duration = Duration::from_secs(5);

/// After this a receiver that has its hands full gets as many again. 50 ms: with eight at once, 160 in a second.
const TURN: Duration = Duration::from_millis(50);

/// Delivers what is due until `shutdown`. Several publishers may do so at once.
pub(crate) async fn deliver(app: &App, shutdown: &CancellationToken) {
    let Some(courier) = app.webhooks.courier() else {
        return;
    };
    let mut delivery = Delivery::of(courier);
    shutdown.run_until_cancelled(delivery.go_on()).await;
    let _ = timeout(DRAIN_TIME_MAX, delivery.all()).await;
}

struct Delivery {
    courier: Arc<Courier>,
    doors: Doors,
    in_hand: JoinSet<()>,
    ticks: Interval,
}

impl Delivery {
    fn of(courier: &Arc<Courier>) -> Self {
        let policy = &courier.policy;
        let mut ticks = interval(policy.interval);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self {
            doors: Doors::new(policy.per_target_max),
            in_hand: JoinSet::new(),
            courier: Arc::clone(courier),
            ticks,
        }
    }

    async fn go_on(&mut self) {
        loop {
            self.turn().await;
            if let Err(error) = self.round().await {
                self.courier.metrics.backend_error(&error);
                if error.was_made() {
                    warn!(%error, "webhooks wait: the outbox cannot be read");
                }
                sleep(PAUSE_AFTER_FAILURE).await;
            }
        }
    }

    /// Waits for the time of the next look; with all hands full, for one that is free.
    async fn turn(&mut self) {
        if self.free() == 0 {
            self.in_hand.join_next().await;
        } else {
            self.ticks.tick().await;
        }
        while self.in_hand.try_join_next().is_some() {}
    }

    /// Begins with what is due, until nothing is or all hands are full.
    async fn round(&mut self) -> Result<(), Error> {
        let mut turned_away = HashMap::new();
        while self.free() > 0 {
            let lease = self.courier.policy.timeout + NOTE_TIME_MAX;
            let outbox = &self.courier.outbox;
            let notices = outbox.take_due(self.free(), now_ms(), lease).await?;
            if notices.is_empty() {
                break;
            }
            for notice in notices {
                self.begin(notice, &mut turned_away).await?;
            }
        }
        let waiting = self.courier.outbox.depth().await?;
        let waiting = i64::try_from(waiting).unwrap_or(i64::MAX);
        self.courier.metrics.webhooks_waiting.set(waiting);
        Ok(())
    }

    async fn begin(
        &mut self,
        notice: Notice,
        turned_away: &mut HashMap<String, u32>,
    ) -> Result<(), Error> {
        let courier = Arc::clone(&self.courier);
        let target = match courier.target(&notice) {
            Ok(target) => target,
            Err(refused) => {
                courier.conclude(&notice, "a target", &refused).await;
                return Ok(());
            }
        };
        let door = target.door();
        match self.doors.enter(&door) {
            Some(place) if self.free() > 0 => {
                self.in_hand.spawn(async move {
                    courier.bring(&notice, &target).await;
                    drop(place);
                });
                Ok(())
            }
            _ => {
                let before = turned_away.entry(door).or_default();
                *before += 1;
                self.turn_away(&notice, *before).await
            }
        }
    }

    /// Has a notice wait for its receiver, which has its hands full. Those that were turned away before it come first, so
    /// that a thousand of them do not stand before other receivers' notices at every look.
    async fn turn_away(&self, notice: &Notice, before: u32) -> Result<(), Error> {
        let at_once = u32::try_from(self.courier.policy.per_target_max).unwrap_or(u32::MAX);
        let delay = TURN * (before / at_once.max(1) + 1);
        let due_ms = now_ms() + millis(delay);
        let outbox = &self.courier.outbox;
        outbox.postpone(&notice.id, due_ms, notice.attempts).await
    }

    fn free(&self) -> usize {
        let in_flight_max = self.courier.policy.in_flight_max;
        in_flight_max.saturating_sub(self.in_hand.len())
    }

    async fn all(&mut self) {
        while self.in_hand.join_next().await.is_some() {}
    }
}
