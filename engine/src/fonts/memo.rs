//! What was worked out before, within a limit.

use std::{
    collections::HashMap,
    hash::Hash,
    mem,
    sync::{Mutex, MutexGuard, PoisonError},
};

/// What an entry costs besides what it says of itself: its place in a table, and the allocations around it.
const ENTRY_BYTES: usize = 128;

/// Something that knows how much memory it holds.
pub(super) trait Weigh {
    /// Bytes on the heap, about.
    fn weight_bytes(&self) -> usize;
}

/// Remembers values by their keys, and forgets first what nobody asked for lately.
///
/// There are two generations. A full young one becomes the old one, which is then forgotten, but for what is asked for
/// in time: that moves back to the young. So the entries in use stay, nothing is sorted, and a stranger who asks for ever
/// new keys costs no more memory than the limit. What would fill a generation by itself is not remembered.
pub(super) struct Memo<K, V> {
    generation_bytes_max: usize,
    generations: Mutex<Generations<K, V>>,
}

struct Generations<K, V> {
    young: HashMap<K, V>,
    young_bytes: usize,
    old: HashMap<K, V>,
}

impl<K: Eq + Hash + Weigh, V: Clone + Weigh> Memo<K, V> {
    pub(super) fn new(bytes_max: usize) -> Self {
        Self {
            generation_bytes_max: bytes_max / 2,
            generations: Mutex::new(Generations {
                young: HashMap::new(),
                young_bytes: 0,
                old: HashMap::new(),
            }),
        }
    }

    /// The value of `key`: remembered, or worked out now. Two threads may work out the same at the same time, which is
    /// cheaper than one waiting for the other; they come to the same result.
    pub(super) fn get_or_try<E>(
        &self,
        key: K,
        work_out: impl FnOnce() -> Result<V, E>,
    ) -> Result<V, E> {
        if let Some(value) = self.recall(&key) {
            return Ok(value);
        }
        let value = work_out()?;
        self.keep(&mut self.lock(), key, value.clone());
        Ok(value)
    }

    fn recall(&self, key: &K) -> Option<V> {
        let mut generations = self.lock();
        if let Some(value) = generations.young.get(key) {
            return Some(value.clone());
        }
        let (key, value) = generations.old.remove_entry(key)?;
        self.keep(&mut generations, key, value.clone());
        Some(value)
    }

    fn keep(&self, generations: &mut Generations<K, V>, key: K, value: V) {
        let bytes = ENTRY_BYTES + key.weight_bytes() + value.weight_bytes();
        if bytes > self.generation_bytes_max {
            return;
        }
        if generations.young_bytes + bytes > self.generation_bytes_max {
            generations.old = mem::take(&mut generations.young);
            generations.young_bytes = 0;
        }
        // Another thread may have kept the same meanwhile, and then counts as two: the limit errs to the safe side.
        generations.young_bytes += bytes;
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

    /// A key of no bytes, and a value of so many.
    #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
    struct Number(usize);

    impl Weigh for Number {
        fn weight_bytes(&self) -> usize {
            0
        }
    }

    #[derive(Clone, PartialEq, Debug)]
    struct Heavy(usize);

    impl Weigh for Heavy {
        fn weight_bytes(&self) -> usize {
            self.0
        }
    }

    fn worked_out(memo: &Memo<Number, Heavy>, key: usize, bytes: usize) -> bool {
        let mut worked = false;
        let value = memo.get_or_try(Number(key), || {
            worked = true;
            Ok::<_, Infallible>(Heavy(bytes))
        });
        assert_eq!(value, Ok(Heavy(bytes)));
        worked
    }

    fn held(memo: &Memo<Number, Heavy>) -> usize {
        let generations = memo.lock();
        let both = [&generations.young, &generations.old];
        let values = both.into_iter().flat_map(HashMap::values);
        values.map(|value| value.0 + ENTRY_BYTES).sum()
    }

    #[test]
    fn what_is_asked_for_again_is_not_worked_out_again() {
        let memo = Memo::new(10_000);
        assert!(worked_out(&memo, 1, 100));
        assert!(!worked_out(&memo, 1, 100));
    }

    #[test]
    fn the_limit_holds_and_what_is_in_use_stays() {
        let memo = Memo::new(10_000);
        worked_out(&memo, 0, 100);
        for key in 1..1000 {
            worked_out(&memo, key, key % 1500);
            assert!(!worked_out(&memo, 0, 100), "after {key}");
            assert!(held(&memo) <= 10_000, "after {key}");
        }
        assert!(worked_out(&memo, 1, 1), "forgotten long ago");
    }

    #[test]
    fn what_is_too_large_to_be_remembered_puts_nothing_else_out() {
        let memo = Memo::new(10_000);
        worked_out(&memo, 0, 100);
        for _ in 0..3 {
            assert!(worked_out(&memo, 1, 5_000));
        }
        assert!(!worked_out(&memo, 0, 100));
    }

    #[test]
    fn a_failure_is_not_remembered() {
        let memo: Memo<Number, Heavy> = Memo::new(10_000);
        assert_eq!(memo.get_or_try(Number(1), || Err("no")), Err("no"));
        assert!(worked_out(&memo, 1, 100));
    }
}
