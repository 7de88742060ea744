//! Guests that work, and guests that misbehave in every way that we could think of.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on says so by stopping"
)]

mod equal;
mod life;
mod locked_in;
mod misbehaving;
mod support;
