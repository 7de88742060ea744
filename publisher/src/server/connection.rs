//! One connection, from its first byte to its last. What it speaks, HTTP/1.1 or HTTP/2, its first bytes tell.

use std::{convert::Infallible, error::Error, future::pending, io, pin::pin};

use axum::body::Body;
use http::{Request, Response, Version, header};
use hyper::{body::Incoming, service::service_fn};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::conn::auto,
};
use tokio::{
    net::TcpStream,
    time::{sleep, timeout},
};
use tokio_util::{either::Either, sync::CancellationToken};
use tower::ServiceExt as _;
use tracing::debug;

use super::{
    Patience, Peer, Site, Work,
    hear_out::HeardOut,
    in_hand::InHand,
    linger::Lingering,
    stall::Stalling,
    streams::{self, Streams},
    tls::Encrypted,
};

/// Bytes that one connection may buffer, and so the longest header of HTTP/1. 64 KiB: four times what browsers send.
const BUFFER_BYTES_MAX: usize = 64 * 1024;
/// Longest header of a request of HTTP/2, unpacked; one connection may have many of them. 32 KiB: the longest credential
/// beside the longest list of jobs, and half of that again for what browsers and proxies add.
const HEADER_LIST_BYTES_MAX: u32 = 32 * 1024;
/// What a client may send of one request before somebody has read it. 256 KiB: 40 Mbit/s for a phone 50 ms away.
const STREAM_WINDOW_BYTES: u32 = 256 * 1024;
/// The same for all requests of one connection. 512 KiB: two uploads side by side at full speed, and 384 MiB for the 768
/// connections that there are by default, if nobody read anything of any.
const CONNECTION_WINDOW_BYTES: u32 = 512 * 1024;
/// What one answer of HTTP/2 may have waiting in the connection. 64 KiB: four frames.
const SEND_BYTES_MAX: usize = 64 * 1024;
/// Requests that a client took back before anyone had looked at them (CVE-2023-44487). 20: no browser that closes a tab
/// gets there, and a flood ends with its connection.
const RESETS_PENDING_MAX: usize = 20;
/// Requests that we had to take back for the client's mistakes. 64: a client that goes on making them is none.
const RESETS_FOR_ERRORS_MAX: usize = 64;

/// A client, with TLS or without.
type Wire = Either<TcpStream, Box<Encrypted>>;

/// A connection that is being served.
#[derive(Clone, Debug)]
struct Served {
    site: Site,
    peer: Peer,
    /// A first request has begun.
    asked: CancellationToken,
    /// No further request is taken: the site closes, or this client was told to go.
    farewell: CancellationToken,
    in_hand: InHand,
    work: Work,
}

/// Serves one client.
pub(super) async fn serve(tcp: TcpStream, peer: Peer, site: Site, work: Work) {
    let closing = site.stop.closing.clone();
    let Peer(address) = peer;
    match closing.run_until_cancelled(open(tcp, &site)).await {
        Some(Ok(wire)) => requests(wire, peer, site, work).await,
        Some(Err(error)) => debug!(peer = %address, %error, "connection came to nothing: {error}"),
        None => {} // a client that has asked for nothing yet does not hold the drain
    }
}

/// Shakes hands, where there is TLS.
async fn open(tcp: TcpStream, site: &Site) -> io::Result<Wire> {
    tcp.set_nodelay(true)?;
    Ok(match &site.tls {
        None => Either::Left(tcp),
        Some(tls) => Either::Right(tls.shake_hands(tcp).await?),
    })
}

/// Takes requests until the client has none, is too slow, or is told to go.
async fn requests(wire: Wire, peer: Peer, site: Site, work: Work) {
    let patience = site.patience;
    let served = Served {
        asked: CancellationToken::new(),
        farewell: site.stop.closing.child_token(),
        in_hand: InHand::default(),
        site,
        peer,
        work,
    };
    tokio::select! {
        ended = speak(wire, &served) => {
            if let Err(error) = ended {
                debug!(peer = %peer.0, %error, "connection ended early: {error}");
            }
        }
        () = asks_too_late(&served, patience) => {}
        () = idles_too_long(&served, patience) => {}
    }
}

