//! What a request may bring along besides its body.
//!
//! `Accept` is no parameter: OpenAPI reads it from the media types of the answers.

use serde_json::{Value, json};

use super::{JOB_ID, writer::Writer};

/// The job in a path.
pub(super) fn job_id(writer: &mut Writer<'_>) -> Value {
    let schema = writer.schema::<schemas::JobId>();
    json!({
        "name": "id", "in": "path", "required": true, "schema": schema, "example": JOB_ID,
        "description": "The job's id, as the upload's answer gives it.",
    })
}

/// Something in the address.
pub(super) fn query(name: &str, schema: &Value, description: &str) -> Value {
    json!({ "name": name, "in": "query", "schema": schema, "description": description })
}

/// A header. None is refused for what it says: what cannot be read is passed over, as HTTP has it.
pub(super) fn header(name: &str, example: &str, description: &str) -> Value {
    json!({
        "name": name, "in": "header", "schema": { "type": "string" }, "example": example,
        "description": description,
    })
}

/// Whether the client has it already, or has a part of it.
pub(super) fn conditions() -> [Value; 4] {
    [
        header(
            "If-None-Match",
            "\"65d26d4b1e6f44b3c64e1d0f3dbe6e2b3a2b6bd4a5bd2d2d7e2a1fb2d5c0c6a1\"",
            "The `ETag` of what the client has: the answer is `304` if that is what is here.",
        ),
        header(
            "If-Match",
            "*",
            "The answer is `412` if something else is here.",
        ),
        header(
            "Range",
            "bytes=0-65535",
            "A part of the bytes: the answer is `206`, or `416` if there are not so many. Several parts are answered with the \
             whole.",
        ),
        header(
            "If-Range",
            "\"65d26d4b1e6f44b3c64e1d0f3dbe6e2b3a2b6bd4a5bd2d2d7e2a1fb2d5c0c6a1\"",
            "The part is given only of what has this `ETag`, else the whole.",
        ),
    ]
}

/// Where a stream of events goes on.
pub(super) fn resume() -> [Value; 2] {
    [
        header(
            "Last-Event-ID",
            "1795161600000-2",
            "The `id` of the last event that the client saw. `EventSource` sends it by itself.",
        ),
        query(
            "lastEventId",
            &json!({ "type": "string" }),
            "The same, for clients that cannot set a header. The header counts where there are both.",
        ),
    ]
}
