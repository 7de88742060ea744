//! The contract: what this server answers, as OpenAPI 3.1, for programs and for the reader at `/docs`.
//!
//! It is made of the code, so that it cannot say something else: routes are registered together with their descriptions
//! ([`Routes`]), shapes are the schemas of the types that are sent, refusals and their examples are [`crate::error::ApiError`]s, what a route asks
//! of its caller is the table by which callers are let in, and limits are those in force.
//!
//! Read in this order: `routes`, how a route is registered; `operation`, how it is described; `answer` and `parameter`, of
//! what; `writer`, what the descriptions draw from; then `photos`, `jobs`, `pictures`, `fleet`, `letters` and `reading`, the
//! descriptions themselves; `document`, how they become one.

mod answer;
mod document;
pub(crate) mod fleet;
mod form;
pub(crate) mod jobs;
pub(crate) mod letters;
mod operation;
mod parameter;
pub(crate) mod photos;
pub(crate) mod pictures;
pub(crate) mod reading;
mod routes;
mod security;
mod writer;

pub(crate) use document::document;
pub(crate) use routes::Routes;

/// An id to show.
const JOB_ID: &str = "af8c2d1c92d47489c0218a92147d6f4dcc050ff0fd73acc8e20ba391bbebcecc";
