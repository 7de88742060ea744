//! An object on its way from the store to a client, as fast as the client takes it: whole, in part, or only what is told of
//! it.

use std::{ops::Range, sync::Arc, time::Duration};

use axum::{
    body::Body,
    response::{IntoResponse as _, Response},
};
use backends::{
    Error, Key, Metrics,
    error::{Backend, Cause},
    objects::{IN_MEMORY_BYTES_MAX, Object},
};
use bytes::Bytes;
use futures::StreamExt as _;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use schemas::Digest;
use tracing::{info, warn};

use crate::{
    app::App,
    bulkhead::Place,
    conditions::{self, Share},
    error::ApiError,
    fairness::Client,
    outflow::{Broken, Outflow},
    room::Taken,
};

/// Longest wait for a place among those that read from the store. 1 s: what is short is in memory within milliseconds and
/// gives its place on, so who waits longer waits for slow clients.
const PLACE_WAIT_MAX: Duration = Duration::from_secs(1);

/// Bytes, and what is told of them before they are read.
pub(super) struct Transfer {
    pub(super) key: Key,
    pub(super) size_bytes: u64,
    /// Of the bytes; left out where it would take reading all of them.
    pub(super) sha256: Option<Digest>,
    pub(super) media_type: &'static str,
    /// The longest object that is read.
    pub(super) size_bytes_max: u64,
    /// Where they had to be read already.
    pub(super) read: Option<Held>,
}

/// Bytes in memory, and the room that they take there.
pub(super) struct Held {
    pub(super) bytes: Bytes,
    pub(super) room: Taken,
}

/// What an answer takes for as long as it is sent.
pub(super) struct Seat {
    /// In memory.
    pub(super) room: Taken,
    /// Among those that read from the store.
    place: Option<Place>,
}

/// A request for bytes.
#[derive(Clone, Copy)]
pub(super) struct Asked<'r> {
    pub(super) client: &'r Client,
    pub(super) method: &'r Method,
    pub(super) headers: &'r HeaderMap,
}

impl Transfer {
    /// The answer to `asked`, with the headers `always` wherever something is told of the object; `None` where it is gone.
    pub(super) async fn answer<const N: usize>(
        self,
        app: &App,
        asked: Asked<'_>,
        always: [(HeaderName, HeaderValue); N],
    ) -> Result<Option<Response>, ApiError> {
        let (etag, size_bytes) = (self.etag(), self.size_bytes);
        let range =
            match conditions::share(asked.method, asked.headers, etag.as_deref(), size_bytes) {
                Share::Whole => None,
                Share::Part(range) => Some(range),
                Share::NotModified => {
                    let told = told([(header::ETAG, etag)]);
                    return Ok(Some(
                        (StatusCode::NOT_MODIFIED, told, always).into_response(),
                    ));
                }
                Share::PreconditionFailed => return Err(ApiError::PreconditionFailed),
                Share::NotSatisfiable => return Err(ApiError::NoSuchRange { size_bytes }),
            };
        let bytes = if asked.method == Method::HEAD {
            self.described(app).await?
        } else {
            self.opened(app, asked.client, range).await?
        };
        Ok(bytes.map(|bytes| (told([(header::ETAG, etag)]), always, bytes).into_response()))
    }

    fn etag(&self) -> Option<String> {
        self.sha256.map(|digest| format!("\"{digest}\""))
    }

    /// What a `GET` would be told, without reading anything.
    async fn described(&self, app: &App) -> Result<Option<Response>, ApiError> {
        let meta = app.objects.head(&self.key).await?;
        Ok(meta.map(|meta| self.whole(meta.size_bytes, Body::empty())))
    }

    /// A place and memory are taken before anything is read, for as long as the client takes to fetch it.
    async fn opened(
        mut self,
        app: &App,
        client: &Client,
        range: Option<Range<u64>>,
    ) -> Result<Option<Response>, ApiError> {
        if let Some(Held { bytes, room }) = self.read.take() {
            let object = Object::in_memory(&bytes, range.clone())?;
            let seat = Seat { room, place: None };
            return Ok(Some(self.sent(app, object, seat, range)));
        }
        let seat = Seat::take(app, client, &self.key, self.size_bytes).await?;
        let Some(object) = app.objects.open(&self.key, range.clone()).await? else {
            return Ok(None);
        };
        check_size(object.size_bytes, self.size_bytes_max)?;
        Ok(Some(self.sent(app, object, seat, range)))
    }

