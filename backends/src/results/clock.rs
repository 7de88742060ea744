//! The one place where records meet the time. Everything else takes it as an argument.

use std::time::{Duration, SystemTime};

/// Milliseconds since 1970-01-01 UTC.
pub(super) fn now_ms() -> u64 {
    let since = SystemTime::UNIX_EPOCH
        .elapsed()
        .expect("the clock shows a time after 1970");
    millis(since)
}

/// Whole milliseconds.
pub(super) fn millis(duration: Duration) -> u64 {
    duration.as_millis().try_into().unwrap_or(u64::MAX)
}
