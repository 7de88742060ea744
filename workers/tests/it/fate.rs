//! Backends whose calls are struck by fate: a worker dies before one, after one or while it goes on, or an answer is an
//! error although the call may have taken effect.

use std::{
    collections::HashMap,
    fmt,
    ops::Range,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use backends::{
    Delivery, Error, Key, ObjectStore, Receiver, Results, Source, Verdict,
    error::Backend,
    objects::{Body, Kind, Meta, Object, Page, Place},
    queue::{Attempt, Burials, Settle},
    results::{
        Admission, Announced, Cancellation, Claim, Epoch, Local, Owner, Record, Unsent, Watch,
        WatchAll,
    },
};
use bytes::Bytes;
use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};
use schemas::{Digest, EventId, Job, JobId, State, Status};
use tokio::sync::Notify;

/// Each may be a crash of the same message, and the fifth crash would bury it.
const STRIKES_MAX: u32 = 4;
/// Calls between two strikes at most: a job makes about ten.
const CALLS_BETWEEN_MAX: u32 = 14;
/// How much faster than ours this world's time goes while a retry waits.
const HASTE: u32 = 100;

/// What becomes of a backend call.
#[derive(Clone, Copy, Debug)]
enum Strike {
    DieBefore,
    DieAfter,
    /// The call is made, and the worker dies wherever it has come to by then.
    DieSoon,
    FailBefore,
    /// It took effect, and the answer was lost.
    FailAfter,
}

/// How a job ended, as clients were told.
pub(crate) type End = (Status, Option<Digest>);

/// The calls that are struck, and what is to be remembered of the others.
#[derive(Debug)]
pub(crate) struct Fate {
    /// Strikes, the next one last, each with the calls that are spared before it.
    plan: Mutex<Vec<(u32, Strike)>>,
    /// The worker is to die.
    pub(crate) death: Notify,
    /// Calls that failed.
    pub(crate) failures: AtomicU32,
    /// Every different end that was told, by whichever worker, save where it died before it knew.
    pub(crate) ends: Mutex<HashMap<JobId, Vec<End>>>,
}

/// A backend under a fate.
#[derive(Clone)]
pub(crate) struct Struck<B> {
    pub(crate) backend: B,
    pub(crate) fate: Arc<Fate>,
}

impl Fate {
    pub(crate) fn of(seed: u64) -> Arc<Self> {
        let mut random = StdRng::seed_from_u64(seed);
        let strikes = random.random_range(1..=STRIKES_MAX);
        let plan = (0..strikes).map(|_| {
            let strike = match random.random_range(0..5) {
                0 => Strike::DieBefore,
                1 => Strike::DieAfter,
                2 => Strike::DieSoon,
                3 => Strike::FailBefore,
                _ => Strike::FailAfter,
            };
            (random.random_range(0..=CALLS_BETWEEN_MAX), strike)
        });
        Arc::new(Self {
            plan: Mutex::new(plan.collect()),
            death: Notify::new(),
            failures: AtomicU32::new(0),
            ends: Mutex::default(),
        })
    }

    fn next(&self) -> Option<Strike> {
        let mut plan = self.plan.lock().unwrap();
        let (spared, _) = plan.last_mut()?;
        if *spared > 0 {
            *spared -= 1;
            return None;
        }
        plan.pop().map(|(_, strike)| strike)
    }

    async fn call<T>(
        &self,
        backend: Backend,
        call: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Error> {
        match self.next() {
            None => call.await,
            Some(Strike::DieBefore) => self.die().await,
            Some(Strike::DieAfter) => {
                let _ = call.await;
                self.die().await
            }
            Some(Strike::DieSoon) => {
                self.death.notify_one();
                call.await
            }
            Some(Strike::FailBefore) => Err(self.failure(backend)),
            Some(Strike::FailAfter) => {
                call.await?;
                Err(self.failure(backend))
            }
        }
    }

    async fn die<T>(&self) -> T {
        self.death.notify_one();
        std::future::pending().await
    }

    fn failure(&self, backend: Backend) -> Error {
        self.failures.fetch_add(1, Ordering::SeqCst);
        Error::failed(backend, "call", "a strike of fate")
    }

    fn told(&self, state: &State) {
        if state.status.is_final() {
            let end = end_of(state);
            let mut ends = self.ends.lock().unwrap();
            let told = ends.entry(state.job_id).or_default();
            if !told.contains(&end) {
                told.push(end);
            }
        }
    }
}

pub(crate) fn end_of(state: &State) -> End {
    let digest = state.picture.as_ref().map(|picture| picture.sha256);
    (state.status, digest)
}

impl<B> Struck<B> {
    fn other<C>(&self, backend: C) -> Struck<C> {
        Struck {
            backend,
            fate: Arc::clone(&self.fate),
        }
    }

    fn given_out(&self, delivery: Delivery) -> Delivery {
        let settle = Box::new(self.other(delivery.settle));
        Delivery { settle, ..delivery }
    }
}

#[async_trait]
impl<B: Source> Source for Struck<B> {
    async fn receiver(&self) -> Result<Box<dyn Receiver>, Error> {
        let receiver = self.backend.receiver().await?;
        Ok(Box::new(self.other(receiver)))
    }

