//! How fast bytes move, by the window.

use std::time::Duration;

/// A span of time in which somebody was waited for, and the bytes that moved in it.
#[derive(Debug, Default)]
pub(crate) struct Window {
    waited: Duration,
    bytes: u64,
}

impl Window {
    pub(crate) fn add(&mut self, waited: Duration, bytes: u64) {
        self.waited += waited;
        self.bytes += bytes;
    }

    /// How much of one of `length` is left.
    pub(crate) fn rest(&self, length: Duration) -> Duration {
        length.saturating_sub(self.waited)
    }

    /// Bytes a second in a window of `length` that is over, where they are fewer than `bytes_per_sec_min`. The next one begins
    /// then.
    pub(crate) fn crawled(&mut self, length: Duration, bytes_per_sec_min: u64) -> Option<u64> {
        if self.waited < length {
            return None;
        }
        let bytes_per_sec = self.bytes / self.waited.as_secs().max(1);
        *self = Self::default();
        (bytes_per_sec < bytes_per_sec_min).then_some(bytes_per_sec)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn a_window_is_judged_once_it_is_over_and_each_by_itself() {
        let mut window = Window::default();
        window.add(9 * SECOND, 5);
        assert_eq!(
            (window.crawled(10 * SECOND, 1), window.rest(10 * SECOND)),
            (None, SECOND)
        );
        window.add(SECOND, 0);
        assert_eq!(window.crawled(10 * SECOND, 1), Some(0));
        window.add(10 * SECOND, 10);
        assert_eq!(window.crawled(10 * SECOND, 1), None);
        window.add(10 * SECOND, 0);
        assert_eq!(window.crawled(10 * SECOND, 1), Some(0));
    }
}
