//! Whether an upload is taken in at all, known before its body is read.
//!
//! One task looks at the world every second or so, so that no upload pays for a question. A call that fails in earnest
//! counts at once. Read in this order: [`Gate`], what an upload asks; [`Seen`], what was seen and what follows from it;
//! [`look_out`], the task.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use backends::{
    Error,
    clock::{millis, now_ms},
    error::Backend,
};
use schemas::stats::QueueStats;
use tokio::{
    sync::watch,
    time::{Instant, MissedTickBehavior, interval, timeout},
};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use crate::{Config, app::App};

/// A queue that was too deep or too old takes uploads again below this share of its limit: at the limit itself every
/// finished job would open the gate and the next upload close it.
const REOPEN_PERCENT: u64 = 90;

/// A look at the object store costs money there, or a flush of the disk here. While it is well, it is looked at in every
/// so manieth sample; a store that fails an upload in earnest is found out at once.
const OBJECTS_EVERY: u32 = 5;

/// How long records that were away are in doubt: they may have come back without what they had, and whoever has a job in
/// hand has to speak of it first. A worker is back within seconds.
const DOUBT_MAX: Duration = Duration::from_secs(30);

/// Why no upload is taken in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refusal {
    #[error("the queue takes no jobs now")]
    QueueAway,
    #[error("the object store takes no images now")]
    ObjectsAway,
    #[error("{depth} jobs wait in the queue, the limit is {depth_max}")]
    QueueDeep { depth: u64, depth_max: u64 },
    #[error("the oldest job has waited for {age_secs} s, the limit is {age_max_secs} s")]
    QueueOld { age_secs: u64, age_max_secs: u64 },
}

/// What every upload passes.
#[derive(Debug)]
pub(crate) struct Gate {
    limits: Limits,
    seen: Mutex<Seen>,
    /// Whether the records answered the last look.
    records: watch::Sender<bool>,
}

/// What is allowed.
#[derive(Clone, Copy, Debug)]
struct Limits {
    depth_max: u64,
    age_max_secs: u64,
    /// Older samples say nothing: the task that takes them hangs.
    sample_age_max: Duration,
}

/// What was seen of the world last.
#[derive(Debug, Default)]
struct Seen {
    /// When the last sample began.
    sampled_at: Option<Instant>,
    refusal: Option<Refusal>,
    queue: QueueStats,
    /// When a call failed in earnest, until a later look finds the backend well.
    queue_failed_at: Option<Instant>,
    objects_failed_at: Option<Instant>,
    /// When the records were away last.
    records_failed_at: Option<Instant>,
}

/// One look at the world.
#[derive(Clone, Copy, Debug)]
struct Sample {
    began: Instant,
    queue_takes: bool,
    /// None where it was not asked this time, and was well when it was.
    objects_take: Option<bool>,
    /// None where the queue cannot tell.
    depth: Option<u64>,
    /// Nothing where no job waits, None where the records are away.
    oldest_age: Option<Duration>,
}

impl Refusal {
    /// Where a limit is at fault.
    pub(crate) const fn measured_and_limit(&self) -> Option<(u64, u64)> {
        match *self {
            Self::QueueAway | Self::ObjectsAway => None,
            Self::QueueDeep { depth, depth_max } => Some((depth, depth_max)),
            Self::QueueOld {
                age_secs,
                age_max_secs,
            } => Some((age_secs, age_max_secs)),
        }
    }
}

impl Gate {
    pub(crate) fn new(config: &Config) -> Self {
        Self {
            limits: Limits {
                depth_max: config.queue_depth_max,
                age_max_secs: config.queue_age_max_secs,
                sample_age_max: 3 * (config.admission_interval() + config.check_timeout()),
            },
            seen: Mutex::default(),
            records: watch::Sender::new(true),
        }
    }

    /// Whether an upload may come in at `now`. Where nothing is known it may: the calls behind the gate have limits of their
    /// own, and a broken watch must not become the outage.
    pub(crate) fn pass(&self, now: Instant) -> Result<(), Refusal> {
        self.seen().refusal(now, &self.limits).map_or(Ok(()), Err)
    }

