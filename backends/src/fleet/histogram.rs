//! Durations, kept so that those of many workers can be laid together and asked for their percentiles.

use std::{collections::BTreeMap, time::Duration};

use serde::{Deserialize, Serialize};

/// The longest duration of the first class. Nobody looks at tenths of a millisecond.
const FIRST_MAX: Duration = Duration::from_micros(100);

/// How much longer the durations of a class may be than those of the one before. The estimate stands where it is off by
/// as much at either end of its class: by (1.1 − 1) / (1.1 + 1), less than 5 %. See Masson, Rim and Lee, "A Fast
/// and Fully-Mergeable Quantile Sketch with Relative-Error Guarantees", 2019.
const GROWTH: f64 = 1.1;

/// The class of an hour. Whatever takes longer counts as an hour.
const CLASS_MAX: u16 = 183;

/// How many durations fell into each class. It holds what there was and not what there could be: a few dozen numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Histogram(BTreeMap<u16, u64>);

impl Histogram {
    /// Counts a duration.
    pub fn count(&mut self, took: Duration) {
        self.add(class_of(took), 1);
    }

    /// Counts all that `other` has counted.
    pub fn merge(&mut self, other: &Self) {
        for (class, count) in &other.0 {
            self.add(*class, *count);
        }
    }

    /// The duration that `share` of all did not exceed, at most 5 % off or 0.1 ms; `None` where there was none.
    pub fn quantile(&self, share: f64) -> Option<Duration> {
        let all = self
            .0
            .values()
            .fold(0_u64, |all, of| all.saturating_add(*of));
        let rank = ((all as f64 * share).ceil() as u64).clamp(1, all.max(1));
        let mut counted = 0_u64;
        let class = self.0.iter().find(|(_, count)| {
            counted = counted.saturating_add(**count);
            counted >= rank
        });
        class.map(|(class, _)| estimate(*class))
    }

    fn add(&mut self, class: u16, count: u64) {
        let counted = self.0.entry(class.min(CLASS_MAX)).or_default();
        *counted = counted.saturating_add(count);
    }
}

fn class_of(took: Duration) -> u16 {
    let times_first = took.as_secs_f64() / FIRST_MAX.as_secs_f64();
    let class = (times_first.max(1.0).ln() / GROWTH.ln()).ceil();
    class.min(CLASS_MAX.into()) as u16
}

fn estimate(class: u16) -> Duration {
    let longest = GROWTH.powi(class.min(CLASS_MAX).into());
    FIRST_MAX.mul_f64(longest * 2.0 / (GROWTH + 1.0))
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*};

    use super::*;

    const HOUR_US: u64 = 3_600_000_000;

    fn of(micros: &[u64]) -> Histogram {
        let mut histogram = Histogram::default();
        for micros in micros {
            histogram.count(Duration::from_micros(*micros));
        }
        histogram
    }

    /// By the sorted list: the first that `share` of all do not exceed.
    fn exact(mut micros: Vec<u64>, share: f64) -> f64 {
        micros.sort_unstable();
        let rank = (micros.len() as f64 * share).ceil() as usize;
        micros[rank.clamp(1, micros.len()) - 1] as f64
    }

    /// Spread over the orders of magnitude, as durations are.
    fn durations() -> impl Strategy<Value = Vec<u64>> {
        let micros = (0.0..22.0_f64).prop_map(|power| (power.exp() as u64).min(HOUR_US));
        vec(micros, 1..400)
    }

    proptest! {
        #[test]
        fn a_percentile_is_at_most_five_percent_off(micros in durations(), share in 0.0..=1.0_f64) {
            let estimate = of(&micros).quantile(share).unwrap().as_secs_f64() * 1e6;
            let exact = exact(micros, share);
            let off = (estimate - exact).abs();
            prop_assert!(off <= (exact * 0.05).max(100.0), "{estimate} for {exact}");
        }

        #[test]
        fn workers_together_are_as_one(ours in durations(), theirs in durations()) {
            let mut together = of(&ours);
            together.merge(&of(&theirs));
            prop_assert_eq!(together, of(&[ours, theirs].concat()));
        }
    }

    #[test]
    fn of_nothing_there_is_no_percentile() {
        assert_eq!(Histogram::default().quantile(0.5), None);
    }

    #[test]
    fn whatever_takes_longer_than_an_hour_counts_as_one() {
        let hour = of(&[HOUR_US]).quantile(0.5);
        assert_eq!(of(&[u64::MAX]).quantile(0.5), hour);
        let foreign: Histogram = serde_json::from_str(r#"{"65535":1}"#).unwrap();
        assert_eq!(foreign.quantile(0.5), hour);
    }

    #[test]
    fn it_travels() {
        let sent = of(&[50, 1_000, 1_000, 90_000]);
        let json = serde_json::to_string(&sent).unwrap();
        assert_eq!(serde_json::from_str::<Histogram>(&json).unwrap(), sent);
    }
}
