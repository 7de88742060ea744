//! The whole system through its own front door: the real binary, on one machine and as a fleet.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on says so by stopping"
)]

mod alone;
mod apply;
mod auth;
mod auth_tokens;
mod cancel;
mod dead_letters;
mod embedded;
mod fairness;
#[path = "../../../backends/tests/support/fault_proxy.rs"]
mod fault_proxy;
mod fleet;
mod hostile;
mod known;
mod outages;
mod output;
mod redis_restart;
mod rolling;
mod settings;
mod slots;
mod stats;
mod submit;
mod submit_faults;
mod support;
mod tls;
mod webhooks;
mod webhooks_shares;
mod webhooks_tls;
