//! One job, from its original to its result.

use std::{
    pin::pin,
    sync::Arc,
    time::{Duration, Instant},
};

use backends::{
    Delivery, Error, Key, Metrics, ObjectStore, Results,
    clock::now_ms,
    error::{Backend, Cause},
    objects::Body,
    queue::CRASHES_MAX,
    results::{Announced, Epoch},
};
use bytes::Bytes;
use engine::{Fonts, Limits, RenderError, Rendered};
use prometheus::IntGauge;
use schemas::{
    Digest, Job, JobId, Picture, State, Status, Step, Timings, job::JobError,
    recipe::ENGINE_REVISION,
};
use tokio::{sync::watch, time::interval};
use tokio_util::sync::CancellationToken;
use tracing::info;

use crate::{
    config::Config,
    error::{CRASHED, WorkError},
    slots::Slots,
    stopwatch::Stopwatch,
    tell::Teller,
};

/// Between two words on the steps of one job. Nobody reads faster, and a small picture is done before the first: telling
/// each of its steps would cost more than the picture.
const STEPS_PAUSE: Duration = Duration::from_millis(100);

/// What a worker works with.
#[derive(Clone, Debug)]
pub struct Tools {
    /// Where originals come from and results go.
    pub objects: Arc<dyn ObjectStore>,
    /// Where each job stands.
    pub results: Arc<dyn Results>,
    /// What marks are drawn with.
    pub fonts: Arc<Fonts>,
    /// What the engine takes on.
    pub limits: Limits,
    /// The longest original that is fetched.
    pub original_bytes_max: u64,
    /// The longest result that is stored: one that no publisher would read back is of no use.
    pub result_bytes_max: u64,
    /// What operators see.
    pub metrics: Metrics,
}

/// Makes results of originals.
#[derive(Debug)]
pub struct Optimizer {
    tools: Tools,
    teller: Teller,
    slots: Slots,
    deadline: Duration,
    name: String,
}

/// What an attempt came to, and the right to speak of it if the job could be claimed.
#[derive(Debug)]
pub struct Turn {
    /// The claim, and the job's state under it.
    pub claim: Option<(Epoch, State)>,
    /// How it ended.
    pub outcome: Result<Outcome, WorkError>,
}

/// How an attempt that did not fail ended.
#[derive(Debug)]
pub enum Outcome {
    /// The result is stored and told.
    Done(State),
    /// The job had ended before, or was cancelled under the claim.
    NothingToDo,
}

/// A result on its way to the object store.
struct Made {
    rendered: Rendered,
    sha256: Digest,
}

impl Optimizer {
    pub(crate) fn new(tools: Tools, config: &Config) -> Self {
        Self {
            teller: Teller::new(tools.results.clone(), tools.metrics.clone()),
            tools,
            slots: Slots::new(config.worker_slots),
            deadline: Duration::from_secs(config.job_deadline_secs),
            name: config.worker_name.clone(),
        }
    }

    /// One attempt at a delivery: claims the job, makes its result, and tells its end if it has come to one.
    pub(crate) async fn optimize(&self, delivery: &Delivery) -> Turn {
        let job = match delivery.job() {
            Ok(job) => job,
            Err(error) => return self.undecodable(delivery, error).await,
        };
        let (epoch, state) = match self.claim(&job.id(), delivery.attempt).await {
            Ok(Some(claim)) => claim,
            Ok(None) => return Turn::without_claim(Ok(Outcome::NothingToDo)),
            Err(error) => return Turn::without_claim(Err(error)),
        };
        let outcome = self.attempt(&job, delivery, epoch, state.clone()).await;
        let outcome = self.teller.end(epoch, &state, outcome).await;
        let outcome = match outcome {
            Err(error) => self.unless_over(&state.job_id, epoch, error).await,
            done => done,
        };
        Turn {
            claim: Some((epoch, state)),
            outcome,
        }
    }

    pub(crate) fn teller(&self) -> &Teller {
        &self.teller
    }

