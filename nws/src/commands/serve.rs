//! `nws run`, `nws publisher`, `nws worker`: serve until told to stop, then drain.

use std::{process, sync::Arc};

use anyhow::Context as _;
use publisher::{Parts, Stop};
use tokio::{
    net::TcpListener,
    signal::unix::{SignalKind, signal},
};
use tokio_util::sync::CancellationToken;
use tracing::{error, info};
use workers::Sandboxing;

use crate::{
    config::Settings,
    telemetry::LOUD,
    wiring::{OPEN_SLOTS, Slots, System},
};

/// Everything in one process.
pub(crate) async fn everything(settings: &Settings) -> anyhow::Result<()> {
    settings.require_private()?;
    let access = settings.access()?;
    let (listener, system, shutdown) = start(settings).await?;
    warn_of_open_slots(settings);
    let slots = system.slots(settings)?;
    let parts = system.publisher(settings, access, Some(Arc::clone(&slots) as _))?;
    announce("nws", scheme(settings), &listener)?;
    // Boxed, or whoever holds this future would hold all of both.
    let served = Box::pin(until_either_ends(
        &shutdown,
        ingress(listener, parts, &shutdown),
        fleet(&system, settings, slots, &shutdown),
    ));
    served.await?;
    system.close().await;
    Ok(())
}

/// The ingress of a fleet.
pub(crate) async fn publisher(settings: &Settings) -> anyhow::Result<()> {
    settings.require_fleet("nws publisher")?;
    settings.require_private()?;
    let access = settings.access()?;
    let (listener, system, shutdown) = start(settings).await?;
    let parts = system.publisher(settings, access, None)?;
    announce("nws publisher", scheme(settings), &listener)?;
    ingress(listener, parts, &shutdown).await?;
    system.close().await;
    Ok(())
}

/// A worker of a fleet. Its HTTP answers probes only, so anyone may ask.
pub(crate) async fn worker(settings: &Settings) -> anyhow::Result<()> {
    settings.require_fleet("nws worker")?;
    let (listener, system, shutdown) = start(settings).await?;
    warn_of_open_slots(settings);
    let slots = system.slots(settings)?;
    announce("nws worker", "http", &listener)?; // probes need no certificate
    let stop = Stop {
        draining: shutdown.clone(),
        closing: CancellationToken::new(),
    };
    // Whoever asks is answered until the last job in hand is done.
    until_either_ends(
        &shutdown,
        probes(listener, &system, settings, Arc::clone(&slots), &stop),
        ending(&stop.closing, fleet(&system, settings, slots, &shutdown)),
    )
    .await?;
    system.close().await;
    Ok(())
}

/// Listens, wires, and waits for signals from here on.
async fn start(settings: &Settings) -> anyhow::Result<(TcpListener, System, CancellationToken)> {
    let shutdown = until_signal()?;
    let listen = settings.common.listen;
    let listener = TcpListener::bind(listen)
        .await
        .with_context(|| format!("listen = {listen}"))?;
    let system = System::wire(settings).await?;
    Ok((listener, system, shutdown))
}

/// However little the log is to tell: nobody shall run like this and not know.
fn warn_of_open_slots(settings: &Settings) {
    if settings.workers.sandbox == Sandboxing::Off {
        error!(target: LOUD, "sandbox = off: {OPEN_SLOTS}. Never serve strangers like this");
    }
}

/// Said once nothing can go wrong any more.
fn announce(role: &str, scheme: &str, listener: &TcpListener) -> anyhow::Result<()> {
    let address = listener.local_addr()?;
    info!(listen.address = %address, "{role} serves {scheme}://{address}");
    Ok(())
}

fn scheme(settings: &Settings) -> &'static str {
    if settings.transport.is_secure() {
        "https"
    } else {
        "http"
    }
}

async fn ingress(
    listener: TcpListener,
    parts: Parts,
    shutdown: &CancellationToken,
) -> anyhow::Result<()> {
    Ok(publisher::serve(listener, parts, shutdown.clone()).await?)
}

async fn probes(
    listener: TcpListener,
    system: &System,
    settings: &Settings,
    slots: Arc<Slots>,
    stop: &Stop,
) -> anyhow::Result<()> {
    let config = settings.publisher.clone();
    publisher::serve_probes(
        listener,
        config,
        system.dependencies(),
        Some(slots),
        system.metrics(),
        stop.clone(),
    )
    .await;
    Ok(())
}

async fn fleet(
    system: &System,
    settings: &Settings,
    slots: Arc<Slots>,
    shutdown: &CancellationToken,
) -> anyhow::Result<()> {
    workers::run(
        system.source(),
        system.tools(settings, slots),
        settings.workers.clone(),
        shutdown.clone(),
    )
    .await;
    Ok(())
}

/// Runs both; when one ends, whatever the reason, the other is told to stop and drains.
async fn until_either_ends(
    shutdown: &CancellationToken,
    one: impl Future<Output = anyhow::Result<()>>,
    other: impl Future<Output = anyhow::Result<()>>,
) -> anyhow::Result<()> {
    let (one, other) = tokio::join!(ending(shutdown, one), ending(shutdown, other));
    one.and(other)
}

async fn ending<T>(shutdown: &CancellationToken, part: impl Future<Output = T>) -> T {
    let _guard = shutdown.clone().drop_guard();
    part.await
}

/// Cancelled by the first SIGTERM or SIGINT; the second one ends the process where it stands.
fn until_signal() -> anyhow::Result<CancellationToken> {
    let shutdown = CancellationToken::new();
    let (mut terminate, mut interrupt) = (
        signal(SignalKind::terminate())?,
        signal(SignalKind::interrupt())?,
    );
    let told = shutdown.clone();
    tokio::spawn(async move {
        loop {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
            if told.is_cancelled() {
                info!("told to stop a second time, stopping at once");
                process::exit(130);
            }
            told.cancel();
            info!("told to stop, draining");
        }
    });
    Ok(shutdown)
}
