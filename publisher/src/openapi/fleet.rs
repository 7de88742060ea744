//! `/health`, `/ready`, `/metrics`, `/limits` and `/stats`, described.

use http::StatusCode;
use schemas::Stats;
use serde_json::{Value, json};

use super::{
    answer::{Answer, Header},
    operation::{Operation, Tag},
    writer::Writer,
};
use crate::routes::{
    health::{Health, Ready},
    limits::Limits,
};

pub(crate) fn health(writer: &mut Writer<'_>) -> Operation {
    let alive = Answer::new(StatusCode::OK, "The process lives.")
        .json::<Health>(writer, &json!({ "status": "ok" }));
    Operation::new(Tag::Fleet, "health", "Ask whether it lives").answers(alive)
}

pub(crate) fn ready(writer: &mut Writer<'_>) -> Operation {
    let ready = json!({ "status": "ready", "dependencies": { "objects": "ok", "queue": "ok", "results": "ok" } });
    let not_ready = json!({ "status": "not ready", "dependencies": { "objects": "failing", "queue": "ok", "results": "ok" } });
    let yes = Answer::new(
        StatusCode::OK,
        "It takes work; `degraded` without one part that it can do without.",
    )
    .json::<Ready>(writer, &ready);
    let no = Answer::new(
        StatusCode::SERVICE_UNAVAILABLE,
        "It takes none now, or is about to stop (`draining`).",
    )
    .json::<Ready>(writer, &not_ready);
    Operation::new(Tag::Fleet, "ready", "Ask whether it can take work")
        .description("Each dependency is asked, and named with its state.")
        .answers(yes)
        .answers(no)
}

pub(crate) fn metrics(_: &mut Writer<'_>) -> Operation {
    let body = json!({ "schema": { "type": "string" }, "example": "# TYPE nws_jobs_in_flight gauge\nnws_jobs_in_flight 2\n" });
    let told = Answer::new(StatusCode::OK, "Prometheus' text format.").body("text/plain", body);
    Operation::new(Tag::Fleet, "metrics", "Read the metrics").answers(told)
}

pub(crate) fn limits(writer: &mut Writer<'_>) -> Operation {
    let now = json!(Limits::of(writer.app));
    let told = Answer::new(StatusCode::OK, "The limits in force.").json::<Limits>(writer, &now);
    Operation::new(Tag::Fleet, "limits", "Read the limits").answers(told)
}

pub(crate) fn stats(writer: &mut Writer<'_>) -> Operation {
    let told = Answer::new(StatusCode::OK, "How the fleet is doing.")
        .headers([Header::CacheControl])
        .json::<Stats>(writer, &busy());
    Operation::new(Tag::Fleet, "stats", "See how the fleet is doing").answers(told)
}

fn busy() -> Value {
    serde_json::from_str(include_str!("../../../schemas/examples/stats-busy.json"))
        .expect("an example is JSON")
}
