//! A backend that fails is left alone for a while, and whoever needs it waits instead of failing.
//!
//! Read in this order:
//! 1. `breaker`: when a backend is left alone; `window`: what it remembers. Both pure.
//! 2. [`Guard`]: a breaker that is shared and measured, and the task that makes its trials.
//! 3. [`Guarded`]: a port behind a guard, which is that port again.
//! 4. [`Pausing`]: a source that gives out nothing while what its deliveries need is left alone.
//! 5. [`Courtesy`]: what heeds a guard and does not move it.
//!
//! How long a call may take and whether it is made again stays with the clients of S3 and Redis: only they can tell a
//! broken connection from a no, and one place that tries again multiplies with no other. A guard counts a call when its
//! client has given it up.

mod breaker;
mod courtesy;
mod pausing;
mod ports;
mod window;

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use prometheus::IntGauge;
use tokio::{
    sync::{Notify, watch},
    time::{Instant, sleep, timeout},
};
use tokio_util::task::AbortOnDropHandle;
use tracing::{info, warn};

use self::breaker::{Breaker, Era};
pub use self::{breaker::Phase, courtesy::Courtesy, pausing::Pausing, ports::Guarded};
use crate::{
    Error, Metrics,
    clock::millis,
    error::{Backend, Cause},
};

/// What a trial may take. The clients have limits of their own; a folder on a network drive has none.
const TRIAL_TIME_MAX: Duration = Duration::from_secs(10);

/// Between two checks of a backend that is in doubt: a server that restarts is no outage yet, and a job's first retry,
/// half a second later, comes when it is one.
const LOOK_PAUSE: Duration = Duration::from_millis(100);

/// A breaker before one backend. Clones share it.
#[derive(Clone, Debug)]
pub struct Guard(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    backend: Backend,
    breaker: Mutex<Breaker>,
    phase: watch::Sender<Phase>,
    /// Told of every failure, so that it is looked into.
    doubt: Notify,
    gauge: IntGauge,
}

impl Guard {
    pub(crate) fn new(backend: Backend, metrics: &Metrics) -> Self {
        let gauge = metrics.breaker_state.with_label_values(&[backend.as_str()]);
        gauge.set(Phase::Closed.number());
        Self(Arc::new(Shared {
            backend,
            breaker: Mutex::new(Breaker::new()),
            phase: watch::Sender::new(Phase::Closed),
            doubt: Notify::new(),
            gauge,
        }))
    }

