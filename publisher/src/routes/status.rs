//! `GET /status/{id}`: where a job stands, once as JSON or from now to its end as server-sent events.

use std::{
    convert::Infallible,
    pin::{Pin, pin},
    sync::Arc,
    time::Duration,
};

use axum::{
    Json,
    extract::{Query, State as AppState, rejection::QueryRejection},
    response::{
        IntoResponse as _, Response,
        sse::{self, KeepAlive, Sse},
    },
};
use backends::{Key, results::Watch};
use futures::{FutureExt as _, Stream, StreamExt as _, stream};
use http::{HeaderMap, HeaderName, StatusCode, header};
use prometheus::IntGauge;
use schemas::{Event, EventId, JobId, State, Status, Timings, state::image_url};
use serde::Deserialize;
use tokio::{sync::OwnedSemaphorePermit, time::timeout};

use super::PathId;
use crate::{app::App, error::ApiError, negotiate::Accept};

const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");
const ACCEL_BUFFERING: HeaderName = HeaderName::from_static("x-accel-buffering");
const NO_STORE: (HeaderName, &str) = (header::CACHE_CONTROL, "no-store");
const VARY: (HeaderName, &str) = (header::VARY, "accept");

/// For clients that cannot set a header.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Resume {
    last_event_id: Option<String>,
}

/// Answers as the client prefers.
pub(crate) async fn status(
    AppState(app): AppState<Arc<App>>,
    PathId(id): PathId,
    resume: Result<Query<Resume>, QueryRejection>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    if Accept::of(&headers).prefers_events() {
        let after = last_event_id(&headers, resume.ok().map(|Query(resume)| resume));
        return events(&app, &id, after).await;
    }
    let state = match app.results.record(&id).await? {
        Some(record) => record.event.state,
        None => outlived(&app, &id).await?,
    };
    Ok(([NO_STORE, VARY], Json(state)).into_response())
}

/// Waits for the end of job `id`, at most for `limit`, and not beyond the shutdown.
pub(crate) async fn end_of(
    app: &App,
    id: &JobId,
    limit: Duration,
) -> Result<Option<State>, ApiError> {
    let Some(watch) = app.results.watch(id, None).await? else {
        return Ok(None);
    };
    let end = watch.filter(|event| std::future::ready(event.state.status.is_final()));
    let mut end = pin!(end.take_until(app.shutdown.cancelled()));
    let event = timeout(limit, end.next()).await.ok().flatten();
    Ok(event.map(|event| event.state))
}

async fn events(app: &Arc<App>, id: &JobId, after: Option<EventId>) -> Result<Response, ApiError> {
    let client = Client::admit(app)?;
    let watch = match app.results.watch(id, after).await? {
        Some(watch) => watch,
        None => only_the_end(outlived(app, id).await?, after),
    };
    let Some(watch) = unless_ended(watch) else {
        return Ok(StatusCode::NO_CONTENT.into_response());
    };
    let heartbeat = KeepAlive::new().interval(app.config.heartbeat()).text("");
    let frames = frames(watch, client, app);
    let headers = [NO_STORE, VARY, (ACCEL_BUFFERING, "no")];
    // The headers come last, so that they win.
    let stream = Sse::new(frames).keep_alive(heartbeat).into_response();
    Ok((headers, stream).into_response())
}

/// A stream that is over before its first event tells the client that it knows the end: 204 stops its reconnects.
fn unless_ended(watch: Watch) -> Option<impl Stream<Item = Event> + Send + 'static> {
    let mut watch = watch.peekable();
    match Pin::new(&mut watch).peek().now_or_never() {
        Some(None) => None,
        Some(Some(_)) | None => Some(watch),
    }
}

/// The end of a job without a record, unless the client knows it. Its number comes before all others, so that whoever
/// was told of the job while it lived is told of the end too.
fn only_the_end(state: State, after: Option<EventId>) -> Watch {
    let id = EventId::default();
    let news = (after != Some(id)).then_some(Event { id, state });
    stream::iter(news).boxed()
}

fn frames(
    watch: impl Stream<Item = Event> + Send + 'static,
    client: Client,
    app: &App,
) -> impl Stream<Item = Result<sse::Event, Infallible>> + Send + 'static {
    let reconnect = app.config.reconnect();
    // An open stream would hold the drain; its client connects again, elsewhere.
    let shutdown = app.shutdown.clone().cancelled_owned();
    watch.take_until(shutdown).map(move |event| {
        let _for_as_long_as_it_streams = &client;
        Ok(frame(&event, reconnect))
    })
}

fn frame(event: &Event, reconnect: Duration) -> sse::Event {
    sse::Event::default()
        .id(event.id.to_string())
        .event(event.state.status.as_str())
        .retry(reconnect)
        .json_data(&event.state)
        .expect("a state has only string keys and finite numbers")
}

/// A job whose record expired before its result did.
async fn outlived(app: &App, id: &JobId) -> Result<State, ApiError> {
    let result = app.objects.head(&Key::Result(*id)).await?;
    result.ok_or(ApiError::NotFound)?;
    let mut state = State::queued(*id, Timings::default());
    state.status = Status::Done;
    state.url = Some(image_url(id));
    Ok(state)
}

fn last_event_id(headers: &HeaderMap, resume: Option<Resume>) -> Option<EventId> {
    let header = headers
        .get(LAST_EVENT_ID)
        .and_then(|value| value.to_str().ok());
    let query = resume.and_then(|resume| resume.last_event_id);
    header.or(query.as_deref())?.parse().ok()
}

/// A place among the event streams, counted while it is held.
struct Client {
    gauge: IntGauge,
    _slot: OwnedSemaphorePermit,
}

impl Client {
    fn admit(app: &App) -> Result<Self, ApiError> {
        let busy = |_| ApiError::Busy {
            what: "event streams",
            max: app.config.sse_clients_max as u64,
        };
        let slot = Arc::clone(&app.streams).try_acquire_owned().map_err(busy)?;
        let gauge = app.metrics.sse_clients.clone();
        gauge.inc();
        Ok(Self { gauge, _slot: slot })
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        self.gauge.dec();
    }
}
