//! The page: what `web/dist` holds, inside the binary.

use std::{collections::HashMap, io::Write as _, sync::LazyLock};

use axum::{
    extract::Path,
    response::{IntoResponse as _, Response},
};
use bytes::Bytes;
use flate2::{Compression, write::GzEncoder};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use rust_embed::RustEmbed;
use schemas::Digest;

use crate::{blocking, conditions, error::ApiError, negotiate};

/// Nothing but our own files, and pictures that the page makes itself. No inline script can run, whatever a file's name or
/// a mark's text says.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
    img-src 'self' blob:; font-src 'self'; connect-src 'self'; form-action 'none'; base-uri 'none'; \
    frame-ancestors 'none'";

/// What the page has no use for, so that nobody who gets into it has either.
const PERMISSIONS_POLICY: &str = "camera=(), microphone=(), geolocation=(), display-capture=(), payment=(), usb=(), \
    serial=(), midi=(), screen-wake-lock=()";

/// What every file of the page says of itself.
const SAFETY: [(HeaderName, HeaderValue); 5] = [
    (
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static(CONTENT_SECURITY_POLICY),
    ),
    (
        HeaderName::from_static("permissions-policy"),
        HeaderValue::from_static(PERMISSIONS_POLICY),
    ),
    (
        HeaderName::from_static("cross-origin-opener-policy"),
        HeaderValue::from_static("same-origin"),
    ),
    (
        HeaderName::from_static("cross-origin-resource-policy"),
        HeaderValue::from_static("same-origin"),
    ),
    (
        header::REFERRER_POLICY,
        HeaderValue::from_static("no-referrer"),
    ),
];

/// A build names these by their content.
const FOR_EVER: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");
/// Asked for again each time, so that a new binary's page is seen at once.
const ASKED_AGAIN: HeaderValue = HeaderValue::from_static("no-cache");

#[derive(RustEmbed)]
#[folder = "../web/dist"]
struct Dist;

/// Every file by its path. It is packed when the page is first asked for and not when it is built: what lies in the
/// repository is then text that can be read and compared, and no two versions of a packer can disagree about it.
static PAGE: LazyLock<HashMap<String, File>> = LazyLock::new(|| {
    let paths = Dist::iter().map(|path| path.to_string());
    paths
        .filter_map(|path| Some((path.clone(), File::open(&path)?)))
        .collect()
});

/// A file in the two forms that it is sent in.
struct File {
    media_type: HeaderValue,
    plain: Form,
    /// None where packing does not make it smaller.
    gzip: Option<Form>,
}

/// Bytes and their name: other bytes have another, so each form has one of its own.
#[derive(Clone)]
struct Form {
    bytes: Bytes,
    etag: String,
}

pub(crate) async fn index(headers: HeaderMap) -> Result<Response, ApiError> {
    answer("index.html", ASKED_AGAIN, headers).await
}

pub(crate) async fn icon(headers: HeaderMap) -> Result<Response, ApiError> {
    answer("favicon.svg", ASKED_AGAIN, headers).await
}

/// Of what is bundled into the script.
pub(crate) async fn licenses(headers: HeaderMap) -> Result<Response, ApiError> {
    answer("licenses.md", ASKED_AGAIN, headers).await
}

pub(crate) async fn asset(
    Path(name): Path<String>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    answer(&format!("assets/{name}"), FOR_EVER, headers).await
}

/// Answers with the file, or with 304 to who has it.
async fn answer(path: &str, kept: HeaderValue, asked: HeaderMap) -> Result<Response, ApiError> {
    let page = blocking::run(|| &*PAGE).await;
    let file = page.get(path).ok_or(ApiError::NotFound)?;
    let (form, encoding) = file.form_for(&asked);
    let always = [
        (header::CACHE_CONTROL, kept),
        (
            header::VARY,
            HeaderValue::from_name(header::ACCEPT_ENCODING),
        ),
    ];
    let etag = [(header::ETAG, form.etag.clone())];
    if conditions::none_match(&asked, &form.etag) {
        return Ok((StatusCode::NOT_MODIFIED, always, SAFETY, etag).into_response());
    }
    let media_type = [(header::CONTENT_TYPE, file.media_type.clone())];
    Ok((always, SAFETY, etag, encoding, media_type, form.bytes).into_response())
}

impl File {
    fn open(path: &str) -> Option<Self> {
        let bytes = Bytes::from_owner(Dist::get(path)?.data);
        let digest = Digest::of(&bytes);
        Some(Self {
            media_type: HeaderValue::from_static(media_type(path)),
            gzip: packed(&bytes).map(|bytes| Form::new(bytes, &format!("{digest}-gzip"))),
            plain: Form::new(bytes, &digest.to_string()),
        })
    }

    /// The form that `asked` is answered with, and the header that says so.
    fn form_for(&self, asked: &HeaderMap) -> (Form, Option<[(HeaderName, &'static str); 1]>) {
        match &self.gzip {
            Some(gzip) if negotiate::takes_gzip(asked) => {
                (gzip.clone(), Some([(header::CONTENT_ENCODING, "gzip")]))
            }
            _ => (self.plain.clone(), None),
        }
    }
}

impl Form {
    fn new(bytes: Bytes, name: &str) -> Self {
        Self {
            bytes,
            etag: format!("\"{name}\""),
        }
    }
}

/// The bytes as gzip, where that saves any.
fn packed(bytes: &Bytes) -> Option<Bytes> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).ok()?;
    let packed = encoder.finish().ok()?;
    (packed.len() < bytes.len()).then(|| packed.into())
}

/// Under `nosniff`, a browser takes nothing of a type it did not ask for, so every kind of file that a build makes is named.
fn media_type(path: &str) -> &'static str {
    match path.rsplit_once('.').map(|(_, extension)| extension) {
        Some("html") => "text/html; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("md" | "txt") => "text/plain; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("otf") => "font/otf",
        Some("ttf") => "font/ttf",
        Some("woff2") => "font/woff2",
        _ => UNKNOWN,
    }
}

const UNKNOWN: &str = "application/octet-stream";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_of_the_page_has_a_type_that_browsers_know() {
        for path in Dist::iter() {
            assert_ne!(media_type(&path), UNKNOWN, "{path}");
        }
    }

    #[test]
    fn letters_are_sent_as_a_font() {
        assert_eq!(media_type("assets/mark-B1a2.otf"), "font/otf");
        assert_eq!(media_type("assets/mark-B1a2.ttf"), "font/ttf");
    }

    #[test]
    fn what_packing_does_not_shrink_is_sent_as_it_is() {
        assert_eq!(packed(&Bytes::from_static(b"nws")), None);
    }
}
