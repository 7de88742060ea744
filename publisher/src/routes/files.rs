//! Files of pages, inside the binary: named by what they hold, packed once, and sent as they are or not again.

use std::io::Write as _;

use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use flate2::{Compression, write::GzEncoder};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use schemas::Digest;

use crate::{conditions, negotiate};

/// What no page of ours has a use for, so that nobody who gets into it has either.
const PERMISSIONS_POLICY: &str = "camera=(), microphone=(), geolocation=(), display-capture=(), payment=(), usb=(), \
    serial=(), midi=(), screen-wake-lock=()";

/// What every file says of itself, besides what it may load and run.
const SAFETY: [(HeaderName, HeaderValue); 4] = [
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
pub(super) const FOR_EVER: HeaderValue =
    HeaderValue::from_static("public, max-age=31536000, immutable");
/// Asked for again each time, so that a new binary's page is seen at once.
pub(super) const ASKED_AGAIN: HeaderValue = HeaderValue::from_static("no-cache");

/// A file in the two forms that it is kept in.
pub(super) struct File {
    media_type: HeaderValue,
    plain: Form,
    /// None where packing does not make it smaller.
    gzip: Option<Form>,
}

/// Bytes and their name: other bytes have another, so each form has one of its own.
#[derive(Clone)]
struct Form {
    bytes: Bytes,
    /// None where they are packed on their way out: nobody knows then what they will be.
    etag: Option<String>,
}

impl File {
    /// The file of this name. Under `nosniff`, a browser takes nothing of a type it did not ask for.
    pub(super) fn new(bytes: Bytes, name: &str) -> Self {
        let digest = Digest::of(&bytes);
        let media_type = media_type(name).unwrap_or("application/octet-stream");
        Self {
            media_type: HeaderValue::from_static(media_type),
            gzip: packed(&bytes).map(|bytes| Form::new(bytes, &format!("{digest}-gzip"))),
            plain: Form::new(bytes, &digest.to_string()),
        }
    }

    /// Answers with the file, or with 304 to who has it. It may load and run what `policy` says.
    pub(super) fn answer(
        &self,
        kept: HeaderValue,
        policy: HeaderValue,
        asked: &HeaderMap,
    ) -> Response {
        let (form, encoding) = self.form_for(asked);
        let vary = HeaderValue::from_name(header::ACCEPT_ENCODING);
        let always = [
            (header::CACHE_CONTROL, kept),
            (header::VARY, vary),
            (header::CONTENT_SECURITY_POLICY, policy),
        ];
        let etag = form.etag.as_ref();
        let is_known = etag.is_some_and(|etag| conditions::none_match(asked, etag));
        let etag = form.etag.map(|etag| [(header::ETAG, etag)]);
        if is_known {
            return (StatusCode::NOT_MODIFIED, always, SAFETY, etag, ()).into_response();
        }
        let media_type = [(header::CONTENT_TYPE, self.media_type.clone())];
        (always, SAFETY, etag, encoding, media_type, form.bytes).into_response()
    }

    /// The form that `asked` is answered with, and the header that says so.
    fn form_for(&self, asked: &HeaderMap) -> (Form, Option<[(HeaderName, &'static str); 1]>) {
        match &self.gzip {
            Some(gzip) if negotiate::takes_coding(asked, "gzip") => {
                (gzip.clone(), Some([(header::CONTENT_ENCODING, "gzip")]))
            }
            Some(_) if takes_another(asked) => (self.plain.clone().without_name(), None),
            _ => (self.plain.clone(), None),
        }
    }
}

/// Whether `asked` takes a coding that we keep no file in. Every browser takes gzip, so that such a client is rare, and may have
/// it packed for it: `compression` packs text that has no name.
fn takes_another(asked: &HeaderMap) -> bool {
    let mut others = ["br", "zstd"].into_iter();
    others.any(|coding| negotiate::takes_coding(asked, coding))
}

impl Form {
    fn new(bytes: Bytes, name: &str) -> Self {
        Self {
            bytes,
            etag: Some(format!("\"{name}\"")),
        }
    }

    fn without_name(self) -> Self {
        Self { etag: None, ..self }
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
pub(super) fn media_type(path: &str) -> Option<&'static str> {
    Some(
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
            Some("json") => "application/json",
            _ => return None,
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_are_sent_as_a_font() {
        assert_eq!(media_type("assets/mark-B1a2.otf"), Some("font/otf"));
        assert_eq!(media_type("assets/mark-B1a2.ttf"), Some("font/ttf"));
    }

    #[test]
    fn what_packing_does_not_shrink_is_sent_as_it_is() {
        assert_eq!(packed(&Bytes::from_static(b"nws")), None);
    }
}
