//! The thin ingress: it takes photos in, keeps them, puts jobs on the queue and tells clients what became of them. It
//! never decodes a pixel.
//!
//! Read in this order:
//! 1. [`serve`]: what runs; `server` is the accept loop beneath it, `app` the state, the routes and what surrounds them.
//! 2. [`auth`]: who may do what.
//! 3. `admission`: whether an upload is taken in at all, known before its body is read.
//! 4. `fairness`: how much each client may ask for.
//! 5. `upload`: a form on its way in, with its limits; `inflow` is how fast it has to come, `spool` where its photo waits,
//!    `claims` what its client says that it is, `logo` the picture in its mark.
//! 6. `accept`: the business: a photo becomes a job, and a 202 means that it cannot be lost; `known`: jobs that are done.
//! 7. `unrecorded` and `degraded`: jobs that were taken in while the records were away, and what is said of jobs then.
//! 8. `sweep`: jobs whose message was never confirmed; `retention`: objects that are old.
//! 9. `routes`: uploads, status, events, images, health, the page; `stream` is what event streams have in common;
//!    `negotiate`, `prefer` and `conditions` read what a client wants, `access` says who may have an original,
//!    `routes::transfer` is how bytes leave, `outflow` how fast they have to, `room` bounds their memory, `bulkhead`
//!    how many of a kind there are at once, `shares` what one client has of both, `compression` packs text.
//! 10. [`webhooks`]: a URL that is told how a job ended.
//! 11. `stats`: how the fleet is doing, asked seldom and told to many.
//! 12. [`dead_letters`]: what people may do with jobs that nobody works on any more.
//! 13. `openapi`: the contract, made of the routes and of what they send; `routes::docs` gives it out, and its reader.
//! 14. `error`: every refusal, translated once; `blocking`: what may not hold up its neighbours.

mod accept;
mod access;
mod admission;
mod app;
pub mod auth;
mod blocking;
mod bulkhead;
mod claims;
mod compression;
mod conditions;
mod config;
pub mod dead_letters;
mod degraded;
mod error;
pub mod fairness;
mod inflow;
mod known;
mod logo;
mod negotiate;
mod openapi;
mod outflow;
mod pace;
mod prefer;
mod quoted;
mod retention;
mod room;
mod routes;
mod server;
mod shares;
mod spool;
mod stats;
mod sweep;
mod unrecorded;
mod upload;
pub mod webhooks;
mod window;

use std::{io, path::PathBuf, sync::Arc, time::Duration};

use backends::{Fleet, Metrics, ObjectStore, Outbox, Quota, Results, Sender, queue::DeadLetters};
use tokio::{net::TcpListener, time::sleep};
use tokio_util::sync::CancellationToken;

use app::App;
use auth::Access;
pub use config::{Config, ConfigError};
pub use routes::health::{Dependency, Slots, Workshop};
use routes::health::{Probes, Role};
use server::{Patience, Places, Site};
pub use server::{Transport, TransportConfig, TransportError};

/// What a publisher is made of.
#[derive(Clone, Debug)]
pub struct Parts {
    /// Its settings.
    pub config: Config,
    /// Who is let in.
    pub access: Arc<Access>,
    /// How much each client may ask for.
    pub fairness: fairness::Config,
    /// Where that is counted for all publishers together, if anywhere.
    pub quota: Option<Arc<dyn Quota>>,
    /// What clients are met with: HTTP as it is, or behind TLS.
    pub transport: Transport,
    /// Who is told how jobs end.
    pub webhooks: webhooks::Config,
    /// Who is to be told, and what has not been told yet.
    pub outbox: Arc<dyn Outbox>,
    /// Where jobs go.
    pub sender: Arc<dyn Sender>,
    /// Where jobs lie that nobody works on any more.
    pub letters: Arc<dyn DeadLetters>,
    /// Where originals go and results come from.
    pub objects: Arc<dyn ObjectStore>,
    /// Where each job stands.
    pub results: Arc<dyn Results>,
    /// Which workers live.
    pub fleet: Arc<dyn Fleet>,
    /// What a mark can be drawn with.
    pub fonts: Arc<engine::Fonts>,
    /// What the engine takes on.
    pub limits: engine::Limits,
    /// What operators see.
    pub metrics: Metrics,
    /// Where photos are worked on, if that is in this process too.
    pub workshop: Option<Arc<dyn Workshop>>,
    /// The folder where uploads wait until they are whole. It is made where it is missing.
    pub spool: PathBuf,
}

