//! What is set about webhooks.

use std::{error::Error, fmt, fs, ops::RangeInclusive, sync::Arc, time::Duration};

use backends::outbox;
use reqwest::Certificate;
use rustls::{
    RootCertStore,
    pki_types::{CertificateDer, pem::PemObject as _},
};
use serde::{Deserialize, Serialize};

use super::{fate::Patience, networks::Networks, signature::Secrets, target::Target};

/// What is set about webhooks, with defaults and the reasons for them.
#[derive(Clone, Serialize, Deserialize)]
#[serde(default)]
pub struct Config {
    /// What webhooks are signed with: `whsec_` and 24 to 64 bytes in base64, up to three with commas between. Empty: nobody is
    /// told anything, for an unsigned message could come from anybody.
    pub webhook_secrets: String,
    /// Who is told of every job whose upload names nobody. Empty: nobody.
    pub webhook_url: String,
    /// Networks that are not public and may be told all the same, with commas between. Empty: none, so that no stranger
    /// reaches what stands beside the publisher.
    pub webhook_private_networks: String,
    /// File with the certificates (PEM) of authorities that are trusted besides the public ones. Empty: none.
    pub webhook_ca_file: String,
    /// Longest attempt, from the look-up of the name to the head of the answer. 15 s: what the standard asks for at least.
    pub webhook_timeout_secs: u64,
    /// Wait after the first attempt that failed; each one after is three times as long. 5 s: a restart.
    pub webhook_backoff_ms: u64,
    /// The longest wait, also where a receiver asks for one. 1 h: what is back is told within an hour.
    pub webhook_backoff_secs_max: u64,
    /// Age at which a webhook is given up. 24 h: a night and the morning on which somebody notices.
    pub webhook_age_secs_max: u64,
    /// Time between two looks for what is due. 1 s: how late a webhook may be, for one read of each shard.
    pub webhook_interval_ms: u64,
    /// Attempts at once. 64: as many connections, which is little beside the clients'. One client's webhooks get half of
    /// them at most.
    pub webhooks_in_flight_max: usize,
    /// Attempts at once at one receiver, a host with all of its ports. 8: an eighth of all, so that a slow one leaves room.
    pub webhooks_per_target_max: usize,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            webhook_secrets: String::new(),
            webhook_url: String::new(),
            webhook_private_networks: String::new(),
            webhook_ca_file: String::new(),
            webhook_timeout_secs: 15,
            webhook_backoff_ms: 5000,
            webhook_backoff_secs_max: 60 * 60,
            webhook_age_secs_max: 24 * 60 * 60,
            webhook_interval_ms: 1000,
            webhooks_in_flight_max: 64,
            webhooks_per_target_max: 8,
        }
    }
}

/// A setting of webhooks that makes no sense. Its text does not name the key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{problem}")]
pub struct ConfigError {
    /// The setting.
    pub key: &'static str,
    problem: String,
}

impl ConfigError {
    pub(super) fn new(key: &'static str, problem: &dyn fmt::Display) -> Self {
        let problem = problem.to_string();
        Self { key, problem }
    }
}

/// The settings, read.
#[derive(Debug)]
pub(super) struct Policy {
    pub(super) secrets: Secrets,
    pub(super) default_target: Option<Target>,
    pub(super) networks: Arc<Networks>,
    /// Trusted besides the public ones.
    pub(super) authorities: Vec<Certificate>,
    pub(super) timeout: Duration,
    pub(super) patience: Patience,
    pub(super) interval: Duration,
    pub(super) in_flight_max: usize,
    pub(super) per_target_max: usize,
}

/// The longest attempt that may be set: five minutes is no receiver's usual time.
const TIMEOUT_SECS_MAX: u64 = 300;

/// The outbox keeps no notice for longer.
const AGE_SECS_MAX: u64 = outbox::AGE_MAX.as_secs();

/// More connections than that are a slip of the finger.
const IN_FLIGHT_MAX: u64 = 4096;

impl Config {
    /// Whether webhooks can be delivered with these settings, or are off.
    ///
    /// # Errors
    /// The first setting that makes no sense.
    pub fn check(&self) -> Result<(), ConfigError> {
        self.policy().map(drop)
    }

