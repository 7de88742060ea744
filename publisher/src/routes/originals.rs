//! `GET`/`HEAD /original/{id}`: the photo that a job was made of, as it was uploaded, for who may have it.

use std::sync::Arc;

use axum::{
    extract::{Request, State as AppState},
    response::Response,
};
use backends::Key;
use engine::Format;
use http::{HeaderName, HeaderValue, header};
use schemas::{Digest, JobId};

use super::{
    PathId,
    images::CONTENT_SECURITY_POLICY,
    transfer::{Asked, Transfer},
};
use crate::{accept::media_type, access, app::App, error::ApiError, fairness::Client};

/// It holds places, cameras and names: no cache keeps it, not even its reader's.
const CACHE_CONTROL: HeaderValue = HeaderValue::from_static("private, no-store");

/// Answers with the original.
pub(crate) async fn original(
    AppState(app): AppState<Arc<App>>,
    PathId(id): PathId,
    request: Request,
) -> Result<Response, ApiError> {
    let (request, _) = request.into_parts();
    access::may_read_original(&app, &request, &id).await?;
    let job = app.results.job(&id).await?.ok_or(ApiError::NotFound)?;
    let found = found(&app, job.original.sha256).await?;
    let (transfer, format) = found.ok_or(ApiError::NotFound)?;
    let asked = Asked {
        client: &Client::known(&request.extensions),
        method: &request.method,
        headers: &request.headers,
    };
    let answer = transfer.answer(&app, asked, always(&id, format)).await?;
    answer.ok_or(ApiError::NotFound)
}

/// The original, and what its first bytes say that it is.
async fn found(app: &App, sha256: Digest) -> Result<Option<(Transfer, Option<Format>)>, ApiError> {
    let key = Key::Original(sha256);
    let magic = 0..Format::MAGIC_BYTES as u64;
    let Some(beginning) = app.objects.open(&key, Some(magic)).await? else {
        return Ok(None);
    };
    let size_bytes = beginning.size_bytes;
    let format = Format::of_bytes(&beginning.collect().await?);
    let transfer = Transfer {
        key,
        size_bytes,
        sha256: Some(sha256),
        media_type: format.map_or("application/octet-stream", media_type),
        // It was taken in, under whatever limit was in force then.
        size_bytes_max: u64::MAX,
        read: None,
    };
    Ok(Some((transfer, format)))
}

/// A stranger's file is saved and never shown: what it pretends to be runs nowhere.
fn always(id: &JobId, format: Option<Format>) -> [(HeaderName, HeaderValue); 3] {
    let name = format!("attachment; filename=\"{id}.{}\"", extension(format));
    let name = HeaderValue::try_from(name).expect("hex digits and letters are ASCII");
    [
        (header::CONTENT_DISPOSITION, name),
        (header::CACHE_CONTROL, CACHE_CONTROL),
        (header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY),
    ]
}

const fn extension(format: Option<Format>) -> &'static str {
    match format {
        Some(Format::Jpeg) => "jpg",
        Some(Format::Png) => "png",
        Some(Format::Webp) => "webp",
        Some(Format::Avif) => "avif",
        Some(Format::Gif) => "gif",
        Some(Format::Tiff) => "tif",
        Some(Format::Bmp) => "bmp",
        Some(Format::Jxl) => "jxl",
        None => "bin",
    }
}
