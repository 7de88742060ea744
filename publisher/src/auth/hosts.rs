//! Under which names it answers where nobody has to say who they are.
//!
//! A page may have its own name point at 127.0.0.1 (DNS rebinding): its browser then takes this server for the page's own,
//! and lets it read every answer. What the page cannot do is hide the name that it came by. So a name has to be one that
//! cannot be a stranger's: an IP address, `localhost` and what lies under it, or one that an operator wrote down.

use std::net::{Ipv4Addr, Ipv6Addr};

use http::{header::HOST, request::Parts, uri::Authority};

use super::denied::Denied;

/// Names at once. 100: more are no list any more.
const HOSTS_MAX: usize = 100;

/// Bytes of a name (RFC 1035 §2.3.4).
const NAME_BYTES_MAX: usize = 253;

/// As much of a name as an answer repeats.
const SHOWN_CHARS_MAX: usize = 100;

/// Ports that browsers leave out.
const USUAL_PORTS: [u16; 2] = [80, 443];

/// The names that an operator wrote down.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Hosts(Vec<Host>);

/// A name in lower case, and its port where only that one is meant.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Host {
    name: String,
    port: Option<u16>,
}

/// A list of names that is none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum HostError {
    #[error("{0:?} is no name such as shop.example or shop.example:8443")]
    NotOne(String),
    #[error("{0} names, the limit is {HOSTS_MAX}")]
    TooMany(usize),
}

impl Hosts {
    /// The names of a list with white space between them.
    pub(super) fn parse(list: &str) -> Result<Self, HostError> {
        let words = list.split_whitespace();
        let hosts = words.map(|word| Host::parse(word).ok_or(HostError::NotOne(word.to_owned())));
        let hosts = hosts.collect::<Result<Vec<_>, _>>()?;
        if hosts.len() > HOSTS_MAX {
            return Err(HostError::TooMany(hosts.len()));
        }
        Ok(Self(hosts))
    }

    /// Whether every name that `request` asks for is ours. One that names nothing, as HTTP/1.0 allows, is no browser's: they
    /// send `Host` since before there were scripts, and no script can take it away.
    pub(super) fn check(&self, request: &Parts) -> Result<(), Denied> {
        let named = asked(request);
        match named.into_iter().find(|name| !self.are_ours(name)) {
            Some(name) => Err(Denied::Host(name.chars().take(SHOWN_CHARS_MAX).collect())),
            None => Ok(()),
        }
    }

    fn are_ours(&self, name: &str) -> bool {
        let Ok(asked) = name.parse::<Authority>() else {
            return false;
        };
        let host = asked.host().to_ascii_lowercase();
        let host = host.strip_suffix('.').unwrap_or(&host);
        let listed = || self.0.iter().any(|it| it.is(host, asked.port_u16()));
        is_address(host) || host == "localhost" || host.ends_with(".localhost") || listed()
    }
}

/// What a request asks for by name: HTTP/2 says it in its target, HTTP/1 in a header, or in both, or twice.
pub(super) fn asked(request: &Parts) -> Vec<String> {
    let target = request.uri.authority().map(ToString::to_string);
    let headers = request.headers.get_all(HOST).into_iter();
    let headers = headers.map(|host| String::from_utf8_lossy(host.as_bytes()).into_owned());
    target.into_iter().chain(headers).collect()
}

/// Rebinding needs a name: whoever asks for an address has looked up nothing.
fn is_address(host: &str) -> bool {
    let v6 = host
        .strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'));
    host.parse::<Ipv4Addr>().is_ok() || v6.is_some_and(|host| host.parse::<Ipv6Addr>().is_ok())
}

impl Host {
    fn parse(word: &str) -> Option<Self> {
        let authority: Authority = word.parse().ok()?;
        let (name, port) = (authority.host(), authority.port_u16());
        let is_whole = word.len() == name.len() + port.map_or(0, |port| format!(":{port}").len());
        let is_name_char = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
        let is_name = (1..=NAME_BYTES_MAX).contains(&name.len()) && name.bytes().all(is_name_char);
        (is_whole && is_name).then(|| Self {
            name: name.to_ascii_lowercase(),
            port,
        })
    }

    fn is(&self, name: &str, port: Option<u16>) -> bool {
        let is_its_port = match (self.port, port) {
            (None, _) => true,
            (Some(ours), Some(asked)) => ours == asked,
            (Some(ours), None) => USUAL_PORTS.contains(&ours),
        };
        self.name == name && is_its_port
    }
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;

    const LISTED: &str = "shop.example\nPhotos.Example:8443 secure.example:443";

    fn is_answered(target: &str, hosts: &[&str]) -> bool {
        let mut request = Request::get(target);
        for host in hosts {
            request = request.header(HOST, host.as_bytes());
        }
        let (parts, ()) = request.body(()).unwrap().into_parts();
        Hosts::parse(LISTED).unwrap().check(&parts).is_ok()
    }

    #[test]
    fn an_address_this_machine_and_what_is_listed_are_answered() {
        for host in [
            "127.0.0.1:3000",
            "192.0.2.7",
            "[::1]:3000",
            "localhost:3000",
            "LOCALHOST",
            "localhost.",
            "page.localhost:3000",
            "shop.example",
            "Shop.Example:3000",
            "photos.example:8443",
            "secure.example",
            "secure.example:443",
        ] {
            assert!(is_answered("/", &[host]), "{host}");
            assert!(is_answered(&format!("http://{host}/"), &[]), "{host}");
        }
        assert!(is_answered("/", &[]), "HTTP/1.0 names nothing");
    }

    #[test]
    fn any_other_name_may_be_a_strangers() {
        for host in [
            "evil.example",
            "localhost.evil.example",
            "evillocalhost",
            "127.0.0.1.evil.example",
            "localhost@evil.example",
            "shop.example.evil.example",
            "photos.example",
            "photos.example:8444",
            "secure.example:8443",
            "127.1",
            "",
            "é",
        ] {
            assert!(!is_answered("/", &[host]), "{host}");
            assert!(!is_answered("/", &["localhost", host]), "{host}");
        }
        assert!(!is_answered("http://evil.example/", &["localhost"]));
        assert!(!is_answered("http://localhost/", &["evil.example"]));
    }

    #[test]
    fn what_cannot_be_a_name_is_refused_by_name() {
        for word in [
            "*",
            "*.example",
            "https://shop.example",
            "shop.example/",
            "user@shop.example",
            "shop.example:",
            "shop.example:70000",
            "shop.example:x",
            ":80",
        ] {
            let error = Hosts::parse(word).unwrap_err();
            assert_eq!(error, HostError::NotOne(word.to_owned()));
        }
        let long = "a ".repeat(HOSTS_MAX + 1);
        assert_eq!(Hosts::parse(&long), Err(HostError::TooMany(HOSTS_MAX + 1)));
    }
}
