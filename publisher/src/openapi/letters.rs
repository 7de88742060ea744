//! `GET /admin/dlq` and `POST /admin/dlq/{id}/replay`, described.

use backends::queue::Death;
use http::StatusCode;
use schemas::FieldError;
use serde_json::json;

use super::{
    JOB_ID,
    answer::{Answer, Header},
    operation::{Operation, Tag},
    parameter,
    writer::Writer,
};
use crate::{
    error::ApiError,
    routes::admin::{LETTERS_MAX, LETTERS_USUAL, Listing, Replayed},
};

pub(crate) fn list(writer: &mut Writer<'_>) -> Operation {
    let reasons = Death::ALL.map(Death::as_str);
    let limit = json!({ "type": "integer", "minimum": 1, "maximum": LETTERS_MAX, "default": LETTERS_USUAL });
    let parameters = [
        parameter::query(
            "reason",
            &json!({ "type": "string", "enum": reasons }),
            "Only letters that died for this.",
        ),
        parameter::query("limit", &limit, "How many letters are shown at most."),
    ];
    let example = json!({
        "letters": [{
            "id": JOB_ID, "reason": "attempts_spent", "deadAtMs": 1_795_161_600_000_u64, "attempt": 14, "crashes": 0,
            "history": [{
                "attempt": 14, "at_ms": 1_795_161_600_000_u64, "worker": "forge-4711", "code": "object_store",
                "message": "timed out after 10 s", "wait_ms": null,
            }],
            "sizeBytes": 912, "jobId": JOB_ID, "readable": true,
        }],
        "total": 1, "complete": true,
    });
    let told = Answer::new(StatusCode::OK, "The letters.")
        .headers([Header::CacheControl])
        .json::<Listing>(writer, &example);
    Operation::new(Tag::DeadLetters, "deadLetters", "List the dead letters")
        .description("Oldest first.")
        .parameters(parameters)
        .answers(told)
        .refuses([
            ApiError::Field(FieldError {
                field: "limit".to_owned(),
                problem: format!("0, 1 to {LETTERS_MAX} are allowed"),
                measured: None,
                limit: None,
            }),
            busy(),
        ])
}

pub(crate) fn replay(writer: &mut Writer<'_>) -> Operation {
    let id = json!({
        "name": "id", "in": "path", "required": true, "schema": { "type": "string", "minLength": 1 }, "example": JOB_ID,
        "description": "The letter's id, as the list gives it.",
    });
    let example = json!({
        "letters": [{ "id": JOB_ID, "reason": "attempts_spent", "fate": "replayed" }],
        "replayed": 1, "removed": 0, "kept": 0, "complete": true,
    });
    let told = Answer::new(StatusCode::OK, "What became of each letter of this id.")
        .headers([Header::CacheControl])
        .json::<Replayed>(writer, &example);
    Operation::new(Tag::DeadLetters, "replay", "Replay a dead letter")
        .description("The job begins again, unless it is finished, runs already or was taken back.")
        .parameters([id])
        .answers(told)
        .refuses([ApiError::NotFound, busy()])
}

fn busy() -> ApiError {
    ApiError::Busy {
        what: "looks at the dead letters",
        max: 1,
    }
}
