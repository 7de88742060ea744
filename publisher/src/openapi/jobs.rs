//! `GET` and `DELETE /status/{id}` and `GET /events`, described.

use http::StatusCode;
use schemas::{FieldError, JobId, State, Status};
use serde_json::{Value, json};

use super::{
    JOB_ID,
    answer::{Answer, Header},
    operation::{Operation, Tag},
    parameter,
    writer::Writer,
};
use crate::{
    degraded::{Heard, Seen},
    error::ApiError,
    fairness::{TooMany, What},
    routes::events::{self, Unknown},
};

const STATUS: &str = "\
With `Accept: text/event-stream` the answer is a stream of server-sent events, from where the job stands to its end. The name of an \
event is the status, its data what this would answer as JSON. The stream ends after the last event; a reconnect after it gets `204`.";

const EVENTS: &str = "\
One stream of server-sent events for many jobs, because a browser opens six to a host at most. It begins with where each job \
stands, tells each change, and ends with the event `end` once every job has ended. Whoever comes back is told again where each \
job stands.";

pub(crate) fn status(writer: &mut Writer<'_>) -> Operation {
    let parameters = [parameter::job_id(writer)]
        .into_iter()
        .chain(parameter::resume());
    let stream = stream(writer, &[]);
    let told = Answer::new(StatusCode::OK, "Where the job stands.")
        .headers([Header::CacheControl, Header::Vary])
        .json::<Seen>(writer, &example("state-done"))
        .body("text/event-stream", stream)
        .link("image", "image", "id", "$response.body#/jobId");
    Operation::new(Tag::Jobs, "status", "See where a job stands")
        .description(STATUS)
        .parameters(parameters)
        .answers(told)
        .answers(heard_all())
        .refuses([ApiError::NotFound, ApiError::NotKnownYet, no_place(writer)])
        .limited(ApiError::TooMany(TooMany::example(What::Read)))
}

pub(crate) fn cancel(writer: &mut Writer<'_>) -> Operation {
    let id = parameter::job_id(writer);
    let cancelled = Answer::new(StatusCode::OK, "The job is cancelled.")
        .headers([Header::CacheControl])
        .json::<State>(writer, &example("state-cancelled"));
    Operation::new(Tag::Jobs, "cancel", "Take a job back")
        .description("Only a job that has not ended, and only who uploaded it, or holds `admin`. Said again, it is answered as the first time.")
        .parameters([id])
        .answers(cancelled)
        .refuses([
            ApiError::NotFound,
            ApiError::Ended(Status::Done),
            ApiError::Shared,
            ApiError::NotYours,
            ApiError::Unrecorded,
        ])
        .limited(ApiError::TooMany(TooMany::example(What::Read)))
}

pub(crate) fn events(writer: &mut Writer<'_>) -> Operation {
    let end = (
        "end",
        json!({ "type": "object", "description": "Every job has ended." }),
    );
    let unknown = ("unknown", writer.schema::<Unknown>());
    let stream = stream(writer, &[unknown, end]);
    let told = Answer::new(StatusCode::OK, "The events of these jobs.")
        .headers([Header::CacheControl])
        .body("text/event-stream", stream);
    Operation::new(Tag::Jobs, "events", "Follow many jobs")
        .description(EVENTS)
        .parameters([ids(writer)].into_iter().chain(parameter::resume()))
        .answers(told)
        .answers(heard_all())
        .refuses([
            ApiError::Field(FieldError {
                field: "ids".to_owned(),
                problem: "no job is named".to_owned(),
                measured: None,
                limit: None,
            }),
            no_place(writer),
        ])
        .limited(ApiError::TooMany(TooMany::example(What::Read)))
}

/// Each job counts once however often it is named, so the limit is no limit of the list.
fn ids(writer: &mut Writer<'_>) -> Value {
    let jobs_max = events::JOBS_MAX;
    let schema = json!({ "type": "array", "items": writer.schema::<JobId>(), "minItems": 1 });
    let description = format!("The jobs, {jobs_max} at most, with commas between them.");
    let mut ids = parameter::query("ids", &schema, &description);
    ids["required"] = true.into();
    ids["style"] = "form".into();
    ids["explode"] = false.into();
    ids["example"] = json!([JOB_ID]);
    ids
}

fn heard_all() -> Answer {
    Answer::new(
        StatusCode::NO_CONTENT,
        "A client that comes back has heard everything: it need not come again.",
    )
}

fn no_place(writer: &Writer<'_>) -> ApiError {
    ApiError::Busy {
        what: "event streams",
        max: writer.app.config.sse_clients_max as u64,
    }
}

/// A body of events. OpenAPI 3.1 has no words for one, so its schema is that of each event, as a client's parser gives it.
fn stream(writer: &mut Writer<'_>, more: &[(&str, Value)]) -> Value {
    let words = Status::ALL.map(Status::as_str);
    let heard = frame(&words, &writer.schema::<Heard>());
    let more = more.iter().map(|(name, data)| frame(&[name], data));
    let frames: Vec<_> = std::iter::once(heard).chain(more).collect();
    let data = json!({ "jobId": JOB_ID, "status": "queued", "attempt": 0, "url": null, "timings": {}, "error": null });
    json!({
        "schema": { "oneOf": frames, "description": "One event of the stream." },
        "example": { "id": "1795161600000-0", "event": "queued", "data": data.to_string() },
    })
}

/// Events of these names.
fn frame(names: &[&str], data: &Value) -> Value {
    json!({
        "type": "object",
        "required": ["event", "data"],
        "properties": {
            "id": { "type": "string", "description": "What a client comes back with." },
            "event": { "enum": names },
            "data": { "type": "string", "contentMediaType": "application/json", "contentSchema": data },
            "retry": { "type": "integer", "description": "Milliseconds after which a client that lost the stream comes back." },
        },
    })
}

/// A file that is tested against its schema.
fn example(name: &str) -> Value {
    let text = match name {
        "state-done" => include_str!("../../../schemas/examples/state-done.json"),
        _ => include_str!("../../../schemas/examples/state-cancelled.json"),
    };
    serde_json::from_str(text).expect("an example is JSON")
}
