//! The state every request shares, the routes, and what surrounds them.

use std::{convert::Infallible, io, sync::Arc, time::Duration};

use axum::{
    Extension, Router,
    extract::{MatchedPath, Request, State},
    middleware::{Next, from_fn, from_fn_with_state},
    response::{IntoResponse as _, Response},
};
use backends::{
    Fleet, Metrics, ObjectStore, Once, Quota, Results, Sender, clock::millis, results::Owner,
};
use http::{HeaderMap, HeaderName, HeaderValue, header::CACHE_CONTROL};
use schemas::JobId;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tower_http::catch_panic::CatchPanicLayer;
use tracing::{Instrument as _, debug, error, info, info_span, warn};
use uuid::Uuid;

use crate::{
    Config, Parts, Stop,
    accept::Accepted,
    admission::Gate,
    auth::{self, Access, Strangers},
    bulkhead::Bulkhead,
    compression,
    dead_letters::Office,
    error::ApiError,
    fairness::{self, Fairness, What, fair},
    known::Known,
    openapi::{Routes, document, fleet, jobs, letters, photos, pictures, reading},
    pace::Pace,
    room::Room,
    routes::{
        admin::{self, Desk},
        docs::{self, Contract},
        events,
        health::{self, Dependency, Probes, Role, Workshop},
        images, limits, originals, page, stats, status, uploads,
    },
    server::{close_after, well_addressed},
    spool::Spool,
    stats::Board,
    unrecorded::Unrecorded,
    webhooks::Webhooks,
};

const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// A longer one from outside is not an id.
const REQUEST_ID_CHARS_MAX: usize = 64;
/// As much of a path as a log line shows: the longest of ours has 72.
const PATH_CHARS_MAX: usize = 100;
/// The label of everything that is no route: a scanner's paths must not become metrics.
const NO_ROUTE: &str = "none";

/// What every request shares.
#[derive(Debug)]
pub(crate) struct App {
    pub(crate) config: Config,
    pub(crate) access: Arc<Access>,
    pub(crate) sender: Arc<dyn Sender>,
    pub(crate) desk: Desk,
    pub(crate) objects: Arc<dyn ObjectStore>,
    pub(crate) results: Arc<dyn Results>,
    pub(crate) fleet: Arc<dyn Fleet>,
    pub(crate) fonts: Arc<engine::Fonts>,
    pub(crate) limits: engine::Limits,
    pub(crate) metrics: Metrics,
    /// Where photos are worked on, if that is in this process too.
    pub(crate) workshop: Option<Arc<dyn Workshop>>,
    pub(crate) fairness: fairness::Config,
    pub(crate) quota: Option<Arc<dyn Quota>>,
    pub(crate) gate: Gate,
    pub(crate) unrecorded: Unrecorded,
    /// Uploads of the same job by the same owner at the same time are taken in as one.
    pub(crate) intake: Once<(JobId, Option<Owner>), Infallible, Accepted>,
    /// Jobs that are done.
    pub(crate) known: Known,
    /// Who is told how jobs end.
    pub(crate) webhooks: Webhooks,
    /// The turns of those who follow jobs that the records do not tell of.
    pub(crate) looks: Pace,
    /// What is told of the fleet.
    pub(crate) board: Board,
    pub(crate) spool: Spool,
    /// A place for each upload in hand.
    pub(crate) uploads: Bulkhead,
    /// Whether only this machine can reach us.
    pub(crate) is_local: bool,
    /// Memory for images and originals on their way out.
    pub(crate) images: Room,
    /// A place for each image and original that is read from the store.
    pub(crate) image_reads: Bulkhead,
    /// A place for each open event stream.
    pub(crate) streams: Bulkhead,
    /// A place for each upload that waits for its job's end.
    pub(crate) waits: Bulkhead,
    pub(crate) stop: Stop,
}

impl App {
    pub(crate) fn new(parts: Parts, stop: Stop, is_local: bool) -> io::Result<Self> {
        let (config, metrics) = (&parts.config, &parts.metrics);
        let bulkhead = |what, label, max| Bulkhead::new(what, label, max, metrics);
        Ok(Self {
            is_local,
            gate: Gate::new(&parts.config),
            unrecorded: Unrecorded::default(),
            intake: Once::holding_nothing(),
            known: Known::default(),
            webhooks: Webhooks::new(
                &parts.webhooks,
                parts.outbox,
                &parts.access,
                parts.metrics.clone(),
            )
            .map_err(io::Error::other)?,
            looks: Pace::new(),
            board: Board::default(),
            spool: Spool::open(parts.spool, parts.config.spool_memory_bytes_max)?,
            uploads: bulkhead("uploads", "uploads", config.uploads_max),
            images: Room::new(config.images_in_flight_bytes_max),
            image_reads: bulkhead("reads of images", "image_reads", config.image_reads_max),
            streams: bulkhead("event streams", "event_streams", config.sse_clients_max),
            waits: bulkhead("waits for an end", "waits", config.waits_max),
            desk: Desk::new(Office {
                letters: parts.letters,
                results: Arc::clone(&parts.results),
                objects: Some(Arc::clone(&parts.objects)),
            }),
            config: parts.config,
            access: parts.access,
            fairness: parts.fairness,
            quota: parts.quota,
            sender: parts.sender,
            objects: parts.objects,
            results: parts.results,
            fleet: parts.fleet,
            fonts: parts.fonts,
            limits: parts.limits,
            metrics: parts.metrics,
            workshop: parts.workshop,
            stop,
        })
    }

