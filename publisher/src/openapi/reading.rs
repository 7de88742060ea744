//! `/openapi.json` and `/docs`, described.

use http::StatusCode;
use serde_json::json;

use super::{
    answer::{Answer, Header},
    operation::{Operation, Tag},
    parameter,
    writer::Writer,
};

pub(crate) fn contract(_: &mut Writer<'_>) -> Operation {
    let told = Answer::new(StatusCode::OK, "OpenAPI 3.1.")
        .headers(KEPT)
        .body(
            "application/json",
            json!({ "schema": { "type": "object" } }),
        );
    kept(Operation::new(Tag::Contract, "contract", "Read this description").answers(told))
        .description("Made of the code of the server that answers, with the limits in force there.")
}

pub(crate) fn reader(_: &mut Writer<'_>) -> Operation {
    let told = Answer::new(StatusCode::OK, "A page.")
        .headers(KEPT)
        .body("text/html", json!({ "schema": { "type": "string" } }));
    kept(
        Operation::new(
            Tag::Contract,
            "reader",
            "Open this description in a browser",
        )
        .answers(told),
    )
    .description("Every request can be tried out there, with a key where one is asked for.")
}

const KEPT: [Header; 3] = [Header::ETag, Header::CacheControl, Header::Vary];

fn kept(operation: Operation) -> Operation {
    let known = parameter::header(
        "If-None-Match",
        "\"65d26d4b1e6f44b3\"",
        "The `ETag` of what the client has.",
    );
    operation
        .parameters([known])
        .answers(Answer::new(StatusCode::NOT_MODIFIED, "The client has it.").headers(KEPT))
}
