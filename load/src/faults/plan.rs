//! What breaks, and when. Pure: a seed makes a plan, and the same seed makes the same one.

use std::{fmt, time::Duration};

use rand::{RngExt as _, SeedableRng as _, rngs::StdRng, seq::SliceRandom as _};

use super::fleet::{PUBLISHERS, WORKERS};

/// From one fault to the next, uniform. Most faults last longer, so several overlap.
const PAUSE_MS: (u64, u64) = (400, 2400);
/// How long a server stands still: shorter and longer than every time limit of the fleet.
const STILL_MS: (u64, u64) = (1000, 10_000);
/// How long a killed process or broker stays away.
const AWAY_MS: (u64, u64) = (0, 3000);
/// How long a wire takes no connections or is slow.
const TROUBLE_MS: (u64, u64) = (500, 6000);
/// What a slow wire adds to each piece of what it carries.
const SLOW_MS: (u64, u64) = (20, 400);
/// Pieces that are damaged one after the other.
const DAMAGED: (usize, usize) = (2, 16);

/// A server of the fleet, and the wire to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Server {
    Broker,
    Redis,
    S3,
}

/// What breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// `kill -9`, and started again.
    KillWorker { worker: usize, away: Duration },
    /// The same for a publisher.
    KillPublisher { publisher: usize, away: Duration },
    /// The same for the broker; in a cluster, for the node that leads the queue of the jobs.
    KillBroker { away: Duration },
    /// Its memory is short: it takes no messages.
    BlockBroker { lasting: Duration },
    /// Stopped, as a machine that swaps, and continued.
    Still { server: Server, lasting: Duration },
    /// Every connection breaks.
    Cut { server: Server },
    /// Every connection breaks, and new ones too.
    Refuse { server: Server, lasting: Duration },
    /// Whatever is carried comes late.
    Slow {
        server: Server,
        by: Duration,
        lasting: Duration,
    },
    /// The next pieces are damaged.
    Damage { server: Server, pieces: usize },
}

/// A fault and its moment, from the run's beginning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Planned {
    pub(super) at: Duration,
    pub(super) fault: Fault,
}

/// The faults of a run that takes `lasting`: every kind comes once before any comes again.
pub(super) fn plan(seed: u64, lasting: Duration) -> Vec<Planned> {
    let mut lot = StdRng::seed_from_u64(seed);
    let (mut plan, mut deck, mut at) = (Vec::new(), Vec::new(), Duration::ZERO);
    loop {
        at += between(&mut lot, PAUSE_MS);
        if at >= lasting {
            return plan;
        }
        if deck.is_empty() {
            deck = shuffled(&mut lot);
        }
        plan.extend(deck.pop().map(|fault| Planned { at, fault }));
    }
}

/// One fault of every kind. Workers die more often than anything else.
fn shuffled(lot: &mut StdRng) -> Vec<Fault> {
    let mut deck = vec![
        Fault::KillPublisher {
            publisher: lot.random_range(0..PUBLISHERS),
            away: between(lot, AWAY_MS),
        },
        Fault::KillBroker {
            away: between(lot, AWAY_MS),
        },
        Fault::BlockBroker {
            lasting: between(lot, TROUBLE_MS),
        },
    ];
    for worker in 0..WORKERS {
        let away = between(lot, AWAY_MS);
        deck.push(Fault::KillWorker { worker, away });
    }
    for server in [Server::Broker, Server::Redis, Server::S3] {
        deck.extend(of_server(lot, server));
    }
    deck.shuffle(lot);
    deck
}

fn of_server(lot: &mut StdRng, server: Server) -> [Fault; 5] {
    let lasting = between(lot, TROUBLE_MS);
    [
        Fault::Still {
            server,
            lasting: between(lot, STILL_MS),
        },
        Fault::Cut { server },
        Fault::Refuse { server, lasting },
        Fault::Slow {
            server,
            by: between(lot, SLOW_MS),
            lasting,
        },
        Fault::Damage {
            server,
            pieces: lot.random_range(DAMAGED.0..=DAMAGED.1),
        },
    ]
}

fn between(lot: &mut StdRng, (min_ms, max_ms): (u64, u64)) -> Duration {
    Duration::from_millis(lot.random_range(min_ms..=max_ms))
}

impl Fault {
    /// What the report counts it as.
    pub(super) fn kind(&self) -> String {
        match self {
            Self::KillWorker { .. } => "kill -9 of a worker".into(),
            Self::KillPublisher { .. } => "kill -9 of a publisher".into(),
            Self::KillBroker { .. } => "kill -9 of the broker".into(),
            Self::BlockBroker { .. } => "alarm of the broker".into(),
            Self::Still { server, .. } => format!("{server} stopped"),
            Self::Cut { server } => format!("wire to {server} cut"),
            Self::Refuse { server, .. } => format!("wire to {server} closed"),
            Self::Slow { server, .. } => format!("wire to {server} slow"),
            Self::Damage { server, .. } => format!("wire to {server} damaged"),
        }
    }
}

impl fmt::Display for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Broker => "RabbitMQ",
            Self::Redis => "Redis",
            Self::S3 => "S3",
        })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    const LASTING: Duration = Duration::from_secs(120);

    #[test]
    fn a_seed_plans_the_same_again_and_another_seed_something_else() {
        assert_eq!(plan(7, LASTING), plan(7, LASTING));
        assert_ne!(plan(7, LASTING), plan(8, LASTING));
    }

    #[test]
    fn every_kind_of_fault_comes_within_two_minutes() {
        for seed in 0..50 {
            let kinds: BTreeSet<_> = plan(seed, LASTING)
                .iter()
                .map(|planned| planned.fault.kind())
                .collect();
            assert_eq!(kinds.len(), 19, "seed {seed}: {kinds:?}");
        }
    }
}
