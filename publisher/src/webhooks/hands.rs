//! Whose messages are in hand, so that neither a slow receiver nor one client holds up the others.

use std::{
    collections::HashMap,
    hash::Hash,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use backends::results::Owner;

/// The hands of the courier, and who has them.
#[derive(Clone, Debug)]
pub(super) struct Hands {
    all_max: usize,
    each_host_max: usize,
    taken: Arc<Mutex<Taken>>,
}

/// At most as many entries as there are hands.
#[derive(Debug, Default)]
struct Taken {
    all: usize,
    by_host: HashMap<String, usize>,
    by_owner: HashMap<Option<Owner>, usize>,
}

/// A hand, until it is dropped.
#[derive(Debug)]
pub(super) struct Hand {
    hands: Hands,
    host: String,
    owner: Option<Owner>,
}

/// Who has no more hands.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum NoHand {
    Host(String),
    Owner(Option<Owner>),
}

impl Hands {
    pub(super) fn new(all_max: usize, each_host_max: usize) -> Self {
        Self {
            all_max,
            each_host_max,
            taken: Arc::default(),
        }
    }

    /// Hands that nobody has.
    pub(super) fn free(&self) -> usize {
        self.all_max - self.taken().all
    }

    /// A hand for a message to `host` that `owner` asked for.
    ///
    /// A client has at most as many as are free: alone it has half, and whoever comes later finds one. One who names many
    /// hosts, or many names of one, runs into this.
    pub(super) fn take(&self, host: &str, owner: Option<&Owner>) -> Result<Hand, NoHand> {
        let (host, owner) = (host.to_owned(), owner.cloned());
        let mut taken = self.taken();
        if count(&taken.by_owner, &owner) >= self.all_max - taken.all {
            return Err(NoHand::Owner(owner));
        }
        if count(&taken.by_host, &host) >= self.each_host_max {
            return Err(NoHand::Host(host));
        }
        taken.all += 1;
        *taken.by_host.entry(host.clone()).or_default() += 1;
        *taken.by_owner.entry(owner.clone()).or_default() += 1;
        let hands = self.clone();
        Ok(Hand { hands, host, owner })
    }

    /// No code of ours panics while it holds this, and half a change would do no harm.
    fn taken(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Hand {
    fn drop(&mut self) {
        let mut taken = self.hands.taken();
        taken.all -= 1;
        let_go(&mut taken.by_host, &self.host);
        let_go(&mut taken.by_owner, &self.owner);
    }
}

fn count<K: Hash + Eq>(counts: &HashMap<K, usize>, key: &K) -> usize {
    counts.get(key).copied().unwrap_or_default()
}

fn let_go<K: Hash + Eq>(counts: &mut HashMap<K, usize>, key: &K) {
    if let Some(count) = counts.get_mut(key) {
        *count -= 1;
        if *count == 0 {
            counts.remove(key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What one gets who asks for a hand for every host of many.
    fn greedy(hands: &Hands, name: &str) -> Vec<Hand> {
        let owner = Owner::new(name);
        let hosts = (0..100).map(|number| format!("{name}-{number}.example"));
        let asked = hosts.map(|host| hands.take(&host, Some(&owner)));
        asked.filter_map(Result::ok).collect()
    }

    #[test]
    fn a_host_that_has_its_hands_full_leaves_some_to_others_and_is_forgotten() {
        let hands = Hands::new(20, 2);
        let taken = [hands.take("slow", None), hands.take("slow", None)];
        assert!(taken.iter().all(Result::is_ok));
        let refused = hands.take("slow", None).unwrap_err();
        assert_eq!(refused, NoHand::Host("slow".to_owned()));
        assert!(hands.take("other", None).is_ok());
        drop(taken);
        let left = hands.taken();
        assert!(left.all == 0 && left.by_host.is_empty() && left.by_owner.is_empty());
    }

    #[test]
    fn a_client_with_many_hosts_has_half_of_the_hands_and_another_finds_some() {
        let hands = Hands::new(64, 8);
        let of_ann = greedy(&hands, "ann");
        assert_eq!(of_ann.len(), 32);
        let of_bob = greedy(&hands, "bob");
        assert_eq!(of_bob.len(), 16);
        assert!(hands.take("example.com", None).is_ok());
        let ann = Owner::new("ann");
        let refused = hands.take("one-more.example", Some(&ann)).unwrap_err();
        assert_eq!(refused, NoHand::Owner(Some(ann)));
    }

    #[test]
    fn the_only_hand_is_given_to_anybody() {
        let hands = Hands::new(1, 1);
        let hand = hands.take("example.com", None);
        assert!(hand.is_ok() && hands.free() == 0);
        assert!(hands.take("example.org", Some(&Owner::new("ann"))).is_err());
    }
}
