//! A worker's turns over the embedded backends, with a world that fails on purpose.
#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on says so by stopping"
)]

mod burials;
mod cancel;
mod closed;
mod crashes;
mod fate;
mod logos;
mod pulse;
mod stale;
mod strange;
mod turns;
mod world;
