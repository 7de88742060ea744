//! Which pages of other origins may ask (the Fetch standard's CORS).
//!
//! Nothing here reads a cookie: a page brings its credential in a header of its own. So `Access-Control-Allow-Credentials`
//! is never said, and a page gets no more than its user gave it. Origins are named one by one, never `*`: who lists none lets
//! no other page read an answer.

use std::time::Duration;

use axum::{
    Router,
    extract::{MatchedPath, Request, State},
    middleware::{Next, from_fn_with_state},
    response::{IntoResponse as _, Response},
};
use http::{
    HeaderName, HeaderValue, Method, Uri,
    header::{
        ACCEPT, ACCESS_CONTROL_REQUEST_METHOD, AUTHORIZATION, CONTENT_TYPE, ETAG, IF_MATCH,
        IF_NONE_MATCH, LOCATION, ORIGIN, RANGE, RETRY_AFTER,
    },
};
use tower::ServiceExt as _;
use tower_http::cors::{AllowOrigin, CorsLayer};

/// How long a browser remembers what it may. 2 h: no browser remembers longer.
const REMEMBERED: Duration = Duration::from_secs(2 * 60 * 60);

/// Origins at once. 100: more are no list any more.
const ORIGINS_MAX: usize = 100;

/// A list of origins that is none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum OriginError {
    #[error("{0:?} is no origin such as https://shop.example or http://localhost:5173")]
    NotOne(String),
    #[error("{0} origins, the limit is {ORIGINS_MAX}")]
    TooMany(usize),
}

/// The same routes, that tell pages of `origins` what they may; where there are none, no page is told anything.
pub(super) fn told_to(origins: Vec<HeaderValue>, routes: Router) -> Router {
    if origins.is_empty() {
        return routes;
    }
    let untold = routes.clone();
    let routes = routes.layer(layer(origins));
    routes.layer(from_fn_with_state(untold, pass_by))
}

/// The layer takes every `OPTIONS` for a preflight, and answers it for a path that there is not, too.
async fn pass_by(State(untold): State<Router>, mut request: Request, next: Next) -> Response {
    let headers = request.headers();
    let is_preflight = [ORIGIN, ACCESS_CONTROL_REQUEST_METHOD]
        .iter()
        .all(|name| headers.contains_key(name));
    if request.method() == Method::OPTIONS && !is_preflight {
        // A router within a router takes the path that was matched for the beginning of its own.
        request.extensions_mut().remove::<MatchedPath>();
        return untold.oneshot(request).await.into_response();
    }
    next.run(request).await
}

fn layer(origins: Vec<HeaderValue>) -> CorsLayer {
    CorsLayer::new()
        .allow_methods([Method::GET, Method::HEAD, Method::POST, Method::DELETE])
        .allow_headers(asked())
        .expose_headers(told())
        .max_age(REMEMBERED)
        .allow_origin(AllowOrigin::list(origins))
}

/// What a page may send.
fn asked() -> [HeaderName; 11] {
    [
        ACCEPT,
        AUTHORIZATION,
        CONTENT_TYPE,
        IF_MATCH,
        IF_NONE_MATCH,
        RANGE,
        HeaderName::from_static("if-range"),
        HeaderName::from_static("last-event-id"),
        HeaderName::from_static("prefer"),
        HeaderName::from_static("x-api-key"),
        HeaderName::from_static("x-request-id"),
    ]
}

/// What a page may read besides what it always may.
fn told() -> [HeaderName; 9] {
    [
        ETAG,
        LOCATION,
        RETRY_AFTER,
        HeaderName::from_static("content-range"),
        HeaderName::from_static("preference-applied"),
        HeaderName::from_static("ratelimit"),
        HeaderName::from_static("ratelimit-policy"),
        HeaderName::from_static("x-cache"),
        HeaderName::from_static("x-request-id"),
    ]
}

/// The origins of a list with white space or commas between them, as browsers spell them.
pub(super) fn origins(list: &str) -> Result<Vec<HeaderValue>, OriginError> {
    let words = list.split([' ', '\t', '\n', '\r', ',']);
    let words = words.filter(|word| !word.is_empty());
    let origins =
        words.map(|word| origin(word).ok_or_else(|| OriginError::NotOne(word.to_owned())));
    let origins = origins.collect::<Result<Vec<_>, _>>()?;
    if origins.len() > ORIGINS_MAX {
        return Err(OriginError::TooMany(origins.len()));
    }
    Ok(origins)
}

/// A scheme, a host and a port where it is not the usual one, in lower case and with no slash after it. Anything else is never
/// what a browser says, and would let nobody in.
fn origin(word: &str) -> Option<HeaderValue> {
    let uri: Uri = word.parse().ok()?;
    let (scheme, authority) = (uri.scheme_str()?, uri.authority()?);
    let usual_port = if scheme == "https" { 443 } else { 80 };
    let is_one = matches!(scheme, "http" | "https")
        && word == format!("{scheme}://{authority}")
        && !word.contains(|char: char| char.is_ascii_uppercase() || matches!(char, '@' | '*'))
        && authority.port_u16() != Some(usual_port);
    is_one.then(|| HeaderValue::from_str(word).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_what_a_browser_says() {
        for origin in [
            "https://shop.example",
            "http://localhost:5173",
            "http://[::1]:3000",
        ] {
            assert_eq!(origins(origin).unwrap(), [origin]);
        }
        assert_eq!(
            origins("https://a.example, https://b.example\n")
                .unwrap()
                .len(),
            2
        );
        assert!(origins(" ").unwrap().is_empty());
    }

    #[test]
    fn what_no_browser_says_is_refused_by_name() {
        for word in [
            "*",
            "null",
            "shop.example",
            "https://shop.example/",
            "https://shop.example/page",
            "https://*.example",
            "https://Shop.example",
            "https://shop.example:443",
            "https://user@shop.example",
            "ftp://shop.example",
        ] {
            let error = origins(word).unwrap_err();
            assert_eq!(error, OriginError::NotOne(word.to_owned()));
        }
    }
}
