//! The publisher through its own front door: a real listener on port 0, a real HTTP client, ports in memory.

#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests unwrap as the tests themselves do"
)]

mod acme;
mod admission;
mod auth;
mod auth_files;
mod auth_owners;
mod auth_tokens;
mod cancel;
mod connections;
mod dead_letters;
mod degraded;
mod docs;
mod early_answers;
mod events;
mod fairness;
mod formats;
mod forms;
mod frames;
mod gone;
mod heads;
mod images;
mod issuer;
mod known;
mod logos;
mod openapi;
mod originals;
mod packed;
mod page;
mod probes;
mod refusals;
mod retention;
mod shares;
mod stats;
mod status;
mod support;
mod transport;
mod unsent;
mod uploads;
mod visitors;
mod webhooks;
mod wire;
