//! Jobs that were admitted and whose message was never confirmed, because the queue was away or the process died between
//! the two. They are published until they are confirmed; a job that is published twice is recognised by its id.

use backends::{Error, results::Unsent};
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use crate::{accept, app::App};

/// Jobs per look: an outage of an hour is swept within minutes, and one look stays short.
const JOBS_MAX: usize = 100;

/// Looks for such jobs until `shutdown`. Several publishers may do so at once.
pub(crate) async fn sweep(app: &App, shutdown: &CancellationToken) {
    let mut ticks = interval(app.config.sweep_interval());
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    while shutdown.run_until_cancelled(ticks.tick()).await.is_some() {
        match shutdown.run_until_cancelled(publish_unsent(app)).await {
            None | Some(Ok(0)) => {}
            Some(Ok(jobs)) => info!(jobs, "published {jobs} jobs that were left over"),
            Some(Err(error)) => {
                app.metrics.backend_error(&error);
                warn!(%error, "jobs that are not published still wait");
            }
        }
    }
}

/// The first failure ends the round: what fails for one job fails for the next.
async fn publish_unsent(app: &App) -> Result<usize, Error> {
    let jobs = app
        .results
        .unsent(app.config.unsent_age(), JOBS_MAX)
        .await?;
    for Unsent { job, epoch } in &jobs {
        accept::send(app, job, *epoch).await?;
    }
    Ok(jobs.len())
}
