//! What clients share, places or memory. A client may take what is free, but of what others leave it no more than seven
//! eighths: alone it has nearly all, and however much it takes, there is something left for whoever comes next.

use std::{
    collections::{HashMap, VecDeque, hash_map::Entry},
    mem,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{sync::oneshot, time::timeout};

use crate::fairness::Client;

/// Of so many parts of what others leave it, a client does not take the last one. 8: who is the only client there is, as the
/// key of a shop or a proxy that speaks for all, misses an eighth; who takes all it can leaves room for sixteen uploads and
/// nine results of a phone's photo, where it had left none.
const PARTS: u64 = 8;

/// So much of something.
#[derive(Debug)]
pub(crate) struct Shares {
    max: u64,
    held: Mutex<Held>,
}

/// Some of it, until it is dropped.
#[derive(Debug)]
pub(crate) struct Share {
    of: Arc<Shares>,
    client: Client,
    amount: u64,
}

/// Why there is nothing for a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Short {
    /// Too little is free.
    All,
    /// It has its share, and what is free is for others.
    Own,
}

#[derive(Debug, Default)]
struct Held {
    all: u64,
    by_client: HashMap<Client, u64>,
    /// In the order in which they came.
    waiting: VecDeque<Waiting>,
}

#[derive(Debug)]
struct Waiting {
    client: Client,
    amount: u64,
    given: oneshot::Sender<Share>,
}

impl Shares {
    pub(crate) fn new(max: u64) -> Arc<Self> {
        let held = Mutex::default();
        Arc::new(Self { max, held })
    }

    /// So much of it, if `client` may have that now. Nobody who waits could be given it: that is tried whenever some is freed.
    pub(crate) fn take(self: &Arc<Self>, client: &Client, amount: u64) -> Result<Share, Short> {
        self.held().give(client, amount, self.max)?;
        Ok(self.share(client.clone(), amount))
    }

    /// So much of it, once `client` may have that.
    pub(crate) async fn take_within(
        self: &Arc<Self>,
        client: &Client,
        amount: u64,
        wait_max: Duration,
    ) -> Result<Share, Short> {
        let (short, given) = match self.take_or_wait(client, amount) {
            Ok(share) => return Ok(share),
            Err(waits) => waits,
        };
        match timeout(wait_max, given).await {
            Ok(Ok(share)) => Ok(share),
            Ok(Err(_)) | Err(_) => Err(short),
        }
    }

    fn take_or_wait(
        self: &Arc<Self>,
        client: &Client,
        amount: u64,
    ) -> Result<Share, (Short, oneshot::Receiver<Share>)> {
        let mut held = self.held();
        let Err(short) = held.give(client, amount, self.max) else {
            return Ok(self.share(client.clone(), amount));
        };
        let (given, receiver) = oneshot::channel();
        held.waiting.push_back(Waiting {
            client: client.clone(),
            amount,
            given,
        });
        Err((short, receiver))
    }

    fn share(self: &Arc<Self>, client: Client, amount: u64) -> Share {
        let of = Arc::clone(self);
        Share { of, client, amount }
    }

    /// Frees some, and gives it to who waits for it.
    fn give_back(self: &Arc<Self>, client: &Client, amount: u64) {
        let given = {
            let mut held = self.held();
            held.take_back(client, amount);
            held.give_to_who_waits(self.max)
        };
        for waiting in given {
            let share = self.share(waiting.client, waiting.amount);
            // Whoever has left meanwhile gives it back by that.
            drop(waiting.given.send(share));
        }
    }

