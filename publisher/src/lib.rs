//! The thin ingress: it takes photos in, keeps them, puts jobs on the queue and tells clients what became of them. It
//! never decodes a pixel.
//!
//! Read in this order:
//! 1. [`serve`]: what runs; `server` is the accept loop beneath it, `app` the state, the routes and what surrounds them.
//! 2. `upload`: a form on its way in, with its limits; `spool` is where its photo waits.
//! 3. `accept`: the business: a photo becomes a job, and a 202 means that it cannot be lost.
//! 4. `sweep`: jobs whose message was never confirmed.
//! 5. `routes`: uploads, status and events, images, health, the page; `negotiate` reads what a client wants, `room` bounds
//!    the memory of images on their way out.
//! 6. `error`: every refusal, translated once; `blocking`: what may not hold up its neighbours.

mod accept;
mod app;
mod blocking;
mod config;
mod error;
mod negotiate;
mod room;
mod routes;
mod server;
mod spool;
mod sweep;
mod upload;

use std::{io, path::PathBuf, sync::Arc};

use backends::{Metrics, ObjectStore, Results, Sender};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use app::App;
pub use config::{Config, ConfigError};
pub use routes::health::Dependency;

/// What a publisher is made of.
#[derive(Clone, Debug)]
pub struct Parts {
    /// Its settings.
    pub config: Config,
    /// Where jobs go.
    pub sender: Arc<dyn Sender>,
    /// Where originals go and results come from.
    pub objects: Arc<dyn ObjectStore>,
    /// Where each job stands.
    pub results: Arc<dyn Results>,
    /// What a mark can be drawn with.
    pub fonts: Arc<engine::Fonts>,
    /// What the engine takes on.
    pub limits: engine::Limits,
    /// What operators see.
    pub metrics: Metrics,
    /// The folder where uploads wait until they are whole. It is made where it is missing.
    pub spool: PathBuf,
}

/// Serves until `shutdown`, then lets the uploads in hand end and returns. Meanwhile jobs whose message was never
/// confirmed are published again.
///
/// # Errors
/// When the spool's folder cannot be made.
pub async fn serve(
    listener: TcpListener,
    parts: Parts,
    shutdown: CancellationToken,
) -> io::Result<()> {
    let patience = server::Patience::of(&parts.config);
    let app = Arc::new(App::new(parts, shutdown.clone())?);
    tokio::join!(
        server::serve(listener, app::router(&app), patience, &shutdown),
        sweep::sweep(&app, &shutdown),
    );
    Ok(())
}

/// Serves `/health`, `/ready` and `/metrics` alone, as a worker does, until `shutdown`.
pub async fn serve_probes(
    listener: TcpListener,
    config: Config,
    dependencies: Vec<Dependency>,
    metrics: Metrics,
    shutdown: CancellationToken,
) {
    let patience = server::Patience::of(&config);
    let router = app::probes(dependencies, config.check_timeout(), &metrics);
    server::serve(listener, router, patience, &shutdown).await;
}
