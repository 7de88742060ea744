//! Which pages may change something where nobody has to say who they are.
//!
//! Any page may have its visitor's browser send a form here: that takes no leave, and no credential where none is asked for.
//! A browser says from where it comes, and no script can change that: in `Sec-Fetch-Site`, or, before 2023 and where a
//! server is neither on this machine nor behind TLS, in `Origin`. Who says neither is no browser.

use http::{HeaderMap, HeaderValue, Method, Uri, header::ORIGIN, request::Parts, uri::Authority};

use super::{credential, denied::Denied, hosts};

/// Whether `request` only reads, or comes from a page that may do more: one of ours, or of `origins`.
pub(super) fn check(request: &Parts, origins: &[HeaderValue]) -> Result<(), Denied> {
    let headers = &request.headers;
    let only_reads = matches!(request.method, Method::GET | Method::HEAD | Method::OPTIONS);
    let is_listed = || headers.get(ORIGIN).is_some_and(|it| origins.contains(it));
    if only_reads || brings_credential(headers) || is_from_here(request) || is_listed() {
        Ok(())
    } else {
        Err(Denied::OtherSite)
    }
}

/// A form cannot bring one, and a script of another site has to ask first. What a browser adds by itself (`Basic`) is none of
/// ours.
fn brings_credential(headers: &HeaderMap) -> bool {
    !matches!(credential::presented(headers), Ok(None))
}

fn is_from_here(request: &Parts) -> bool {
    let headers = &request.headers;
    match (headers.get("sec-fetch-site"), headers.get(ORIGIN)) {
        (Some(site), _) => site == "same-origin" || site == "none",
        (None, Some(origin)) => is_own(origin, request),
        (None, None) => true,
    }
}

/// Whether `origin` is where `request` went. A proxy may have taken TLS away on the way, so its scheme does not count.
fn is_own(origin: &HeaderValue, request: &Parts) -> bool {
    let origin = Uri::try_from(origin.as_bytes()).unwrap_or_default();
    let Some(page) = origin.authority() else {
        return false; // `null`: the browser does not tell
    };
    let usual_port = match origin.scheme_str() {
        Some("https") => 443,
        _ => 80,
    };
    let port = |authority: &Authority| authority.port_u16().unwrap_or(usual_port);
    let asked = hosts::asked(request).into_iter();
    let mut asked = asked.filter_map(|name| name.parse::<Authority>().ok());
    asked.any(|own| own.host().eq_ignore_ascii_case(page.host()) && port(&own) == port(page))
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;

    fn may(method: &str, host: &str, headers: &[(&str, &str)]) -> bool {
        let mut request = Request::builder()
            .method(method)
            .uri("/upload")
            .header("host", host);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let (parts, ()) = request.body(()).unwrap().into_parts();
        let listed = [HeaderValue::from_static("https://shop.example")];
        check(&parts, &listed).is_ok()
    }

    #[test]
    fn a_browser_says_from_where_it_comes() {
        let sent = |site: &str| may("POST", "localhost:3000", &[("sec-fetch-site", site)]);
        assert!(sent("same-origin") && sent("none"));
        assert!(!sent("cross-site") && !sent("same-site") && !sent(""));
        let theirs = [
            ("sec-fetch-site", "cross-site"),
            ("origin", "https://shop.example"),
        ];
        assert!(may("POST", "localhost:3000", &theirs), "it is listed");
    }

    #[test]
    fn an_older_browser_says_its_origin_and_that_is_the_host() {
        let sent = |host: &str, origin: &str| may("DELETE", host, &[("origin", origin)]);
        assert!(sent("192.0.2.7:3000", "http://192.0.2.7:3000"));
        assert!(sent("Photos.example", "https://photos.example"));
        assert!(sent("photos.example:443", "https://photos.example"));
        assert!(sent("localhost:3000", "https://shop.example"), "listed");
        for origin in [
            "http://evil.example",
            "http://192.0.2.7",
            "http://192.0.2.7:3001",
            "http://evil.example@192.0.2.7:3001",
            "null",
            "",
        ] {
            assert!(!sent("192.0.2.7:3000", origin), "{origin}");
        }
    }

    #[test]
    fn who_only_reads_is_no_browser_or_brings_a_credential_is_not_asked() {
        let there = ("sec-fetch-site", "cross-site");
        for method in ["GET", "HEAD", "OPTIONS"] {
            assert!(may(method, "localhost", &[there]), "{method}");
        }
        assert!(may("POST", "localhost", &[]));
        assert!(may("POST", "localhost", &[there, ("x-api-key", "nws_a")]));
        let basic = ("authorization", "Basic dTpw");
        assert!(!may("POST", "localhost", &[there, basic]));
    }
}
