//! What clients, logs and metrics hear of a job.
//!
//! An end is heard before its message is let go. A detour (a retry, a snooze) is told once its message is safe, and
//! nothing is lost when nobody hears of it: the next attempt speaks.

use std::sync::Arc;

use backends::{
    Error, Metrics, Results, Verdict,
    clock::millis,
    results::{Announced, Epoch},
};
use schemas::{State, Status, Step};
use tracing::{info, warn};

use crate::{
    error::WorkError,
    ledger::Ledger,
    optimize::{Outcome, Tools, Turn},
    retry::{self, Tries},
};

/// Speaks of jobs.
#[derive(Debug)]
pub(crate) struct Teller {
    results: Arc<dyn Results>,
    metrics: Metrics,
    ledger: Arc<Ledger>,
}

impl Teller {
    pub(crate) fn new(tools: &Tools, ledger: Arc<Ledger>) -> Self {
        Self {
            results: Arc::clone(&tools.results),
            metrics: tools.metrics.clone(),
            ledger,
        }
    }

    /// Tells a job's end, done or failed. An end that nobody heard is an outage like any other.
    pub(crate) async fn end(
        &self,
        epoch: Epoch,
        claimed: &State,
        outcome: Result<Outcome, WorkError>,
    ) -> Result<Outcome, WorkError> {
        let end = match &outcome {
            Ok(Outcome::Done(state)) => state.clone(),
            Err(error) if error.is_permanent() => {
                claimed.clone().stopped(Status::Failed, error.failure())
            }
            _ => return outcome,
        };
        match self.announce(epoch, &end).await? {
            Announced::Told(_) => outcome,
            Announced::Stale => Err(WorkError::Overtaken),
        }
    }

    /// Tells that a job is dead, and gives back the verdict. While nobody can be told, or another claim came between, the
    /// job is not buried but tried again: a dead job that still says `processing` would wait for ever.
    pub(crate) async fn burial(&self, turn: &Turn, tries: Tries, verdict: Verdict) -> Verdict {
        let Verdict::Bury { reason, failure } = verdict else {
            return verdict;
        };
        if let Some((epoch, state)) = &turn.claim {
            let dead = state.clone().stopped(Status::Dead, failure.clone());
            let unheard = match self.announce(*epoch, &dead).await {
                Ok(Announced::Told(_)) => None,
                Ok(Announced::Stale) => Some(WorkError::Overtaken),
                Err(error) => {
                    self.metrics.backend_error(&error);
                    Some(WorkError::World(error))
                }
            };
            if let Some(error) = unheard {
                return retry::again(&error, tries, rand::random());
            }
        }
        self.metrics
            .dead_letters
            .with_label_values(&[reason.as_str()])
            .inc();
        warn!(
            reason = reason.as_str(),
            "message is buried: {}", failure.message
        );
        Verdict::Bury { reason, failure }
    }

    /// Tells that a job waits: for its next attempt, or for a backend before it goes on with this one.
    pub(crate) async fn detour(&self, turn: &Turn, verdict: &Verdict) {
        let (failure, delay) = match verdict {
            Verdict::Retry { failure, delay } => {
                self.metrics.retries.with_label_values(&[class(turn)]).inc();
                (failure, delay)
            }
            Verdict::Snooze { failure, delay } => {
                self.metrics.snoozes.inc();
                (failure, delay)
            }
            _ => return,
        };
        if let Err(WorkError::World(error)) = &turn.outcome {
            self.metrics.backend_error(error);
        }
        warn!(
            code = failure.code,
            delay_ms = millis(*delay),
            "attempt failed: {}",
            failure.message
        );
        let Some((epoch, state)) = &turn.claim else {
            return;
        };
        let waiting = state.clone().stopped(Status::Retrying, failure.clone());
        self.ledger.count(waiting.status, &waiting.timings);
        if let Err(error) = self.announce(*epoch, &waiting).await {
            self.metrics.backend_error(&error);
            warn!(job.id = %state.job_id, error = %error, "nobody heard that job {} is retrying", state.job_id);
        }
    }

    /// A step's figures are a courtesy: a client that misses them gets them with the end. Says whether the claim is known
    /// to be overtaken.
    pub(crate) async fn step(&self, epoch: Epoch, state: &State) -> bool {
        match self.results.announce(epoch, state).await {
            Ok(announced) => announced == Announced::Stale,
            Err(error) => {
                self.metrics.backend_error(&error);
                false
            }
        }
    }

    async fn announce(&self, epoch: Epoch, state: &State) -> Result<Announced, Error> {
        let announced = self.results.announce(epoch, state).await?;
        let (id, status) = (state.job_id, state.status);
        if announced == Announced::Stale {
            info!(job.id = %id, "job {id} is {status} for a claim that was overtaken, nobody is told");
        } else if status.is_final() {
            self.metrics
                .jobs
                .with_label_values(&[status.as_str()])
                .inc();
            self.ledger.count(status, &state.timings);
            let took_ms = millis(state.timings.get(Step::Total).unwrap_or_default());
            let reason = state.error.as_ref().map(|error| error.message.as_str());
            info!(job.id = %id, took_ms, reason, "job {id} is {status}");
        }
        Ok(announced)
    }
}

/// Who is at fault for a retry. Where the outcome was an end, it is whatever kept it from being told.
fn class(turn: &Turn) -> &'static str {
    turn.outcome
        .as_ref()
        .map_or_else(WorkError::class, |_| "world")
}
