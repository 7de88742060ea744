//! The accept loop. `axum::serve` waits for ever for a header that does not come and for an event stream that does not
//! end; this loop has a limit for each. `stall` is the limit for a client that stops reading.

mod stall;

use std::{
    convert::Infallible,
    future::{Future as _, pending, poll_fn},
    io,
    net::SocketAddr,
    pin::{Pin, pin},
    sync::Arc,
    time::Duration,
};

use axum::{Router, body::Body};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    sync::Semaphore,
    time::{sleep, timeout},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tower::ServiceExt as _;
use tracing::{debug, info, warn};

use crate::Config;
use stall::Stalling;

/// Bytes that one connection may buffer, and so the longest header. 64 KiB: four times what browsers send.
const BUFFER_BYTES_MAX: usize = 64 * 1024;
/// What is still taken from a client that was answered before it had sent everything, so that it reads the answer
/// instead of a reset: as much as it may send at all and half again, but not for ever.
const LINGER_BYTES_MAX: u64 = 32 * 1024 * 1024;
const LINGER_MAX: Duration = Duration::from_secs(5);
/// Pause after an accept that failed, as it does without free file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

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
    connections_max: usize,
}

impl Patience {
    pub(crate) const fn of(config: &Config) -> Self {
        Self {
            header: config.header_timeout(),
            keep_alive: config.keep_alive(),
            stall: config.stall_timeout(),
            drain: config.drain_timeout(),
            connections_max: config.connections_max,
        }
    }
}

/// Serves `router` until `shutdown`; then takes no more, lets what is in hand end within the drain, and returns.
pub(crate) async fn serve(
    listener: TcpListener,
    router: Router,
    patience: Patience,
    shutdown: &CancellationToken,
) {
    let connections = TaskTracker::new();
    let patience_is_over = CancellationToken::new();
    let accepting = accept_all(
        listener,
        router,
        patience,
        shutdown,
        &patience_is_over,
        &connections,
    );
    shutdown.run_until_cancelled(accepting).await;
    connections.close();
    info!(connections = connections.len(), "draining connections");
    if timeout(patience.drain, connections.wait()).await.is_err() {
        warn!(
            connections = connections.len(),
            "connections outlived the drain and are cut"
        );
        patience_is_over.cancel();
        connections.wait().await;
    }
}

async fn accept_all(
    listener: TcpListener,
    router: Router,
    patience: Patience,
    shutdown: &CancellationToken,
    cut: &CancellationToken,
    connections: &TaskTracker,
) {
    let slots = Arc::new(Semaphore::new(patience.connections_max));
    loop {
        let slot = Arc::clone(&slots)
            .acquire_owned()
            .await
            .expect("the semaphore is never closed");
        let (stream, peer) = next_stream(&listener).await;
        let connection = connection(stream, peer, router.clone(), patience, shutdown.clone());
        let cut = cut.clone();
        connections.spawn(async move {
            cut.run_until_cancelled(connection).await;
            drop(slot);
        });
    }
}

async fn next_stream(listener: &TcpListener) -> (TcpStream, Peer) {
    loop {
        match listener.accept().await {
            Ok((stream, address)) => return (stream, Peer(address)),
            Err(error) => {
                warn!(%error, "no connection could be accepted");
                sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

/// One connection, from its first byte to its last.
async fn connection(
    stream: TcpStream,
    peer: Peer,
    router: Router,
    patience: Patience,
    shutdown: CancellationToken,
) {
    if let Err(error) = stream.set_nodelay(true) {
        debug!(%error, "connection is gone");
        return;
    }
    if !speaks(&stream, patience.header, &shutdown).await {
        return;
    }
    let asked = CancellationToken::new();
    let served = tokio::select! {
        served = serve_requests(stream, peer, router, patience, &shutdown, &asked) => served,
        () = asks_too_late(&asked, patience.header) => return,
    };
    match served {
        Ok(stream) => linger(stream).await,
        Err(error) => debug!(%error, "connection ended early"),
    }
}

/// Whether the client sends anything in time. A connection that was only opened, as browsers do in advance, neither
/// stays nor holds the drain.
async fn speaks(stream: &TcpStream, first_byte: Duration, shutdown: &CancellationToken) -> bool {
    let mut first = [0];
    let peeked = shutdown.run_until_cancelled(stream.peek(&mut first));
    matches!(timeout(first_byte, peeked).await, Ok(Some(Ok(1))))
}

/// Comes to its end only if no request has begun in time.
async fn asks_too_late(asked: &CancellationToken, header_max: Duration) {
    if timeout(header_max, asked.cancelled()).await.is_ok() {
        pending::<()>().await;
    }
}

/// Tells `asked` of the first request. The ones after it are hyper's to wait for, which does not tell a connection that is
/// idle from one whose header is slow; neither holds more than its place among the connections.
async fn serve_requests(
    stream: TcpStream,
    peer: Peer,
    router: Router,
    patience: Patience,
    shutdown: &CancellationToken,
    asked: &CancellationToken,
) -> Result<TcpStream, hyper::Error> {
    let service = service_fn(move |mut request: hyper::Request<Incoming>| {
        asked.cancel();
        request.extensions_mut().insert(peer);
        let answer = router.clone().oneshot(request.map(Body::new));
        Box::pin(
            async move { Ok::<_, Infallible>(answer.await.unwrap_or_else(|never| match never {})) },
        )
    });
    let stream = Stalling::new(stream, patience.stall);
    let mut connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(patience.keep_alive)
        .max_buf_size(BUFFER_BYTES_MAX)
        .serve_connection(TokioIo::new(stream), service);
    let mut stop = pin!(shutdown.cancelled());
    let mut stopping = false;
    poll_fn(|cx| {
        if !stopping && stop.as_mut().poll(cx).is_ready() {
            stopping = true;
            Pin::new(&mut connection).graceful_shutdown();
        }
        connection.poll_without_shutdown(cx)
    })
    .await?;
    Ok(connection.into_parts().io.into_inner().into_inner())
}

/// Says goodbye, then listens a little longer: closing a socket with unread bytes resets it, and the reset may overtake
/// the answer that says why we stopped reading.
async fn linger(mut stream: TcpStream) {
    let goodbye = async {
        stream.shutdown().await?;
        let mut rest = stream.take(LINGER_BYTES_MAX);
        tokio::io::copy(&mut rest, &mut tokio::io::sink()).await
    };
    let _: Result<io::Result<u64>, _> = timeout(LINGER_MAX, goodbye).await;
}
