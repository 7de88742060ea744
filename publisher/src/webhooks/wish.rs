//! Wishes to be told how a job ends: a client's, who is told what comes of it, and the operator's, whom no client answers for.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use backends::{
    Error, Metrics,
    clock::now_ms,
    outbox::{Subscribed, TARGETS_MAX},
    results::Owner,
};
use schemas::JobId;
use tokio::time::Instant;
use tracing::{debug, warn};

use super::{Target, TargetError, Webhooks};
use crate::{accept::Accepted, app::App, error::ApiError};

/// Between two lines in the log about the operator's webhooks that are missed. They are missed because of an outage or of a
/// receiver that is away, so that there may be one for each upload; the metric counts them all.
const MISSED_LOG_EVERY: Duration = Duration::from_secs(60);

/// Has somebody told how a job ends that was accepted from `by`: the target that its client names, at once where it has
/// ended, else the configured one, which hears of each end once.
///
/// It comes after the job is on record, because an earlier end of the same job is not what the client waits for.
///
/// # Errors
/// Only where the client named the target: it sends the upload again, and asks again by that. A job that is accepted is not
/// refused for a wish that is not its client's.
pub(crate) async fn subscribe(
    app: &App,
    accepted: &Accepted,
    named: Option<Target>,
    by: Option<&Owner>,
) -> Result<(), ApiError> {
    match named {
        Some(target) => told_by_name(app, accepted, &target, by).await,
        None => {
            told_by_default(app, accepted, by).await;
            Ok(())
        }
    }
}

async fn told_by_name(
    app: &App,
    accepted: &Accepted,
    target: &Target,
    by: Option<&Owner>,
) -> Result<(), ApiError> {
    if accepted.degraded {
        return Err(ApiError::NobodyRemembersWebhook);
    }
    let id = accepted.state.job_id;
    match ask(&app.webhooks, &id, target, by).await? {
        Subscribed::Waits | Subscribed::Due => Ok(()),
        Subscribed::TooManyTargets => Err(TargetError::TooMany {
            limit: TARGETS_MAX as u64,
        }
        .into()),
        Subscribed::TooManyWait { waiting, limit } => {
            Err(ApiError::TooManyWebhooks { waiting, limit })
        }
    }
}

/// The wish for a job without a record is remembered with the job. One that is on record by now, or that another publisher
/// remembers, is asked for at once.
async fn told_by_default(app: &App, accepted: &Accepted, by: Option<&Owner>) {
    let id = accepted.state.job_id;
    if app.webhooks.default_target().is_none() || accepted.state.status.is_final() {
        return;
    }
    if accepted.degraded && app.unrecorded.remember_webhook(&id) {
        return;
    }
    if let Err(error) = tell_default(app, &id, by).await {
        app.metrics.backend_error(&error);
        app.webhooks.missed.note(&app.metrics, &id, &error);
    }
}

/// Has the configured target told how a job ends, if there is one, and notes where there is no room for that.
///
/// # Errors
/// When the outbox does not answer.
pub(crate) async fn tell_default(app: &App, id: &JobId, by: Option<&Owner>) -> Result<(), Error> {
    let Some(target) = app.webhooks.default_target() else {
        return Ok(());
    };
    let missed = &app.webhooks.missed;
    match ask(&app.webhooks, id, target, by).await? {
        Subscribed::Waits | Subscribed::Due => {}
        Subscribed::TooManyTargets => {
            let why = TargetError::TooMany {
                limit: TARGETS_MAX as u64,
            };
            missed.note(&app.metrics, id, &why);
        }
        Subscribed::TooManyWait { waiting, limit } => {
            let why = ApiError::TooManyWebhooks { waiting, limit };
            missed.note(&app.metrics, id, &why);
        }
    }
    Ok(())
}

async fn ask(
    webhooks: &Webhooks,
    id: &JobId,
    target: &Target,
    by: Option<&Owner>,
) -> Result<Subscribed, Error> {
    let url = target.url().as_str();
    let subscribed = webhooks.outbox.subscribe(id, url, by, now_ms()).await?;
    if matches!(subscribed, Subscribed::Waits | Subscribed::Due) {
        debug!(job.id = %id, target.host = target.host(), "the end of job {id} will be told");
    }
    Ok(subscribed)
}

/// The operator's webhooks that nobody will get.
#[derive(Debug, Default)]
pub(super) struct Missed {
    logged_at: Mutex<Option<Instant>>,
}

impl Missed {
    fn note(&self, metrics: &Metrics, id: &JobId, why: &(dyn std::error::Error + Sync)) {
        metrics.webhooks.with_label_values(&["missed"]).inc();
        if self.is_to_be_logged(Instant::now()) {
            warn!(job.id = %id, %why, "the configured webhook_url is not told of job {id}, and maybe not of others: {why}");
        }
    }

    fn is_to_be_logged(&self, now: Instant) -> bool {
        let mut logged_at = self
            .logged_at
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let is_due = logged_at.is_none_or(|before| now - before >= MISSED_LOG_EVERY);
        if is_due {
            *logged_at = Some(now);
        }
        is_due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missed_fills_no_log() {
        let (missed, began) = (Missed::default(), Instant::now());
        assert!(missed.is_to_be_logged(began));
        assert!(!missed.is_to_be_logged(began + MISSED_LOG_EVERY / 2));
        assert!(missed.is_to_be_logged(began + MISSED_LOG_EVERY));
    }
}
