//! No client takes all: each has a bucket of uploads and one of reads, and what is not in it has to wait.
//!
//! Read in this order: [`Config`], how much that is; `client`, who counts as one; `buckets`, how much each has left here;
//! `fleet`, how much it has left at all publishers together; `fields`, how it is told.

mod buckets;
pub(crate) mod client;
mod config;
mod fields;
mod fleet;

use std::{sync::Arc, time::Duration};

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use backends::Quota;
use http::{Method, header};

pub use self::config::Config;
use self::{
    buckets::{Buckets, Left},
    client::Client,
    fleet::FleetLimit,
};
use crate::{error::ApiError, server::close_after};

/// What clients ask for, each with a limit of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum What {
    Upload,
    Read,
}

/// The limits of one thing that clients ask for.
#[derive(Debug)]
pub(crate) struct Fairness {
    what: What,
    trusted_proxies: usize,
    /// `None` where nothing is limited here.
    buckets: Option<Buckets>,
    /// `None` where nothing is limited for the fleet.
    fleet: Option<FleetLimit>,
}

/// A client asks too much.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("too many {what}s, {limit} a minute are allowed; the next one in {} s", left.wait_secs())]
pub(crate) struct TooMany {
    what: What,
    limit: u64,
    left: Left,
}

impl TooMany {
    /// One to show.
    pub(crate) const fn example(what: What) -> Self {
        let left = Left {
            requests: 0,
            burst_max: 100,
            refill: Duration::from_secs(60),
            wait: Some(Duration::from_secs(1)),
        };
        Self {
            what,
            limit: 60,
            left,
        }
    }
}

impl Fairness {
    pub(crate) fn of(what: What, config: &Config, quota: Option<&Arc<dyn Quota>>) -> Self {
        Self {
            what,
            trusted_proxies: config.trusted_proxies,
            buckets: Buckets::of(config.bucket(what), config.rate_limit_clients_max),
            fleet: FleetLimit::of(what, config, quota),
        }
    }

    /// How much `client` has left after this request; `None` where it has no limit.
    async fn take(&self, client: &Client) -> Result<Option<Left>, TooMany> {
        let here = match &self.buckets {
            Some(buckets) => Some(self.judged(buckets.take(client).await, buckets.rate_per_min())?),
            None => None,
        };
        let Some(fleet) = &self.fleet else {
            return Ok(here);
        };
        let everywhere = match fleet.take(client).await {
            Some(left) => Some(self.judged(left, fleet.rate_per_min())?),
            None => None,
        };
        Ok(scarcer(here, everywhere))
    }

    fn judged(&self, left: Left, limit: u64) -> Result<Left, TooMany> {
        if left.is_allowed() {
            return Ok(left);
        }
        let what = self.what;
        Err(TooMany { what, limit, left })
    }
}

/// Counts a request before anything of it is read, and tells its client how much it has left.
pub(crate) async fn fair(
    State(fairness): State<Arc<Fairness>>,
    request: Request,
    next: Next,
) -> Response {
    // What a browser asks before the request itself costs nothing and must not use it up.
    if request.method() == Method::OPTIONS {
        return next.run(request).await;
    }
    let client = Client::of(&request, fairness.trusted_proxies);
    match fairness.take(&client).await {
        Ok(None) => next.run(request).await,
        Ok(Some(left)) => fields::told(fairness.what, left, next.run(request).await),
        Err(refusal) => refused(&fairness, refusal),
    }
}

fn refused(fairness: &Fairness, refusal: TooMany) -> Response {
    let left = refusal.left;
    let mut response = fields::told(fairness.what, left, ApiError::from(refusal).into_response());
    let headers = response.headers_mut();
    headers.insert(header::RETRY_AFTER, left.wait_secs().into());
    if fairness.what == What::Upload {
        close_after(headers); // its body is on its way
    }
    response
}

/// The one that a client runs into first.
fn scarcer(one: Option<Left>, other: Option<Left>) -> Option<Left> {
    match (one, other) {
        (Some(one), Some(other)) if other.requests < one.requests => Some(other),
        (one, other) => one.or(other),
    }
}

impl What {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Upload => "upload",
            Self::Read => "read",
        }
    }
}

impl std::fmt::Display for What {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

impl TooMany {
    /// Requests a minute that are allowed.
    pub(crate) const fn limit(&self) -> u64 {
        self.limit
    }
}
