//! What the queue needs to know of the broker.

use std::{fmt, str::FromStr, time::Duration};

use lapin::uri::{AMQPScheme, AMQPUri};

/// Longest namespace: AMQP names have 255 bytes at most, and the longest suffix of ours needs 15.
const NAMESPACE_CHARACTERS_MAX: usize = 64;

/// The broker, and how long it may take.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where it is.
    pub servers: Servers,
    /// What every exchange's and queue's name begins with.
    pub namespace: Namespace,
    /// Until one server has answered the connection's handshake: a handful of round trips, names looked up included.
    pub connect_max: Duration,
    /// Until a question is answered, for example a queue's depth or an acknowledgement.
    pub answer_max: Duration,
    /// Until a message is confirmed, a broken connection built again included: an upload waits for it. Longer than
    /// `answer_max`, or a connection that fell silent is noticed only by its missing heartbeats.
    pub publish_max: Duration,
    /// Until a retry or a burial that the broker does not take is tried for the last time. An alarm that lasts longer
    /// costs the message a crash; the delivery is in hand meanwhile, so it stays far below the broker's
    /// `consumer_timeout` of 30 minutes, which would close the channel.
    pub secure_max: Duration,
    /// After how long without a message a receiver asks whether there are any.
    pub silence_max: Duration,
}

/// The servers of a broker, one at least, tried in turn. Passwords are never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Servers(Vec<AMQPUri>);

/// The beginning of every name: `nws`, unless brokers are shared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Namespace(String);

/// Why a setting cannot be used. It never repeats a URL, which holds a password.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    #[error("server {place} of the list is no AMQP URL, amqp://user:password@host:5672/%2f is one")]
    NotAnUrl { place: usize },
    #[error(
        "server {place} of the list is an amqps URL, this program is built without TLS to the broker"
    )]
    NoTls { place: usize },
    #[error(
        "a namespace is 1 to {NAMESPACE_CHARACTERS_MAX} letters, digits, - and _; {characters} characters were given"
    )]
    Namespace { characters: usize },
}

impl Config {
    /// The defaults, for `servers`.
    pub fn new(servers: Servers) -> Self {
        Self {
            servers,
            namespace: Namespace::default(),
            connect_max: Duration::from_secs(5),
            answer_max: Duration::from_secs(5),
            publish_max: Duration::from_secs(10),
            secure_max: Duration::from_secs(60),
            silence_max: Duration::from_secs(60),
        }
    }
}

impl Servers {
    pub(super) fn iter(&self) -> impl Iterator<Item = &AMQPUri> {
        self.0.iter()
    }

    /// Each once, from the server at this place on; past the end of the list is its beginning.
    pub(super) fn beginning_at(&self, place: usize) -> impl Iterator<Item = &AMQPUri> {
        let (before, after) = self.0.split_at(place % self.0.len());
        after.iter().chain(before)
    }
}

/// URLs with commas between them.
impl FromStr for Servers {
    type Err = ConfigError;

    fn from_str(list: &str) -> Result<Self, ConfigError> {
        let parse = |(place, url): (usize, &str)| {
            let uri = AMQPUri::from_str(url.trim()).map_err(|_| ConfigError::NotAnUrl { place })?;
            match uri.scheme {
                AMQPScheme::AMQP => Ok(uri),
                AMQPScheme::AMQPS => Err(ConfigError::NoTls { place }),
            }
        };
        (1..)
            .zip(list.split(','))
            .map(parse)
            .collect::<Result<_, _>>()
            .map(Self)
    }
}

/// The addresses only.
impl fmt::Debug for Servers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter().map(address)).finish()
    }
}

/// What may be said of a server.
pub(super) fn address(uri: &AMQPUri) -> String {
    format!("{}:{}", uri.authority.host, uri.authority.port)
}

impl Default for Namespace {
    fn default() -> Self {
        Self("nws".into())
    }
}

impl FromStr for Namespace {
    type Err = ConfigError;

    fn from_str(text: &str) -> Result<Self, ConfigError> {
        let fits = (1..=NAMESPACE_CHARACTERS_MAX).contains(&text.len())
            && text
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
        if fits {
            Ok(Self(text.into()))
        } else {
            Err(ConfigError::Namespace {
                characters: text.chars().count(),
            })
        }
    }
}

impl fmt::Display for Namespace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cluster_is_a_list() {
        let servers: Servers = "amqp://a:5672/%2f, amqp://b:5673/%2f".parse().unwrap();
        assert_eq!(format!("{servers:?}"), r#"["a:5672", "b:5673"]"#);
    }

    #[test]
    fn every_server_is_tried_wherever_one_begins() {
        let servers: Servers = "amqp://a:1/%2f,amqp://b:2/%2f,amqp://c:3/%2f"
            .parse()
            .unwrap();
        for (place, order) in [(0, "abc"), (1, "bca"), (5, "cab")] {
            let tried = servers.beginning_at(place);
            let hosts: String = tried.map(|uri| uri.authority.host.as_str()).collect();
            assert_eq!(hosts, order);
        }
    }

    #[test]
    fn a_password_is_never_printed() {
        let config = Config::new("amqp://user:geheim@host/%2f".parse().unwrap());
        assert!(!format!("{config:?}").contains("geheim"));
        for wrong in [
            "user:geheim@host",
            "amqps://user:geheim@host/%2f",
            "amqp://user:geheim@host:port",
        ] {
            let error = wrong.parse::<Servers>().unwrap_err();
            assert!(!format!("{error} {error:?}").contains("geheim"), "{error}");
        }
    }

    #[test]
    fn a_namespace_stays_a_word() {
        assert!("nws-test_1".parse::<Namespace>().is_ok());
        for wrong in ["", "a.b", "a b", "#", &"n".repeat(65)] {
            assert!(wrong.parse::<Namespace>().is_err(), "{wrong}");
        }
    }
}
