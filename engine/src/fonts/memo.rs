//! What was worked out before, within a limit.

use std::{
    collections::HashMap,
    hash::Hash,
    mem,
    sync::{Mutex, MutexGuard, PoisonError},
};

/// Remembers values by their keys, and forgets first what nobody asked for lately.
///
/// There are two generations. A full young one becomes the old one, which is then forgotten, but for what is asked for
/// in time: that moves back to the young. So the entries in use stay, nothing is sorted, and a stranger who asks for ever
/// new keys costs no more memory than the limit.
pub(super) struct Memo<K, V> {
    generation_entries_max: usize,
    generations: Mutex<Generations<K, V>>,
}

struct Generations<K, V> {
    young: HashMap<K, V>,
    old: HashMap<K, V>,
}

impl<K: Eq + Hash, V: Clone> Memo<K, V> {
    pub(super) fn new(entries_max: usize) -> Self {
        Self {
            generation_entries_max: (entries_max / 2).max(1),
            generations: Mutex::new(Generations {
                young: HashMap::new(),
                old: HashMap::new(),
            }),
        }
    }

    /// The value of `key`: remembered, or worked out now. Two threads may work out the same at the same time, which is
    /// cheaper than one waiting for the other; they come to the same result.
    pub(super) fn get_or_try<Q, E>(
        &self,
        key: &Q,
        work_out: impl FnOnce() -> Result<V, E>,
    ) -> Result<V, E>
    where
        Q: ToOwned<Owned = K> + Eq + Hash + ?Sized,
        K: std::borrow::Borrow<Q>,
    {
        if let Some(value) = self.recall(key) {
            return Ok(value);
        }
        let value = work_out()?;
        self.keep(key.to_owned(), value.clone());
        Ok(value)
    }

    fn recall<Q>(&self, key: &Q) -> Option<V>
    where
        Q: Eq + Hash + ?Sized,
        K: std::borrow::Borrow<Q>,
    {
        let mut generations = self.lock();
        if let Some(value) = generations.young.get(key) {
            return Some(value.clone());
        }
        let (key, value) = generations.old.remove_entry(key)?;
        self.keep_in(&mut generations, key, value.clone());
        Some(value)
    }

    fn keep(&self, key: K, value: V) {
        self.keep_in(&mut self.lock(), key, value);
    }

    fn keep_in(&self, generations: &mut Generations<K, V>, key: K, value: V) {
        if generations.young.len() >= self.generation_entries_max {
            generations.old = mem::take(&mut generations.young);
        }
        generations.young.insert(key, value);
    }

    /// A thread that panicked left whole entries behind: each is inserted at once.
    fn lock(&self) -> MutexGuard<'_, Generations<K, V>> {
        self.generations
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use super::*;

    fn worked_out(memo: &Memo<u32, u32>, key: u32) -> bool {
        let mut worked = false;
        let value = memo.get_or_try(&key, || {
            worked = true;
            Ok::<_, Infallible>(key * 2)
        });
        assert_eq!(value, Ok(key * 2));
        worked
    }

    #[test]
    fn what_is_asked_for_again_is_not_worked_out_again() {
        let memo = Memo::new(4);
        assert!(worked_out(&memo, 1));
        assert!(!worked_out(&memo, 1));
    }

    #[test]
    fn the_limit_holds_and_what_is_in_use_stays() {
        let memo = Memo::new(10);
        worked_out(&memo, 0);
        for key in 1..1000 {
            worked_out(&memo, key);
            assert!(!worked_out(&memo, 0), "after {key}");
            let generations = memo.lock();
            assert!(generations.young.len() + generations.old.len() <= 10);
        }
        assert!(worked_out(&memo, 1), "forgotten long ago");
    }

    #[test]
    fn a_failure_is_not_remembered() {
        let memo: Memo<u32, u32> = Memo::new(4);
        assert_eq!(memo.get_or_try(&1, || Err("no")), Err("no"));
        assert!(worked_out(&memo, 1));
    }
}
