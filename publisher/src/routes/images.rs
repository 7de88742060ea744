//! `GET`/`HEAD /image/{id}`: the result's bytes. They never change under their id, so they may be kept for ever.

use std::sync::Arc;

use axum::{
    extract::State as AppState,
    response::{IntoResponse as _, Response},
};
use backends::{Key, objects};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, StatusCode, header};
use schemas::{Digest, JobId, State, Status};
use tracing::warn;

use super::PathId;
use crate::{app::App, blocking, error::ApiError, negotiate};

const CACHE_CONTROL: &str = "public, max-age=86400, immutable";

/// Answers with the image, or with 304 to who has it.
pub(crate) async fn image(
    AppState(app): AppState<Arc<App>>,
    PathId(id): PathId,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let known = digest(&app, &id).await?;
    if let Some(etag) = known.map(etag)
        && negotiate::none_match(&headers, &etag)
    {
        return Ok(not_modified(etag));
    }
    let bytes = bytes(&app, &id).await?.ok_or(ApiError::NotFound)?;
    let etag = etag(digest_of(known, &bytes).await);
    if negotiate::none_match(&headers, &etag) {
        return Ok(not_modified(etag));
    }
    Ok(whole(bytes, etag))
}

/// The result of a job that is done, for an upload's answer; `None` where it is gone.
pub(crate) async fn result(app: &App, state: &State) -> Result<Option<Response>, ApiError> {
    let Some(bytes) = bytes(app, &state.job_id).await? else {
        return Ok(None);
    };
    let known = state.picture.as_ref().map(|picture| picture.sha256);
    let etag = etag(digest_of(known, &bytes).await);
    Ok(Some(whole(bytes, etag)))
}

/// The digest on record, else that of `bytes`: a long result takes a tenth of a second.
async fn digest_of(known: Option<Digest>, bytes: &Bytes) -> Digest {
    match known {
        Some(digest) => digest,
        None => {
            let bytes = bytes.clone();
            blocking::run(move || Digest::of(&bytes)).await
        }
    }
}

/// The digest on record. Records may be away or expired: then the object store alone knows.
async fn digest(app: &App, id: &JobId) -> Result<Option<Digest>, ApiError> {
    match app.results.record(id).await {
        Ok(Some(record)) => {
            let state = record.event.state;
            if state.status != Status::Done {
                return Err(ApiError::NotReady(state.status));
            }
            Ok(state.picture.map(|picture| picture.sha256))
        }
        Ok(None) => Ok(None),
        Err(error) => {
            app.metrics.backend_error(&error);
            warn!(job.id = %id, %error, "no record of job {id}, the object store is asked");
            Ok(None)
        }
    }
}

async fn bytes(app: &App, id: &JobId) -> Result<Option<Bytes>, ApiError> {
    let limit = app.config.result_bytes_max;
    Ok(app.objects.get(&Key::Result(*id), limit).await?)
}

fn etag(digest: Digest) -> String {
    format!("\"{digest}\"")
}

fn not_modified(etag: String) -> Response {
    (StatusCode::NOT_MODIFIED, lasting(etag)).into_response()
}

fn whole(bytes: Bytes, etag: String) -> Response {
    let media_type = [(header::CONTENT_TYPE, objects::media_type_of(&bytes))];
    (lasting(etag), media_type, bytes).into_response()
}

fn lasting(etag: String) -> [(HeaderName, String); 2] {
    [
        (header::ETAG, etag),
        (header::CACHE_CONTROL, CACHE_CONTROL.to_owned()),
    ]
}
