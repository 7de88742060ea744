//! How much each client has left at all publishers together.

use std::{num::NonZeroU64, sync::Arc, time::Duration};

use backends::{
    Quota,
    quota::{Allowance, Taken},
};
use tracing::debug;

use super::{Config, What, buckets::Left, client::Client};

/// The span within which a client may send so many, wherever it begins.
const WINDOW: Duration = Duration::from_secs(60);

/// What a fleet allows.
#[derive(Debug)]
pub(super) struct FleetLimit {
    what: What,
    allowed: NonZeroU64,
    quota: Arc<dyn Quota>,
}

impl FleetLimit {
    /// `None` where nothing is limited, or nobody counts.
    pub(super) fn of(what: What, config: &Config, quota: Option<&Arc<dyn Quota>>) -> Option<Self> {
        Some(Self {
            what,
            allowed: NonZeroU64::new(config.fleet_rate_per_min(what))?,
            quota: Arc::clone(quota?),
        })
    }

    pub(super) const fn rate_per_min(&self) -> u64 {
        self.allowed.get()
    }

    /// Counts one request of `client`. `None` where it cannot be counted: a Redis that is away keeps nobody out, and the
    /// bucket here still holds.
    pub(super) async fn take(&self, client: &Client) -> Option<Left> {
        let allowance = Allowance {
            requests: self.allowed,
            window: WINDOW,
        };
        let (what, client) = (self.what.as_str(), client.digest());
        match self.quota.take(what, &client, allowance).await {
            Ok(taken) => Some(self.left(taken)),
            Err(error) => {
                debug!(%error, "a request is not counted for the fleet: {error}");
                None
            }
        }
    }

    fn left(&self, taken: Taken) -> Left {
        let (requests, is_allowed, more_in) = match taken {
            Taken::Counted { left, more_in } => (left, true, more_in),
            Taken::Refused { wait } => (0, false, wait),
        };
        Left {
            requests,
            burst_max: self.allowed.get(),
            refill: WINDOW,
            is_allowed,
            more_in,
        }
    }
}
