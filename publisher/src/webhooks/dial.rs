//! The only way to a target: a connection goes to an address that was looked at, and nowhere from there.
//!
//! A name is resolved here, and what is handed to the connection is what was checked: there is no second look-up that could
//! answer otherwise (DNS rebinding). Redirects and proxies are not followed, and nothing of an answer but its head is read.

use std::{error::Error as _, sync::Arc, time::Duration};

use backends::clock::now_ms;
use http::{HeaderMap, header::RETRY_AFTER};
use reqwest::{Client, ClientBuilder, RequestBuilder, Response, dns::Resolve, redirect};

use super::{
    config::Policy,
    fate::Answer,
    names::{Checked, Refused},
    networks::Wire,
    target::Target,
};

const USER_AGENT: &str = concat!("nws-watermark/", env!("CARGO_PKG_VERSION"));

/// Connections that are kept to a host for its next message. None: strangers name hosts and ports without end, and each
/// would keep a file open. TLS resumes what it can, and each attempt is one look and one dial.
const IDLE_MAX: usize = 0;

/// Makes connections to targets.
#[derive(Debug)]
pub(super) struct Dialler {
    https: Client,
    http: Client,
}

impl Dialler {
    /// One that looks names up in `names`.
    pub(super) fn new(policy: &Policy, names: &Arc<dyn Resolve>) -> reqwest::Result<Self> {
        let client = |wire| {
            let networks = Arc::clone(&policy.networks);
            let checked = Checked::new(Arc::clone(names), networks, wire);
            builder(policy.timeout).dns_resolver(Arc::new(checked))
        };
        let authorities = policy.authorities.iter().cloned();
        let https = authorities.fold(client(Wire::Https), ClientBuilder::add_root_certificate);
        Ok(Self {
            https: https.https_only(true).build()?,
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
mod tests;
