//! The work itself: original, pixels, result.

use std::{
    pin::pin,
    sync::Arc,
    time::{Duration, Instant},
};

use backends::{
    Delivery, Error, Key,
    clock::now_ms,
    error::{Backend, Cause},
    objects::Body,
    queue::CRASHES_MAX,
    results::Epoch,
};
use bytes::Bytes;
use engine::{Fonts, InputError, logo::LOGO_BYTES_MAX};
use schemas::{Digest, Job, JobId, Picture, State, Step, Timings, recipe::ENGINE_REVISION};
use slot::{Fault, Made, Renderer, Task};
use tokio::{sync::watch, time::interval};
use tokio_util::sync::CancellationToken;

use super::{Optimizer, Outcome};
use crate::{error::WorkError, logos::Logos, slots::Panicked, stopwatch::Stopwatch};

/// Between two words on the steps of one job. Nobody reads faster, and a small picture is done before the first: telling
/// each of its steps would cost more than the picture.
const STEPS_PAUSE: Duration = Duration::from_millis(100);

/// How long work that nobody wants may go on within a step: one that takes long, or is stuck, has no news that somebody
/// could answer.
const DOUBTS_PAUSE: Duration = Duration::from_secs(1);

/// What a job is made of.
struct Ingredients {
    original: Bytes,
    logo: Option<FetchedLogo>,
}

/// A logo on its way to the mark.
struct FetchedLogo {
    bytes: Bytes,
    sha256: Digest,
    /// Whether its digest was taken before.
    is_known: bool,
}

impl Optimizer {
    /// Refuses what is known to fail, fetches, renders and stores.
    pub(super) async fn attempt(
        &self,
        job: &Job,
        delivery: &Delivery,
        epoch: Epoch,
        mut state: State,
    ) -> Result<Outcome, WorkError> {
        refuse_in_vain(job, delivery, &self.tools.fonts)?;
        self.note(&mut state.timings, Step::Queue, since(job.queued_at_ms));
        let ingredients = self.fetch(job, &mut state.timings).await?;
        let made = self.render(job, ingredients, epoch, &mut state).await?;
        let picture = self.save(&state.job_id, made, &mut state.timings).await?;
        self.note_total(job, &mut state.timings);
        Ok(Outcome::Done(state.done(picture)))
    }

    async fn fetch(&self, job: &Job, timings: &mut Timings) -> Result<Ingredients, WorkError> {
        let begun = Instant::now();
        let original = self.fetch_original(job).await?;
        let logo = match job.logo {
            Some(logo) => Some(self.fetch_logo(logo.sha256).await?),
            None => None,
        };
        self.note(timings, Step::Fetch, begun.elapsed());
        Ok(Ingredients { original, logo })
    }

    async fn fetch_logo(&self, sha256: Digest) -> Result<FetchedLogo, WorkError> {
        if let Some(bytes) = self.logos.get(&sha256) {
            return Ok(FetchedLogo {
                bytes,
                sha256,
                is_known: true,
            });
        }
        let objects = &self.tools.objects;
        let found = objects.get(&Key::Logo(sha256), LOGO_BYTES_MAX).await;
        let Some(bytes) = found.map_err(unless_logo_too_long)? else {
            objects.check().await?; // as for an original
            return Err(WorkError::LogoMissing(sha256));
        };
        Ok(FetchedLogo {
            bytes,
            sha256,
            is_known: false,
        })
    }

    async fn fetch_original(&self, job: &Job) -> Result<Bytes, WorkError> {
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
        let Some(original) = found else {
            // A folder that is not mounted, a bucket of another name: there everything is missing, and nothing is buried.
            self.tools.objects.check().await?;
            return Err(WorkError::OriginalMissing(job.original.sha256));
        };
        Ok(original)
    }

    /// Renders in a slot, and now and then tells the figures of the steps that have ended. A step that nobody wants to
    /// hear of any more is the last one; so is the one that runs when this is given up at the end of the grace.
    async fn render(
        &self,
        job: &Job,
        ingredients: Ingredients,
        epoch: Epoch,
        state: &mut State,
    ) -> Result<Made, WorkError> {
        let stop = CancellationToken::new();
        let _stops_if_given_up = stop.clone().drop_guard();
        let (mut stopwatch, mut steps) = Stopwatch::new(self.deadline, stop.clone());
        let (renderer, job) = (Arc::clone(&self.tools.renderer), job.clone());
        let logos = Arc::clone(&self.logos);
        let work = move || {
            let verified = ingredients.verify(&job, &logos);
            let made = verified.and_then(|()| ingredients.made(&job, &*renderer, &mut stopwatch));
            (made, stopwatch.stop())
        };
        let rendering = self.slots.run(work);
        let finished = self.telling(rendering, &mut steps, &stop, epoch, state);
        let (made, timings) = finished.await.map_err(of_panic)?;
        for (step, took) in timings.iter() {
            self.tools.metrics.step(step, took);
        }
        state.timings.merge(&timings);
        if stop.is_cancelled() {
            return Err(WorkError::Overtaken);
        }
        made
    }

