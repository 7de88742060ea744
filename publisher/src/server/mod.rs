//! The accept loop. `axum::serve` waits for ever for a header that does not come and for an event stream that does not
//! end; this loop has a limit for each.
//!
//! Read in this order: this file; [`places`], how many connections a client may have; [`connection`], one of them from its
//! first byte to its last; [`streams`], what HTTP/2 adds, [`hear_out`], the rest of what was answered early, and
//! [`in_hand`], when a connection is idle; [`authority`], for which host a request is; [`stall`] and [`linger`], the socket;
//! [`tls`], what a client is shown first, [`certificates`], what there is to show, and [`files`] and [`acme`], where that
//! comes from; [`redirect`], for who came without TLS; [`transport`], all of this as it was set, by [`config`].

mod acme;
mod authority;
mod certificates;
mod config;
mod connection;
mod files;
mod hear_out;
mod in_hand;
mod linger;
mod places;
mod redirect;
mod stall;
mod streams;
mod tls;
mod transport;

use std::{net::SocketAddr, time::Duration};

use axum::Router;
use http::{HeaderMap, HeaderValue, header::CONNECTION};
use tokio::{
    net::{TcpListener, TcpStream},
    time::{sleep, timeout},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tracing::{debug, info, warn};

use crate::{Config, Stop};
pub(crate) use authority::{AuthorityError, well_addressed};
pub use config::{TransportConfig, TransportError};
pub(crate) use places::Places;
pub(crate) use tls::Tls;
pub use transport::Transport;

/// Pause after an accept that failed, as it does without free file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Has this answer be its connection's last, and says so: what was not read of a body cannot be told from the next request, and
/// who is not told would send that into it. HTTP/2 goes on with its other streams.
pub(crate) fn close_after(headers: &mut HeaderMap) {
    headers.insert(CONNECTION, HeaderValue::from_static("close"));
}

/// Who is at the other end of a request's connection, which may be a proxy. It is among each request's extensions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Peer(pub(crate) SocketAddr);

/// How long, and how many.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Patience {
    header: Duration,
    keep_alive: Duration,
    stall: Duration,
    drain: Duration,
    streams_max: u32,
}

impl Patience {
    pub(crate) const fn of(config: &Config, transport: &TransportConfig) -> Self {
        Self {
            header: config.header_timeout(),
            keep_alive: config.keep_alive(),
            stall: config.stall_timeout(),
            drain: config.drain_timeout(),
            streams_max: transport.http2_streams_max,
        }
    }
}

/// What is served, and until when. Whoever serves on two addresses counts both of their connections as one.
#[derive(Clone, Debug)]
pub(crate) struct Site {
    pub(crate) router: Router,
    pub(crate) patience: Patience,
    /// Nothing where HTTP is served as it is.
    pub(crate) tls: Option<Tls>,
    pub(crate) places: Places,
    pub(crate) stop: Stop,
}

/// What connections are at work on.
#[derive(Clone, Debug, Default)]
struct Work {
    connections: TaskTracker,
    /// Requests of HTTP/2, each a task of its own.
    streams: TaskTracker,
    /// Patience is over: what is still in hand is dropped.
    cut: CancellationToken,
}

/// Serves the site until it closes; then takes no more, lets what is in hand end within the drain, and returns.
pub(crate) async fn serve(listener: TcpListener, site: Site) {
    let work = Work::default();
    let closing = site.stop.closing.clone();
    let drain = site.patience.drain;
    let accepting = accept_all(listener, site, &work);
    closing.run_until_cancelled(accepting).await;
    work.end(drain).await;
}

impl Work {
    async fn end(&self, drain: Duration) {
        self.connections.close();
        self.streams.close();
        info!(connections = self.connections.len(), "draining connections");
        if timeout(drain, self.ended()).await.is_err() {
            warn!(
                connections = self.connections.len(),
                "connections outlived the drain and are cut"
            );
            self.cut.cancel();
            self.ended().await;
        }
    }

    async fn ended(&self) {
        self.connections.wait().await;
        self.streams.wait().await;
    }
}

/// Everything that a client takes its time for, its handshake too, happens beside this loop.
async fn accept_all(listener: TcpListener, site: Site, work: &Work) {
    loop {
        let place = site.places.free().await;
        let (tcp, peer) = next_stream(&listener).await;
        let Some(place) = site.places.give(place, Peer(peer)) else {
            debug!(%peer, "a client has as many connections as are left for others");
            continue;
        };
        let connection = connection::serve(tcp, Peer(peer), site.clone(), work.clone());
        let cut = work.cut.clone();
        work.connections.spawn(async move {
            cut.run_until_cancelled_owned(connection).await;
            drop(place);
        });
    }
}

async fn next_stream(listener: &TcpListener) -> (TcpStream, SocketAddr) {
    loop {
        match listener.accept().await {
            Ok(accepted) => return accepted,
            Err(error) => {
                warn!(%error, "no connection could be accepted");
                sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use axum::{Extension, routing::get};
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio_util::sync::DropGuard;

    use super::*;

    async fn served(router: Router) -> (SocketAddr, DropGuard) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (address, stop) = (listener.local_addr().unwrap(), Stop::default());
        let site = Site {
            router,
            patience: Patience::of(&Config::default(), &TransportConfig::default()),
            tls: None,
            places: Places::new(1, false),
            stop: stop.clone(),
        };
        tokio::spawn(serve(listener, site));
        (address, stop.closing.drop_guard())
    }

    #[tokio::test]
    async fn a_request_tells_who_is_at_the_other_end() {
        let who = async |Extension(Peer(address)): Extension<Peer>| address.to_string();
        let (address, _stop) = served(Router::new().route("/", get(who))).await;
        let mut stream = TcpStream::connect(address).await.unwrap();
        let ours = stream.local_addr().unwrap().to_string();
        let asked = b"GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n";
        stream.write_all(asked).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        assert!(answer.ends_with(&ours), "{answer}");
    }
}