    fn fairness(&self, what: What) -> Arc<Fairness> {
        Arc::new(Fairness::of(what, &self.fairness, self.quota.as_ref()))
    }

    fn probes(&self) -> Probes {
        let dependencies = vec![
            Dependency::Queue(Arc::clone(&self.sender)),
            Dependency::Objects(Arc::clone(&self.objects)),
            Dependency::Results(Arc::clone(&self.results)),
        ];
        Probes {
            dependencies,
            workshop: self.workshop.clone(),
            timeout: self.config.check_timeout(),
            metrics: self.metrics.clone(),
            draining: self.stop.draining.clone(),
            role: Role::Publisher,
        }
    }
}

/// The routes, and the contract that is made of them.
pub(crate) fn router(app: &Arc<App>) -> Router {
    let read_limits = app.fairness(What::Read);
    let routes = routes(app, &read_limits);
    let contract = Contract::of(&document(&routes, app));
    let routes = routes.into_router().layer(Extension(contract));
    surrounded(routes, &app.probes(), &app.access, read_limits)
}

/// The table of routes.
fn routes(app: &Arc<App>, read_limits: &Arc<Fairness>) -> Routes {
    let uploads = Routes::new()
        .post("/upload", uploads::upload, photos::upload)
        .route_layer(from_fn_with_state(app.fairness(What::Upload), fair));
    let reads = Routes::new()
        .get("/status/{id}", status::status, jobs::status)
        .delete("/status/{id}", status::cancel, jobs::cancel)
        .get("/events", events::events, jobs::events)
        .get("/image/{id}", images::image, pictures::image)
        .get("/original/{id}", originals::original, pictures::original)
        .route_layer(from_fn_with_state(Arc::clone(read_limits), fair));
    let admin = Routes::new()
        .get("/admin/dlq", admin::list, letters::list)
        .post("/admin/dlq/{id}/replay", admin::replay, letters::replay);
    Routes::new()
        .merge(uploads)
        .merge(reads)
        .merge(admin)
        .get("/limits", limits::limits, fleet::limits)
        .get("/stats", stats::stats, fleet::stats)
        .get("/openapi.json", docs::contract, reading::contract)
        .get("/docs", docs::reader, reading::reader)
        .files("/docs/{name}", docs::file)
        .files("/", page::index)
        .files("/favicon.svg", page::icon)
        .files("/licenses.md", page::licenses)
        .files("/assets/{name}", page::asset)
        .with_state(Arc::clone(app))
        .merge(health::routes(app.probes()))
}

/// The routes of a process that serves no clients. Who probes and scrapes calls it as they please.
pub(crate) fn probes(probes: &Probes) -> Router {
    let access = Access::default().under_any_name();
    let routes = health::routes(probes.clone()).into_router();
    surrounded(routes, probes, &Arc::new(access), Arc::default())
}

/// Around every route, the probes among them, from the inside out: strangers are sent away, a panic becomes an answer, what
/// does not say well for which host it is is refused, text is packed, every answer is noted, and the last one on its
/// connection once the process drains.
fn surrounded(
    routes: Router,
    probes: &Probes,
    access: &Arc<Access>,
    read_limits: Arc<Fairness>,
) -> Router {
    let (metrics, draining) = (probes.metrics.clone(), probes.draining.clone());
    let routes = routes
        .fallback(async || ApiError::NotFound)
        .method_not_allowed_fallback(async || ApiError::MethodNotAllowed);
    auth::guarded(routes, access, Strangers::new(read_limits), &metrics)
        .layer(CatchPanicLayer::custom(|_| {
            ApiError::Panicked.into_response()
        }))
        .layer(from_fn(well_addressed))
        .layer(compression::layer())
        .layer(from_fn(compression::only_what_can_be_had))
        .layer(from_fn_with_state(metrics, noted))
        .layer(from_fn_with_state(draining, the_last))
}