    /// Notes a call that failed in earnest.
    pub(crate) fn failed(&self, error: &Error) {
        let mut seen = self.seen();
        match error.backend {
            Backend::Queue => seen.queue_failed_at = Some(Instant::now()),
            Backend::Objects => seen.objects_failed_at = Some(Instant::now()),
            Backend::Results => seen.records_failed_at = Some(Instant::now()),
            Backend::Cache => {}
        }
    }

    /// Whether the records were away so lately that a job they do not know may well be one.
    pub(crate) fn doubts_records(&self) -> bool {
        self.doubts_records_at(Instant::now())
    }

    fn doubts_records_at(&self, now: Instant) -> bool {
        let failed_at = self.seen().records_failed_at;
        failed_at.is_some_and(|failed_at| now.duration_since(failed_at) <= DOUBT_MAX)
    }

    /// Whether the records answer; it changes when they go away or come back.
    pub(crate) fn records(&self) -> watch::Receiver<bool> {
        self.records.subscribe()
    }

    /// What is known of the queue at `now`, without asking anybody.
    pub(crate) fn queue(&self, now: Instant) -> QueueStats {
        self.seen().queue(now, &self.limits)
    }

    /// Whether the next sample has to ask the object store although its turn has not come.
    fn doubts_objects(&self) -> bool {
        let seen = self.seen();
        seen.objects_failed_at.is_some() || seen.refusal == Some(Refusal::ObjectsAway)
    }

    fn take(&self, sample: &Sample) {
        let answer = sample.oldest_age.is_some();
        self.records
            .send_if_modified(|answered| std::mem::replace(answered, answer) != answer);
        let mut seen = self.seen();
        if !answer {
            seen.records_failed_at = Some(sample.began);
        }
        let before = seen.refusal;
        seen.take(sample, &self.limits);
        tell_change(before, seen.refusal);
    }

