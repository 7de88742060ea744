//! What a Redis URL may say: one server, or some nodes of a cluster.

use std::str::FromStr;

use redis::{ConnectionAddr, ConnectionInfo, IntoConnectionInfo as _, RedisError};

use super::{node::Node, with_our_settings};

const CLUSTER_SCHEME: &str = "redis+cluster://";
const SERVER_SCHEME: &str = "redis://";

/// Where Redis is.
#[derive(Clone)]
pub(super) enum Address {
    Server(ConnectionInfo),
    Cluster(Seeds),
}

/// Some nodes of a cluster, which name the others.
#[derive(Clone)]
pub(super) struct Seeds {
    pub(super) nodes: Vec<Node>,
    /// How to connect to any node, save its address: they all have the same credentials.
    pub(super) like: ConnectionInfo,
}

/// A URL that names no Redis.
#[derive(Debug, thiserror::Error)]
pub enum NotAnAddress {
    #[error("address {number} of the list cannot be understood: {error}")]
    Unreadable { number: usize, error: RedisError },
    #[error(
        "address {number} of the list has an @ and no scheme; a comma in a password is written %2C, and a node with its \
         own credentials redis://user:password@host:port"
    )]
    StrayCredentials { number: usize },
    #[error(
        "address {number} of the list has other credentials than the first; a cluster has the same on every node"
    )]
    OtherCredentials { number: usize },
    #[error(
        "address {number} of the list is a socket; the nodes of a cluster are reached by host and port"
    )]
    Socket { number: usize },
    #[error("database {database} is asked for, but a cluster has only database 0")]
    Database { database: i64 },
}

impl FromStr for Address {
    type Err = NotAnAddress;

    /// `redis://host:port` is a server. `redis+cluster://host:port`, or several nodes with commas between them, is a
    /// cluster; its first node has the credentials.
    fn from_str(urls: &str) -> Result<Self, NotAnAddress> {
        let mut urls = urls.split(',').map(str::trim).zip(1..);
        let (first, number) = urls.next().expect("a split text has a first part");
        let like = read(first, number)?;
        let others: Vec<_> = urls.collect();
        if others.is_empty() && !first.starts_with(CLUSTER_SCHEME) {
            return Ok(Self::Server(like));
        }
        Seeds::read(like, &others).map(Self::Cluster)
    }
}

impl Seeds {
    fn read(like: ConnectionInfo, others: &[(&str, usize)]) -> Result<Self, NotAnAddress> {
        let mut nodes = vec![node(&like, 1)?];
        for (url, number) in others {
            let other = read(url, *number)?;
            if differ(&other, &like) {
                return Err(NotAnAddress::OtherCredentials { number: *number });
            }
            nodes.push(node(&other, *number)?);
        }
        Ok(Self { nodes, like })
    }
}

/// The first address says what kind it is; the others may leave that out.
fn read(url: &str, number: usize) -> Result<ConnectionInfo, NotAnAddress> {
    let url = match url.strip_prefix(CLUSTER_SCHEME) {
        Some(node) => format!("{SERVER_SCHEME}{node}"),
        None if number == 1 || url.contains("://") => url.to_owned(),
        None if url.contains('@') => return Err(NotAnAddress::StrayCredentials { number }),
        None => format!("{SERVER_SCHEME}{url}"),
    };
    url.into_connection_info()
        .map(with_our_settings)
        .map_err(|error| NotAnAddress::Unreadable { number, error })
}

fn node(info: &ConnectionInfo, number: usize) -> Result<Node, NotAnAddress> {
    let database = info.redis_settings().db();
    if database != 0 {
        return Err(NotAnAddress::Database { database });
    }
    match info.addr() {
        ConnectionAddr::Tcp(host, port) => Ok(Node {
            host: host.clone(),
            port: *port,
        }),
        _ => Err(NotAnAddress::Socket { number }),
    }
}

/// Whether `other` says who we are, and says it otherwise.
fn differ(other: &ConnectionInfo, first: &ConnectionInfo) -> bool {
    let (other, first) = (other.redis_settings(), first.redis_settings());
    let says = other.username().is_some() || other.password().is_some();
    says && (other.username(), other.password()) != (first.username(), first.password())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nodes(urls: &str) -> Vec<String> {
        match urls.parse().unwrap() {
            Address::Server(_) => Vec::new(),
            Address::Cluster(seeds) => seeds.nodes.iter().map(Node::to_string).collect(),
        }
    }

    fn refused(urls: &str) -> String {
        let address = urls.parse::<Address>();
        address.err().expect("it is no address").to_string()
    }

    #[test]
    fn one_url_is_a_server_and_several_are_a_cluster() {
        assert!(nodes("redis://host:6379/2").is_empty());
        for urls in [
            "redis+cluster://a:1,b:2",
            "redis+cluster://a:1, redis+cluster://b:2",
            "redis://a:1,redis://b:2/",
            "redis://a:1,b:2",
        ] {
            assert_eq!(nodes(urls), ["a:1", "b:2"], "{urls}");
        }
        assert_eq!(nodes("redis+cluster://a"), ["a:6379"]);
        assert_eq!(nodes("redis+cluster://[::1]:7000"), ["::1:7000"]);
    }

    #[test]
    fn the_first_nodes_credentials_are_everyones() {
        for urls in [
            "redis+cluster://me:hush@a:1,b:2",
            "redis://me:hush@a:1,redis://me:hush@b:2",
        ] {
            let Address::Cluster(Seeds { nodes, like }) = urls.parse().unwrap() else {
                panic!("{urls} is a cluster");
            };
            let second = nodes[1].connection(&like);
            assert_eq!(second.addr().to_string(), "b:2");
            assert_eq!(second.redis_settings().username(), Some("me"));
            assert_eq!(second.redis_settings().password(), Some("hush"));
        }
    }

    #[test]
    fn what_is_no_address_is_refused_with_the_reason_and_without_the_password() {
        for (urls, reason) in [
            ("host:6379", "address 1 of the list"),
            ("redis+cluster://", "address 1 of the list"),
            ("redis+cluster://a:1,", "address 2 of the list"),
            ("redis+cluster://a:port", "address 1 of the list"),
            ("redis+cluster://a:1/3", "database 3"),
            ("redis://:hu,sh@a:1", "address 1 of the list"),
            ("redis+cluster://hu,x:sh@a:1", "%2C"),
            ("redis://:hush@a:1,redis://:else@b:2", "other credentials"),
            ("redis+cluster://a:1,unix:///run/redis", "a socket"),
            ("rediss://a:1", "TLS"),
            ("rediss+cluster://a:1", "address 1 of the list"),
        ] {
            let said = refused(urls);
            assert!(said.contains(reason), "{urls}: {said}");
            assert!(!said.contains("sh") || !said.contains("hu"), "{said}");
        }
    }
}
