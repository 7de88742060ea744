//! For which host a request is. HTTP/1.1 has to say so, once, and so that it can be understood (RFC 9112 §3.2): where two
//! readers of the same request may take it to be for different hosts, what the one let through may not be what the other
//! answers.

use axum::{
    extract::Request,
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use http::{HeaderValue, StatusCode, Version, header::HOST, uri::Authority};

use super::close_after;
use crate::error::ApiError;

/// Why a request is for no host of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum AuthorityError {
    #[error("a request says in Host for which host it is, and this one does not")]
    Missing,
    #[error("{count} Host headers came with this request, one is expected")]
    Several { count: usize },
    #[error("this is for no host such as photos.example or photos.example:8443")]
    Malformed,
    #[error("this is for a host that is not here")]
    Elsewhere,
}

impl AuthorityError {
    /// The status, a word for programs, and a title for people.
    pub(crate) const fn kind(self) -> (StatusCode, &'static str, &'static str) {
        match self {
            Self::Missing | Self::Several { .. } | Self::Malformed => {
                (StatusCode::BAD_REQUEST, "host_malformed", "Malformed host")
            }
            Self::Elsewhere => (
                StatusCode::MISDIRECTED_REQUEST,
                "host_elsewhere",
                "Not this host",
            ),
        }
    }

    pub(crate) const fn measured_and_limit(self) -> Option<(u64, u64)> {
        match self {
            Self::Several { count } => Some((count as u64, 1)),
            _ => None,
        }
    }
}

/// Refuses what says badly for which host it is, whatever it asks for. It is the last of its connection: who writes one
/// header wrong may have meant the others to be read in another way too.
pub(crate) async fn well_addressed(request: Request, next: Next) -> Response {
    match authority(&request) {
        Ok(_) => next.run(request).await,
        Err(error) => {
            let mut refused = ApiError::from(error).into_response();
            close_after(refused.headers_mut());
            refused
        }
    }
}

/// The host, and its port where it has one. HTTP/1.0 may leave it out, and so may who passes that on over HTTP/2.
pub(super) fn authority(request: &Request) -> Result<Option<Authority>, AuthorityError> {
    let target = request.uri().authority().cloned();
    if target.as_ref().is_some_and(|target| !is_host(target)) {
        return Err(AuthorityError::Malformed);
    }
    let hosts: Vec<_> = request.headers().get_all(HOST).iter().collect();
    match *hosts {
        [] if request.version() == Version::HTTP_11 => Err(AuthorityError::Missing),
        [] => Ok(target),
        [host] => {
            let host = parsed(host)?;
            Ok(Some(target.unwrap_or(host)))
        }
        _ => Err(AuthorityError::Several { count: hosts.len() }),
    }
}

fn parsed(host: &HeaderValue) -> Result<Authority, AuthorityError> {
    let authority = Authority::try_from(host.as_bytes()).ok();
    authority.filter(is_host).ok_or(AuthorityError::Malformed)
}

/// A host and at most a port: an address for people may name a user before it, a request may not.
fn is_host(authority: &Authority) -> bool {
    let host = authority.host();
    let port = authority.as_str().strip_prefix(host);
    let is_port = |port| matches!(port, "" | ":") || authority.port_u16().is_some();
    !host.is_empty() && port.is_some_and(is_port)
}

#[cfg(test)]
mod tests {
    use axum::body::Body;

    use super::*;

    fn judged(version: Version, target: &str, hosts: &[&str]) -> Result<String, AuthorityError> {
        let mut request = Request::get(target).version(version);
        for host in hosts {
            request = request.header(HOST, host.as_bytes());
        }
        let authority = authority(&request.body(Body::empty()).unwrap())?;
        Ok(authority.map_or_else(String::new, |it| it.to_string()))
    }

    #[test]
    fn a_host_that_is_named_once_is_understood() {
        for host in [
            "a.example",
            "a.example:",
            "a.example:8443",
            "192.0.2.7",
            "[::1]:3000",
        ] {
            assert_eq!(judged(Version::HTTP_11, "/", &[host]).unwrap(), host);
            let target = format!("http://{host}/");
            assert_eq!(judged(Version::HTTP_2, &target, &[]).unwrap(), host);
        }
        let target = "http://a.example/";
        let both = judged(Version::HTTP_11, target, &["b.example"]);
        assert_eq!(both.unwrap(), "a.example", "RFC 9112 §3.2.2");
    }

    #[test]
    fn only_who_speaks_http_1_1_has_to_name_one() {
        let judged = |version| judged(version, "/", &[]);
        assert_eq!(judged(Version::HTTP_11), Err(AuthorityError::Missing));
        assert_eq!(judged(Version::HTTP_10).unwrap(), "");
        assert_eq!(judged(Version::HTTP_2).unwrap(), "");
    }

    #[test]
    fn two_hosts_are_one_too_many_even_if_they_are_the_same() {
        for version in [Version::HTTP_10, Version::HTTP_11, Version::HTTP_2] {
            let judged = judged(version, "/", &["a.example", "a.example"]);
            assert_eq!(judged, Err(AuthorityError::Several { count: 2 }));
        }
    }

    #[test]
    fn what_cannot_be_a_host_is_refused() {
        for host in [
            "", "a b", "a b/c@d", "a@b", "b@b", "a/b", "a,b c", ":80", "a:x", "a:70000", "é",
        ] {
            let judged = judged(Version::HTTP_11, "/", &[host]);
            assert_eq!(judged, Err(AuthorityError::Malformed), "{host}");
        }
        let judged = judged(Version::HTTP_2, "http://a@b/", &[]);
        assert_eq!(judged, Err(AuthorityError::Malformed));
    }
}
