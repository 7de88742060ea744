//! What many ask for at the same moment is done once, and what lasts is held for those who come later.

use std::{
    collections::HashMap,
    convert::Infallible,
    fmt,
    hash::Hash,
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
};

use moka::future::Cache;
use tokio::sync::OnceCell;

use crate::Error;

/// Does each thing once for all who ask for it at the same time.
///
/// A failure is told to all who waited for it, and is not held: whoever asks next begins anew. Work whose caller goes away
/// is begun again by another who waits for it.
///
/// The cache could share loads by itself (`try_get_with`), but cannot say since when what it loaded was so; see
/// [`Done::Now`].
pub struct Once<K, V, N> {
    held: Cache<K, V>,
    under_way: Arc<Turns<K, V, N>>,
}

/// What the work came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Done<V, N> {
    /// It lasts, and is held.
    Lasting(V),
    /// It was so while the work was done, and may be otherwise by now, as when a job was cancelled since or a result was
    /// stored since: nobody else gets it but those who had asked before the work began.
    Now(N),
}

/// The turn that whoever asks now takes part in, for each thing that is under way.
type Turns<K, V, N> = Mutex<HashMap<K, Arc<Turn<V, N>>>>;

/// Work that is done once for all who take part in it.
struct Turn<V, N> {
    came: OnceCell<Result<Done<V, N>, Error>>,
    /// For those who came when it had begun, and need to know what is so now. They share it, however late each of them
    /// wakes.
    next: OnceLock<Arc<Self>>,
}

/// Somebody's part in a turn. The last one to leave takes it away.
struct Part<'a, K: Eq + Hash, V, N> {
    turns: &'a Turns<K, V, N>,
    key: &'a K,
    turn: Arc<Turn<V, N>>,
}

impl<K, V, N> Once<K, V, N>
where
    K: Clone + Eq + Hash + Send + Sync + 'static,
    V: Clone + Send + Sync + 'static,
    N: Clone,
{
    /// What lasts is held in `held`, within its limits.
    pub fn holding(held: Cache<K, V>) -> Self {
        Self {
            held,
            under_way: Arc::default(),
        }
    }

    /// What is held.
    pub async fn held(&self, key: &K) -> Option<V> {
        self.held.get(key).await
    }

    /// Forgets what is held.
    pub async fn forget(&self, key: &K) {
        self.held.invalidate(key).await;
    }

    /// What is held, else what `work` comes to, which was done by this caller or by another at the same time.
    ///
    /// # Errors
    /// When the work failed.
    pub async fn get<Work>(&self, key: &K, work: impl Fn() -> Work) -> Result<Done<V, N>, Error>
    where
        Work: Future<Output = Result<Done<V, N>, Error>>,
    {
        if let Some(value) = self.held(key).await {
            return Ok(Done::Lasting(value));
        }
        let part = Part::take(&self.under_way, key);
        let (came, ours) = self.take(&part.turn, key, &work).await;
        if ours || !matches!(came, Ok(Done::Now(_))) {
            return came;
        }
        // It may have begun before this caller asked. The next one begins after that.
        let next = part.turn.next.get_or_init(Arc::default);
        self.take(next, key, &work).await.0
    }

    /// Waits for a turn to end, or does its work; and says whether this caller did it.
    async fn take<Work>(
        &self,
        turn: &Turn<V, N>,
        key: &K,
        work: &impl Fn() -> Work,
    ) -> (Result<Done<V, N>, Error>, bool)
    where
        Work: Future<Output = Result<Done<V, N>, Error>>,
    {
        let mut ours = false;
        let came = turn.came.get_or_init(|| async {
            ours = true;
            // Somebody may have held it between this caller's look and its turn.
            if let Some(value) = self.held(key).await {
                return Ok(Done::Lasting(value));
            }
            let came = work().await;
            if let Ok(Done::Lasting(value)) = &came {
                self.hold(key, value).await;
            }
            came
        });
        let came = match came.await {
            Ok(done) => Ok(done.clone()),
            Err(error) => Err(error.retold()),
        };
        (came, ours)
    }

    /// The limits are kept at once, and not only when the cache finds the time.
    async fn hold(&self, key: &K, value: &V) {
        self.held.insert(key.clone(), value.clone()).await;
        self.held.run_pending_tasks().await;
    }
}

