//! How much each client may still ask for, counted for all publishers together.
//!
//! Networked: [`Redis`]. There is no embedded one: who is alone counts in memory. Where the count cannot be had, whoever asks
//! decides by what it knows itself, so that an outage of Redis refuses nobody.

use std::{fmt, num::NonZeroU64, time::Duration};

use async_trait::async_trait;
use schemas::Digest;

use crate::Error;

mod redis;

pub use self::redis::Redis;

/// What a client may ask for within any span as long as `window`, wherever it begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Allowance {
    pub requests: NonZeroU64,
    pub window: Duration,
}

/// What became of one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    /// It is counted.
    Counted {
        /// Requests that the client may send at once after it.
        left: u64,
        /// Until there are more.
        more_in: Duration,
    },
    /// It is one too many, and not counted: who keeps asking is not kept out for it.
    Refused {
        /// Until there is room for one, if none other is sent meanwhile.
        wait: Duration,
    },
}

/// Counts requests for a fleet.
#[async_trait]
pub trait Quota: Send + Sync + fmt::Debug {
    /// Counts a request of `client`, known by a digest of its name or address, for `what`.
    async fn take(
        &self,
        what: &'static str,
        client: &Digest,
        allowance: Allowance,
    ) -> Result<Taken, Error>;
}
