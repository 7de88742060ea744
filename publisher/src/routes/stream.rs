//! What every event stream has: a place that is counted, frames, a heartbeat, and a goodbye when the process stops.

use std::{convert::Infallible, future::ready, time::Duration};

use axum::response::{
    IntoResponse as _, Response,
    sse::{self, KeepAlive, Sse},
};
use futures::{FutureExt as _, Stream, StreamExt as _, stream};
use http::{HeaderMap, HeaderName, header};
use prometheus::IntGauge;
use serde::Deserialize;

use crate::{app::App, bulkhead::Place, degraded::Heard, error::ApiError, fairness::Client};

pub(super) const NO_STORE: (HeaderName, &str) = (header::CACHE_CONTROL, "no-store");
const ACCEL_BUFFERING: HeaderName = HeaderName::from_static("x-accel-buffering");
const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");

/// How many times the usual pause a client may be told to wait at a goodbye: the streams of a process all end at once,
/// and must not all be opened elsewhere at once.
const GOODBYE_PAUSE_MAX: f64 = 5.0;

/// For clients that cannot set a header.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Resume {
    last_event_id: Option<String>,
}

impl Resume {
    /// The id of the last frame that the client saw.
    pub(super) fn last_event_id(self, headers: &HeaderMap) -> Option<String> {
        let header = headers
            .get(LAST_EVENT_ID)
            .and_then(|value| value.to_str().ok());
        header.map(str::to_owned).or(self.last_event_id)
    }
}

/// A place among the event streams, counted while it is held.
pub(super) struct Listener {
    gauge: IntGauge,
    _place: Place,
}

impl Listener {
    pub(super) fn admit(app: &App, client: &Client) -> Result<Self, ApiError> {
        let place = app.streams.enter(client)?;
        let gauge = app.metrics.sse_clients.clone();
        gauge.inc();
        Ok(Self {
            gauge,
            _place: place,
        })
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.gauge.dec();
    }
}

pub(super) fn frame(app: &App, mut heard: Heard) -> sse::Event {
    heard.seen = heard.seen.linked(app);
    let frame = sse::Event::default()
        .event(heard.seen.state.status.as_str())
        .retry(app.config.reconnect())
        .json_data(&heard)
        .expect("a state has only string keys and finite numbers");
    match heard.id {
        Some(id) => frame.id(id.to_string()),
        None => frame,
    }
}

/// The answer that streams `frames` to `listener`. An open stream would hold the drain: when the listener closes, the
/// client is told when to come back, elsewhere, and the stream ends.
pub(super) fn answer(
    app: &App,
    listener: Listener,
    frames: impl Stream<Item = sse::Event> + Send + 'static,
) -> Response {
    let closing = app.stop.closing.clone().cancelled_owned();
    let goodbye = goodbye(
        "the server stops, come back",
        app.config.reconnect(),
        rand::random(),
    );
    let goodbye = closing.map(|()| goodbye).into_stream();
    let frames = stream::select(until_end(frames), until_end(goodbye))
        .scan((), |(), frame| ready(frame))
        .map(move |frame| {
            let _for_as_long_as_it_streams = &listener;
            Ok::<_, Infallible>(frame)
        });
    let heartbeat = KeepAlive::new().interval(app.config.heartbeat()).text("");
    let headers = [NO_STORE, (ACCEL_BUFFERING, "no")];
    // The headers come last, so that they win.
    let stream = Sse::new(frames).keep_alive(heartbeat).into_response();
    (headers, stream).into_response()
}

/// An answer to who should come back for another: a browser gives up after one that is an error.
pub(super) fn come_back(app: &App) -> Response {
    let goodbye = goodbye("come back", app.config.reconnect(), rand::random());
    let frames = stream::iter([Ok::<_, Infallible>(goodbye)]);
    ([NO_STORE], Sse::new(frames)).into_response()
}

/// The frames, and a `None` after them: whichever of two streams ends first ends both.
fn until_end(frames: impl Stream<Item = sse::Event>) -> impl Stream<Item = Option<sse::Event>> {
    frames.map(Some).chain(stream::once(ready(None)))
}

/// A comment, and when to come back. `random` is uniform in 0..1.
fn goodbye(words: &str, reconnect: Duration, random: f64) -> sse::Event {
    let times = 1.0 + random * (GOODBYE_PAUSE_MAX - 1.0);
    sse::Event::default()
        .comment(words)
        .retry(reconnect.mul_f64(times))
}