impl<K, N> Once<K, Infallible, N>
where
    K: Clone + Eq + Hash + Send + Sync + 'static,
    N: Clone,
{
    /// Nothing is held.
    pub fn holding_nothing() -> Self {
        Self::holding(Cache::new(0))
    }

    /// What `work` comes to, which was done by this caller, or by another at the same time and not begun before this one
    /// asked.
    ///
    /// # Errors
    /// When the work failed.
    pub async fn together<Work>(&self, key: &K, work: impl Fn() -> Work) -> Result<N, Error>
    where
        Work: Future<Output = Result<N, Error>>,
    {
        let now = || {
            let work = work();
            async { work.await.map(Done::Now) }
        };
        match self.get(key, now).await? {
            Done::Now(now) => Ok(now),
            Done::Lasting(never) => match never {},
        }
    }
}

impl<'a, K: Clone + Eq + Hash, V, N> Part<'a, K, V, N> {
    /// Takes part in what is under way, or begins it. A turn that has ended is not taken part in any more: it is of the past,
    /// and those who are in it have not all woken.
    fn take(turns: &'a Turns<K, V, N>, key: &'a K) -> Self {
        let mut under_way = lock(turns);
        let turn = under_way.entry(key.clone()).or_default();
        if turn.came.initialized() {
            *turn = Arc::default();
        }
        let turn = Arc::clone(turn);
        Self { turns, key, turn }
    }
}

impl<K: Eq + Hash, V, N> Drop for Part<'_, K, V, N> {
    fn drop(&mut self) {
        let mut under_way = lock(self.turns);
        let is_ours = |turn: &Arc<_>| Arc::ptr_eq(turn, &self.turn);
        // The other two are in the table and here.
        if under_way.get(self.key).is_some_and(is_ours) && Arc::strong_count(&self.turn) == 2 {
            under_way.remove(self.key);
        }
    }
}

/// Each change is a single step, so a panic elsewhere has left nothing half done.
fn lock<K, V, N>(turns: &Turns<K, V, N>) -> MutexGuard<'_, HashMap<K, Arc<Turn<V, N>>>> {
    turns.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<V, N> Default for Turn<V, N> {
    fn default() -> Self {
        Self {
            came: OnceCell::new(),
            next: OnceLock::new(),
        }
    }
}

impl<K, V, N> Clone for Once<K, V, N> {
    fn clone(&self) -> Self {
        Self {
            held: self.held.clone(),
            under_way: Arc::clone(&self.under_way),
        }
    }
}

