//! A node of a cluster.

use std::fmt;

use redis::{ConnectionAddr, ConnectionInfo};

/// Where a node is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Node {
    pub(super) host: String,
    pub(super) port: u16,
}

impl Node {
    /// How to connect to it: as to any other node.
    pub(super) fn connection(&self, like: &ConnectionInfo) -> ConnectionInfo {
        like.clone()
            .set_addr(ConnectionAddr::Tcp(self.host.clone(), self.port))
    }

    /// The node that a redirection of this one names: `host:port`, where no host is this one's.
    pub(super) fn named(&self, address: &str) -> Option<Self> {
        let (host, port) = address.rsplit_once(':')?;
        Some(Self {
            host: if host.is_empty() { &self.host } else { host }.to_owned(),
            port: port.parse().ok()?,
        })
    }
}

impl fmt::Display for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.host, self.port)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(host: &str, port: u16) -> Node {
        let host = host.to_owned();
        Node { host, port }
    }

    #[test]
    fn a_redirection_without_a_host_stays_on_the_same_one() {
        let asked = node("here", 1);
        assert_eq!(asked.named("there:6379"), Some(node("there", 6379)));
        assert_eq!(asked.named(":6379"), Some(node("here", 6379)));
        assert_eq!(asked.named("fe80::1:6379"), Some(node("fe80::1", 6379)));
        assert_eq!(asked.named("there"), None);
    }
}
