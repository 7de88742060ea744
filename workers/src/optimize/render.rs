//! Pixels, in a slot: watched, told of, and stopped when nobody wants them any more.

use std::{pin::pin, sync::Arc, time::Duration};

use backends::results::Epoch;
use schemas::{Job, State, Timings};
use slot::{Fault, Made, Renderer, Task};
use tokio::{sync::watch, time::interval};
use tokio_util::sync::CancellationToken;

use super::{Optimizer, fetch::Ingredients};
use crate::{error::WorkError, slots::Panicked, stopwatch::Stopwatch};

/// Between two words on the steps of one job. Nobody reads faster, and a small picture is done before the first: telling
/// each of its steps would cost more than the picture.
const STEPS_PAUSE: Duration = Duration::from_millis(100);

/// How long work that nobody wants may go on within a step: one that takes long, or is stuck, has no news that somebody
/// could answer.
const DOUBTS_PAUSE: Duration = Duration::from_secs(1);

impl Optimizer {
    /// Renders in a slot, and now and then tells the figures of the steps that have ended. A step that nobody wants to
    /// hear of any more is the last one; so is the one that runs when this is given up at the end of the grace.
    pub(super) async fn render(
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
            let made = verified.and_then(|()| made(&ingredients, &job, &*renderer, &mut stopwatch));
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
}

/// The result that `ingredients` make.
fn made(
    ingredients: &Ingredients,
    job: &Job,
    renderer: &dyn Renderer,
    stopwatch: &mut Stopwatch,
) -> Result<Made, WorkError> {
    let task = Task {
        original: &ingredients.original,
        logo: ingredients.logo(),
        recipe: &job.recipe,
    };
    let made = renderer.render(&task, stopwatch);
    made.map_err(|fault| match fault {
        Fault::Stopped if stopwatch.is_told_to_stop() => WorkError::Overtaken,
        Fault::Stopped => WorkError::TooSlow(stopwatch.deadline()),
        fault => fault.into(),
    })
}

fn of_panic(_: Panicked) -> WorkError {
    Fault::Crashed("it panicked".to_owned()).into()
}
