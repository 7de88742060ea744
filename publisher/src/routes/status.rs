//! `GET /status/{id}`: where a job stands, once as JSON or from now to its end as server-sent events; `DELETE` takes it
//! back.

use std::{
    pin::{Pin, pin},
    sync::Arc,
    time::Duration,
};

use axum::{
    Extension, Json,
    extract::{Query, State as AppState, rejection::QueryRejection},
    response::{IntoResponse as _, Response},
};
use backends::{
    clock::{millis, now_ms},
    results::{Outcome, RECORD_AGE_AFTER_END},
};
use futures::{FutureExt as _, Stream, StreamExt as _, stream::BoxStream};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use schemas::{EventId, JobId, Status};
use tokio::time::timeout;
use tracing::info;

use super::{
    PathId,
    stream::{Listener, NO_STORE, Resume, answer, come_back, frame},
};
use crate::{
    app::App,
    auth::Caller,
    degraded::{self, Heard, Seen},
    error::ApiError,
    fairness::Client,
    negotiate::Accept,
};

/// Answers as the client prefers, and so do refusals: a stream may be refused where JSON would not be.
pub(crate) async fn status(
    app: AppState<Arc<App>>,
    id: PathId,
    Extension(client): Extension<Client>,
    resume: Result<Query<Resume>, QueryRejection>,
    headers: HeaderMap,
) -> Response {
    let answer = current(app, id, &client, resume, headers).await;
    let mut answer = answer.into_response();
    answer
        .headers_mut()
        .insert(header::VARY, HeaderValue::from_name(header::ACCEPT));
    answer
}

async fn current(
    AppState(app): AppState<Arc<App>>,
    PathId(id): PathId,
    client: &Client,
    resume: Result<Query<Resume>, QueryRejection>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    if Accept::of(&headers).prefers_events() {
        let Query(resume) = resume.unwrap_or_default();
        let after = resume.last_event_id(&headers);
        return events(
            &app,
            client,
            &id,
            after.and_then(|after| after.parse().ok()),
        )
        .await;
    }
    let seen = degraded::seen(&app, &id).await?.linked(&app);
    Ok(([NO_STORE], Json(seen)).into_response())
}

/// Takes a job back that has not ended. Said again, it is answered as the first time. Only who uploaded it may, and nobody
/// alone where several did.
pub(crate) async fn cancel(
    AppState(app): AppState<Arc<App>>,
    Extension(caller): Extension<Caller>,
    PathId(id): PathId,
) -> Result<Response, ApiError> {
    tracing::Span::current().record("job.id", tracing::field::display(&id));
    let by = caller.owner_unless_admin();
    let Some(cancellation) = app.results.cancel(&id, by.as_ref()).await? else {
        return Err(not_cancelled(&app, &id).await?);
    };
    app.known.forget(&id).await;
    let state = cancellation.event.state;
    match cancellation.outcome {
        Outcome::EndedNow => count_cancelled(&app, &id),
        Outcome::EndedBefore if state.status == Status::Cancelled => {}
        Outcome::EndedBefore => return Err(ApiError::Ended(state.status)),
        Outcome::NotYours => return Err(ApiError::NotYours),
        Outcome::Shared => return Err(ApiError::Shared),
    }
    Ok(([NO_STORE], Json(state)).into_response())
}

fn count_cancelled(app: &App, id: &JobId) {
    let cancelled = Status::Cancelled.as_str();
    app.metrics.jobs.with_label_values(&[cancelled]).inc();
    info!(job.id = %id, "job {id} is cancelled");
}

/// Why a job without a record is not cancelled. One that was accepted without one is recorded in a moment, and only its
/// record can say that it is cancelled.
async fn not_cancelled(app: &App, id: &JobId) -> Result<ApiError, ApiError> {
    Ok(match degraded::look_unrecorded(app, id).await? {
        Some(state) if state.status.is_final() => ApiError::Ended(state.status),
        Some(_) => ApiError::Unrecorded,
        None => degraded::unknown(app),
    })
}

/// Waits for the end of job `id`, at most for `limit`, and not beyond the shutdown.
pub(crate) async fn end_of(
    app: &Arc<App>,
    id: &JobId,
    limit: Duration,
) -> Result<Option<Seen>, ApiError> {
    let heard = match degraded::follow(app, id, None).await {
        Err(ApiError::NotFound) => return Ok(None),
        followed => followed?,
    };
    let end = heard.filter(|heard| std::future::ready(heard.seen.state.status.is_final()));
    let mut end = pin!(end.take_until(app.stop.closing.cancelled()));
    let heard = timeout(limit, end.next()).await.ok().flatten();
    Ok(heard.map(|heard| heard.seen))
}

async fn events(
    app: &Arc<App>,
    client: &Client,
    id: &JobId,
    after: Option<EventId>,
) -> Result<Response, ApiError> {
    let listener = Listener::admit(app, client)?;
    let heard = match degraded::follow(app, id, after).await {
        Err(ApiError::NotFound) if is_record_lost(after, now_ms()) => return Ok(come_back(app)),
        followed => followed?,
    };
    let Some(heard) = unless_ended(heard) else {
        return Ok(StatusCode::NO_CONTENT.into_response());
    };
    let of = Arc::clone(app);
    let frames = heard.map(move |heard| frame(&of, heard));
    Ok(answer(app, listener, frames).into_response())
}

/// Whether a job that nobody knows did have a record: the client was told of it, not so long ago that it could have
/// expired. A worker will speak of it again, unless it ended without a result.
fn is_record_lost(after: Option<EventId>, now_ms: u64) -> bool {
    let oldest_ms = now_ms.saturating_sub(millis(RECORD_AGE_AFTER_END));
    after.is_some_and(|after| after.epoch > oldest_ms)
}

/// A stream that is over before its first event tells the client that it knows the end: 204 stops its reconnects.
fn unless_ended(
    heard: BoxStream<'static, Heard>,
) -> Option<impl Stream<Item = Heard> + Send + 'static> {
    let mut heard = heard.peekable();
    match Pin::new(&mut heard).peek().now_or_never() {
        Some(None) => None,
        Some(Some(_)) | None => Some(heard),
    }
}
