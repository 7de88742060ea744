//! No client takes all: each has a bucket of uploads and one of reads, and what is not in it has to wait.
//!
//! Read in this order: [`Config`], how much that is; `client`, who counts as one; `buckets`, how much each has left here;
//! `fleet`, how much it has left at all publishers together; `waits`, who was told to wait; `fields`, how it is told.

mod buckets;
pub(crate) mod client;
mod config;
mod fields;
mod fleet;
mod waits;

use std::{sync::Arc, time::Duration};

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use backends::Quota;
use http::{Method, header};

pub use self::config::Config;
use self::{buckets::Buckets, fleet::FleetLimit};
pub(crate) use self::{buckets::Left, client::Client, waits::Waits};
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
    /// Who has used up what the fleet allows, and so takes nothing from its bucket here either.
    fleet_waits: Waits,
}

/// A client asks too much.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("too many {what}s, {limit} a minute are allowed; the next one in {} s", left.more_in_secs())]
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
            is_allowed: false,
            more_in: Duration::from_secs(1),
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
            fleet_waits: Waits::new(config.rate_limit_clients_max),
        }
    }

    /// How much `client` has left after this request; `None` where it has no limit.
    pub(crate) async fn take(&self, client: &Client) -> Result<Option<Left>, TooMany> {
        if let Some(refusal) = self.fleet_waits.of(client).await {
            return Err(refusal);
        }
        let here = match &self.buckets {
            Some(buckets) => Some(self.judged(buckets.take(client).await, buckets.rate_per_min())?),
            None => None,
        };
        Ok(scarcer(here, self.take_from_fleet(client).await?))
    }

    async fn take_from_fleet(&self, client: &Client) -> Result<Option<Left>, TooMany> {
        let Some(fleet) = &self.fleet else {
            return Ok(None);
        };
        let Some(left) = fleet.take(client).await else {
            return Ok(None);
        };
        let judged = self.judged(left, fleet.rate_per_min());
        if let Err(refusal) = judged {
            self.fleet_waits.note(client, refusal).await;
        }
        judged.map(Some)
    }

    /// Who sent `request`, as far as its address tells.
    pub(crate) fn address_of(&self, request: &Request) -> Client {
        Client::at(request, self.trusted_proxies)
    }

    /// `response`, with what is left of the limit, if there is one.
    pub(crate) fn told(&self, left: Option<Left>, response: Response) -> Response {
        match left {
            Some(left) => fields::told(self.what, left, response),
            None => response,
        }
    }

    /// The answer to who asks too much.
    pub(crate) fn refused(&self, refusal: TooMany) -> Response {
        let response = ApiError::from(refusal).into_response();
        let mut response = fields::told(self.what, refusal.left, response);
        let headers = response.headers_mut();
        headers.insert(header::RETRY_AFTER, refusal.left.more_in_secs().into());
        response
    }

    fn judged(&self, left: Left, limit: u64) -> Result<Left, TooMany> {
        if left.is_allowed {
            return Ok(left);
        }
        let what = self.what;
        Err(TooMany { what, limit, left })
    }
}

impl Default for Fairness {
    /// Nothing is limited.
    fn default() -> Self {
        Self::of(What::Read, &Config::default(), None)
    }
}

/// Counts a request before anything of it is read, and tells its client how much it has left. Whoever hands out places and
/// memory finds the client among the request's extensions.
pub(crate) async fn fair(
    State(fairness): State<Arc<Fairness>>,
    mut request: Request,
    next: Next,
) -> Response {
    // What a browser asks before the request itself costs nothing and must not use it up.
    if request.method() == Method::OPTIONS {
        return next.run(request).await;
    }
    let client = Client::of(&request, fairness.trusted_proxies);
    request.extensions_mut().insert(client.clone());
    match fairness.take(&client).await {
        Ok(left) => fairness.told(left, next.run(request).await),
        Err(refusal) => {
            let mut response = fairness.refused(refusal);
            if fairness.what == What::Upload {
                close_after(response.headers_mut()); // its body is on its way
            }
            response
        }
    }
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