    /// Makes `call` unless the backend is left alone, and counts how it ended. A call that its caller gives up is not
    /// counted.
    ///
    /// # Errors
    /// The call's own. Where the backend is left alone, then or already, the cause says so and for how long.
    pub(crate) async fn call<T>(
        &self,
        op: &'static str,
        call: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Error> {
        let era = self.admit(op)?;
        let answer = call.await;
        let failed = answer.as_ref().err().is_some_and(is_failure);
        let left = self.note(era, failed);
        if failed && left.is_none() {
            self.0.doubt.notify_one();
        }
        answer.map_err(|error| match left {
            Some(left) if failed => left_alone(error, left),
            _ => error,
        })
    }

    /// Counts a failure of what goes on after its call was answered. What goes well there is not counted: an hour of it is
    /// as good as its beginning.
    pub(crate) fn note_late(&self, error: Option<&Error>) {
        if let Some(error) = error
            && is_failure(error)
            && let Ok(era) = self.admit(error.op)
            && self.note(era, true).is_none()
        {
            self.0.doubt.notify_one();
        }
    }

    /// Looks into every failure with `check`, and makes a trial with it whenever one is due, until the handle is dropped.
    /// Call it within a runtime.
    pub(crate) fn attend<C, Checked>(&self, check: C) -> AbortOnDropHandle<()>
    where
        C: Fn() -> Checked + Send + Sync + 'static,
        Checked: Future<Output = Result<(), Error>> + Send,
    {
        let guard = self.clone();
        AbortOnDropHandle::new(tokio::spawn(async move {
            loop {
                tokio::select! {
                    biased;
                    () = guard.opened() => guard.try_once(&check).await,
                    () = guard.0.doubt.notified() => guard.look_into(&check).await,
                }
            }
        }))
    }

    /// Whether the backend is left alone now.
    pub fn is_open(&self) -> bool {
        *self.0.phase.borrow() != Phase::Closed
    }

    /// Returns when the backend is not left alone.
    pub async fn closed(&self) {
        self.until(|phase| phase == Phase::Closed).await;
    }

    /// Returns when the backend is left alone.
    pub async fn opened(&self) {
        self.until(|phase| phase != Phase::Closed).await;
    }

    async fn until(&self, wanted: impl Fn(Phase) -> bool) {
        let mut phase = self.0.phase.subscribe();
        let changed = phase.wait_for(|phase| wanted(*phase)).await;
        changed.expect("the sending side is held by this guard");
    }

    async fn try_once<Checked: Future<Output = Result<(), Error>>>(
        &self,
        check: impl Fn() -> Checked,
    ) {
        sleep(self.left().unwrap_or_default()).await;
        self.change(|breaker, _| breaker.begin_trial());
        let passed = passes(check).await;
        self.change(|breaker, now| breaker.end_trial(passed, now, rand::random()));
    }

    /// Checks until one passes or the breaker opens: when the backend is away, few jobs have to find out.
    ///
    /// A check that passes is not counted. It proves that the backend answers, not that it does its work.
    async fn look_into<Checked: Future<Output = Result<(), Error>>>(
        &self,
        check: impl Fn() -> Checked,
    ) {
        while let Ok(era) = self.admit("check")
            && !passes(&check).await
        {
            self.note(era, true);
            sleep(LOOK_PAUSE).await;
        }
    }

    fn admit(&self, op: &'static str) -> Result<Era, Error> {
        let admitted = self.lock().admit(Instant::now());
        admitted
            .map_err(|left| Error::new(self.0.backend, op, Cause::LeftAlone { left, last: None }))
    }

    /// Notes how a call ended, and says how long the backend is left alone from now on.
    fn note(&self, era: Era, failed: bool) -> Option<Duration> {
        self.change(|breaker, now| {
            breaker.note(era, failed, now, rand::random());
            breaker.left(now)
        })
    }

    fn left(&self) -> Option<Duration> {
        self.lock().left(Instant::now())
    }

    /// Changes the breaker, and tells under its lock what it became: nobody hears of two changes in the wrong order.
    fn change<T>(&self, change: impl FnOnce(&mut Breaker, Instant) -> T) -> T {
        let mut breaker = self.lock();
        let (before, now) = (breaker.phase(), Instant::now());
        let answer = change(&mut breaker, now);
        let after = breaker.phase();
        if before != after {
            self.tell(before, after, breaker.left(now).unwrap_or_default());
        }
        answer
    }

    fn tell(&self, before: Phase, after: Phase, left: Duration) {
        let backend = self.0.backend;
        match (before, after) {
            (Phase::Closed, _) => {
                let left_ms = millis(left);
                warn!(%backend, left_ms, "{backend} failed too often and is left alone");
            }
            (_, Phase::Closed) => info!(%backend, "{backend} is back"),
            _ => {}
        }
        self.0.gauge.set(after.number());
        self.0.phase.send_replace(after);
    }

    /// Each change is a single step, so a panic elsewhere has left nothing half done.
    fn lock(&self) -> MutexGuard<'_, Breaker> {
        self.0
            .breaker
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl Phase {
    /// As the metric `breaker_state` counts it.
    const fn number(self) -> i64 {
        match self {
            Self::Closed => 0,
            Self::HalfOpen => 1,
            Self::Open => 2,
        }
    }
}

/// Whether a check passes, in time.
async fn passes<Checked: Future<Output = Result<(), Error>>>(check: impl Fn() -> Checked) -> bool {
    matches!(timeout(TRIAL_TIME_MAX, check()).await, Ok(Ok(())))
}

/// Whether it speaks of the backend. An object that is too long or not what was stored speaks of the object, and a
/// refusal of what was asked.
const fn is_failure(error: &Error) -> bool {
    match error.cause {
        Cause::Timeout(_) | Cause::Failed(_) => true,
        Cause::Refused(_) | Cause::TooLong { .. } | Cause::Corrupt(_) | Cause::LeftAlone { .. } => {
            false
        }
    }
}

fn left_alone(error: Error, left: Duration) -> Error {
    let last = Some(Box::new(error.cause));
    Error::new(error.backend, error.op, Cause::LeftAlone { left, last })
}

#[cfg(test)]
mod tests;
