//! How much each client may ask for.

use serde::{Deserialize, Serialize};

use super::{What, buckets::Bucket};

/// How much each client may ask for, and who counts as one.
///
/// A rate of 0 is none, and all of them are 0 at first: how many photos a minute are too many depends on whether a client is
/// a person, a shop or the whole load of a service, and a limit that nobody chose refuses the operator's own batch first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Config {
    /// Uploads a minute of one client at one publisher. 0: as many as it likes.
    pub upload_rate_per_min: u64,
    /// Uploads that a client may send at once after a pause. 100: a folder of photos.
    pub upload_burst_max: u64,
    /// Reads a minute (status, events, images, originals, cancellations) of one client at one publisher. 0: as many as it likes.
    pub read_rate_per_min: u64,
    /// Reads that a client may send at once after a pause. 1000: a gallery's images, each with its status.
    pub read_burst_max: u64,
    /// Uploads of one client within any minute at all publishers together, counted in Redis. 0: as many as it likes.
    pub fleet_upload_rate_per_min: u64,
    /// Reads of one client within any minute at all publishers together. 0: as many as it likes. Each read then costs a
    /// round trip to Redis.
    pub fleet_read_rate_per_min: u64,
    /// Clients whose buckets are remembered. 100 000: some 20 MB. Beyond it those that ask least are forgotten, which
    /// gives them full buckets.
    pub rate_limit_clients_max: u64,
    /// Proxies in a row before this process that each add to `X-Forwarded-For`. 0: there is none, and the header is what
    /// a client makes up.
    pub trusted_proxies: usize,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            upload_rate_per_min: 0,
            upload_burst_max: 100,
            read_rate_per_min: 0,
            read_burst_max: 1000,
            fleet_upload_rate_per_min: 0,
            fleet_read_rate_per_min: 0,
            rate_limit_clients_max: 100_000,
            trusted_proxies: 0,
        }
    }
}

/// Faster than any publisher answers, and far below where the time between two requests vanishes.
const RATE_MAX: u64 = 60_000_000;

/// More proxies in a row than anybody has.
const PROXIES_MAX: usize = 16;

impl Config {
    /// Whether these settings mean anything.
    ///
    /// # Errors
    /// The first one that does not.
    pub fn check(&self) -> Result<(), crate::ConfigError> {
        let from_none = 0..=RATE_MAX;
        let from_one = 1..=RATE_MAX;
        let ranges = [
            ("upload_rate_per_min", self.upload_rate_per_min, &from_none),
            ("upload_burst_max", self.upload_burst_max, &from_one),
            ("read_rate_per_min", self.read_rate_per_min, &from_none),
            ("read_burst_max", self.read_burst_max, &from_one),
            (
                "fleet_upload_rate_per_min",
                self.fleet_upload_rate_per_min,
                &from_none,
            ),
            (
                "fleet_read_rate_per_min",
                self.fleet_read_rate_per_min,
                &from_none,
            ),
            (
                "rate_limit_clients_max",
                self.rate_limit_clients_max,
                &from_one,
            ),
            (
                "trusted_proxies",
                self.trusted_proxies as u64,
                &(0..=PROXIES_MAX as u64),
            ),
        ];
        crate::config::within_ranges(ranges.map(|(key, value, range)| (key, value, range.clone())))
    }

    pub(super) fn bucket(&self, what: What) -> Option<Bucket> {
        match what {
            What::Upload => Bucket::of(self.upload_rate_per_min, self.upload_burst_max),
            What::Read => Bucket::of(self.read_rate_per_min, self.read_burst_max),
        }
    }

    pub(super) const fn fleet_rate_per_min(&self, what: What) -> u64 {
        match what {
            What::Upload => self.fleet_upload_rate_per_min,
            What::Read => self.fleet_read_rate_per_min,
        }
    }

    /// Whether anything is counted for the fleet, for which a Redis is needed.
    pub const fn counts_for_the_fleet(&self) -> bool {
        self.fleet_upload_rate_per_min > 0 || self.fleet_read_rate_per_min > 0
    }
}
