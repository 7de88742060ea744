//! Who counts as one client: whoever a credential names, else the address it comes from.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use axum::extract::Request;
use http::{Extensions, HeaderMap};
use schemas::Digest;

use crate::{auth::Caller, server::Peer};

/// A client, as far as limits are concerned.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Client {
    /// Whoever holds this credential, from wherever.
    Named(String),
    /// Whoever sends from this address. Of IPv6 its first 64 bits: one customer has all the rest (RFC 6177).
    At(IpAddr),
}

/// The header by which proxies tell whom they speak for.
const FORWARDED_FOR: &str = "x-forwarded-for";

impl Client {
    /// Who sent `request`, through so many proxies of ours.
    pub(super) fn of(request: &Request, trusted_proxies: usize) -> Self {
        if let Some(name) = request.extensions().get::<Caller>().and_then(Caller::name) {
            return Self::Named(name.to_owned());
        }
        Self::at(request, trusted_proxies)
    }

    /// Whom [`super::fair`] took a request's sender for.
    pub(crate) fn known(extensions: &Extensions) -> Self {
        let known = extensions.get::<Self>().cloned();
        known.unwrap_or(Self::At(IpAddr::V6(Ipv6Addr::UNSPECIFIED)))
    }

    /// Whether it is whoever operates this machine, or a proxy here that was not said to be one and speaks for many.
    pub(crate) const fn is_this_machine(&self) -> bool {
        matches!(self, Self::At(address) if address.is_loopback())
    }

    /// Who sent `request`, whatever credential it shows.
    pub(super) fn at(request: &Request, trusted_proxies: usize) -> Self {
        let peer = request.extensions().get::<Peer>();
        let peer = peer.map_or(IpAddr::V6(Ipv6Addr::UNSPECIFIED), |peer| peer.0.ip());
        Self::At(network_of(address(
            peer,
            request.headers(),
            trusted_proxies,
        )))
    }

    /// What it is known by outside this process: neither an address nor a name.
    pub(super) fn digest(&self) -> Digest {
        match self {
            Self::Named(name) => Digest::of(format!("named {name}").as_bytes()),
            Self::At(address) => Digest::of(format!("at {address}").as_bytes()),
        }
    }
}

/// The address that the outermost proxy of ours saw. Each proxy adds who spoke to it at the end, and we see the last one
/// ourselves; what stands further left was said by the client, who may lie. Who did not come through all of them is the peer.
fn address(peer: IpAddr, headers: &HeaderMap, trusted_proxies: usize) -> IpAddr {
    let told = headers.get_all(FORWARDED_FOR).into_iter();
    // What the client made up may be no text at all, and what our proxy said stands behind it.
    let told: Vec<_> = told
        .map(|line| String::from_utf8_lossy(line.as_bytes()))
        .collect();
    let mut from_the_right = told.iter().rev().flat_map(|line| line.rsplit(','));
    trusted_proxies
        .checked_sub(1)
        .and_then(|place| from_the_right.nth(place))
        .and_then(parsed)
        .unwrap_or(peer)
}

/// An address as proxies write it: bare, in brackets, or with the port it came from, as Azure and IIS tell it.
fn parsed(told: &str) -> Option<IpAddr> {
    let told = told.trim();
    if let Ok(with_port) = told.parse::<SocketAddr>() {
        return Some(with_port.ip());
    }
    let within = told.strip_prefix('[').and_then(|it| it.strip_suffix(']'));
    within.unwrap_or(told).parse().ok()
}

/// Whom an address stands for: of IPv6 its first 64 bits.
pub(crate) fn network_of(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) if !address.is_loopback() => {
            let [a, b, c, d, ..] = address.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
        by_itself => by_itself,
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn seen(lines: &[&'static str], trusted_proxies: usize) -> String {
        let lines = lines.iter().map(|line| {
            let name = http::HeaderName::from_static(FORWARDED_FOR);
            (name, HeaderValue::from_static(line))
        });
        let mut headers = HeaderMap::new();
        lines.for_each(|(name, line)| {
            headers.append(name, line);
        });
        let peer = "10.0.0.1".parse().unwrap();
        network_of(address(peer, &headers, trusted_proxies)).to_string()
    }

    #[test]
    fn nobody_is_believed_who_is_not_trusted() {
        assert_eq!(seen(&["1.2.3.4"], 0), "10.0.0.1");
        assert_eq!(seen(&[], 1), "10.0.0.1");
    }

    #[test]
    fn a_proxy_tells_who_spoke_to_it_and_what_the_client_said_before_is_passed_over() {
        assert_eq!(seen(&["6.6.6.6, 1.2.3.4"], 1), "1.2.3.4");
        assert_eq!(seen(&["6.6.6.6, 1.2.3.4, 10.0.0.2"], 2), "1.2.3.4");
        assert_eq!(seen(&["6.6.6.6, 1.2.3.4", "10.0.0.2"], 2), "1.2.3.4");
    }

    #[test]
    fn an_address_with_a_port_or_in_brackets_is_that_address() {
        for (told, client) in [
            ("1.2.3.4:5678", "1.2.3.4"),
            (" 1.2.3.4:5678 ", "1.2.3.4"),
            ("[2001:db8:1:2::5]:5678", "2001:db8:1:2::"),
            ("[2001:db8:1:2::5]", "2001:db8:1:2::"),
            ("[::ffff:1.2.3.4]:5678", "1.2.3.4"),
        ] {
            assert_eq!(seen(&[told], 1), client, "{told}");
        }
        assert_eq!(seen(&["6.6.6.6:1, 1.2.3.4:2"], 1), "1.2.3.4");
        for broken in ["1.2.3.4:", "1.2.3.4:99999", "[1.2.3.4", "[]", ":80"] {
            assert_eq!(seen(&[broken], 1), "10.0.0.1", "{broken}");
        }
    }

    #[test]
    fn what_is_no_text_hides_nobody() {
        let name = http::HeaderName::from_static(FORWARDED_FOR);
        let line = HeaderValue::from_bytes(b"\xff, 1.2.3.4").unwrap();
        let headers = HeaderMap::from_iter([(name, line)]);
        let peer = "10.0.0.1".parse().unwrap();
        assert_eq!(address(peer, &headers, 1).to_string(), "1.2.3.4");
    }

    #[test]
    fn who_came_past_the_proxies_is_who_we_see() {
        assert_eq!(seen(&["1.2.3.4"], 2), "10.0.0.1");
        assert_eq!(seen(&["unknown"], 1), "10.0.0.1");
    }

    #[test]
    fn a_network_of_ipv6_is_one_client_and_a_mapped_address_is_what_it_maps() {
        assert_eq!(seen(&["2001:db8:1:2:3:4:5:6"], 1), "2001:db8:1:2::");
        assert_eq!(seen(&["::ffff:1.2.3.4"], 1), "1.2.3.4");
    }

    #[test]
    fn this_machine_is_known_by_either_of_its_addresses() {
        for (address, is_here) in [("127.0.0.1", true), ("::1", true), ("10.0.0.1", false)] {
            let client = Client::At(network_of(address.parse().unwrap()));
            assert_eq!(client.is_this_machine(), is_here, "{address}");
        }
        assert!(!Client::Named("127.0.0.1".to_owned()).is_this_machine());
    }

    #[test]
    fn a_name_that_looks_like_an_address_is_another_client() {
        let named = Client::Named("1.2.3.4".to_owned());
        let at = Client::At("1.2.3.4".parse().unwrap());
        assert_ne!(named.digest(), at.digest());
    }
}