    /// No code of ours panics while it holds this, and half a change would do no harm.
    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Held {
    fn give(&mut self, client: &Client, amount: u64, max: u64) -> Result<(), Short> {
        let own = self.by_client.get(client).copied().unwrap_or_default();
        let free = max.saturating_sub(self.all);
        if amount > free {
            return Err(Short::All);
        }
        if !client.is_this_machine() && !leaves_enough(own, amount, free) {
            return Err(Short::Own);
        }
        self.all += amount;
        *self.by_client.entry(client.clone()).or_default() += amount;
        Ok(())
    }

    fn take_back(&mut self, client: &Client, amount: u64) {
        self.all -= amount;
        if let Entry::Occupied(mut own) = self.by_client.entry(client.clone()) {
            *own.get_mut() -= amount;
            if *own.get() == 0 {
                own.remove();
            }
        }
    }

    fn give_to_who_waits(&mut self, max: u64) -> Vec<Waiting> {
        let mut given = Vec::new();
        for waiting in mem::take(&mut self.waiting) {
            if waiting.given.is_closed() {
                continue;
            }
            match self.give(&waiting.client, waiting.amount, max) {
                Ok(()) => given.push(waiting),
                Err(_) => self.waiting.push_back(waiting),
            }
        }
        given
    }
}

/// Whether enough is left for others when who holds `own` takes `amount` of what is `free`. Who holds nothing takes nobody's
/// share, or a thing of which there is one could never be had.
const fn leaves_enough(own: u64, amount: u64, free: u64) -> bool {
    own == 0 || (own + amount).saturating_mul(PARTS) <= (own + free).saturating_mul(PARTS - 1)
}

impl Share {
    /// Gives back what is more than `amount`.
    pub(crate) fn shrink_to(&mut self, amount: u64) {
        let spare = self.amount.saturating_sub(amount);
        self.amount -= spare;
        if spare > 0 {
            self.of.give_back(&self.client, spare);
        }
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.of.give_back(&self.client, self.amount);
    }
}

#[cfg(test)]
mod tests {
    use std::iter;

    use super::*;

    const WAIT: Duration = Duration::from_secs(1);

    fn named(name: &str) -> Client {
        Client::Named(name.to_owned())
    }

    /// As much as `client` can get, one by one.
    fn all_it_can(shares: &Arc<Shares>, client: &Client) -> Vec<Share> {
        iter::from_fn(|| shares.take(client, 1).ok()).collect()
    }

    #[test]
    fn one_client_alone_has_nearly_all_and_never_the_last_part() {
        let shares = Shares::new(128);
        let held = all_it_can(&shares, &named("ann"));
        assert_eq!(held.len(), 112);
        assert_eq!(shares.take(&named("ann"), 1).unwrap_err(), Short::Own);
        let others = all_it_can(&shares, &named("bob"));
        assert_eq!(others.len(), 14);
        assert_eq!(all_it_can(&shares, &named("cleo")).len(), 1);
        drop(held);
        assert_eq!(all_it_can(&shares, &named("cleo")).len(), 99);
    }

    #[test]
    fn what_there_is_one_of_can_be_had() {
        let shares = Shares::new(1);
        let held = shares.take(&named("ann"), 1).unwrap();
        assert_eq!(shares.take(&named("ann"), 1).unwrap_err(), Short::All);
        drop(held);
        shares.take(&named("bob"), 1).unwrap();
    }

    #[test]
    fn who_is_on_this_machine_may_have_all() {
        let shares = Shares::new(128);
        let here = Client::At("127.0.0.1".parse().unwrap());
        assert_eq!(all_it_can(&shares, &here).len(), 128);
        assert!(shares.held().by_client.is_empty(), "all is given back");
    }

    #[test]
    fn what_is_not_needed_is_for_others() {
        let shares = Shares::new(64);
        let mut share = shares.take(&named("ann"), 64).unwrap();
        share.shrink_to(2);
        share.shrink_to(9);
        let _rest = shares.take(&named("bob"), 62).unwrap();
        assert!(shares.take(&named("cleo"), 1).is_err());
        assert!(shares.take(&named("dora"), u64::MAX).is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn who_came_first_is_given_first_and_who_has_its_share_holds_up_nobody() {
        let shares = Shares::new(8);
        let mut held = all_it_can(&shares, &named("ann"));
        let bob = shares.take(&named("bob"), 1).unwrap();
        let (ann, cleo, dora) = (named("ann"), named("cleo"), named("dora"));
        let waits = async |client| shares.take_within(client, 1, WAIT).await;
        let frees = async {
            tokio::task::yield_now().await;
            drop(bob);
        };
        let (ann, cleo, dora, ()) = tokio::join!(waits(&ann), waits(&cleo), waits(&dora), frees);
        assert_eq!(ann.unwrap_err(), Short::All);
        assert_eq!(dora.unwrap_err(), Short::All);
        held.push(cleo.unwrap());
        drop(held);
        assert_eq!(shares.held().all, 0);
    }
}
