//! How fast followed jobs are looked for while the records do not tell of them.
//!
//! A stream follows two hundred jobs and a process five hundred streams. Each job's look is a question to the object store,
//! so all streams of a process share one pace, and whoever waits long looks less often.

use std::time::Duration;

use tokio::{
    sync::Mutex,
    time::{Instant, sleep_until},
};

/// Looks of a process in a second, each one question to the object store or two. 100: a stream's two hundred jobs are
/// looked for in two seconds, which is nothing to a store that serves uploads beside it.
const LOOKS_PER_SECOND_MAX: u32 = 100;

/// Between the first two looks for a job: a small queue is worked off by then.
const PAUSE_MIN: Duration = Duration::from_secs(5);

/// Between two later ones. An outage of minutes is not made longer by many who ask, and the records' return is heard of
/// without a look.
const PAUSE_MAX: Duration = Duration::from_secs(60);

/// The turns of those who look.
#[derive(Debug)]
pub(crate) struct Pace {
    next: Mutex<Instant>,
}

impl Pace {
    pub(crate) fn new() -> Self {
        Self {
            next: Mutex::new(Instant::now()),
        }
    }

    /// Waits for one's turn. They come in the order in which they were asked for; who leaves gives up his place.
    pub(crate) async fn turn(&self) {
        let mut next = self.next.lock().await;
        sleep_until(*next).await;
        *next = Instant::now() + Duration::from_secs(1) / LOOKS_PER_SECOND_MAX;
    }
}

/// The pause after so many looks in a row that found no end.
pub(crate) fn pause_after(looks: u32) -> Duration {
    let doublings = looks.saturating_sub(1);
    PAUSE_MIN
        .saturating_mul(2_u32.saturating_pow(doublings))
        .min(PAUSE_MAX)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use futures::{FutureExt as _, future::join_all};

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn all_who_look_together_keep_the_pace() {
        let (pace, began) = (Arc::new(Pace::new()), Instant::now());
        let looks = 3 * LOOKS_PER_SECOND_MAX;
        join_all((0..=looks).map(|_| pace.turn())).await;
        assert!(began.elapsed() >= Duration::from_secs(3));
    }

    #[tokio::test(start_paused = true)]
    async fn who_gives_up_keeps_nobody_waiting() {
        let pace = Pace::new();
        pace.turn().await;
        let mut given_up: Vec<_> = (0..1000).map(|_| Box::pin(pace.turn())).collect();
        assert!(
            given_up
                .iter_mut()
                .all(|turn| turn.now_or_never().is_none())
        );
        drop(given_up);
        let began = Instant::now();
        pace.turn().await;
        assert!(began.elapsed() < Duration::from_secs(1));
    }

    #[test]
    fn who_waits_long_looks_less_often() {
        let pauses = [1, 2, 3, 4, 5, u32::MAX].map(|looks| pause_after(looks).as_secs());
        assert_eq!(pauses, [5, 10, 20, 40, 60, 60]);
    }
}
