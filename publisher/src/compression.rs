//! Text is packed on its way out where the client takes that: JSON, problems, metrics.
//!
//! Pictures are packed already, and events must not wait for a packer. What has a name for its bytes, as the page has, brings
//! its packed form along under a name of its own.

use axum::{extract::Request, middleware::Next, response::Response};
use http::{Extensions, HeaderMap, StatusCode, Version, header};
use tower_http::compression::{
    CompressionLayer, Predicate as _,
    predicate::{And, SizeAbove},
};

use crate::negotiate;

/// Shorter answers are sent as they are: they fit into one packet either way.
const PACKED_BYTES_MIN: u64 = 1024;

/// Whether an answer with these headers is packed.
type IsPacked = fn(StatusCode, Version, &HeaderMap, &Extensions) -> bool;

/// Packs text, in the coding that the client weighs most.
pub(crate) fn layer() -> CompressionLayer<And<SizeAbove, IsPacked>> {
    let is_packed: IsPacked =
        |_, _, headers, _| is_text(headers) && !headers.contains_key(header::ETAG);
    CompressionLayer::new().compress_when(SizeAbove::new(PACKED_BYTES_MIN).and(is_packed))
}

/// Leaves out an `Accept-Encoding` that nothing could meet. RFC 9110 §12.5.3 lets us answer without a coding then; the layer
/// would write 406 over an answer of whatever was done already.
pub(crate) async fn only_what_can_be_had(mut request: Request, next: Next) -> Response {
    if !negotiate::takes_any_coding(request.headers()) {
        request.headers_mut().remove(header::ACCEPT_ENCODING);
    }
    next.run(request).await
}

fn is_text(headers: &HeaderMap) -> bool {
    let media_type = headers.get(header::CONTENT_TYPE);
    let media_type = media_type
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let media_type = media_type.split(';').next().unwrap_or_default().trim();
    match media_type {
        "text/event-stream" => false,
        "application/json" => true,
        other => other.starts_with("text/") || other.ends_with("+json"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_packed_and_pictures_and_events_are_not() {
        for (media_type, packed) in [
            ("application/json", true),
            ("application/problem+json", true),
            ("text/plain; version=0.0.4; charset=utf-8", true),
            ("text/markdown", true),
            ("text/event-stream", false),
            ("text/event-stream; charset=utf-8", false),
            ("image/jpeg", false),
            ("image/png", false),
            ("application/octet-stream", false),
            ("", false),
        ] {
            let headers =
                HeaderMap::from_iter([(header::CONTENT_TYPE, media_type.parse().unwrap())]);
            assert_eq!(is_text(&headers), packed, "{media_type}");
        }
    }
}