/// A client that would send its next request on this connection is sent elsewhere in time.
async fn the_last(
    State(draining): State<CancellationToken>,
    request: Request,
    next: Next,
) -> Response {
    let mut response = next.run(request).await;
    if draining.is_cancelled() {
        close_after(response.headers_mut());
    }
    response
}

/// One span, one id, one log line and one measurement per request.
async fn noted(State(metrics): State<Metrics>, request: Request, next: Next) -> Response {
    let began = Instant::now();
    let id = request_id(request.headers());
    let route = request
        .extensions()
        .get::<MatchedPath>()
        .map_or_else(|| NO_ROUTE.to_owned(), |path| path.as_str().to_owned());
    let path: String = request.uri().path().chars().take(PATH_CHARS_MAX).collect();
    let asked = format!("{} {path}", request.method());
    let span = info_span!(
        "request",
        request.id = text(&id),
        caller = tracing::field::Empty,
        job.id = tracing::field::Empty
    );
    async {
        let mut response = next.run(request).await;
        note(&metrics, &asked, &route, began.elapsed(), &response);
        let headers = response.headers_mut();
        headers.insert(REQUEST_ID, id);
        headers.insert(
            http::header::X_CONTENT_TYPE_OPTIONS,
            HeaderValue::from_static("nosniff"),
        );
        // What does not say how long it may be kept is for now only.
        headers.entry(CACHE_CONTROL).or_insert(NO_STORE);
        response
    }
    .instrument(span)
    .await
}

fn note(metrics: &Metrics, asked: &str, route: &str, took: Duration, response: &Response) {
    let status = response.status();
    metrics
        .http_seconds
        .with_label_values(&[route, status.as_str()])
        .observe(took.as_secs_f64());
    let took_ms = millis(took);
    let status = status.as_u16();
    match response
        .extensions()
        .get::<Arc<ApiError>>()
        .map(AsRef::as_ref)
    {
        Some(ApiError::Backend(error)) => {
            metrics.backend_error(error);
            warn!(status, took_ms, %error, "refused {asked}: {error}");
        }
        Some(error @ ApiError::Spool(cause)) => {
            error!(status, took_ms, %cause, "refused {asked}: {error}");
        }
        Some(error @ ApiError::Panicked) => error!(status, took_ms, "refused {asked}: {error}"),
        Some(error) => info!(status, took_ms, "refused {asked}: {error}"),
        None if health::is_polled(route) => debug!(status, took_ms, "answered {asked}"),
        None => info!(status, took_ms, "answered {asked}"),
    }
}

/// The client's id where it is one, else a new one.
fn request_id(headers: &HeaderMap) -> HeaderValue {
    let given = headers.get(REQUEST_ID).filter(|value| is_sane(value));
    given.cloned().unwrap_or_else(|| {
        HeaderValue::try_from(Uuid::now_v7().to_string()).expect("a UUID is ASCII")
    })
}

fn text(id: &HeaderValue) -> &str {
    id.to_str().expect("an id is ASCII, ours or a sane one")
}

/// It goes into logs, so it holds nothing that could pretend to be more than an id.
fn is_sane(value: &HeaderValue) -> bool {
    let bytes = value.as_bytes();
    (1..=REQUEST_ID_CHARS_MAX).contains(&bytes.len())
        && bytes
            .iter()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(byte))
}

#[cfg(test)]
mod tests {
    use axum::{body::Body, routing::get};
    use http::StatusCode;
    use tower::ServiceExt as _;

    use super::*;

    #[tokio::test]
    async fn a_panic_is_a_problem_and_not_a_broken_connection() {
        let routes = Router::new().route("/", get(async || -> () { panic!("a bug") }));
        let probes = Probes {
            dependencies: Vec::new(),
            workshop: None,
            timeout: Duration::ZERO,
            metrics: Metrics::new(),
            draining: CancellationToken::new(),
            role: Role::Publisher,
        };
        let router = surrounded(routes, &probes, &Arc::default(), Arc::default());
        let request = Request::get("/").header("host", "localhost");
        let request = request.body(Body::empty()).unwrap();
        let answer = router.oneshot(request).await.unwrap();
        assert_eq!(answer.status(), StatusCode::INTERNAL_SERVER_ERROR);
        assert_eq!(answer.headers()["content-type"], "application/problem+json");
        assert!(answer.headers().contains_key(REQUEST_ID));
    }

    #[test]
    fn an_id_from_outside_is_taken_only_when_it_is_one() {
        let kept = |text: &'static str| {
            let headers = HeaderMap::from_iter([(REQUEST_ID, HeaderValue::from_static(text))]);
            request_id(&headers) == text
        };
        assert!(kept("3f2a-B_c.9"));
        assert!(!kept("") && !kept("a b") && !kept("a\"b") && !kept("a=b;c"));
    }
}
