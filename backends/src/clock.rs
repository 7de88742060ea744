//! The one place where messages and records meet the time. They outlive the process, so it is the wall clock's.
//! Everything that decides takes the time as an argument.

use std::time::{Duration, SystemTime};

/// Milliseconds since 1970-01-01 UTC; 0 while the clock shows an earlier time.
pub fn now_ms() -> u64 {
    millis(SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default())
}

/// Whole milliseconds, as a number that JSON has: `u128` would become a text in a log line.
pub fn millis(duration: Duration) -> u64 {
    duration.as_millis().try_into().unwrap_or(u64::MAX)
}
