//! Who comes without TLS is sent to where it is spoken.

use axum::{Router, extract::Request, response::IntoResponse as _, response::Response};
use http::{
    HeaderValue, StatusCode, Uri, header,
    uri::{Authority, PathAndQuery, Scheme},
};

use crate::error::ApiError;

const HTTPS_PORT: u16 = 443;

/// The routes of an address that serves nothing else.
pub(super) fn router(port: u16) -> Router {
    Router::new().fallback(async move |request: Request| sent_on(&request, port))
}

/// 308 keeps the method: an upload is sent there as an upload.
fn sent_on(request: &Request, port: u16) -> Response {
    let Some(location) = secured(request, port) else {
        let problem = "the request does not say which host it is for".to_owned();
        return ApiError::Malformed(problem).into_response();
    };
    let location = HeaderValue::try_from(location.to_string()).expect("a URI is ASCII");
    let headers = [(header::LOCATION, location)];
    (StatusCode::PERMANENT_REDIRECT, headers).into_response()
}

/// The same address with TLS. HTTP/1 names the host in a header, HTTP/2 in the address.
fn secured(request: &Request, port: u16) -> Option<Uri> {
    let uri = request.uri();
    let asked: Authority = match uri.authority() {
        Some(authority) => authority.clone(),
        None => request
            .headers()
            .get(header::HOST)?
            .to_str()
            .ok()?
            .parse()
            .ok()?,
    };
    let authority = match port {
        HTTPS_PORT => asked.host().to_owned(),
        port => format!("{}:{port}", asked.host()),
    };
    let path = uri.path_and_query().cloned();
    Uri::builder()
        .scheme(Scheme::HTTPS)
        .authority(authority)
        .path_and_query(path.unwrap_or_else(|| PathAndQuery::from_static("/")))
        .build()
        .ok()
}

#[cfg(test)]
mod tests {
    use axum::body::Body;

    use super::*;

    fn location(uri: &str, host: &str, port: u16) -> Option<String> {
        let request = Request::get(uri).header("host", host).body(Body::empty());
        secured(&request.unwrap(), port).map(|uri| uri.to_string())
    }

    #[test]
    fn host_path_and_query_stay_and_the_port_is_that_of_https() {
        let expected = "https://a.example/image/1?x=y";
        let asked = location("/image/1?x=y", "a.example:8080", 443);
        assert_eq!(asked.unwrap(), expected);
        let asked = location("http://a.example:8080/image/1?x=y", "", 443);
        assert_eq!(asked.unwrap(), expected);
        assert_eq!(
            location("/", "[::1]:3000", 3001).unwrap(),
            "https://[::1]:3001/"
        );
        assert_eq!(location("/", "a b", 443), None);
    }
}
