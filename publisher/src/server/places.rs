//! A place for each connection, and for no client more than are left for all others: one that opens as many as it can
//! would lock everybody out, and whoever looks whether we live.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::Peer;
use crate::fairness::client::network_of;

/// All places.
#[derive(Clone, Debug)]
pub(crate) struct Places {
    free: Arc<Semaphore>,
    /// Nothing where whoever comes speaks for many.
    taken: Option<Taken>,
}

/// How many each has who has one.
#[derive(Clone, Debug, Default)]
struct Taken(Arc<Mutex<HashMap<IpAddr, usize>>>);

/// One of them, until it is dropped.
#[derive(Debug)]
pub(super) struct Place {
    _permit: OwnedSemaphorePermit,
    _count: Option<Count>,
}

/// One of a client's.
#[derive(Debug)]
struct Count {
    client: IpAddr,
    taken: Taken,
}

impl Places {
    /// So many. Connections come from clients, or from proxies of ours: of those nobody knows whom they speak for.
    pub(crate) fn new(max: usize, from_proxies: bool) -> Self {
        Self {
            free: Arc::new(Semaphore::new(max)),
            taken: (!from_proxies).then(Taken::default),
        }
    }

    /// Waits until one is free.
    pub(super) async fn free(&self) -> OwnedSemaphorePermit {
        let permit = Arc::clone(&self.free).acquire_owned().await;
        permit.expect("the semaphore is never closed")
    }

    /// The place that was free, for who came, unless it has as many already as are left for others. A network alone gets
    /// half of all so, two get a third each, and there is one for the next whatever they do.
    ///
    /// Whoever comes from this machine may have all: they are its operator's, or a proxy's that speaks for many.
    pub(super) fn give(&self, permit: OwnedSemaphorePermit, to: Peer) -> Option<Place> {
        let client = to.0.ip().to_canonical();
        let count = match &self.taken {
            Some(taken) if !client.is_loopback() => {
                Some(taken.one_more(network_of(client), self.free.available_permits())?)
            }
            _ => None,
        };
        Some(Place {
            _permit: permit,
            _count: count,
        })
    }
}

impl Taken {
    fn one_more(&self, client: IpAddr, left: usize) -> Option<Count> {
        let mut taken = self.locked();
        let has = taken.entry(client).or_default();
        if *has > left {
            return None;
        }
        *has += 1;
        Some(Count {
            client,
            taken: self.clone(),
        })
    }

    fn locked(&self) -> MutexGuard<'_, HashMap<IpAddr, usize>> {
        // Nothing that is done with it can panic half-way.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Count {
    fn drop(&mut self) {
        let mut taken = self.taken.locked();
        if let Some(has) = taken.get_mut(&self.client) {
            *has -= 1;
            if *has == 0 {
                taken.remove(&self.client);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As many places as `address` gets before it is refused one, or none are free.
    fn filled(places: &Places, address: &str) -> Vec<Place> {
        let peer = Peer((address.parse::<IpAddr>().unwrap(), 1).into());
        let mut given = Vec::new();
        while let Ok(permit) = Arc::clone(&places.free).try_acquire_owned() {
            let Some(place) = places.give(permit, peer) else {
                break;
            };
            given.push(place);
        }
        given
    }

    #[test]
    fn one_network_gets_half_and_the_next_ones_get_some_too() {
        let places = Places::new(768, false);
        let first = filled(&places, "192.0.2.1");
        assert_eq!(first.len(), 384);
        let second = filled(&places, "2001:db8::1");
        assert_eq!(second.len(), 192);
        assert_eq!(filled(&places, "2001:db8::2").len(), 0, "the same network");
        assert_eq!(filled(&places, "2001:db8:0:1::1").len(), 96);
        drop(first);
        assert_eq!(places.taken.as_ref().unwrap().locked().len(), 1);
        assert!(!filled(&places, "::ffff:192.0.2.1").is_empty());
    }

    #[test]
    fn each_network_that_comes_finds_fewer_and_the_next_one_finds_some() {
        let places = Places::new(16, false);
        let flood: Vec<_> = (1..=4)
            .map(|n| filled(&places, &format!("192.0.2.{n}")))
            .collect();
        assert_eq!(flood.iter().map(Vec::len).collect::<Vec<_>>(), [8, 4, 2, 1]);
        assert_eq!(filled(&places, "198.51.100.1").len(), 1);
    }

    #[test]
    fn this_machine_and_proxies_may_have_all() {
        for (from_proxies, address) in [(false, "127.0.0.1"), (false, "::1"), (true, "192.0.2.1")] {
            let places = Places::new(16, from_proxies);
            assert_eq!(filled(&places, address).len(), 16, "{address}");
        }
    }
}
