//! The contract of the outbox, kept by each implementation together with its records.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

#[path = "../support/services.rs"]
mod services;
#[path = "../support/settings.rs"]
mod settings;

mod contract;
mod local;
mod redis;
