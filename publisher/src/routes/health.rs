//! Whether we live, whether we can take work, and what is measured.

use std::{collections::BTreeMap, fmt, sync::Arc, time::Duration};

use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use backends::{Error, Metrics, ObjectStore, Results, Sender, error::Backend};
use futures::future::join_all;
use http::{HeaderValue, StatusCode, header};
use schemars::JsonSchema;
use serde::Serialize;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tracing::warn;

use crate::openapi::{Routes, fleet};

/// What `/ready` asks.
#[derive(Clone, Debug)]
pub enum Dependency {
    /// Where jobs go, or come from. Its depth is measured too.
    Queue(Arc<dyn Sender>),
    /// Where originals and results are.
    Objects(Arc<dyn ObjectStore>),
    /// Where each job stands.
    Results(Arc<dyn Results>),
}

/// Where photos are worked on in this process, as `/ready` tells of it.
pub trait Workshop: fmt::Debug + Send + Sync {
    /// Whether there are slots, and how far they are locked in.
    fn slots(&self) -> Slots;
}

/// Whether there are slots, and how far they are locked in: each part of the lock-in, and a word for how it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Slots {
    status: Answer,
    sandbox: BTreeMap<&'static str, &'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    warning: Option<&'static str>,
}

/// What the probes need.
#[derive(Clone, Debug)]
pub(crate) struct Probes {
    pub(crate) dependencies: Vec<Dependency>,
    /// `None` in a process that works on none.
    pub(crate) workshop: Option<Arc<dyn Workshop>>,
    /// Longest wait for a dependency.
    pub(crate) timeout: Duration,
    pub(crate) metrics: Metrics,
    /// The process is about to stop.
    pub(crate) draining: CancellationToken,
    pub(crate) role: Role,
}

/// Who answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// It takes work while the records are away, and looks at the queue by itself.
    Publisher,
    /// It needs everything, and looks at the queue when it is asked.
    Worker,
}

/// What a dependency answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(rename = "Check")]
enum Answer {
    Ok,
    Failing,
}

/// That it lives.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Health {
    status: &'static str,
}

/// Whether it can take work, and which part it lacks.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Ready {
    status: Readiness,
    /// Each with what it answered.
    dependencies: BTreeMap<&'static str, Answer>,
    /// Where photos are worked on in this process.
    #[serde(skip_serializing_if = "Option::is_none")]
    slots: Option<Slots>,
}

/// Whether it can take work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Readiness {
    Ready,
    /// Without a part that it can do without.
    Degraded,
    #[serde(rename = "not ready")]
    NotReady,
    /// It is about to stop.
    Draining,
}

/// The routes that every process of the fleet has.
pub(crate) fn routes(probes: Probes) -> Routes {
    Routes::new()
        .get("/health", health, fleet::health)
        .get("/ready", ready, fleet::ready)
        .get("/metrics", metrics, fleet::metrics)
        .with_state(probes)
}

/// Probes come every few seconds, as open pages do, and are logged only when they fail.
pub(crate) fn is_polled(route: &str) -> bool {
    matches!(route, "/health" | "/ready" | "/metrics" | "/stats")
}

async fn health() -> Json<Health> {
    Json(Health { status: "ok" })
}

async fn ready(State(probes): State<Probes>) -> Response {
    if probes.draining.is_cancelled() {
        let body = Ready::alone(Readiness::Draining);
        return (StatusCode::SERVICE_UNAVAILABLE, Json(body)).into_response();
    }
    let asked = probes.dependencies.iter().map(|it| probes.ask(it));
    let dependencies = BTreeMap::from_iter(join_all(asked).await);
    let slots = probes.workshop.map(|workshop| workshop.slots());
    let answers = dependencies.iter().map(|(name, answer)| (*name, *answer));
    let failing: Vec<_> = answers
        .chain(slots.as_ref().map(|slots| (SLOTS, slots.status)))
        .filter(|(_, answer)| *answer == Answer::Failing)
        .map(|(name, _)| name)
        .collect();
    let (code, status) = match &failing[..] {
        [] => (StatusCode::OK, Readiness::Ready),
        [one] if probes.role.can_do_without(one) => (StatusCode::OK, Readiness::Degraded),
        _ => (StatusCode::SERVICE_UNAVAILABLE, Readiness::NotReady),
    };
    let body = Ready {
        status,
        dependencies,
        slots,
    };
    (code, Json(body)).into_response()
}

async fn metrics(State(probes): State<Probes>) -> impl IntoResponse {
    if probes.role == Role::Worker {
        probes.measure_depth().await;
    }
    let media_type = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");
    ([(header::CONTENT_TYPE, media_type)], probes.metrics.text())
}

/// What slots are called beside the dependencies.
const SLOTS: &str = "slots";

impl Ready {
    const fn alone(status: Readiness) -> Self {
        Self {
            status,
            dependencies: BTreeMap::new(),
            slots: None,
        }
    }
}

impl Slots {
    /// Slots that are there or are not, with the parts of their lock-in.
    pub fn new(are_there: bool, sandbox: BTreeMap<&'static str, &'static str>) -> Self {
        let status = if are_there {
            Answer::Ok
        } else {
            Answer::Failing
        };
        Self {
            status,
            sandbox,
            warning: None,
        }
    }

    /// The same, and why nobody should serve like this.
    #[must_use]
    pub fn with_warning(self, warning: &'static str) -> Self {
        let warning = Some(warning);
        Self { warning, ..self }
    }
}

impl Role {
    fn can_do_without(self, part: &str) -> bool {
        self == Self::Publisher && [Backend::Results.as_str(), SLOTS].contains(&part)
    }
}

impl Probes {
    /// The body is read by strangers: it names the dependency and no reason, which the log has.
    async fn ask(&self, dependency: &Dependency) -> (&'static str, Answer) {
        let backend = dependency.backend();
        let answer = match timeout(self.timeout, dependency.check()).await {
            Ok(Ok(())) => Answer::Ok,
            Ok(Err(error)) => {
                self.metrics.backend_error(&error);
                warn!(%backend, %error, "{backend} is not ready");
                Answer::Failing
            }
            Err(_) => {
                warn!(%backend, "{backend} did not answer its check in time");
                Answer::Failing
            }
        };
        (backend.as_str(), answer)
    }

    /// Where the depth cannot be had, the last one stays.
    async fn measure_depth(&self) {
        for dependency in &self.dependencies {
            let Dependency::Queue(sender) = dependency else {
                continue;
            };
            match timeout(self.timeout, sender.depth()).await {
                Ok(Ok(depth)) => self
                    .metrics
                    .queue_depth
                    .set(depth.try_into().unwrap_or(i64::MAX)),
                Ok(Err(error)) => self.metrics.backend_error(&error),
                Err(_) => warn!("the queue did not tell its depth in time"),
            }
        }
    }
}

impl Dependency {
    const fn backend(&self) -> Backend {
        match self {
            Self::Queue(_) => Backend::Queue,
            Self::Objects(_) => Backend::Objects,
            Self::Results(_) => Backend::Results,
        }
    }

    async fn check(&self) -> Result<(), Error> {
        match self {
            Self::Queue(sender) => sender.check().await,
            Self::Objects(objects) => objects.check().await,
            Self::Results(results) => results.check().await,
        }
    }
}