    /// What is to be done, unless there is nothing to sign with.
    pub(super) fn policy(&self) -> Result<Option<Policy>, ConfigError> {
        self.check_ranges()?;
        let networks: Networks = read("webhook_private_networks", &self.webhook_private_networks)?;
        if self.webhook_secrets.is_empty() {
            return self.check_off().map(|()| None);
        }
        Ok(Some(Policy {
            secrets: read("webhook_secrets", &self.webhook_secrets)?,
            default_target: self.default_target(&networks)?,
            networks: Arc::new(networks),
            authorities: authorities(&self.webhook_ca_file)?,
            timeout: Duration::from_secs(self.webhook_timeout_secs),
            patience: Patience {
                backoff: Duration::from_millis(self.webhook_backoff_ms),
                backoff_max: Duration::from_secs(self.webhook_backoff_secs_max),
                age_max: Duration::from_secs(self.webhook_age_secs_max),
            },
            interval: Duration::from_millis(self.webhook_interval_ms),
            in_flight_max: self.webhooks_in_flight_max,
            per_target_max: self.webhooks_per_target_max,
        }))
    }

    /// A target without a secret is a mistake, not a wish for silence.
    fn check_off(&self) -> Result<(), ConfigError> {
        if self.webhook_url.is_empty() {
            return Ok(());
        }
        let problem = &"is empty, but webhook_url is set";
        Err(ConfigError::new("webhook_secrets", problem))
    }

    fn default_target(&self, networks: &Networks) -> Result<Option<Target>, ConfigError> {
        if self.webhook_url.is_empty() {
            return Ok(None);
        }
        let target = Target::parse(&self.webhook_url, networks);
        target
            .map(Some)
            .map_err(|error| ConfigError::new("webhook_url", &error))
    }

    fn check_ranges(&self) -> Result<(), ConfigError> {
        for (key, value, range) in self.ranges() {
            if !range.contains(&value) {
                let (min, max) = range.into_inner();
                let problem = format!("{value} is out of range, {min} to {max} is allowed");
                return Err(ConfigError::new(key, &problem));
            }
        }
        Ok(())
    }

    fn ranges(&self) -> [(&'static str, u64, RangeInclusive<u64>); 7] {
        let count = |number: usize| number as u64;
        let (timeout, age) = (self.webhook_timeout_secs, self.webhook_age_secs_max);
        let (all, each) = (self.webhooks_in_flight_max, self.webhooks_per_target_max);
        [
            ("webhook_timeout_secs", timeout, 1..=TIMEOUT_SECS_MAX),
            (
                "webhook_backoff_ms",
                self.webhook_backoff_ms,
                1..=AGE_SECS_MAX * 1000,
            ),
            (
                "webhook_backoff_secs_max",
                self.webhook_backoff_secs_max,
                1..=AGE_SECS_MAX,
            ),
            ("webhook_age_secs_max", age, 1..=AGE_SECS_MAX),
            (
                "webhook_interval_ms",
                self.webhook_interval_ms,
                1..=AGE_SECS_MAX * 1000,
            ),
            ("webhooks_in_flight_max", count(all), 1..=IN_FLIGHT_MAX),
            ("webhooks_per_target_max", count(each), 1..=count(all)),
        ]
    }
}

/// The certificates in a file, each of them looked at: one that is broken is named now and not at the first webhook.
fn authorities(path: &str) -> Result<Vec<Certificate>, ConfigError> {
    if path.is_empty() {
        return Ok(Vec::new());
    }
    let unusable = |problem: &dyn fmt::Display| {
        ConfigError::new("webhook_ca_file", &format!("{path}: {problem}"))
    };
    let pem = fs::read(path).map_err(|error| unusable(&error))?;
    let found: Vec<_> = CertificateDer::pem_slice_iter(&pem)
        .map(|der| authority(&der?))
        .collect::<Result<_, Box<dyn Error>>>()
        .map_err(|error| unusable(&error))?;
    if found.is_empty() {
        return Err(unusable(&"there is no certificate in it"));
    }
    Ok(found)
}

fn authority(der: &CertificateDer<'_>) -> Result<Certificate, Box<dyn Error>> {
    RootCertStore::empty().add(der.clone().into_owned())?;
    Ok(Certificate::from_der(der)?)
}

fn read<T: std::str::FromStr<Err: fmt::Display>>(
    key: &'static str,
    text: &str,
) -> Result<T, ConfigError> {
    text.parse().map_err(|error| ConfigError::new(key, &error))
}

/// Without secrets: a URL's path or query may hold one.
impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config")
            .field("webhook_private_networks", &self.webhook_private_networks)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
