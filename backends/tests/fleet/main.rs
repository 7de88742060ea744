//! The contract of the fleet, kept by each implementation, and what Redis promises beyond it.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

#[path = "../support/services.rs"]
mod services;
#[path = "../support/settings.rs"]
mod settings;

mod contract;
mod local;
mod redis;
