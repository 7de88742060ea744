//! One job, from its original to its result.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use backends::{
    Delivery, Error, Key, Metrics, ObjectStore, Results, Verdict,
    clock::{millis, now_ms},
    error::{Backend, Cause},
    objects::Body,
    queue::CRASHES_MAX,
    results::{Announced, Epoch},
};
use bytes::Bytes;
use engine::{Fonts, Limits, RenderError, Rendered};
use prometheus::IntGauge;
use schemas::{Digest, Job, JobId, Picture, State, Status, Step, Timings, recipe::ENGINE_REVISION};
use tracing::{info, warn};

use crate::{config::Config, error::WorkError, slots::Slots, stopwatch::Stopwatch};

/// What a worker works with.
#[derive(Clone, Debug)]
pub struct Tools {
    pub objects: Arc<dyn ObjectStore>,
    pub results: Arc<dyn Results>,
    pub fonts: Arc<Fonts>,
    pub limits: Limits,
    /// The longest original that is fetched.
    pub original_bytes_max: u64,
    pub metrics: Metrics,
}

/// Makes results of originals.
#[derive(Debug)]
pub struct Optimizer {
    tools: Tools,
    slots: Slots,
    deadline: Duration,
    name: String,
}

/// What an attempt came to, and the right to speak of it if the job could be claimed.
#[derive(Debug)]
pub struct Turn {
    /// The job's state at the claim, and the claim.
    pub claim: Option<(Epoch, State)>,
    /// How it ended.
    pub outcome: Result<Outcome, WorkError>,
}

/// How an attempt that did not fail ended.
#[derive(Debug)]
pub enum Outcome {
    /// The result is stored and told.
    Done(State),
    /// The job had ended before, or another worker has taken it over.
    NothingToDo,
}

impl Optimizer {
    pub(crate) fn new(tools: Tools, config: &Config) -> Self {
        Self {
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
            Err(error) => {
                return Turn {
                    claim: None,
                    outcome: Err(error.into()),
                };
            }
        };
        let (epoch, state) = match self.claim(&job, delivery.attempt).await {
            Ok(Some(claim)) => claim,
            Ok(None) => {
                return Turn {
                    claim: None,
                    outcome: Ok(Outcome::NothingToDo),
                };
            }
            Err(error) => {
                return Turn {
                    claim: None,
                    outcome: Err(error.into()),
                };
            }
        };
        let outcome = self
            .attempt(&job, delivery.crashes, epoch, state.clone())
            .await;
        let outcome = self.tell_end(epoch, &state, outcome).await;
        Turn {
            claim: Some((epoch, state)),
            outcome,
        }
    }

