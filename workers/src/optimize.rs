//! One job, from its original to its result.
//!
//! Read in this order: `Optimizer::optimize`, a turn; `claim`, the right to speak of a job, and when there is nothing to
//! do for it any more; `attempt`, the work itself, with its two long parts, `fetch` and `render`.

mod attempt;
mod claim;
mod fetch;
mod render;

use std::{sync::Arc, time::Duration};

use backends::{Delivery, Fleet, Metrics, ObjectStore, Results, results::Epoch};
use engine::Fonts;
use prometheus::IntGauge;
use schemas::{State, job::JobError};
use slot::Renderer;

use crate::{
    config::Config, error::WorkError, ledger::Ledger, logos::Logos, slots::Slots, tell::Teller,
};

/// What a worker works with.
#[derive(Clone, Debug)]
pub struct Tools {
    /// Where originals and logos come from and results go.
    pub objects: Arc<dyn ObjectStore>,
    /// Where each job stands.
    pub results: Arc<dyn Results>,
    /// Who hears that the worker lives.
    pub fleet: Arc<dyn Fleet>,
    /// What marks can be drawn with.
    pub fonts: Arc<Fonts>,
    /// Where pixels are worked on.
    pub renderer: Arc<dyn Renderer>,
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
    ledger: Arc<Ledger>,
    slots: Slots,
    logos: Arc<Logos>,
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

impl Optimizer {
    pub(crate) fn new(tools: Tools, config: &Config) -> Self {
        let ledger = Arc::<Ledger>::default();
        Self {
            teller: Teller::new(&tools, Arc::clone(&ledger)),
            ledger,
            tools,
            slots: Slots::new(config.worker_slots),
            logos: Arc::default(),
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

    pub(crate) fn results(&self) -> &dyn Results {
        &*self.tools.results
    }

    /// Whether there is anybody to work on pixels.
    pub(crate) fn is_open(&self) -> bool {
        self.tools.renderer.is_open()
    }

    /// How many pictures are worked on at once.
    pub(crate) fn slots(&self) -> &Slots {
        &self.slots
    }

    /// What became of its jobs of late.
    pub(crate) fn ledger(&self) -> &Ledger {
        &self.ledger
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
