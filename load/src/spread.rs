//! How far measured times lie apart.

use std::{fmt, time::Duration};

/// Times, shortest first.
#[derive(Debug)]
pub(crate) struct Spread(Vec<Duration>);

impl Spread {
    /// Of at least one measurement.
    pub(crate) fn of(mut times: Vec<Duration>) -> Self {
        assert!(!times.is_empty(), "something was measured");
        times.sort_unstable();
        Self(times)
    }

    /// The time that so many per cent do not exceed.
    pub(crate) fn percentile(&self, per_cent: usize) -> Duration {
        self.per_mille(per_cent * 10)
    }

    /// The time that so many of a thousand do not exceed.
    pub(crate) fn per_mille(&self, per_mille: usize) -> Duration {
        let rank = (self.0.len() * per_mille).div_ceil(1000).max(1);
        self.0[rank - 1]
    }
}

impl fmt::Display for Spread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [median, slow, worst] = [50, 99, 100].map(|per_cent| millis(self.percentile(per_cent)));
        write!(
            f,
            "p50 {median:.0} ms, p99 {slow:.0} ms, worst {worst:.0} ms"
        )
    }
}

/// Milliseconds with a fraction.
pub(crate) fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}