    fn sent(
        &self,
        app: &App,
        object: Object,
        mut seat: Seat,
        range: Option<Range<u64>>,
    ) -> Response {
        seat.fit(&object);
        let whole_bytes = object.size_bytes;
        let pace = app.config.outflow();
        let body = body(self.key, object, seat, pace, app.metrics.clone());
        match range {
            None => self.whole(whole_bytes, body),
            Some(range) => {
                let end = range.end.min(whole_bytes);
                let place = format!("bytes {}-{}/{whole_bytes}", range.start, end - 1);
                let part = told([
                    (header::CONTENT_RANGE, Some(place)),
                    (
                        header::CONTENT_LENGTH,
                        Some((end - range.start).to_string()),
                    ),
                ]);
                (StatusCode::PARTIAL_CONTENT, part, self.described_as(), body).into_response()
            }
        }
    }

    fn whole(&self, size_bytes: u64, body: Body) -> Response {
        let length = told([(header::CONTENT_LENGTH, Some(size_bytes.to_string()))]);
        (length, self.described_as(), body).into_response()
    }

    const fn described_as(&self) -> [(HeaderName, &'static str); 2] {
        [
            (header::CONTENT_TYPE, self.media_type),
            (header::ACCEPT_RANGES, "bytes"),
        ]
    }
}

impl Seat {
    /// What lies in memory is had without a place. Memory is not held while one is waited for.
    pub(super) async fn take(
        app: &App,
        client: &Client,
        key: &Key,
        size_bytes: u64,
    ) -> Result<Self, ApiError> {
        let place = if app.objects.holds(key).await {
            None
        } else {
            Some(app.image_reads.enter_within(client, PLACE_WAIT_MAX).await?)
        };
        Ok(Self {
            room: room_for(app, client, size_bytes)?,
            place,
        })
    }

    /// Gives back what `object` does not need, now that it is known where it lies.
    fn fit(&mut self, object: &Object) {
        self.room.shrink_to(object.held_bytes);
        if object.is_in_memory {
            self.place = None;
        }
    }
}

/// Room for what an object of this length may hold in memory.
fn room_for(app: &App, client: &Client, size_bytes: u64) -> Result<Taken, ApiError> {
    app.images.take(client, size_bytes.min(IN_MEMORY_BYTES_MAX))
}

/// Refuses an object that is longer than it may be.
pub(super) fn check_size(size_bytes: u64, size_bytes_max: u64) -> Result<(), Error> {
    if size_bytes <= size_bytes_max {
        return Ok(());
    }
    let cause = Cause::TooLong {
        size_bytes,
        size_bytes_max,
    };
    Err(Error::new(Backend::Objects, "open", cause))
}

/// The client was told how long the body is: where the store cannot go on, the connection breaks, and nobody takes what came
/// for the whole. So it does where the client does not keep up the pace.
fn body(key: Key, object: Object, seat: Seat, pace: Outflow, metrics: Metrics) -> Body {
    let (room, place) = (Arc::new(seat.room), seat.place);
    Body::from_stream(pace.of(object.pieces).map(move |piece| match piece {
        Ok(piece) => {
            let _until_the_store_is_done_with = &place;
            Ok(room.hold(piece))
        }
        Err(broken) => {
            note(&key, &broken, &metrics);
            Err(broken)
        }
    }))
}

fn note(key: &Key, broken: &Broken<Error>, metrics: &Metrics) {
    match broken {
        Broken::Store(error) => {
            metrics.backend_error(error);
            warn!(%key, %error, "broke off while {key} was sent: {error}");
        }
        slow @ Broken::Crawling { .. } => info!(%key, "cut while {key} was sent: {slow}"),
    }
}

/// Of these headers, those that have something to say.
fn told<const N: usize>(headers: [(HeaderName, Option<String>); N]) -> HeaderMap {
    let said = headers.into_iter().filter_map(|(name, value)| {
        let value = HeaderValue::try_from(value?).expect("digests and numbers are ASCII");
        Some((name, value))
    });
    said.collect()
}