    pub(crate) fn metrics(&self) -> &Metrics {
        &self.tools.metrics
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Counts a job as in hand until the guard is dropped.
    pub(crate) fn count_in_flight(&self) -> InFlight {
        InFlight::new(self.tools.metrics.jobs_in_flight.clone())
    }

    /// A message that is no job may still name one that waits, as when a newer publisher wrote it: its client is told.
    async fn undecodable(&self, delivery: &Delivery, error: JobError) -> Turn {
        let named = delivery
            .message_id
            .as_deref()
            .and_then(|id| id.parse().ok());
        let (Some(id), false) = (named, matches!(error, JobError::WrongId { .. })) else {
            return Turn::without_claim(Err(error.into()));
        };
        match self.claim_known(&id, delivery.attempt).await {
            Ok(claim) => Turn {
                claim,
                outcome: Err(error.into()),
            },
            Err(error) => Turn::without_claim(Err(error)),
        }
    }

    async fn claim_known(
        &self,
        id: &JobId,
        attempt: u32,
    ) -> Result<Option<(Epoch, State)>, WorkError> {
        match self.tools.results.record(id).await? {
            Some(_) => self.claim(id, attempt).await,
            None => Ok(None),
        }
    }

    /// Begins an epoch for the job and says so; `None` when there is nothing to do for it any more.
    ///
    /// A claim that was overtaken at once is no reason to let the message go: the other one may have been made by an
    /// attempt that gave up waiting for its answer, and then this message is the job's only one.
    async fn claim(&self, id: &JobId, attempt: u32) -> Result<Option<(Epoch, State)>, WorkError> {
        let claim = self.tools.results.claim(id).await?;
        let before = claim
            .before
            .unwrap_or_else(|| State::queued(*id, Timings::default()));
        if self.has_ended(&before).await? {
            info!(job.id = %id, "job {id} was {} before, its message is let go", before.status);
            return Ok(None);
        }
        if before.status == Status::Dead {
            return Err(WorkError::DiedBefore(before.error));
        }
        let state = State {
            attempt,
            status: Status::Processing,
            error: None,
            ..before
        };
        match self.tools.results.announce(claim.epoch, &state).await? {
            Announced::Told(_) => Ok(Some((claim.epoch, state))),
            Announced::Stale => {
                let overtaken = WorkError::Overtaken;
                self.unless_over(id, claim.epoch, overtaken).await?;
                Ok(None)
            }
        }
    }

    /// A failure is none where the job ended meanwhile: nobody waits for another attempt. An end that was told by this
    /// claim stands, and while nobody can be asked the failure does.
    async fn unless_over(
        &self,
        id: &JobId,
        epoch: Epoch,
        error: WorkError,
    ) -> Result<Outcome, WorkError> {
        if error.is_permanent() || error.is_of(Backend::Results) {
            return Err(error);
        }
        match self.is_over(id, epoch).await {
            Ok(true) => {
                info!(job.id = %id, "job {id} ended meanwhile, its message is let go: {error}");
                Ok(Outcome::NothingToDo)
            }
            Ok(false) => Err(error),
            Err(unknown) => {
                self.tools.metrics.backend_error(&unknown);
                Err(error)
            }
        }
    }

    /// Whether a message that was claimed in `epoch` is of no more use. A cancelled job that was sent again has a message
    /// of its own.
    async fn is_over(&self, id: &JobId, epoch: Epoch) -> Result<bool, Error> {
        match self.tools.results.record(id).await? {
            Some(record) if record.cancelled_epoch > Some(epoch) => Ok(true),
            Some(record) => self.has_ended(&record.event.state).await,
            None => Ok(false),
        }
    }

    /// Whether its message can be let go: a done job whose result is gone is made again, a dead one is kept in its grave.
    async fn has_ended(&self, state: &State) -> Result<bool, Error> {
        match state.status {
            Status::Failed | Status::Cancelled => Ok(true),
            Status::Done => {
                let result = self.tools.objects.head(&Key::Result(state.job_id)).await?;
                Ok(result.is_some())
            }
            Status::Queued | Status::Processing | Status::Retrying | Status::Dead => Ok(false),
        }
    }

    /// The work itself: original, pixels, result.
    async fn attempt(
        &self,
        job: &Job,
        delivery: &Delivery,
        epoch: Epoch,
        mut state: State,
    ) -> Result<Outcome, WorkError> {
        refuse_in_vain(job, delivery)?;
        self.note(&mut state.timings, Step::Queue, since(job.queued_at_ms));
        let original = self.fetch(job, &mut state.timings).await?;
        let made = self.render(job, original, epoch, &mut state).await;
        let made = made.map_err(|error| error.or_again(delivery))?;
        let picture = self.save(&state.job_id, made, &mut state.timings).await?;
        self.note_total(job, &mut state.timings);
        Ok(Outcome::Done(state.done(picture)))
    }

    async fn fetch(&self, job: &Job, timings: &mut Timings) -> Result<Bytes, WorkError> {
        let begun = Instant::now();
        let (key, limit) = (
            Key::Original(job.original.sha256),
            self.tools.original_bytes_max,
        );
        let found = self
            .tools
            .objects
            .get(&key, limit)
            .await
            .map_err(unless_too_long)?;
        let original = found.ok_or(WorkError::OriginalMissing(job.original.sha256))?;
        self.note(timings, Step::Fetch, begun.elapsed());
        Ok(original)
    }

    /// Renders in a slot, and now and then tells the figures of the steps that have ended. A step that nobody wants to
    /// hear of any more is the last one; so is the one that runs when this is given up at the end of the grace.
    async fn render(
        &self,
        job: &Job,
        original: Bytes,
        epoch: Epoch,
        state: &mut State,
    ) -> Result<Made, WorkError> {
        let stop = CancellationToken::new();
        let _stops_if_given_up = stop.clone().drop_guard();
        let (mut stopwatch, mut steps) = Stopwatch::new(self.deadline, stop.clone());
        let (fonts, limits, job) = (self.tools.fonts.clone(), self.tools.limits, job.clone());
        let work = move || {
            let made = make(&original, &job, &fonts, &limits, &mut stopwatch);
            (made, stopwatch.stop())
        };
        let mut rendering = pin!(self.slots.run(work));
        let mut news = interval(STEPS_PAUSE);
        news.tick().await; // the first is at once, when there are none
        let (made, timings) = loop {
            tokio::select! {
                finished = &mut rendering => {
                    break finished.map_err(|_| WorkError::Panicked { again: false })?;
                }
                _ = news.tick() => {
                    if self.tell_steps(&mut steps, epoch, state).await {
                        stop.cancel();
                    }
                }
            }
        };
        for (step, took) in timings.iter() {
            self.tools.metrics.step(step, took);
        }
        state.timings.merge(&timings);
        if stop.is_cancelled() {
            return Err(WorkError::Overtaken);
        }
        made
    }

    /// Whether nobody wants to hear of any more.
    async fn tell_steps(
        &self,
        steps: &mut watch::Receiver<Timings>,
        epoch: Epoch,
        state: &mut State,
    ) -> bool {
        if !steps.has_changed().unwrap_or(false) {
            return false;
        }
        state.timings.merge(&steps.borrow_and_update());
        self.teller.step(epoch, state).await
    }

    async fn save(
        &self,
        id: &JobId,
        made: Made,
        timings: &mut Timings,
    ) -> Result<Picture, WorkError> {
        let begun = Instant::now();
        let Made { rendered, sha256 } = made;
        let (size_bytes, size_bytes_max) =
            (rendered.bytes.len() as u64, self.tools.result_bytes_max);
        if size_bytes > size_bytes_max {
            return Err(WorkError::ResultTooLong {
                size_bytes,
                size_bytes_max,
            });
        }
        let (body, media_type) = (
            Body::Bytes(rendered.bytes.into()),
            rendered.format.media_type(),
        );
        self.tools
            .objects
            .put(&Key::Result(*id), body, media_type)
            .await?;
        let sizes = self
            .tools
            .metrics
            .image_size_bytes
            .with_label_values(&["output"]);
        sizes.observe(size_bytes as f64);
        self.note(timings, Step::Save, begun.elapsed());
        Ok(Picture {
            format: rendered.format,
            width: rendered.width,
            height: rendered.height,
            size_bytes,
            sha256,
        })
    }

    fn note(&self, timings: &mut Timings, step: Step, took: Duration) {
        timings.set(step, took);
        self.tools.metrics.step(step, took);
    }

    /// From the upload's first byte: the publisher's share was told with the job, the rest is the time since.
    fn note_total(&self, job: &Job, timings: &mut Timings) {
        let upload = timings.get(Step::Read).unwrap_or_default();
        self.note(timings, Step::Total, upload + since(job.queued_at_ms));
    }
}

/// What is known to fail before it is begun.
fn refuse_in_vain(job: &Job, delivery: &Delivery) -> Result<(), WorkError> {
    let (crashes, asked) = (delivery.crashes, job.recipe.engine);
    if crashes >= CRASHES_MAX {
        return Err(WorkError::CrashLoop { crashes });
    }
    // An older revision is rendered by this one: nobody has seen a result under this id, or it would be done.
    if asked > ENGINE_REVISION {
        return Err(WorkError::NewerEngine { asked });
    }
    Ok(())
}

/// The CPU's share of the work: both digests are taken here too, since 20 MiB keep a core busy for a while.
fn make(
    original: &[u8],
    job: &Job,
    fonts: &Fonts,
    limits: &Limits,
    stopwatch: &mut Stopwatch,
) -> Result<Made, WorkError> {
    let sha256 = job.original.sha256;
    if Digest::of(original) != sha256 {
        let what = format!("original {sha256} came back with other bytes");
        return Err(Error::new(Backend::Objects, "get", Cause::Corrupt(what)).into());
    }
    let on_step = &mut |step| stopwatch.begin(step);
    let rendered = engine::render(original, &job.recipe, fonts, limits, on_step);
    let rendered = rendered.map_err(|error| match error {
        RenderError::Input(error) => WorkError::Input(error),
        RenderError::Stopped { .. } if stopwatch.is_told_to_stop() => WorkError::Overtaken,
        RenderError::Stopped { .. } => WorkError::TooSlow(stopwatch.deadline()),
    })?;
    Ok(Made {
        sha256: Digest::of(&rendered.bytes),
        rendered,
    })
}

/// An original over the limit stays over it.
fn unless_too_long(error: Error) -> WorkError {
    match error.cause {
        Cause::TooLong {
            size_bytes,
            size_bytes_max,
        } => WorkError::OriginalTooLong {
            size_bytes,
            size_bytes_max,
        },
        _ => WorkError::World(error),
    }
}

fn since(moment_ms: u64) -> Duration {
    Duration::from_millis(now_ms().saturating_sub(moment_ms))
}

impl WorkError {
    /// A panic, told from the first one by the message's history.
    fn or_again(self, delivery: &Delivery) -> Self {
        match self {
            Self::Panicked { .. } => Self::Panicked {
                again: delivery
                    .history
                    .iter()
                    .any(|attempt| attempt.code == CRASHED),
            },
            other => other,
        }
    }
}

impl Turn {
    const fn without_claim(outcome: Result<Outcome, WorkError>) -> Self {
        Self {
            claim: None,
            outcome,
        }
    }
}

/// One job in hand.
#[derive(Debug)]
pub(crate) struct InFlight(IntGauge);

impl InFlight {
    fn new(gauge: IntGauge) -> Self {
        gauge.inc();
        Self(gauge)
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.dec();
    }
}