    /// Tells that a job waits for its next attempt or is buried. Its message is safe already, so nothing is lost when
    /// nobody can be told: the status stays behind until the next attempt speaks.
    pub(crate) async fn tell_detour(&self, turn: &Turn, verdict: &Verdict) {
        let (status, failure) = match verdict {
            Verdict::Retry { failure, delay } => {
                self.tools
                    .metrics
                    .retries
                    .with_label_values(&[failure.code.as_str()])
                    .inc();
                warn!(
                    code = failure.code,
                    delay_ms = millis(*delay),
                    "attempt failed: {}",
                    failure.message
                );
                (Status::Retrying, failure)
            }
            Verdict::Bury { failure, reason } => {
                self.tools
                    .metrics
                    .dead_letters
                    .with_label_values(&[reason.as_str()])
                    .inc();
                warn!(
                    reason = reason.as_str(),
                    "message is buried: {}", failure.message
                );
                (Status::Dead, failure)
            }
            Verdict::Done | Verdict::Fail(_) | Verdict::Drop => return,
        };
        let Some((epoch, state)) = &turn.claim else {
            return;
        };
        let state = state.clone().stopped(status, failure.clone());
        if let Err(error) = self.tell(*epoch, &state).await {
            self.tools.metrics.backend_error(&error);
            warn!(job.id = %state.job_id, error = %error, "nobody could be told that job {} is {status}", state.job_id);
        }
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

    /// Begins an epoch for the job and says so; `None` when there is nothing to do for it any more.
    async fn claim(&self, job: &Job, attempt: u32) -> Result<Option<(Epoch, State)>, Error> {
        let id = job.id();
        let claim = self.tools.results.claim(&id).await?;
        let before = claim
            .before
            .unwrap_or_else(|| State::queued(id, Timings::default()));
        if self.has_ended(&before).await? {
            info!(job.id = %id, "job {id} was {} before, its message is let go", before.status);
            return Ok(None);
        }
        let state = State {
            attempt,
            status: Status::Processing,
            error: None,
            ..before
        };
        match self.tools.results.announce(claim.epoch, &state).await? {
            Announced::Told(_) => Ok(Some((claim.epoch, state))),
            Announced::Stale => Ok(None),
        }
    }

    /// A dead job whose message is here again was replayed; a done one whose result is gone is made again.
    async fn has_ended(&self, state: &State) -> Result<bool, Error> {
        match state.status {
            Status::Failed | Status::Cancelled => Ok(true),
            Status::Done => Ok(self
                .tools
                .objects
                .head(&Key::Result(state.job_id))
                .await?
                .is_some()),
            Status::Queued | Status::Processing | Status::Retrying | Status::Dead => Ok(false),
        }
    }

    /// The work itself: original, pixels, result.
    async fn attempt(
        &self,
        job: &Job,
        crashes: u32,
        epoch: Epoch,
        mut state: State,
    ) -> Result<Outcome, WorkError> {
        if crashes >= CRASHES_MAX {
            return Err(WorkError::CrashLoop { crashes });
        }
        // An older revision is rendered by this one: nobody has seen a result under this id, or it would be done.
        if job.recipe.engine > ENGINE_REVISION {
            return Err(WorkError::NewerEngine {
                asked: job.recipe.engine,
            });
        }
        self.note(
            &mut state.timings,
            Step::Queue,
            Duration::from_millis(now_ms().saturating_sub(job.queued_at_ms)),
        );
        let original = self.fetch(&job.original.sha256, &mut state.timings).await?;
        let rendered = self.render(job, original, epoch, &mut state).await?;
        let picture = self
            .save(&state.job_id, rendered, &mut state.timings)
            .await?;
        self.note_total(job, &mut state.timings);
        Ok(Outcome::Done(state.done(picture)))
    }

    async fn fetch(&self, sha256: &Digest, timings: &mut Timings) -> Result<Bytes, WorkError> {
        let begun = Instant::now();
        let found = self
            .tools
            .objects
            .get(&Key::Original(*sha256), self.tools.original_bytes_max)
            .await?;
        let original = found.ok_or(WorkError::OriginalMissing(*sha256))?;
        if Digest::of(&original) != *sha256 {
            let what = format!("original {sha256} came back with other bytes");
            return Err(Error::new(Backend::Objects, "get", Cause::Corrupt(what)).into());
        }
        self.note(timings, Step::Fetch, begun.elapsed());
        Ok(original)
    }

    /// Renders in a slot, and tells each step's figures while the next one runs.
    async fn render(
        &self,
        job: &Job,
        original: Bytes,
        epoch: Epoch,
        state: &mut State,
    ) -> Result<Rendered, WorkError> {
        let (stopwatch, mut steps) = Stopwatch::new(self.deadline);
        let (fonts, limits, recipe) = (
            self.tools.fonts.clone(),
            self.tools.limits,
            job.recipe.clone(),
        );
        let work = move || {
            let mut stopwatch = stopwatch;
            let rendered = engine::render(&original, &recipe, &fonts, &limits, &mut |step| {
                stopwatch.begin(step)
            });
            (rendered, stopwatch.stop())
        };
        let mut rendering = std::pin::pin!(self.slots.run(work));
        let (rendered, timings) = loop {
            tokio::select! {
                finished = &mut rendering => break finished.map_err(|_| WorkError::Panicked)?,
                Ok(()) = steps.changed() => {
                    let timings = steps.borrow_and_update().clone();
                    state.timings.merge(&timings);
                    self.tell_step(epoch, state).await;
                }
            }
        };
        timings
            .iter()
            .for_each(|(step, took)| self.tools.metrics.step(step, took));
        state.timings.merge(&timings);
        rendered.map_err(|error| match error {
            RenderError::Input(error) => WorkError::Input(error),
            RenderError::Stopped { .. } => WorkError::TooSlow(self.deadline),
        })
    }

    async fn save(
        &self,
        id: &JobId,
        rendered: Rendered,
        timings: &mut Timings,
    ) -> Result<Picture, WorkError> {
        let begun = Instant::now();
        let bytes = Bytes::from(rendered.bytes);
        let picture = Picture {
            format: rendered.format,
            width: rendered.width,
            height: rendered.height,
            size_bytes: bytes.len() as u64,
            sha256: Digest::of(&bytes),
        };
        self.tools
            .objects
            .put(
                &Key::Result(*id),
                Body::Bytes(bytes),
                rendered.format.media_type(),
            )
            .await?;
        self.tools
            .metrics
            .image_size_bytes
            .with_label_values(&["output"])
            .observe(picture.size_bytes as f64);
        self.note(timings, Step::Save, begun.elapsed());
        Ok(picture)
    }

    /// Tells a job's end. It must be heard before the message is let go, so an end that nobody heard is an outage.
    async fn tell_end(
        &self,
        epoch: Epoch,
        claimed: &State,
        outcome: Result<Outcome, WorkError>,
    ) -> Result<Outcome, WorkError> {
        let end = match &outcome {
            Ok(Outcome::Done(state)) => state.clone(),
            Err(error @ WorkError::Input(_)) => {
                claimed.clone().stopped(Status::Failed, error.failure())
            }
            _ => return outcome,
        };
        match self.tell(epoch, &end).await? {
            Announced::Told(_) => outcome,
            Announced::Stale => Ok(Outcome::NothingToDo),
        }
    }

    async fn tell(&self, epoch: Epoch, state: &State) -> Result<Announced, Error> {
        let announced = self.tools.results.announce(epoch, state).await?;
        let (id, status) = (state.job_id, state.status);
        if announced == Announced::Stale {
            info!(job.id = %id, "job {id} was taken over, its end is told by another worker");
        } else if status.is_final() {
            self.tools
                .metrics
                .jobs
                .with_label_values(&[status.as_str()])
                .inc();
            let took_ms = millis(state.timings.get(Step::Total).unwrap_or_default());
            let reason = state.error.as_ref().map(|error| error.message.as_str());
            info!(job.id = %id, took_ms, reason, "job {id} is {status}");
        }
        Ok(announced)
    }

    /// A step's figures are a courtesy: a client that misses them gets them with the end.
    async fn tell_step(&self, epoch: Epoch, state: &State) {
        if let Err(error) = self.tools.results.announce(epoch, state).await {
            self.tools.metrics.backend_error(&error);
        }
    }

    fn note(&self, timings: &mut Timings, step: Step, took: Duration) {
        timings.set(step, took);
        self.tools.metrics.step(step, took);
    }

    /// From the upload's first byte: the publisher's share was told with the job, the rest is the time since.
    fn note_total(&self, job: &Job, timings: &mut Timings) {
        let upload = timings.get(Step::Read).unwrap_or_default();
        let since = Duration::from_millis(now_ms().saturating_sub(job.queued_at_ms));
        self.note(timings, Step::Total, upload + since);
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
