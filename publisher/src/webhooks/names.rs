//! What a name stands for, as far as it may be dialled.

use std::{net::SocketAddr, sync::Arc};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use tokio::net::lookup_host;

use super::networks::{Networks, Wire};

/// Names as this machine knows them.
#[derive(Debug)]
pub(super) struct System;

impl Resolve for System {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let found = lookup_host((name.as_str(), 0)).await?;
            Ok(Box::new(found.collect::<Vec<_>>().into_iter()) as Addrs)
        })
    }
}

/// Resolves names to those of their addresses that may be dialled.
pub(super) struct Checked {
    names: Arc<dyn Resolve>,
    networks: Arc<Networks>,
    wire: Wire,
}

/// A name that has no address that may be dialled. It does not tell the addresses: they are those of a private network.
#[derive(Debug, thiserror::Error)]
#[error("{name} has no address that may be dialled")]
pub(super) struct Refused {
    name: String,
}

impl Checked {
    pub(super) fn new(names: Arc<dyn Resolve>, networks: Arc<Networks>, wire: Wire) -> Self {
        Self {
            names,
            networks,
            wire,
        }
    }
}

impl Resolve for Checked {
    fn resolve(&self, name: Name) -> Resolving {
        let (networks, wire) = (Arc::clone(&self.networks), self.wire);
        let refused = Refused {
            name: name.as_str().to_owned(),
        };
        let found = self.names.resolve(name);
        Box::pin(async move {
            let allowed = |address: &SocketAddr| networks.allow(address.ip(), wire);
            let dialled: Vec<_> = found.await?.filter(allowed).collect();
            if dialled.is_empty() {
                return Err(refused.into());
            }
            Ok(Box::new(dialled.into_iter()) as Addrs)
        })
    }
}