    async fn burials(&self) -> Result<Box<dyn Burials>, Error> {
        self.backend.burials().await
    }
}

#[async_trait]
impl Receiver for Struck<Box<dyn Receiver>> {
    async fn receive(&mut self) -> Result<Delivery, Error> {
        let delivery = self.backend.receive().await?;
        // A receiver's errors are not for a world that goes on; the others come after the message was taken.
        let taken = self.fate.call(Backend::Queue, async { Ok(()) }).await;
        if taken.is_err() {
            drop(delivery);
            return self.receive().await;
        }
        Ok(self.given_out(delivery))
    }

    async fn stop(self: Box<Self>) -> Option<Delivery> {
        let Self { backend, fate } = *self;
        let delivery = backend.stop().await?;
        Some(Struck { backend: (), fate }.given_out(delivery))
    }
}

#[async_trait]
impl Settle for Struck<Box<dyn Settle>> {
    async fn secure(&mut self, verdict: &Verdict, history: &[Attempt]) -> Result<(), Error> {
        let verdict = hastened(verdict);
        let secure = self.backend.secure(&verdict, history);
        self.fate.call(Backend::Queue, secure).await
    }

    async fn ack(self: Box<Self>) -> Result<(), Error> {
        self.fate.call(Backend::Queue, self.backend.ack()).await
    }

    async fn hand_back(self: Box<Self>) -> Result<(), Error> {
        self.backend.hand_back().await
    }
}

fn hastened(verdict: &Verdict) -> Verdict {
    match verdict.clone() {
        Verdict::Retry { delay, failure } => Verdict::Retry {
            delay: delay / HASTE,
            failure,
        },
        Verdict::Snooze { delay, failure } => Verdict::Snooze {
            delay: delay / HASTE,
            failure,
        },
        other => other,
    }
}

#[async_trait]
impl<B: ObjectStore> ObjectStore for Struck<B> {
    async fn put(&self, key: &Key, body: Body, media_type: &str) -> Result<(), Error> {
        let put = self.backend.put(key, body, media_type);
        self.fate.call(Backend::Objects, put).await
    }

    async fn get(&self, key: &Key, size_bytes_max: u64) -> Result<Option<Bytes>, Error> {
        let get = self.backend.get(key, size_bytes_max);
        self.fate.call(Backend::Objects, get).await
    }

    async fn open(&self, key: &Key, range: Option<Range<u64>>) -> Result<Option<Object>, Error> {
        let open = self.backend.open(key, range);
        self.fate.call(Backend::Objects, open).await
    }

    async fn head(&self, key: &Key) -> Result<Option<Meta>, Error> {
        self.fate
            .call(Backend::Objects, self.backend.head(key))
            .await
    }

    async fn delete(&self, key: &Key) -> Result<(), Error> {
        self.backend.delete(key).await
    }

    async fn list(
        &self,
        kind: Kind,
        place: Option<&Place>,
        objects_max: usize,
    ) -> Result<Page, Error> {
        self.backend.list(kind, place, objects_max).await
    }

    async fn check(&self) -> Result<(), Error> {
        self.backend.check().await
    }
}

#[async_trait]
impl Results for Struck<Arc<Local>> {
    async fn record(&self, id: &JobId) -> Result<Option<Record>, Error> {
        self.backend.record(id).await
    }

    async fn job(&self, id: &JobId) -> Result<Option<Job>, Error> {
        self.backend.job(id).await
    }

    async fn admit(
        &self,
        job: &Job,
        state: &State,
        again: bool,
        by: Option<&Owner>,
    ) -> Result<Admission, Error> {
        self.backend.admit(job, state, again, by).await
    }

    async fn mark_sent(&self, id: &JobId, epoch: Epoch) -> Result<(), Error> {
        self.backend.mark_sent(id, epoch).await
    }

    async fn unsent(&self, age_min: Duration, jobs_max: usize) -> Result<Vec<Unsent>, Error> {
        self.backend.unsent(age_min, jobs_max).await
    }

    async fn oldest_waiting(&self) -> Result<Option<u64>, Error> {
        self.backend.oldest_waiting().await
    }

    async fn claim(&self, id: &JobId) -> Result<Claim, Error> {
        self.fate
            .call(Backend::Results, self.backend.claim(id))
            .await
    }

    async fn announce(&self, epoch: Epoch, state: &State) -> Result<Announced, Error> {
        let announce = async {
            let announced = self.backend.announce(epoch, state).await?;
            if matches!(announced, Announced::Told(_)) {
                self.fate.told(state);
            }
            Ok(announced)
        };
        self.fate.call(Backend::Results, announce).await
    }

    async fn cancel(&self, id: &JobId, by: Option<&Owner>) -> Result<Option<Cancellation>, Error> {
        self.backend.cancel(id, by).await
    }

    async fn watch(&self, id: &JobId, after: Option<EventId>) -> Result<Option<Watch>, Error> {
        self.backend.watch(id, after).await
    }

    async fn watch_all(&self, ids: &[JobId]) -> Result<WatchAll, Error> {
        self.backend.watch_all(ids).await
    }

    async fn check(&self) -> Result<(), Error> {
        self.backend.check().await
    }
}

impl<B> fmt::Debug for Struck<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Struck").finish_non_exhaustive()
    }
}
