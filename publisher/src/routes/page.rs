//! The page: what `web/dist` holds, inside the binary.

use std::borrow::Cow;

use axum::{
    extract::Path,
    response::{IntoResponse, Response},
};
use http::{HeaderValue, header};
use rust_embed::{EmbeddedFile, RustEmbed};

use crate::error::ApiError;

/// Nothing but our own files, and pictures that the page makes itself. No inline script can run, whatever a file's name or
/// a mark's text says.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
    img-src 'self' blob:; font-src 'self'; connect-src 'self'; form-action 'none'; base-uri 'none'; \
    frame-ancestors 'none'";

/// A build names these by their content.
const FOR_EVER: &str = "public, max-age=31536000, immutable";
/// Asked for again each time, so that a new binary's page is seen at once.
const ASKED_AGAIN: &str = "no-cache";

#[derive(RustEmbed)]
#[folder = "../web/dist"]
struct Page;

pub(crate) async fn index() -> Result<Response, ApiError> {
    file("index.html", ASKED_AGAIN)
}

pub(crate) async fn icon() -> Result<Response, ApiError> {
    file("favicon.svg", ASKED_AGAIN)
}

pub(crate) async fn asset(Path(name): Path<String>) -> Result<Response, ApiError> {
    file(&format!("assets/{name}"), FOR_EVER)
}

fn file(path: &str, kept: &'static str) -> Result<Response, ApiError> {
    let EmbeddedFile { data, metadata } = Page::get(path).ok_or(ApiError::NotFound)?;
    let media_type = HeaderValue::from_str(metadata.mimetype()).map_err(|_| ApiError::NotFound)?;
    let headers = [
        (header::CONTENT_TYPE, media_type),
        (header::CACHE_CONTROL, HeaderValue::from_static(kept)),
        (
            header::CONTENT_SECURITY_POLICY,
            HeaderValue::from_static(CONTENT_SECURITY_POLICY),
        ),
        (
            header::REFERRER_POLICY,
            HeaderValue::from_static("no-referrer"),
        ),
    ];
    let body = match data {
        Cow::Borrowed(bytes) => bytes.into_response(),
        Cow::Owned(bytes) => bytes.into_response(),
    };
    Ok((headers, body).into_response())
}