/// The two stages in which a process stops serving.
#[derive(Clone, Debug, Default)]
pub struct Stop {
    /// It says that it is not ready any more, and serves on until whoever sends clients to it has noticed.
    pub draining: CancellationToken,
    /// It takes no more connections, ends event streams, and finishes what is in hand.
    pub closing: CancellationToken,
}

/// Serves until `shutdown`, says for the drain's delay that it is not ready any more, then lets the uploads in hand end
/// and returns.
///
/// Meanwhile jobs whose message was never confirmed are published again, and objects that are older than they are kept
/// are removed.
///
/// # Errors
/// When the spool's folder cannot be made, or webhooks cannot be delivered with their settings.
pub async fn serve(
    listener: TcpListener,
    parts: Parts,
    shutdown: CancellationToken,
) -> io::Result<()> {
    let (transport, metrics) = (parts.transport.clone(), parts.metrics.clone());
    let patience = Patience::of(&parts.config, &transport.config);
    let from_proxies = parts.fairness.trusted_proxies > 0;
    let places = Places::new(parts.config.connections_max, from_proxies);
    let port = listener.local_addr()?.port();
    let delay = parts.config.drain_delay();
    let stop = Stop {
        draining: shutdown,
        closing: CancellationToken::new(),
    };
    let is_local = listener.local_addr()?.ip().to_canonical().is_loopback();
    let app = Arc::new(App::new(parts, stop.clone(), is_local)?);
    // Boxed, or whoever holds this future would hold all of theirs.
    let beside = Box::pin(async {
        tokio::join!(
            admission::look_out(&app, &stop.closing),
            sweep::sweep(&app, &stop.draining),
            unrecorded::record(&app, &stop.closing),
            retention::sweep(&app, &stop.draining),
            webhooks::deliver(&app, &stop.closing),
        )
    });
    let access = Arc::clone(&app.access);
    let fresh = async { tokio::join!(transport.refresh(&metrics), access.refresh()) };
    let site = Site {
        router: app::router(&app),
        patience,
        tls: transport.tls.clone(),
        places,
        stop: stop.clone(),
    };
    let redirecting = transport.redirect(&site, port);
    let refreshing = stop.closing.run_until_cancelled(fresh);
    let serving = server::serve(listener, site.clone());
    let (redirected, ..) = tokio::join!(
        redirecting,
        refreshing,
        serving,
        beside,
        stop.close_after(delay)
    );
    redirected
}

impl Stop {
    async fn close_after(&self, delay: Duration) {
        self.draining.cancelled().await;
        sleep(delay).await;
        self.closing.cancel();
    }
}

/// Serves `/health`, `/ready` and `/metrics` alone, as a worker does, until `stop` closes it. There is no TLS: who probes
/// and scrapes stands beside it, and no worker needs the key of the site.
pub async fn serve_probes(
    listener: TcpListener,
    config: Config,
    dependencies: Vec<Dependency>,
    workshop: Option<Arc<dyn Workshop>>,
    metrics: Metrics,
    stop: Stop,
) {
    let router = app::probes(&Probes {
        dependencies,
        workshop,
        timeout: config.check_timeout(),
        metrics,
        draining: stop.draining.clone(),
        role: Role::Worker,
    });
    let site = Site {
        router,
        patience: Patience::of(&config, &TransportConfig::default()),
        tls: None,
        places: Places::new(config.connections_max, false),
        stop,
    };
    server::serve(listener, site).await;
}
