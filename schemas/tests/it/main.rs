//! The written side of the words that travel: JSON Schema files, example messages, the AsyncAPI document.
#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on says so by stopping"
)]

mod asyncapi;
mod examples;
mod hostile;
mod json_schema;
mod support;
