//! Where guests come from: one thread that starts them and outlives them, as they end with the thread that started them.

use std::{
    sync::{
        Arc,
        mpsc::{Receiver, RecvTimeoutError},
    },
    thread,
    time::Duration,
};

use tracing::{error, info, warn};

use super::{Guest, Hall, Options};
use crate::lock_in::Sandbox;

/// After a first failed start; the wait doubles with each further one.
const WAIT_FIRST: Duration = Duration::from_millis(100);
/// A program that cannot be started may be there again after a deployment.
const WAIT_MAX: Duration = Duration::from_secs(30);

/// How often those who wait are looked at: one that died would be told of as a slot until the next picture met it.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// How starting guests goes.
struct Nursery {
    options: Options,
    hall: Arc<Hall>,
    orders: Receiver<Guest>,
    /// Guests that are wanted and not there.
    missing: usize,
    /// Starts that failed since the last one that did not.
    failures: u32,
}

/// Starts all guests, and another for each that is handed in, until nobody can hand one in any more.
pub(super) fn open(options: Options, hall: &Arc<Hall>, orders: Receiver<Guest>) {
    let nursery = Nursery {
        missing: options.guests(),
        options,
        hall: Arc::clone(hall),
        orders,
        failures: 0,
    };
    let begun = thread::Builder::new().name("slots".to_owned());
    if let Err(error) = begun.spawn(move || nursery.run()) {
        hall.lock().health.failing = Some(error.to_string());
    }
}

impl Nursery {
    fn run(mut self) {
        while self.wait() {
            match Guest::start(&self.options) {
                Ok((guest, sandbox)) => self.began(guest, sandbox),
                Err(error) => self.failed(error.to_string()),
            }
        }
    }

    /// Waits until a guest is to be started; whether there ever is one again.
    fn wait(&mut self) -> bool {
        loop {
            let order = match (self.missing, self.failures) {
                (0, _) => self.orders.recv_timeout(LOOK_EVERY),
                (_, 0) => self.orders.recv_timeout(Duration::ZERO),
                (_, failures) => self.orders.recv_timeout(pause(failures)),
            };
            match order {
                Ok(dead) => {
                    drop(dead);
                    self.missing += 1;
                }
                Err(RecvTimeoutError::Timeout) if self.missing > 0 => return true,
                Err(RecvTimeoutError::Timeout) => self.missing = self.hall.dismiss_unwell(),
                Err(RecvTimeoutError::Disconnected) => return false,
            }
        }
    }

    fn began(&mut self, guest: Guest, sandbox: Sandbox) {
        self.missing -= 1;
        self.failures = 0;
        let mut state = self.hall.lock();
        state.health.failing = None;
        let is_news = state.health.sandbox.replace(sandbox) != Some(sandbox);
        drop(state);
        if is_news {
            tell(sandbox);
        }
        self.hall.welcome(guest);
    }

    fn failed(&mut self, why: String) {
        self.failures += 1;
        let wait_ms = u64::try_from(pause(self.failures).as_millis()).unwrap_or(u64::MAX);
        error!(wait_ms, "a slot cannot be started: {why}");
        self.hall.lock().health.failing = Some(why);
        self.hall.arrival.notify_all();
    }
}

fn pause(failures: u32) -> Duration {
    let doublings = 2_u32.saturating_pow(failures - 1);
    WAIT_FIRST.saturating_mul(doublings).min(WAIT_MAX)
}

fn tell(sandbox: Sandbox) {
    if sandbox == Sandbox::OFF {
        warn!("slots are not locked in, as was asked for");
    } else if sandbox.is_whole() {
        info!("slots are locked in: {sandbox}");
    } else {
        warn!(
            "slots are not locked in as far as they could be, this kernel lacks some of it: {sandbox}"
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn starts_that_fail_come_more_and_more_rarely() {
        assert_eq!(pause(1), Duration::from_millis(100));
        assert_eq!(pause(4), Duration::from_millis(800));
        for failures in [10, 40, u32::MAX] {
            assert_eq!(pause(failures), WAIT_MAX);
        }
    }
}
