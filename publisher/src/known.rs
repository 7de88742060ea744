//! Jobs that are done, remembered for a moment, so that a picture that many look at does not ask the records for each of
//! them.

use std::time::Duration;

use backends::{Error, Once, once::Done};
use moka::future::Cache;
use schemas::{JobId, State, Status};

use crate::app::App;

/// How long a job is taken for done without asking again. Nobody can cancel a job that is done: it has to lose its result,
/// be uploaded again and be taken back within this before anybody is answered with what it was. And a picture that all the
/// world looks at costs a record every two seconds.
const AGE_MAX: Duration = Duration::from_secs(2);

/// Jobs that are remembered: at 2 KiB each 8 MiB, and within two seconds more than a publisher answers for.
const JOBS_MAX: u64 = 4096;

/// Where jobs stand, with the memory of those that are done. What is not done yet is never remembered.
#[derive(Clone, Debug)]
pub(crate) struct Known(Once<JobId, State, Option<State>>);

impl Default for Known {
    fn default() -> Self {
        let done = Cache::builder()
            .max_capacity(JOBS_MAX)
            .time_to_live(AGE_MAX);
        Self(Once::holding(done.build()))
    }
}

impl Known {
    /// Where the job stands, or stood a moment ago when it was done; `None` for one without a record. Those who ask at the
    /// same time share one look into the records.
    pub(crate) async fn state(&self, app: &App, id: &JobId) -> Result<Option<State>, Error> {
        match self.0.get(id, || look(app, id)).await? {
            Done::Lasting(state) => Ok(Some(state)),
            Done::Now(state) => Ok(state),
        }
    }

    /// The job may not be done any more.
    pub(crate) async fn forget(&self, id: &JobId) {
        self.0.forget(id).await;
    }
}

async fn look(app: &App, id: &JobId) -> Result<Done<State, Option<State>>, Error> {
    let record = app.results.record(id).await?;
    Ok(match record.map(|record| record.event.state) {
        Some(state) if state.status == Status::Done => Done::Lasting(state),
        other => Done::Now(other),
    })
}