/// Comes to its end only if no request has begun in time. A connection that was only opened, as browsers do in advance,
/// does not stay.
async fn asks_too_late(served: &Served, patience: Patience) {
    if timeout(patience.header, served.asked.cancelled())
        .await
        .is_ok()
    {
        pending::<()>().await;
    }
}

/// Comes to its end only if a client without a request in hand was told to go, and did not. In HTTP/1 hyper waits for the
/// next header itself.
async fn idles_too_long(served: &Served, patience: Patience) {
    served.asked.cancelled().await;
    served.in_hand.nothing_for(patience.keep_alive).await;
    served.farewell.cancel();
    sleep(patience.header).await;
}

/// Speaks HTTP/1.1 or HTTP/2 with the client; after the farewell, until what is in hand has ended.
async fn speak(wire: Wire, served: &Served) -> Result<(), Box<dyn Error + Send + Sync>> {
    let patience = served.site.patience;
    let io = Lingering::new(Stalling::new(wire, patience.stall));
    let http = http(patience, Streams::new(&served.work, patience.stall));
    let service = service_fn(|request| served.clone().answer(request));
    let mut connection = pin!(http.serve_connection(TokioIo::new(io), service));
    tokio::select! {
        ended = connection.as_mut() => return ended,
        () = served.farewell.cancelled() => connection.as_mut().graceful_shutdown(),
    }
    connection.await
}

/// Both protocols, with a limit for all that a client can make grow.
fn http(patience: Patience, streams: Streams) -> auto::Builder<Streams> {
    let mut http = auto::Builder::new(streams);
    http.http1()
        .timer(TokioTimer::new())
        .header_read_timeout(patience.keep_alive)
        .max_buf_size(BUFFER_BYTES_MAX);
    http.http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(patience.streams_max)
        .max_header_list_size(HEADER_LIST_BYTES_MAX)
        .initial_stream_window_size(STREAM_WINDOW_BYTES)
        .initial_connection_window_size(CONNECTION_WINDOW_BYTES)
        .max_send_buf_size(SEND_BYTES_MAX)
        .max_pending_accept_reset_streams(RESETS_PENDING_MAX)
        .max_local_error_reset_streams(RESETS_FOR_ERRORS_MAX);
    http
}

impl Served {
    /// The routes' answer to one request, and what its connection has to say with it.
    fn answer(
        self,
        mut request: Request<Incoming>,
    ) -> impl Future<Output = Result<Response<Body>, Infallible>> + Send + 'static {
        self.asked.cancel();
        request.extensions_mut().insert(self.peer);
        let (version, turn) = (request.version(), self.in_hand.one());
        let request = request.map(|body| match version {
            Version::HTTP_2 => streams::sipped(HeardOut::new(body, &self.work)),
            _ => Body::new(body),
        });
        let answer = self.site.router.clone().oneshot(request);
        // Boxed, or every connection would be as large as the largest of its requests.
        Box::pin(async move {
            let mut answer = answer.await.unwrap_or_else(|never| match never {});
            if version == Version::HTTP_2 {
                self.say_by_frames(&mut answer);
                answer = streams::paced(answer);
            }
            if let Some(tls) = &self.site.tls {
                tls.insist(answer.headers_mut());
            }
            Ok(answer.map(|body| turn.until_sent(body)))
        })
    }

    /// HTTP/2 has no `Connection`. That a request was not read to its end concerns its stream alone; that the process
    /// drains concerns the connection, and GOAWAY says so.
    fn say_by_frames(&self, answer: &mut Response<Body>) {
        let closes = answer.headers_mut().remove(header::CONNECTION).is_some();
        if closes && self.site.stop.draining.is_cancelled() {
            self.farewell.cancel();
        }
    }
}
