//! Jobs that were admitted and whose message was never confirmed, because the queue was away or the process died between
//! the two. They are published until they are confirmed; a job that is published twice is recognised by its id. And jobs
//! that were published while the records were away: they are recorded once the records are back.

use backends::{Error, results::Unsent};
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use crate::{accept, app::App, unrecorded};

/// Jobs per look: an outage of an hour is swept within minutes, and one look stays short.
const JOBS_MAX: usize = 100;

/// Looks for such jobs until `shutdown`. Several publishers may do so at once.
pub(crate) async fn sweep(app: &App, shutdown: &CancellationToken) {
    let mut ticks = interval(app.config.sweep_interval());
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    while shutdown.run_until_cancelled(ticks.tick()).await.is_some() {
        // What was sent without a record comes first: once its record says so, it is not sent again.
        let round = async {
            swept(app, "recorded", unrecorded::record_all(app).await);
            swept(app, "published", publish_unsent(app).await);
        };
        shutdown.run_until_cancelled(round).await;
    }
}

fn swept(app: &App, done: &str, jobs: Result<usize, Error>) {
    match jobs {
        Ok(0) => {}
        Ok(jobs) => info!(jobs, "{done} {jobs} jobs that were left over"),
        Err(error) => {
            app.metrics.backend_error(&error);
            warn!(%error, "jobs that are not {done} still wait");
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
