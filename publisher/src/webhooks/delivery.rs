//! How notices come out of the outbox: round after round, as many as may be in hand.

use std::{collections::HashMap, sync::Arc, time::Duration};

use backends::{
    Error,
    clock::{millis, now_ms},
    outbox::Notice,
};
use futures::future::try_join_all;
use tokio::{
    task::JoinSet,
    time::{Interval, MissedTickBehavior, interval, sleep, timeout},
};
use tokio_util::sync::CancellationToken;
use tracing::warn;

use super::{
    courier::Courier,
    hands::{Hand, Hands, NoHand},
    target::Target,
};
use crate::app::App;

/// How much longer than an attempt a notice is lent: time to note what came of it, twice over.
const NOTE_TIME_MAX: Duration = Duration::from_secs(5);

/// What attempts in hand get at the end. What takes longer is sent again by the next process, under the same id.
const DRAIN_TIME_MAX: Duration = Duration::from_secs(2);

/// The pause after a look that failed: the outbox is where the records are, and they are being looked after.
const PAUSE_AFTER_FAILURE: Duration = Duration::from_secs(5);

/// After this somebody who has no more hands may ask for as many again. 50 ms: with eight at once, 160 in a second.
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
    hands: Hands,
    in_hand: JoinSet<()>,
    ticks: Interval,
}

impl Delivery {
    fn of(courier: &Arc<Courier>) -> Self {
        let policy = &courier.policy;
        let mut ticks = interval(policy.interval);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self {
            hands: Hands::new(policy.in_flight_max, policy.per_target_max),
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
        if self.hands.free() == 0 {
            self.in_hand.join_next().await;
        } else {
            self.ticks.tick().await;
        }
        while self.in_hand.try_join_next().is_some() {}
    }

    /// Begins with what is due, until nothing is or all hands are full.
    async fn round(&mut self) -> Result<(), Error> {
        let courier = Arc::clone(&self.courier);
        let lease = courier.policy.timeout + NOTE_TIME_MAX;
        let mut turned_away = TurnedAway::of(&courier);
        while self.hands.free() > 0 {
            let free = self.hands.free();
            let notices = courier.outbox.take_due(free, now_ms(), lease).await?;
            if notices.is_empty() {
                break;
            }
            self.begin(notices, &mut turned_away).await?;
        }
        let waiting = courier.outbox.depth().await?;
        let waiting = i64::try_from(waiting).unwrap_or(i64::MAX);
        courier.metrics.webhooks_waiting.set(waiting);
        Ok(())
    }

    /// Begins with those for which there is a hand.
    async fn begin(
        &mut self,
        notices: Vec<Notice>,
        turned_away: &mut TurnedAway,
    ) -> Result<(), Error> {
        let mut postponed = Vec::new();
        for notice in notices {
            let target = match self.courier.target(&notice) {
                Ok(target) => target,
                Err(refused) => {
                    self.courier.conclude(&notice, "a target", &refused).await;
                    continue;
                }
            };
            match self.hands.take(&target.receiver(), notice.owner.as_ref()) {
                Ok(hand) => self.bring(notice, target, hand),
                Err(whose) => postponed.push(turned_away.postpone(notice, whose)),
            }
        }
        try_join_all(postponed).await.map(drop)
    }

    fn bring(&mut self, notice: Notice, target: Target, hand: Hand) {
        let courier = Arc::clone(&self.courier);
        self.in_hand.spawn(async move {
            courier.bring(&notice, &target).await;
            drop(hand);
        });
    }

    async fn all(&mut self) {
        while self.in_hand.join_next().await.is_some() {}
    }
}

/// Those for whom there was no hand in a round.
struct TurnedAway {
    courier: Arc<Courier>,
    before: HashMap<NoHand, u32>,
}

impl TurnedAway {
    fn of(courier: &Arc<Courier>) -> Self {
        Self {
            courier: Arc::clone(courier),
            before: HashMap::new(),
        }
    }

    /// Has a notice wait for whoever has no hand. Those that were turned away before it come first, so that a thousand of
    /// them do not stand before others' notices at every look.
    fn postpone(
        &mut self,
        notice: Notice,
        whose: NoHand,
    ) -> impl Future<Output = Result<(), Error>> + use<> {
        let at_once = u32::try_from(self.courier.policy.per_target_max).unwrap_or(u32::MAX);
        let before = self.before.entry(whose).or_default();
        *before += 1;
        let due_ms = now_ms() + millis(TURN * (*before / at_once.max(1) + 1));
        let outbox = Arc::clone(&self.courier.outbox);
        async move { outbox.postpone(&notice.id, due_ms, notice.attempts).await }
    }
}
