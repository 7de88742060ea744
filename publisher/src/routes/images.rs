//! `GET`/`HEAD /image/{id}`: the result's bytes. They never change under their id, so they may be kept for ever.

use std::sync::Arc;

use axum::{Extension, extract::State as AppState, response::Response};
use backends::{
    Key,
    objects::{self, IN_MEMORY_BYTES_MAX, Object},
};
use bytes::Bytes;
use futures::TryStreamExt as _;
use http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use schemas::{Digest, JobId, Picture, State, Status};
use sha2::{Digest as _, Sha256};
use tracing::warn;

use super::{
    PathId,
    transfer::{Asked, Held, Seat, Transfer, check_size},
};
use crate::{app::App, blocking, conditions, error::ApiError, fairness::Client};

/// Where reading needs a credential, `auth::privately` keeps caches that others share out of it.
const CACHE_CONTROL: HeaderValue = HeaderValue::from_static("public, max-age=86400, immutable");
/// A result is a picture and nothing else: opened by itself it may neither load nor run anything, as who it is or as anybody.
/// In an `<img>` it shows as ever.
pub(super) const CONTENT_SECURITY_POLICY: HeaderValue =
    HeaderValue::from_static("default-src 'none'; sandbox");

/// Answers with the image, with a part of it, or with 304 to who has it.
pub(crate) async fn image(
    AppState(app): AppState<Arc<App>>,
    PathId(id): PathId,
    Extension(client): Extension<Client>,
    method: Method,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let state = recorded(&app, &id).await;
    refuse_if_taken_back(state.as_ref())?;
    let asked = Asked {
        client: &client,
        method: &method,
        headers: &headers,
    };
    let known = state.as_ref().and_then(result_of);
    let answer = answer(&app, &id, known, asked).await?;
    answer.ok_or_else(|| absent(state.as_ref()))
}

/// The result of a job that is done, for an upload's answer; `None` where it is gone.
pub(crate) async fn result(
    app: &App,
    client: &Client,
    state: &State,
) -> Result<Option<Response>, ApiError> {
    let whole = Asked {
        client,
        method: &Method::GET,
        headers: &HeaderMap::new(),
    };
    answer(app, &state.job_id, result_of(state), whole).await
}

/// The result, whatever else the record says: it is stored only once it is whole, and its end may not be told yet, or never.
async fn answer(
    app: &App,
    id: &JobId,
    known: Option<&Picture>,
    asked: Asked<'_>,
) -> Result<Option<Response>, ApiError> {
    let transfer = match known {
        Some(picture) => recorded_result(app, id, picture),
        None => match found(app, id, asked).await? {
            Some(transfer) => transfer,
            None => return Ok(None),
        },
    };
    transfer.answer(app, asked, always()).await
}

fn always() -> [(HeaderName, HeaderValue); 2] {
    [
        (header::CACHE_CONTROL, CACHE_CONTROL),
        (header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY),
    ]
}

/// Where the job stands. Records may be away or expired: then the object store alone knows.
async fn recorded(app: &App, id: &JobId) -> Option<State> {
    match app.known.state(app, id).await {
        Ok(state) => state,
        Err(error) => {
            app.metrics.backend_error(&error);
            warn!(job.id = %id, %error, "no record of job {id}, the object store is asked");
            None
        }
    }
}

/// A worker may have stored a result before it heard, or in a life before this one. The record is read anyway, so this
/// costs nothing; while it cannot be read, the object store alone answers.
fn refuse_if_taken_back(state: Option<&State>) -> Result<(), ApiError> {
    match state.map(|state| state.status) {
        Some(status @ Status::Cancelled) => Err(ApiError::NotReady(status)),
        _ => Ok(()),
    }
}

/// The result on record; a job that is done once more remembers its earlier one until then.
fn result_of(state: &State) -> Option<&Picture> {
    let picture = state.picture.as_ref();
    picture.filter(|_| state.status == Status::Done)
}

/// What the record knows of it: nothing has to be read.
fn recorded_result(app: &App, id: &JobId, picture: &Picture) -> Transfer {
    Transfer {
        key: Key::Result(*id),
        size_bytes: picture.size_bytes,
        sha256: Some(picture.sha256),
        media_type: picture.format.media_type(),
        size_bytes_max: app.config.result_bytes_max,
        read: None,
    }
}

/// What the object store alone knows of it. One that fits into memory is read once, for its digest and for the client; a
/// longer one is read for its digest first, piece by piece, unless the store has kept that.
async fn found(app: &App, id: &JobId, asked: Asked<'_>) -> Result<Option<Transfer>, ApiError> {
    let key = Key::Result(*id);
    let Some(meta) = app.objects.head(&key).await? else {
        return Ok(None);
    };
    let size_bytes_max = app.config.result_bytes_max;
    check_size(meta.size_bytes, size_bytes_max)?;
    let seat = Seat::take(app, asked.client, &key, meta.size_bytes).await?;
    let Some(object) = app.objects.open(&key, None).await? else {
        return Ok(None);
    };
    let size_bytes = object.size_bytes;
    let told = object.sha256;
    let (media_type, sha256, read) =
        if size_bytes > IN_MEMORY_BYTES_MAX || asked.method == Method::HEAD {
            let (media_type, sha256) = looked_into(object, asked).await?;
            (media_type, sha256, None)
        } else {
            let bytes = object.collect().await?;
            let sha256 = digest_of(told, &bytes).await;
            let (media_type, room) = (objects::media_type_of(&bytes), seat.room);
            (media_type, Some(sha256), Some(Held { bytes, room }))
        };
    Ok(Some(Transfer {
        key,
        size_bytes,
        sha256,
        media_type,
        size_bytes_max,
        read,
    }))
}

/// The type and the digest of a long result. Who only asks what there is does not have all of it read for a digest, unless the
/// answer depends on it.
async fn looked_into(
    mut object: Object,
    asked: Asked<'_>,
) -> Result<(&'static str, Option<Digest>), ApiError> {
    let first = object.pieces.try_next().await?.unwrap_or_default();
    let media_type = objects::media_type_of(&first);
    let only_asks = asked.method == Method::HEAD && !conditions::ask_for_a_name(asked.headers);
    if object.sha256.is_some() || only_asks {
        return Ok((media_type, object.sha256));
    }
    let mut hash = Sha256::new_with_prefix(&first);
    while let Some(piece) = object.pieces.try_next().await? {
        hash.update(&piece);
    }
    Ok((media_type, Some(Digest::from_bytes(hash.finalize().into()))))
}

fn absent(state: Option<&State>) -> ApiError {
    match state.map(|state| state.status) {
        None | Some(Status::Done) => ApiError::NotFound,
        Some(status) => ApiError::NotReady(status),
    }
}

/// The digest that the store has kept, else that of `bytes`: four mebibytes take milliseconds.
async fn digest_of(told: Option<Digest>, bytes: &Bytes) -> Digest {
    match told {
        Some(digest) => digest,
        None => {
            let bytes = bytes.clone();
            blocking::run(move || Digest::of(&bytes)).await
        }
    }
}
