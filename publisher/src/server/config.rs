//! What may be set of the transport, with every default's reason.

use std::{fmt, net::SocketAddr, time::Duration};

use http::HeaderValue;
use serde::{Deserialize, Serialize};

use super::acme::RETRY_PAUSE_MAX;

/// Let's Encrypt.
const ACME_DIRECTORY: &str = "https://acme-v02.api.letsencrypt.org/directory";
/// The longest time that may be set: a year, as for the publisher's other times.
const SECS_MAX: u64 = 365 * 24 * 60 * 60;
/// A hundred years: for ever.
const HSTS_SECS_MAX: u64 = 100 * SECS_MAX;

/// The settings of the transport.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct TransportConfig {
    /// The chain of certificates, the server's own first, as PEM. Empty: HTTP without TLS, or a certificate from ACME.
    pub tls_cert_file: String,
    /// Its private key, as PEM.
    pub tls_key_file: String,
    /// Time between two looks whether these files have changed; SIGHUP has them read at once. 60 s: a certificate is
    /// renewed weeks before it ends.
    pub tls_reload_secs: u64,
    /// Longest a client may take over the handshake. 10 s: as long as over a header.
    pub tls_handshake_timeout_secs: u64,
    /// Domains for which certificates are got from ACME, with commas between. Empty: none are.
    pub acme_domains: String,
    /// Where ACME is spoken. Let's Encrypt: it asks nothing but to agree to its terms, which setting domains does.
    pub acme_directory_url: String,
    /// Who is written to when something is the matter with a certificate: an address of mail. Empty: nobody.
    pub acme_contact: String,
    /// The root certificate, as PEM, that is trusted in speaking to a private ACME server. Empty: the public ones.
    pub acme_root_file: String,
    /// Pause after an order that failed, twice as long after each further one, an hour at most. 2 min: Let's Encrypt takes
    /// five failures an hour of a domain.
    pub acme_retry_secs: u64,
    /// For how long browsers come with TLS only, once they came with it (HSTS); 0: they are not told. A year: the least
    /// that lists of such sites take.
    pub hsts_max_age_secs: u64,
    /// Whether that holds for the domains below too. Not by default: they may be other people's.
    pub hsts_subdomains: bool,
    /// Requests of one HTTP/2 connection at once. 100: the least that the RFC recommends, and sixteen browsers' worth of
    /// HTTP/1 connections.
    pub http2_streams_max: u32,
    /// An address on which HTTP without TLS is sent on to HTTPS. Empty: none.
    pub http_redirect_listen: String,
    /// The port to which it is sent. 0: that of `listen`; another where something in front of this changes ports.
    pub http_redirect_port: u16,
}

impl Default for TransportConfig {
    fn default() -> Self {
        Self {
            tls_cert_file: String::new(),
            tls_key_file: String::new(),
            tls_reload_secs: 60,
            tls_handshake_timeout_secs: 10,
            acme_domains: String::new(),
            acme_directory_url: ACME_DIRECTORY.to_owned(),
            acme_contact: String::new(),
            acme_root_file: String::new(),
            acme_retry_secs: 120,
            hsts_max_age_secs: SECS_MAX,
            hsts_subdomains: false,
            http2_streams_max: 100,
            http_redirect_listen: String::new(),
            http_redirect_port: 0,
        }
    }
}

/// A setting of the transport that cannot be meant.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{problem}")]
pub struct TransportError {
    /// The setting.
    pub key: &'static str,
    /// What is the matter with it.
    pub problem: String,
}

impl TransportError {
    pub(super) fn new(key: &'static str, problem: &dyn fmt::Display) -> Self {
        Self {
            key,
            problem: problem.to_string(),
        }
    }
}

impl TransportConfig {
    /// Whether these settings go together. Whether files are what they should be is seen when they are opened.
    ///
    /// # Errors
    /// The first setting that cannot be meant.
    pub fn check(&self) -> Result<(), TransportError> {
        self.ranges()?;
        self.source()?;
        self.acme()?;
        self.redirect().map(drop)
    }

    fn ranges(&self) -> Result<(), TransportError> {
        for (key, value, min, max) in [
            ("tls_reload_secs", self.tls_reload_secs, 1, SECS_MAX),
            (
                "tls_handshake_timeout_secs",
                self.tls_handshake_timeout_secs,
                1,
                SECS_MAX,
            ),
            (
                "acme_retry_secs",
                self.acme_retry_secs,
                1,
                RETRY_PAUSE_MAX.as_secs(),
            ),
            (
                "hsts_max_age_secs",
                self.hsts_max_age_secs,
                0,
                HSTS_SECS_MAX,
            ),
            (
                "http2_streams_max",
                self.http2_streams_max.into(),
                1,
                u32::MAX.into(),
            ),
        ] {
            if value < min || value > max {
                let problem = format!("{value} is out of range, {min} to {max} is allowed");
                return Err(TransportError { key, problem });
            }
        }
        Ok(())
    }

    /// One source of certificates, and the whole of it.
    fn source(&self) -> Result<(), TransportError> {
        let refuse = |key, problem: &str| Err(TransportError::new(key, &problem));
        match (
            self.tls_cert_file.is_empty(),
            self.tls_key_file.is_empty(),
            self.acme_domains.is_empty(),
        ) {
            (true, false, _) => refuse("tls_cert_file", "is empty, but tls_key_file is set"),
            (false, true, _) => refuse("tls_key_file", "is empty, but tls_cert_file is set"),
            (false, false, false) => refuse(
                "acme_domains",
                "is set, and so is tls_cert_file: a certificate comes from one of them",
            ),
            _ => Ok(()),
        }
    }

