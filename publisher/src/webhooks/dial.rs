//! The only way to a target: a connection goes to an address that was looked at, and nowhere from there.
//!
//! A name is resolved here, and what is handed to the connection is what was checked: there is no second look-up that could
//! answer otherwise (DNS rebinding). Redirects and proxies are not followed, and nothing of an answer but its head is read.

use std::{error::Error as _, net::SocketAddr, sync::Arc, time::Duration};

use backends::clock::now_ms;
use http::{HeaderMap, header::RETRY_AFTER};
use reqwest::{
    Client, ClientBuilder, RequestBuilder, Response,
    dns::{Addrs, Name, Resolve, Resolving},
    redirect,
};
use tokio::net::lookup_host;

use super::{
    fate::Answer,
    networks::{Networks, Wire},
    target::Target,
};

const USER_AGENT: &str = concat!("nws-watermark/", env!("CARGO_PKG_VERSION"));

/// Connections that are kept to a host for its next message. One: most hosts get one message at a time.
const IDLE_MAX: usize = 1;

/// Makes connections to targets.
#[derive(Debug)]
pub(super) struct Dialler {
    https: Client,
    http: Client,
}

impl Dialler {
    /// One that waits so long for a whole attempt.
    pub(super) fn new(networks: &Arc<Networks>, timeout: Duration) -> reqwest::Result<Self> {
        let client = |wire| {
            let networks = Arc::clone(networks);
            builder(timeout).dns_resolver(Arc::new(Checked { networks, wire }))
        };
        Ok(Self {
            https: client(Wire::Https).https_only(true).build()?,
            http: client(Wire::Http).build()?,
        })
    }

    /// A message to `target`. An address that the URL holds itself was looked at when it became a target.
    pub(super) fn post(&self, target: &Target) -> RequestBuilder {
        let client = match target.wire() {
            Wire::Https => &self.https,
            Wire::Http => &self.http,
        };
        client.post(target.url().clone())
    }
}

fn builder(timeout: Duration) -> ClientBuilder {
    Client::builder()
        .user_agent(USER_AGENT)
        .timeout(timeout)
        .redirect(redirect::Policy::none())
        .no_proxy() // one would resolve names by itself, and dial what it likes
        .referer(false)
        .pool_max_idle_per_host(IDLE_MAX)
}

/// What came of an attempt. The body is not read: nothing in it matters, and it may have no end.
pub(super) fn answer(sent: reqwest::Result<Response>) -> Answer {
    match sent {
        Ok(response) => Answer::Status(response.status(), asked(response.headers(), now_ms())),
        Err(error) => match refusal(&error) {
            Some(refused) => Answer::Refused(refused.to_string()),
            None => Answer::Failed(root(&error)),
        },
    }
}

/// When a receiver wants to be asked again: in seconds, or as a date.
fn asked(headers: &HeaderMap, now_ms: u64) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let at = httpdate::parse_http_date(text).ok()?;
    let at = at.duration_since(std::time::UNIX_EPOCH).ok()?;
    Some(at.saturating_sub(Duration::from_millis(now_ms)))
}

/// Resolves names to those of their addresses that may be dialled.
#[derive(Debug)]
struct Checked {
    networks: Arc<Networks>,
    wire: Wire,
}

/// A name that has no address that may be dialled. It does not tell the addresses: they are those of a private network.
#[derive(Debug, thiserror::Error)]
#[error("{name} has no address that may be dialled")]
struct Refused {
    name: String,
}

impl Resolve for Checked {
    fn resolve(&self, name: Name) -> Resolving {
        let (networks, wire) = (Arc::clone(&self.networks), self.wire);
        Box::pin(async move {
            let found = lookup_host((name.as_str(), 0)).await?;
            let allowed = |address: &SocketAddr| networks.allow(address.ip(), wire);
            let dialled: Vec<_> = found.filter(allowed).collect();
            if dialled.is_empty() {
                let name = name.as_str().to_owned();
                return Err(Refused { name }.into());
            }
            Ok(Box::new(dialled.into_iter()) as Addrs)
        })
    }
}

fn refusal(error: &reqwest::Error) -> Option<&Refused> {
    let mut cause = error.source();
    while let Some(error) = cause {
        if let Some(refused) = error.downcast_ref() {
            return Some(refused);
        }
        cause = error.source();
    }
    None
}

/// The innermost cause, without the URL, which may hold a secret.
fn root(error: &reqwest::Error) -> String {
    if error.is_timeout() {
        return "no answer in time".to_owned();
    }
    let mut cause = error.source();
    while let Some(inner) = cause.and_then(std::error::Error::source) {
        cause = Some(inner);
    }
    cause.map_or_else(|| "no connection".to_owned(), ToString::to_string)
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn asked_by(text: &'static str) -> Option<u64> {
        let headers = HeaderMap::from_iter([(RETRY_AFTER, HeaderValue::from_static(text))]);
        // Sun, 06 Nov 1994 08:49:00 GMT
        asked(&headers, 784_111_740_000).map(|asked| asked.as_secs())
    }

    #[test]
    fn a_wait_is_asked_for_in_seconds_or_by_a_date() {
        assert_eq!(asked_by("120"), Some(120));
        assert_eq!(asked_by("Sun, 06 Nov 1994 08:49:37 GMT"), Some(37));
        assert_eq!(asked_by("Sun, 06 Nov 1994 08:48:00 GMT"), Some(0));
        assert_eq!(asked_by("soon"), None);
        assert_eq!(asked_by("-1"), None);
        assert_eq!(asked(&HeaderMap::new(), 0), None);
    }
}
