//! Who comes without TLS is sent to where it is spoken.

use std::sync::Arc;

use axum::{Router, extract::Request, response::IntoResponse as _, response::Response};
use http::{
    HeaderValue, StatusCode, Uri, header,
    uri::{PathAndQuery, Scheme},
};

use super::authority::{AuthorityError, authority};
use crate::error::ApiError;

const HTTPS_PORT: u16 = 443;

/// Where clients are sent.
#[derive(Debug)]
struct There {
    port: u16,
    /// The only hosts that are there; none where nobody said.
    domains: Vec<String>,
}

/// The routes of an address that serves nothing else: everything is at the same host and `port`, if that is one of
/// `domains` or there are none.
pub(super) fn router(port: u16, domains: Vec<String>) -> Router {
    let there = Arc::new(There { port, domains });
    Router::new().fallback(async move |request: Request| there.sent_to(&request))
}

impl There {
    /// 308 keeps the method: an upload is sent there as an upload. No cache keeps it: it repeats what a client said, who
    /// may have said it so that others are sent there too.
    fn sent_to(&self, request: &Request) -> Response {
        let location = match self.secured(request) {
            Ok(location) => location.to_string(),
            Err(error) => return ApiError::from(error).into_response(),
        };
        let location = HeaderValue::try_from(location).expect("a URI is ASCII");
        let fresh = HeaderValue::from_static("no-store");
        let headers = [(header::LOCATION, location), (header::CACHE_CONTROL, fresh)];
        (StatusCode::PERMANENT_REDIRECT, headers).into_response()
    }

    /// The same address with TLS.
    fn secured(&self, request: &Request) -> Result<Uri, AuthorityError> {
        let asked = authority(request)?.ok_or(AuthorityError::Missing)?;
        if !self.is_here(asked.host()) {
            return Err(AuthorityError::Elsewhere);
        }
        let authority = match self.port {
            HTTPS_PORT => asked.host().to_owned(),
            port => format!("{}:{port}", asked.host()),
        };
        let path = request.uri().path_and_query().cloned();
        Uri::builder()
            .scheme(Scheme::HTTPS)
            .authority(authority)
            .path_and_query(path.unwrap_or_else(|| PathAndQuery::from_static("/")))
            .build()
            .map_err(|_| AuthorityError::Malformed)
    }

    fn is_here(&self, host: &str) -> bool {
        let host = host.strip_suffix('.').unwrap_or(host);
        let mut domains = self.domains.iter();
        self.domains.is_empty() || domains.any(|domain| domain.eq_ignore_ascii_case(host))
    }
}

#[cfg(test)]
mod tests {
    use axum::body::Body;

    use super::*;

    fn sent(uri: &str, host: &str, port: u16, domains: &[&str]) -> Response {
        let domains = domains.iter().map(ToString::to_string).collect();
        let request = Request::get(uri).header("host", host).body(Body::empty());
        There { port, domains }.sent_to(&request.unwrap())
    }

    fn location(uri: &str, host: &str, port: u16) -> String {
        let sent = sent(uri, host, port, &[]);
        assert_eq!(
            (sent.status(), &sent.headers()["cache-control"]),
            (StatusCode::PERMANENT_REDIRECT, &"no-store".parse().unwrap())
        );
        sent.headers()["location"].to_str().unwrap().to_owned()
    }

    #[test]
    fn host_path_and_query_stay_and_the_port_is_that_of_https() {
        let expected = "https://a.example/image/1?x=y";
        let asked = location("/image/1?x=y", "a.example:8080", 443);
        assert_eq!(asked, expected);
        let asked = location("http://a.example:8080/image/1?x=y", "a.example:8080", 443);
        assert_eq!(asked, expected);
        assert_eq!(location("/", "[::1]:3000", 3001), "https://[::1]:3001/");
    }

    #[test]
    fn what_is_no_host_sends_nobody_anywhere() {
        for host in ["", "a b", "a@b", "user:secret@evil.example"] {
            let sent = sent("/", host, 443, &[]);
            assert_eq!(sent.status(), StatusCode::BAD_REQUEST, "{host}");
            assert!(!sent.headers().contains_key("location"));
        }
    }

    #[test]
    fn where_domains_are_known_nobody_is_sent_elsewhere() {
        let status = |host: &str| sent("/", host, 443, &["a.example", "b.example"]).status();
        for host in ["a.example", "B.example:80", "b.example."] {
            assert_eq!(status(host), StatusCode::PERMANENT_REDIRECT, "{host}");
        }
        for host in ["evil.example", "c.a.example", "192.0.2.7"] {
            assert_eq!(status(host), StatusCode::MISDIRECTED_REQUEST, "{host}");
        }
    }
}
