//! The work itself: original, pixels, result.

use std::time::{Duration, Instant};

use backends::{Delivery, Key, clock::now_ms, objects::Body, queue::CRASHES_MAX, results::Epoch};
use engine::{Fonts, Rendered};
use schemas::{Job, JobId, Picture, State, Step, Timings, recipe::ENGINE_REVISION};
use slot::{Fault, Made};

use super::{Optimizer, Outcome};
use crate::error::WorkError;

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

    async fn save(
        &self,
        id: &JobId,
        made: Made,
        timings: &mut Timings,
    ) -> Result<Picture, WorkError> {
        let begun = Instant::now();
        self.check_length(&made.rendered)?;
        let picture = picture(&made);
        let body = Body::Digested {
            sha256: made.sha256,
            bytes: made.rendered.bytes.into(),
        };
        let (key, media_type) = (Key::Result(*id), picture.format.media_type());
        self.tools.objects.put(&key, body, media_type).await?;
        let sizes = &self.tools.metrics.image_size_bytes;
        let results = sizes.with_label_values(&["output"]);
        results.observe(picture.size_bytes as f64);
        self.note(timings, Step::Save, begun.elapsed());
        Ok(picture)
    }

    fn check_length(&self, rendered: &Rendered) -> Result<(), Fault> {
        let size_bytes = rendered.bytes.len() as u64;
        let size_bytes_max = self.tools.result_bytes_max;
        if size_bytes > size_bytes_max {
            return Err(Fault::ResultTooLong {
                size_bytes,
                size_bytes_max,
            });
        }
        Ok(())
    }

    pub(super) fn note(&self, timings: &mut Timings, step: Step, took: Duration) {
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

/// What clients hear of it.
fn picture(Made { rendered, sha256 }: &Made) -> Picture {
    Picture {
        format: rendered.format,
        width: rendered.width,
        height: rendered.height,
        size_bytes: rendered.bytes.len() as u64,
        sha256: *sha256,
        contrast: rendered.contrast,
        written: Some(rendered.written),
    }
}

fn since(moment_ms: u64) -> Duration {
    Duration::from_millis(now_ms().saturating_sub(moment_ms))
}