impl<K, V, N> fmt::Debug for Once<K, V, N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Once").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use futures::future::{join_all, poll_immediate};
    use tokio::sync::{Notify, Semaphore};

    use super::*;
    use crate::error::{Backend, Cause};

    const KEY: u8 = 7;

    /// Work that ends when it may, and counts how often it was begun.
    struct Work {
        begun: AtomicU32,
        began: Notify,
        may_end: Semaphore,
    }

    impl Work {
        const fn that_may_end(times: usize) -> Self {
            Self {
                begun: AtomicU32::new(0),
                began: Notify::const_new(),
                may_end: Semaphore::const_new(times),
            }
        }

        async fn run(&self) -> u32 {
            let turn = self.begun.fetch_add(1, Ordering::SeqCst) + 1;
            self.began.notify_one();
            self.may_end.acquire().await.unwrap().forget();
            turn
        }

        fn begun(&self) -> u32 {
            self.begun.load(Ordering::SeqCst)
        }
    }

    fn once() -> Once<u8, u32, ()> {
        Once::holding(Cache::new(10))
    }

    async fn lasting(once: &Once<u8, u32, ()>, work: &Work) -> u32 {
        let lasting = || async { Ok(Done::Lasting(work.run().await)) };
        match once.get(&KEY, lasting).await.unwrap() {
            Done::Lasting(value) => value,
            Done::Now(()) => panic!("it lasts"),
        }
    }

    async fn failing(once: &Once<u8, u32, ()>, work: &Work) -> Error {
        let failing = || async {
            work.run().await;
            let cause = Cause::Refused("out of order".to_owned());
            Err(Error::new(Backend::Objects, "get", cause))
        };
        once.get(&KEY, failing).await.unwrap_err()
    }

    #[tokio::test]
    async fn a_thousand_who_ask_at_once_cause_one_load_and_those_who_come_later_none() {
        let (once, work) = (once(), Work::that_may_end(0));
        let all = join_all((0..1000).map(|_| lasting(&once, &work)));
        let end = async {
            work.began.notified().await;
            work.may_end.add_permits(1);
        };
        let (values, ()) = tokio::join!(all, end);
        assert!(values.iter().all(|value| *value == 1));
        assert_eq!(lasting(&once, &work).await, 1);
    }

    #[tokio::test]
    async fn a_failure_is_told_to_all_who_waited_and_is_not_held() {
        let (once, work) = (once(), Work::that_may_end(0));
        let all = join_all((0..100).map(|_| failing(&once, &work)));
        let end = async {
            work.began.notified().await;
            work.may_end.add_permits(1);
        };
        let (errors, ()) = tokio::join!(all, end);
        let all_alike = errors
            .iter()
            .all(|error| error.to_string() == "objects get: refused: out of order");
        assert!(all_alike, "{errors:?}");
        work.may_end.add_permits(1);
        assert_eq!(
            lasting(&once, &work).await,
            2,
            "whoever asks next begins anew"
        );
    }

    #[tokio::test]
    async fn who_waits_for_one_that_goes_away_does_the_work_itself() {
        let (once, work) = (once(), Work::that_may_end(0));
        let mut gone = Box::pin(lasting(&once, &work));
        assert_eq!(poll_immediate(&mut gone).await, None);
        let others = join_all((0..10).map(|_| lasting(&once, &work)));
        let go = async {
            work.began.notified().await;
            drop(gone);
            work.began.notified().await;
            work.may_end.add_permits(1);
        };
        let (values, ()) = tokio::join!(others, go);
        assert!(values.iter().all(|value| *value == 2), "{values:?}");
    }

    #[tokio::test]
    async fn what_was_so_for_a_moment_is_told_only_to_those_who_had_asked_before_it() {
        let (once, work) = (
            Once::<u8, Infallible, u32>::holding_nothing(),
            Work::that_may_end(0),
        );
        let ask = || async {
            once.together(&KEY, || async { Ok(work.run().await) })
                .await
                .unwrap()
        };
        let others = join_all((0..50).map(|_| ask()));
        let end = async {
            work.began.notified().await;
            work.may_end.add_permits(1);
            work.began.notified().await;
            work.may_end.add_permits(1);
        };
        let (turns, ()) = tokio::join!(others, end);
        assert_eq!(
            turns.iter().filter(|turn| **turn == 1).count(),
            1,
            "who did it"
        );
        assert_eq!(turns.iter().filter(|turn| **turn == 2).count(), 49);
        assert_eq!(work.begun(), 2);
    }

    #[tokio::test]
    async fn what_is_forgotten_is_asked_for_again() {
        let (once, work) = (once(), Work::that_may_end(2));
        assert_eq!(lasting(&once, &work).await, 1);
        once.forget(&KEY).await;
        assert_eq!(lasting(&once, &work).await, 2);
    }
}
