//! The right to speak of a job, and when there is nothing to do for it any more.

use backends::{
    Error, Key,
    error::Backend,
    results::{Announced, Epoch},
};
use schemas::{JobId, State, Status, Timings};
use tracing::info;

use super::{Optimizer, Outcome};
use crate::error::WorkError;

impl Optimizer {
    /// Begins an epoch for the job and says so; `None` when there is nothing to do for it any more.
    ///
    /// A claim that was overtaken at once is no reason to let the message go: the other one may have been made by an
    /// attempt that gave up waiting for its answer, and then this message is the job's only one.
    pub(super) async fn claim(
        &self,
        id: &JobId,
        attempt: u32,
    ) -> Result<Option<(Epoch, State)>, WorkError> {
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

    /// The same for a job that is on record; for another there is nobody to be told.
    pub(super) async fn claim_known(
        &self,
        id: &JobId,
        attempt: u32,
    ) -> Result<Option<(Epoch, State)>, WorkError> {
        match self.tools.results.record(id).await? {
            Some(_) => self.claim(id, attempt).await,
            None => Ok(None),
        }
    }

    /// A failure is none where the job ended meanwhile: nobody waits for another attempt. An end that was told by this
    /// claim stands, and while nobody can be asked the failure does.
    pub(super) async fn unless_over(
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

    /// Whether a job is known to be over for who claimed it in `epoch`. While nobody can be asked, it is not.
    pub(super) async fn is_unwanted(&self, id: &JobId, epoch: Epoch) -> bool {
        self.is_over(id, epoch).await.unwrap_or_else(|unknown| {
            self.tools.metrics.backend_error(&unknown);
            false
        })
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
}