    fn acme(&self) -> Result<(), TransportError> {
        if let Some(domain) = self.domains().find(|domain| !is_domain(domain)) {
            let problem = format!("{domain:?} is no domain such as photos.example.org");
            return Err(TransportError::new("acme_domains", &problem));
        }
        if !self.acme_directory_url.starts_with("https://") {
            let problem = format!("{:?} does not begin with https://", self.acme_directory_url);
            return Err(TransportError::new("acme_directory_url", &problem));
        }
        if !self.acme_contact.is_empty() && !self.acme_contact.contains('@') {
            let problem = format!("{:?} is no address of mail", self.acme_contact);
            return Err(TransportError::new("acme_contact", &problem));
        }
        Ok(())
    }

    /// Where plain HTTP is sent on from.
    pub(super) fn redirect(&self) -> Result<Option<SocketAddr>, TransportError> {
        let (key, listen) = ("http_redirect_listen", &self.http_redirect_listen);
        if listen.is_empty() {
            return Ok(None);
        }
        if !self.is_secure() {
            let problem =
                "is set, but there is no TLS to send anyone to: set tls_cert_file or acme_domains";
            return Err(TransportError::new(key, &problem));
        }
        let address = listen.parse().map_err(|_| {
            let problem = format!("{listen:?} is not an IP:PORT such as 127.0.0.1:80 or [::1]:80");
            TransportError::new(key, &problem)
        })?;
        Ok(Some(address))
    }

    /// Whether HTTPS is served.
    pub fn is_secure(&self) -> bool {
        !self.tls_cert_file.is_empty() || !self.acme_domains.is_empty()
    }

    /// The domains that ACME is asked for.
    pub(super) fn domains(&self) -> impl Iterator<Item = &str> {
        let domains = self.acme_domains.split(',').map(str::trim);
        domains.filter(|_| !self.acme_domains.is_empty())
    }

    pub(super) const fn handshake_timeout(&self) -> Duration {
        Duration::from_secs(self.tls_handshake_timeout_secs)
    }

    pub(super) const fn acme_retry_pause(&self) -> Duration {
        Duration::from_secs(self.acme_retry_secs)
    }

    pub(super) const fn reload_pause(&self) -> Duration {
        Duration::from_secs(self.tls_reload_secs)
    }

    /// What browsers are told of HSTS, if anything.
    pub(super) fn strict_transport_security(&self) -> Option<HeaderValue> {
        let below = if self.hsts_subdomains {
            "; includeSubDomains"
        } else {
            ""
        };
        let told = format!("max-age={}{below}", self.hsts_max_age_secs);
        let told = HeaderValue::try_from(told).expect("it is ASCII");
        (self.hsts_max_age_secs > 0).then_some(told)
    }
}

/// A name of letters, digits and hyphens. A wildcard cannot be proven over TLS.
fn is_domain(name: &str) -> bool {
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && label
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    name.len() <= 253 && name.parse::<SocketAddr>().is_err() && name.split('.').all(is_label)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(change: impl FnOnce(&mut TransportConfig)) -> &'static str {
        let mut config = TransportConfig::default();
        change(&mut config);
        config.check().map_or_else(|error| error.key, |()| "none")
    }

    #[test]
    fn no_tls_a_pair_of_files_and_acme_can_run() {
        assert_eq!(refused(|_| {}), "none");
        let files = |config: &mut TransportConfig| {
            config.tls_cert_file = "a.pem".to_owned();
            config.tls_key_file = "a.key".to_owned();
            config.http_redirect_listen = "127.0.0.1:80".to_owned();
        };
        assert_eq!(refused(files), "none");
        assert_eq!(
            refused(|it| it.acme_domains = "a.example, b.example".to_owned()),
            "none"
        );
    }

    #[test]
    fn half_of_a_pair_two_sources_and_what_is_no_domain_are_refused_by_name() {
        for (key, refused) in [
            (
                "tls_key_file",
                refused(|it| it.tls_cert_file = "a".to_owned()),
            ),
            (
                "tls_cert_file",
                refused(|it| it.tls_key_file = "a".to_owned()),
            ),
            (
                "acme_domains",
                refused(|it| it.acme_domains = "*.a.example".to_owned()),
            ),
            (
                "acme_domains",
                refused(|it| {
                    it.acme_domains = "a.example".to_owned();
                    it.tls_cert_file = "a".to_owned();
                    it.tls_key_file = "a".to_owned();
                }),
            ),
            (
                "acme_directory_url",
                refused(|it| it.acme_directory_url = "http://a".to_owned()),
            ),
            (
                "acme_contact",
                refused(|it| it.acme_contact = "nobody".to_owned()),
            ),
            (
                "http_redirect_listen",
                refused(|it| it.http_redirect_listen = "127.0.0.1:80".to_owned()),
            ),
            ("http2_streams_max", refused(|it| it.http2_streams_max = 0)),
            ("tls_reload_secs", refused(|it| it.tls_reload_secs = 0)),
            ("acme_retry_secs", refused(|it| it.acme_retry_secs = 0)),
        ] {
            assert_eq!(refused, key);
        }
    }

    #[test]
    fn browsers_are_told_for_how_long_or_nothing() {
        let mut config = TransportConfig {
            hsts_max_age_secs: 60,
            hsts_subdomains: true,
            ..TransportConfig::default()
        };
        let told = config.strict_transport_security().unwrap();
        assert_eq!(told, "max-age=60; includeSubDomains");
        config.hsts_max_age_secs = 0;
        assert_eq!(config.strict_transport_security(), None);
    }
}
