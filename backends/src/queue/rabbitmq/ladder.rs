//! The delay ladder: how a message waits without anyone holding it.
//!
//! A delay is a binary number of [`UNIT`]s in the routing key, most significant bit first. Level `n` has a queue in which
//! every message waits `UNIT · 2ⁿ`; at each level the exchange looks at the level's bit, lets the message wait there or
//! passes it by, down to the exchange that leads to the jobs. All messages of one queue wait equally long, so none holds
//! up another: with a time to live of its own for each message, a short wait behind a long one becomes a long one.

use std::time::Duration;

/// The shortest wait.
pub(super) const UNIT: Duration = Duration::from_millis(100);
/// Bits of a delay. The longest backoff is 300 s, this leaves room to 806 s.
pub(super) const LEVELS: u32 = 13;
/// Bits of a delay that may be set: at most so many waits, and so many writes to disk; at most 1/32 too late.
const BITS_MAX: u32 = 6;
/// The last word of every routing key, by which it finds the queue in the end.
pub(super) const JOBS_KEY: &str = "image";

/// Where a message that is to wait goes.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Route {
    /// The level of the highest bit; none for a message that does not wait at all.
    pub(super) level: Option<u32>,
    /// `b12.b11.….b0.image`.
    pub(super) routing_key: String,
}

/// The way of a message that waits for `delay`: never less, at most 1/32 more. Longer than the ladder is the ladder.
pub(super) fn route(delay: Duration) -> Route {
    let units = rounded_up(units(delay));
    let bits = (0..LEVELS).rev().map(|level| units >> level & 1);
    let mut routing_key: String = bits.map(|bit| format!("{bit}.")).collect();
    routing_key.push_str(JOBS_KEY);
    Route {
        level: units.checked_ilog2(),
        routing_key,
    }
}

/// Which messages wait at `level`: those whose bit is set.
pub(super) fn waits(level: u32) -> String {
    format!("{}1.#", before(level))
}

/// Which messages pass `level` by.
pub(super) fn passes(level: u32) -> String {
    format!("{}0.#", before(level))
}

/// Which messages have come down.
pub(super) fn arrived() -> String {
    format!("{}{JOBS_KEY}", "*.".repeat(LEVELS as usize))
}

/// The bits above `level`, whatever they are.
fn before(level: u32) -> String {
    "*.".repeat((LEVELS - 1 - level) as usize)
}

fn units(delay: Duration) -> u32 {
    let units = delay.as_nanos().div_ceil(UNIT.as_nanos());
    units.try_into().unwrap_or(u32::MAX)
}

/// To as many bits as may be set, without leaving the ladder.
fn rounded_up(units: u32) -> u32 {
    let longest = ((1 << BITS_MAX) - 1) << (LEVELS - BITS_MAX);
    let length = u32::BITS - units.leading_zeros();
    let step = 1_u32 << length.saturating_sub(BITS_MAX);
    units
        .checked_next_multiple_of(step)
        .map_or(longest, |rounded| rounded.min(longest))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the ladder makes of a routing key, as the broker does it.
    fn waited(route: &Route) -> Duration {
        let bits: Vec<_> = route
            .routing_key
            .trim_end_matches(".image")
            .split('.')
            .collect();
        assert_eq!(bits.len(), LEVELS as usize, "{route:?}");
        let units = (0..LEVELS).zip(bits.iter().rev()).map(|(level, bit)| {
            let set: u32 = bit.parse().unwrap();
            set << level
        });
        UNIT * units.sum()
    }

    #[test]
    fn a_delay_is_written_in_binary() {
        assert_eq!(
            route(Duration::from_millis(500)),
            Route {
                level: Some(2),
                routing_key: "0.0.0.0.0.0.0.0.0.0.1.0.1.image".into()
            }
        );
    }

    #[test]
    fn no_delay_does_not_wait() {
        assert_eq!(route(Duration::ZERO).level, None);
        assert_eq!(waited(&route(Duration::ZERO)), Duration::ZERO);
        assert_eq!(waited(&route(Duration::from_nanos(1))), UNIT);
    }

    #[test]
    fn a_wait_is_never_short_and_hardly_long() {
        for ms in (0..300_000).step_by(37) {
            let delay = Duration::from_millis(ms);
            let route = route(delay);
            let waited = waited(&route);
            assert!(waited >= delay, "{delay:?} became {waited:?}");
            assert!(
                waited <= delay + UNIT + delay / 32,
                "{delay:?} became {waited:?}"
            );
            let hops = route.routing_key.matches('1').count();
            assert!(hops <= BITS_MAX as usize, "{delay:?} hops {hops} times");
        }
    }

    #[test]
    fn the_level_is_the_highest_bit() {
        for level in 0..LEVELS {
            let route = route(UNIT * (1 << level));
            assert_eq!(route.level, Some(level));
            let first = route.routing_key.find('1').unwrap() as u32 / 2;
            assert_eq!(first, LEVELS - 1 - level);
        }
    }

    #[test]
    fn what_is_too_long_waits_as_long_as_there_is() {
        for delay in [
            Duration::from_secs(807),
            Duration::from_secs(86_400),
            Duration::MAX,
        ] {
            assert_eq!(waited(&route(delay)), Duration::from_millis(806_400));
        }
    }
}
