//! A certificate from ACME (RFC 8555): ordered, proven over TLS itself (RFC 8737), kept on the disk, and renewed when two
//! thirds of its time are over.
//!
//! Read on in [`order`], how one is got; [`store`], what is kept; [`client`], how it is spoken to.

mod client;
mod order;
mod store;

use std::{fs, path::Path, time::Duration};

use backends::Metrics;
use tokio::time::sleep;
use tracing::{info, warn};

use super::{
    TransportConfig, TransportError,
    certificates::{Certificates, Outcome, PairError, note},
};
use client::Client;
use store::{Kept, Store};

/// Longest time between two looks at the clock, which may be set meanwhile: half a day, of the weeks that there are.
const LOOK_PAUSE: Duration = Duration::from_secs(12 * 60 * 60);
/// Longest pause after an order that failed. 1 h: of the weeks that are left when a certificate is due, a morning is enough.
pub(super) const RETRY_PAUSE_MAX: Duration = Duration::from_secs(60 * 60);
/// The metrics' label.
const SOURCE: &str = "acme";

/// What certificates are ordered for, where, and as whom.
#[derive(Clone, Debug)]
pub(super) struct Acme {
    domains: Vec<String>,
    directory: String,
    contact: Option<String>,
    /// Pause after a first order that failed, twice as long after each further one.
    retry_pause: Duration,
    client: Client,
    store: Store,
}

/// Why there is no certificate.
#[derive(Debug, thiserror::Error)]
enum AcmeError {
    #[error(transparent)]
    Server(#[from] instant_acme::Error),
    #[error("{domain} is not proven: {problem}")]
    NotProven { domain: String, problem: String },
    #[error("the proof cannot be made: {0}")]
    Proof(#[from] rcgen::Error),
    #[error("what came is no certificate: {0}")]
    Pair(#[from] PairError),
    #[error("what came is no certificate: {0}")]
    Unreadable(String),
    #[error("it cannot be kept: {0}")]
    Store(#[from] std::io::Error),
    #[error("the account cannot be read: {0}")]
    Account(#[from] serde_json::Error),
}

impl Acme {
    /// # Errors
    /// When the root certificate cannot be read, or the folder not be made.
    pub(super) fn open(config: &TransportConfig, folder: &Path) -> Result<Self, TransportError> {
        let domains: Vec<String> = config.domains().map(str::to_ascii_lowercase).collect();
        let directory = config.acme_directory_url.clone();
        let store = Store::open(folder, &directory, &domains)
            .map_err(|error| TransportError::new("acme_domains", &error))?;
        let contact = &config.acme_contact;
        Ok(Self {
            client: client(&config.acme_root_file)?,
            contact: (!contact.is_empty()).then(|| format!("mailto:{contact}")),
            retry_pause: config.acme_retry_pause(),
            domains,
            directory,
            store,
        })
    }

    /// Shows the certificate that is kept and orders the next one in time, for as long as it is polled. Meanwhile the one
    /// before is shown, even if its time is over: who looks at it is told more than who is refused.
    pub(super) async fn renew(&self, certificates: &Certificates, metrics: &Metrics) {
        let mut kept = self.kept(certificates);
        certificates.tell(SOURCE, metrics);
        let mut failures = 0;
        loop {
            let wait = kept.as_ref().map_or(Duration::ZERO, Kept::renewed_in);
            if !wait.is_zero() {
                sleep(wait.min(LOOK_PAUSE)).await;
                continue;
            }
            match self.order(certificates).await {
                Ok(next) => {
                    self.show(&next, certificates);
                    note(SOURCE, Outcome::Shown, metrics);
                    certificates.tell(SOURCE, metrics);
                    (kept, failures) = (Some(next), 0);
                    // Where the clock is wrong the next one is due at once, and so on until the server has had enough.
                    sleep(self.retry_pause).await;
                }
                Err(error) => {
                    let pause = retry_pause(self.retry_pause, failures);
                    warn_of(&error, kept.is_some(), pause);
                    note(SOURCE, Outcome::Failed, metrics);
                    failures += 1;
                    sleep(pause).await;
                }
            }
        }
    }

    fn kept(&self, certificates: &Certificates) -> Option<Kept> {
        match self.store.certificate() {
            Ok(kept) => {
                if let Some(kept) = &kept {
                    self.show(kept, certificates);
                }
                kept
            }
            Err(error) => {
                warn!(%error, "the certificate that was kept is of no use: {error}");
                None
            }
        }
    }

    fn show(&self, kept: &Kept, certificates: &Certificates) {
        certificates.show(kept.pair());
        let (domains, until) = (self.domains.join(", "), kept.ends());
        info!(%until, "the certificate for {domains} is shown, it holds until {until}");
    }
}

fn warn_of(error: &AcmeError, is_shown: bool, pause: Duration) {
    let retry_secs = pause.as_secs();
    let meanwhile = if is_shown {
        "the one before is shown on"
    } else {
        "handshakes are refused"
    };
    warn!(%error, retry_secs, "no certificate from ACME, tried again in {retry_secs} s, until then {meanwhile}: {error}");
}

fn retry_pause(first: Duration, failures: u32) -> Duration {
    let pause = first.saturating_mul(2_u32.saturating_pow(failures));
    pause.min(RETRY_PAUSE_MAX)
}

fn client(root_file: &str) -> Result<Client, TransportError> {
    let refuse = |error: &dyn std::fmt::Display| TransportError::new("acme_root_file", error);
    if root_file.is_empty() {
        return Client::new(None).map_err(|error| refuse(&error));
    }
    let root = fs::read(root_file).map_err(|error| refuse(&format!("{root_file}: {error}")))?;
    Client::new(Some(&root)).map_err(|error| refuse(&format!("{root_file}: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn five_failures_are_the_most_of_an_hour() {
        let first = TransportConfig::default().acme_retry_pause();
        let pauses = (0..5).map(|failures| retry_pause(first, failures));
        assert!(pauses.sum::<Duration>() > Duration::from_secs(60 * 60));
        assert_eq!(retry_pause(first, u32::MAX), RETRY_PAUSE_MAX);
    }
}
