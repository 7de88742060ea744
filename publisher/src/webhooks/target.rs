//! What a URL must be to be told anything.

use std::net::IpAddr;

use url::{Host, Url};

use super::networks::{Networks, Wire};

/// Longest URL. 2048: what every browser and proxy takes, and little beside a notice.
const URL_BYTES_MAX: u64 = 2048;

/// A URL that may be told how a job ended, as far as that can be known before its name is resolved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Target {
    url: Url,
    wire: Wire,
}

/// Why a URL is told nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum TargetError {
    #[error("webhooks are off here: no webhook_secrets are set to sign them with")]
    NothingToSignWith,
    #[error("webhook_url has {measured} bytes, the limit is {limit}")]
    TooLong { measured: u64, limit: u64 },
    #[error("webhook_url is no URL: {0}")]
    NotAUrl(#[from] url::ParseError),
    #[error("webhook_url begins with {0}:, https: is expected")]
    Scheme(String),
    #[error("webhook_url names no host")]
    NoHost,
    #[error("webhook_url holds a user or a password; messages are signed instead")]
    Credentials,
    #[error("webhook_url holds a fragment, which no server sees")]
    Fragment,
    #[error("webhook_url is not https, and http goes only to private networks that are allowed")]
    NotSecure,
    #[error("webhook_url is {0}, which is no public address")]
    NotPublic(IpAddr),
    #[error("the job is told to {limit} others already")]
    TooMany { limit: u64 },
}

impl Target {
    /// Reads a URL. An address in it is held against `networks`; a name is when it is dialled.
    pub(super) fn parse(text: &str, networks: &Networks) -> Result<Self, TargetError> {
        check_length(text)?;
        let url = Url::parse(text.trim())?;
        let wire = wire(&url)?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err(TargetError::Credentials);
        }
        if url.fragment().is_some() {
            return Err(TargetError::Fragment);
        }
        if wire == Wire::Http && networks.is_empty() {
            return Err(TargetError::NotSecure);
        }
        let target = Self { url, wire };
        target.check_address(networks)?;
        Ok(target)
    }

    /// Whether its address may be dialled, where the URL holds one: no name is resolved then, so nothing else looks.
    fn check_address(&self, networks: &Networks) -> Result<(), TargetError> {
        let address = match self.url.host() {
            Some(Host::Ipv4(address)) => IpAddr::V4(address),
            Some(Host::Ipv6(address)) => IpAddr::V6(address),
            Some(Host::Domain(_)) => return Ok(()),
            None => return Err(TargetError::NoHost),
        };
        match self.wire {
            _ if networks.allow(address, self.wire) => Ok(()),
            Wire::Http if networks.allow(address, Wire::Https) => Err(TargetError::NotSecure),
            Wire::Http | Wire::Https => Err(TargetError::NotPublic(address)),
        }
    }

    pub(super) const fn url(&self) -> &Url {
        &self.url
    }

    pub(super) const fn wire(&self) -> Wire {
        self.wire
    }

    /// Fit for a log: a path or a query may hold a secret.
    pub(super) fn host(&self) -> &str {
        self.url.host_str().unwrap_or_default()
    }

    /// What one receiver is told from another by: a host, by whichever of its ports and paths. Whoever answers slowly may
    /// answer slowly at all of them. Which hosts belong together would take a list of everybody's domains, and each client
    /// has a share of the hands anyway.
    pub(super) fn receiver(&self) -> String {
        match self.url.host() {
            Some(Host::Ipv6(address)) => address.to_canonical().to_string(),
            Some(host) => host.to_string().trim_end_matches('.').to_owned(),
            None => String::new(),
        }
    }
}

impl TargetError {
    pub(crate) const fn measured_and_limit(&self) -> (Option<u64>, Option<u64>) {
        match self {
            Self::TooLong { measured, limit } => (Some(*measured), Some(*limit)),
            Self::TooMany { limit } => (None, Some(*limit)),
            _ => (None, None),
        }
    }
}

const fn check_length(text: &str) -> Result<(), TargetError> {
    let measured = text.len() as u64;
    if measured > URL_BYTES_MAX {
        let limit = URL_BYTES_MAX;
        return Err(TargetError::TooLong { measured, limit });
    }
    Ok(())
}