    /// No code of ours panics while it holds this, and half a change would do no harm.
    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Seen {
    fn refusal(&self, now: Instant, limits: &Limits) -> Option<Refusal> {
        let fresh = |at: &Instant| now.saturating_duration_since(*at) <= limits.sample_age_max;
        if self.queue_failed_at.as_ref().is_some_and(fresh) {
            return Some(Refusal::QueueAway);
        }
        if self.objects_failed_at.as_ref().is_some_and(fresh) {
            return Some(Refusal::ObjectsAway);
        }
        self.refusal
            .filter(|_| self.sampled_at.as_ref().is_some_and(fresh))
    }

    fn queue(&self, now: Instant, limits: &Limits) -> QueueStats {
        let age = |at: Instant| now.saturating_duration_since(at);
        let fresh = self
            .sampled_at
            .is_some_and(|at| age(at) <= limits.sample_age_max);
        if fresh {
            self.queue
        } else {
            QueueStats::default()
        }
    }

    fn take(&mut self, sample: &Sample, limits: &Limits) {
        let older = |at: &Instant| *at < sample.began;
        if sample.queue_takes && self.queue_failed_at.as_ref().is_some_and(older) {
            self.queue_failed_at = None;
        }
        if sample.objects_take == Some(true) && self.objects_failed_at.as_ref().is_some_and(older) {
            self.objects_failed_at = None;
        }
        self.refusal = judge(sample, limits, self.refusal);
        self.queue = queue(sample);
        self.sampled_at = Some(sample.began);
    }
}

/// What follows from a sample, when uploads were refused for `before` until now.
fn judge(sample: &Sample, limits: &Limits, before: Option<Refusal>) -> Option<Refusal> {
    if !sample.queue_takes {
        return Some(Refusal::QueueAway);
    }
    if sample.objects_take == Some(false) {
        return Some(Refusal::ObjectsAway);
    }
    too_deep(sample, limits, before).or_else(|| too_old(sample, limits, before))
}

fn too_deep(sample: &Sample, limits: &Limits, before: Option<Refusal>) -> Option<Refusal> {
    let depth = sample.depth?;
    let depth_max = limits.depth_max;
    let refused = matches!(before, Some(Refusal::QueueDeep { .. }));
    (depth > bound(depth_max, refused)).then_some(Refusal::QueueDeep { depth, depth_max })
}

fn too_old(sample: &Sample, limits: &Limits, before: Option<Refusal>) -> Option<Refusal> {
    let age_secs = sample.oldest_wait()?.as_secs();
    let age_max_secs = limits.age_max_secs;
    let refused = matches!(before, Some(Refusal::QueueOld { .. }));
    (age_secs > bound(age_max_secs, refused)).then_some(Refusal::QueueOld {
        age_secs,
        age_max_secs,
    })
}

/// The limit, or where it has to come to before uploads are taken in again.
const fn bound(limit: u64, refused: bool) -> u64 {
    if refused {
        limit / 100 * REOPEN_PERCENT + limit % 100 * REOPEN_PERCENT / 100
    } else {
        limit
    }
}

/// Once per change, not once per refused upload.
fn tell_change(before: Option<Refusal>, now: Option<Refusal>) {
    let kind = |refusal: Option<Refusal>| refusal.map(|it| std::mem::discriminant(&it));
    if kind(before) == kind(now) {
        return;
    }
    match now {
        Some(refusal) => warn!("uploads are refused: {refusal}"),
        None => info!("uploads are taken in again"),
    }
}

fn queue(sample: &Sample) -> QueueStats {
    QueueStats {
        depth: sample.depth,
        oldest_age_ms: sample.oldest_wait().map(millis),
    }
}

impl Sample {
    /// In an empty queue nobody waits, whatever the records say: their message was removed by hand.
    fn oldest_wait(&self) -> Option<Duration> {
        match self.depth {
            Some(0) => Some(Duration::ZERO),
            _ => self.oldest_age,
        }
    }
}

/// Looks at the world until `shutdown`.
pub(crate) async fn look_out(app: &App, shutdown: &CancellationToken) {
    let mut ticks = interval(app.config.admission_interval());
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut turn: u32 = 0;
    while shutdown.run_until_cancelled(ticks.tick()).await.is_some() {
        let ask_objects = turn.is_multiple_of(OBJECTS_EVERY) || app.gate.doubts_objects();
        let looking = shutdown.run_until_cancelled(look(app, ask_objects));
        if let Some(sample) = looking.await {
            note(app, &sample);
            app.gate.take(&sample);
        }
        turn = turn.wrapping_add(1);
    }
}

/// Asks everybody at once, each for as long as a check may take.
async fn look(app: &App, ask_objects: bool) -> Sample {
    let began = Instant::now();
    let objects = async {
        if ask_objects {
            Some(in_time(app, app.objects.check()).await.is_some())
        } else {
            None
        }
    };
    let (queue, objects_take, depth, oldest) = tokio::join!(
        in_time(app, app.sender.check()),
        objects,
        in_time(app, app.sender.depth()),
        in_time(app, app.results.oldest_waiting()),
    );
    Sample {
        began,
        queue_takes: queue.is_some(),
        objects_take,
        depth,
        oldest_age: oldest.map(|since_ms| since_ms.map_or(Duration::ZERO, age)),
    }
}

/// The answer, if there is a good one in time. The metrics count the others; the log hears of what follows from them.
async fn in_time<T>(app: &App, answer: impl Future<Output = Result<T, Error>>) -> Option<T> {
    let answer = timeout(app.config.check_timeout(), answer).await.ok()?;
    answer
        .inspect_err(|error| app.metrics.backend_error(error))
        .ok()
}

fn age(admitted_at_ms: u64) -> Duration {
    Duration::from_millis(now_ms().saturating_sub(admitted_at_ms))
}

/// Where a figure cannot be had, the last one stays.
fn note(app: &App, sample: &Sample) {
    if let Some(depth) = sample.depth {
        app.metrics.queue_depth.set(signed(depth));
    }
    if let Some(age) = sample.oldest_age {
        let gauge = &app.metrics.queue_oldest_age_seconds;
        gauge.set(signed(age.as_secs()));
    }
}

fn signed(number: u64) -> i64 {
    number.try_into().unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests;