    /// Tells of steps until `rendering` has ended, and stops it when nobody wants to hear of any more. Who has nothing to
    /// tell asks, less often: small jobs never do.
    async fn telling<T>(
        &self,
        rendering: impl Future<Output = T>,
        steps: &mut watch::Receiver<Timings>,
        stop: &CancellationToken,
        epoch: Epoch,
        state: &mut State,
    ) -> T {
        let mut rendering = pin!(rendering);
        let mut news = interval(STEPS_PAUSE);
        let mut doubts = interval(DOUBTS_PAUSE);
        news.tick().await; // the first is at once, when there are none
        doubts.tick().await;
        loop {
            let is_unwanted = tokio::select! {
                finished = &mut rendering => return finished,
                _ = news.tick() => self.tell_steps(steps, epoch, state).await,
                _ = doubts.tick() => self.is_unwanted(&state.job_id, epoch).await,
            };
            if is_unwanted {
                stop.cancel();
            }
        }
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
            let too_long = Fault::ResultTooLong {
                size_bytes,
                size_bytes_max,
            };
            return Err(too_long.into());
        }
        let (body, media_type) = (
            Body::Digested {
                bytes: rendered.bytes.into(),
                sha256,
            },
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
            contrast: rendered.contrast,
            written: Some(rendered.written),
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
fn refuse_in_vain(job: &Job, delivery: &Delivery, fonts: &Fonts) -> Result<(), WorkError> {
    let (crashes, asked) = (delivery.crashes, job.recipe.engine);
    if crashes >= CRASHES_MAX {
        return Err(WorkError::CrashLoop { crashes });
    }
    // An older revision is rendered by this one: nobody has seen a result under this id, or it would be done.
    if asked > ENGINE_REVISION {
        return Err(WorkError::NewerEngine { asked });
    }
    Ok(fonts.require(&job.recipe.wm_fonts)?)
}

impl Ingredients {
    /// Whether they are what the job names, which takes a core a while.
    fn verify(&self, job: &Job, logos: &Logos) -> Result<(), WorkError> {
        verify("original", &self.original, job.original.sha256)?;
        if let Some(logo) = self.logo.as_ref().filter(|logo| !logo.is_known) {
            verify("logo", &logo.bytes, logo.sha256)?;
            logos.keep(logo.sha256, logo.bytes.clone());
        }
        Ok(())
    }

    /// The result that they make.
    fn made(
        &self,
        job: &Job,
        renderer: &dyn Renderer,
        stopwatch: &mut Stopwatch,
    ) -> Result<Made, WorkError> {
        let logo = self.logo.as_ref();
        let task = Task {
            original: &self.original,
            logo: logo.map(|logo| (&logo.bytes[..], logo.sha256)),
            recipe: &job.recipe,
        };
        let made = renderer.render(&task, stopwatch);
        made.map_err(|fault| match fault {
            Fault::Stopped if stopwatch.is_told_to_stop() => WorkError::Overtaken,
            Fault::Stopped => WorkError::TooSlow(stopwatch.deadline()),
            fault => fault.into(),
        })
    }
}

fn verify(what: &str, bytes: &[u8], sha256: Digest) -> Result<(), WorkError> {
    if Digest::of(bytes) == sha256 {
        return Ok(());
    }
    let what = format!("{what} {sha256} came back with other bytes");
    Err(Error::new(Backend::Objects, "get", Cause::Corrupt(what)).into())
}

/// A logo over the limit stays over it too.
fn unless_logo_too_long(error: Error) -> WorkError {
    match error.cause {
        Cause::TooLong { size_bytes, .. } => match engine::logo::check_bytes(size_bytes) {
            Err(too_long) => InputError::from(too_long).into(),
            Ok(()) => WorkError::World(error),
        },
        _ => WorkError::World(error),
    }
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

fn of_panic(_: Panicked) -> WorkError {
    Fault::Crashed("it panicked".to_owned()).into()
}