fn wire(url: &Url) -> Result<Wire, TargetError> {
    match url.scheme() {
        "https" => Ok(Wire::Https),
        "http" => Ok(Wire::Http),
        other => Err(TargetError::Scheme(other.to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str, allowed: &str) -> Result<Target, TargetError> {
        Target::parse(text, &allowed.parse().unwrap())
    }

    #[test]
    fn a_public_https_url_is_told() {
        for url in [
            "https://example.com/hooks?token=1",
            "https://example.com:8443/",
            "https://93.184.216.34/",
            "https://[2606:2800:21f:cb07:6820:80da:af6b:8b2c]/",
        ] {
            assert!(parse(url, "").is_ok(), "{url}");
        }
    }

    #[test]
    fn an_address_that_is_not_public_is_refused_however_it_is_written() {
        for url in [
            "https://127.0.0.1/",
            "https://127.1/",
            "https://2130706433/",
            "https://0x7f000001/",
            "https://0177.0.0.1/",
            "https://127.0.0.1./",
            "https://１２７.0.0.1/",
            "https://0x7f.1/",
            "https://017700000001/",
            "https://127.0.0.1\\@example.com/",
            "https://%31%32%37.0.0.1/",
            "https://0.0.0.0/",
            "https://169.254.169.254/latest/meta-data",
            "https://[::1]/",
            "https://[::]/",
            "https://[::ffff:10.0.0.1]/",
            "https://[::ffff:a00:1]/",
            "https://[0:0:0:0:0:ffff:7f00:1]/",
            "https://[::10.0.0.1]/",
            "https://[64:ff9b::a00:1]/",
            "https://[2002:a00:1::]/",
            "https://[fd00::1]/",
            "https://[fe80::1]/",
        ] {
            let error = parse(url, "").unwrap_err();
            assert!(matches!(error, TargetError::NotPublic(_)), "{url}: {error}");
        }
    }

    #[test]
    fn http_goes_only_where_a_private_network_is_allowed() {
        let secure = Err(TargetError::NotSecure);
        assert_eq!(parse("http://example.com/", ""), secure);
        assert_eq!(parse("http://93.184.216.34/", "10.0.0.0/8"), secure);
        assert!(parse("http://10.1.2.3/", "10.0.0.0/8").is_ok());
        assert!(parse("http://hooks.internal/", "10.0.0.0/8").is_ok());
        assert!(parse("http://10.1.2.3/", "192.168.0.0/16").is_err());
        assert!(parse("https://10.1.2.3/", "10.0.0.0/8").is_ok());
    }

    #[test]
    fn what_is_no_target_is_refused_for_what_it_is() {
        let refused = |url: &str| parse(url, "").unwrap_err();
        assert_eq!(
            refused("ftp://example.com/"),
            TargetError::Scheme("ftp".to_owned())
        );
        assert_eq!(
            refused("file:///etc/passwd"),
            TargetError::Scheme("file".to_owned())
        );
        assert_eq!(refused("https://me@example.com/"), TargetError::Credentials);
        assert_eq!(refused("https://:p@example.com/"), TargetError::Credentials);
        let hidden = "https://example.com@127.0.0.1/";
        assert_eq!(refused(hidden), TargetError::Credentials);
        assert_eq!(refused("https://example.com/#a"), TargetError::Fragment);
        for url in [
            "",
            "example.com",
            "/hooks",
            "https://",
            "https://exa mple/",
            "https://[fe80::1%25eth0]/",
            "https://[fe80::1%eth0]/",
            "https://256.0.0.1/",
            "https://0x1ffffffff/",
        ] {
            assert!(matches!(refused(url), TargetError::NotAUrl(_)), "{url}");
        }
        let long = format!("https://example.com/{}", "a".repeat(2048));
        assert_eq!(
            refused(&long),
            TargetError::TooLong {
                measured: 2068,
                limit: 2048
            }
        );
    }

    #[test]
    fn a_receiver_is_a_host_however_it_is_spelled_and_whatever_its_port() {
        let receiver = |url: &str| parse(url, "").unwrap().receiver();
        for url in [
            "https://example.com:8443/b",
            "https://EXAMPLE.com./?c",
            "http://example.com/",
        ] {
            let other = parse(url, "10.0.0.0/8").unwrap().receiver();
            assert_eq!(receiver("https://example.com/a"), other);
        }
        let mapped = receiver("https://[::ffff:93.184.216.34]/");
        assert_eq!(receiver("https://93.184.216.34/"), mapped);
        assert_ne!(
            receiver("https://example.com/"),
            receiver("https://example.org/")
        );
    }
}
