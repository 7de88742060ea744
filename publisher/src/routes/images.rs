//! `GET`/`HEAD /image/{id}`: the result's bytes. They never change under their id, so they may be kept for ever.

use std::sync::Arc;

use axum::{
    extract::State as AppState,
    response::{IntoResponse as _, Response},
};
use backends::{Key, objects};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, StatusCode, header};
use schemas::{Digest, JobId, Picture, State, Status};
use tracing::warn;

use super::PathId;
use crate::{app::App, blocking, error::ApiError, negotiate};

const CACHE_CONTROL: &str = "public, max-age=86400, immutable";
/// A result is a picture and nothing else: opened by itself it may neither load nor run anything, as who it is or as anybody.
/// In an `<img>` it shows as ever.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; sandbox";

/// Answers with the image, or with 304 to who has it.
pub(crate) async fn image(
    AppState(app): AppState<Arc<App>>,
    PathId(id): PathId,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let state = recorded(&app, &id).await;
    refuse_if_taken_back(state.as_ref())?;
    let known = state.as_ref().and_then(result_of);
    if let Some(etag) = known.map(|picture| etag(picture.sha256))
        && negotiate::none_match(&headers, &etag)
    {
        return Ok(not_modified(etag));
    }
    let bytes = bytes(&app, &id, known).await?;
    let bytes = bytes.ok_or_else(|| absent(state.as_ref()))?;
    let etag = etag(digest_of(known, &bytes).await);
    if negotiate::none_match(&headers, &etag) {
        return Ok(not_modified(etag));
    }
    Ok(whole(bytes, etag))
}

/// The result of a job that is done, for an upload's answer; `None` where it is gone.
pub(crate) async fn result(app: &App, state: &State) -> Result<Option<Response>, ApiError> {
    let known = result_of(state);
    let Some(bytes) = bytes(app, &state.job_id, known).await? else {
        return Ok(None);
    };
    let etag = etag(digest_of(known, &bytes).await);
    Ok(Some(whole(bytes, etag)))
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

/// The result, whatever else the record says: it is stored only once it is whole, and its end may not be told yet, or never.
/// Memory is taken before it is read, for as long as a client takes to fetch it.
async fn bytes(app: &App, id: &JobId, known: Option<&Picture>) -> Result<Option<Bytes>, ApiError> {
    let key = Key::Result(*id);
    let size_bytes = match known {
        Some(picture) => Some(picture.size_bytes),
        None => app.objects.head(&key).await?.map(|meta| meta.size_bytes),
    };
    let Some(size_bytes) = size_bytes else {
        return Ok(None);
    };
    let size_bytes_max = app.config.result_bytes_max;
    let room = app.images.take(size_bytes.min(size_bytes_max))?;
    let bytes = app.objects.get(&key, size_bytes_max).await?;
    Ok(bytes.map(|bytes| room.hold(bytes)))
}

fn absent(state: Option<&State>) -> ApiError {
    match state.map(|state| state.status) {
        None | Some(Status::Done) => ApiError::NotFound,
        Some(status) => ApiError::NotReady(status),
    }
}

/// The digest on record, else that of `bytes`: a long result takes a tenth of a second.
async fn digest_of(known: Option<&Picture>, bytes: &Bytes) -> Digest {
    match known {
        Some(picture) => picture.sha256,
        None => {
            let bytes = bytes.clone();
            blocking::run(move || Digest::of(&bytes)).await
        }
    }
}

fn etag(digest: Digest) -> String {
    format!("\"{digest}\"")
}

fn not_modified(etag: String) -> Response {
    (StatusCode::NOT_MODIFIED, lasting(etag)).into_response()
}

fn whole(bytes: Bytes, etag: String) -> Response {
    let safe = [
        (header::CONTENT_TYPE, objects::media_type_of(&bytes)),
        (header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY),
    ];
    (lasting(etag), safe, bytes).into_response()
}

fn lasting(etag: String) -> [(HeaderName, String); 2] {
    [
        (header::ETAG, etag),
        (header::CACHE_CONTROL, CACHE_CONTROL.to_owned()),
    ]
}
