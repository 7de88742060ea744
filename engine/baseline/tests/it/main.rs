//! The decoder from outside, held against libjpeg-turbo.

#![expect(
    clippy::unwrap_used,
    reason = "clippy exempts tests, but not the functions they share"
)]

mod exact;
mod hostile;
mod progressive;
mod refused;
mod scaled;
mod scans;
mod splice;
mod splice_hostile;
mod support;
mod tightened;
