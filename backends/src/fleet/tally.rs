//! What became of jobs, and how long those took that were done.

use std::collections::BTreeMap;

use schemas::{Status, Step, Timings};
use serde::{Deserialize, Serialize};

use super::Histogram;

/// What became of jobs. Tallies add up.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// Results that were stored and told.
    pub done: u64,
    /// Inputs that cannot be worked on.
    pub failed: u64,
    /// Jobs whose attempts are spent.
    pub dead: u64,
    /// Attempts that wait for the next one.
    pub retrying: u64,
    /// How long the steps took of the jobs that were done.
    pub steps: BTreeMap<Step, Histogram>,
}

impl Tally {
    /// Counts what became of a job. A status that is neither an end nor a retry is not counted, and a cancellation is no
    /// worker's work.
    pub fn count(&mut self, status: Status, timings: &Timings) {
        match status {
            Status::Done => {
                self.done += 1;
                for (step, took) in timings.iter() {
                    self.steps.entry(step).or_default().count(took);
                }
            }
            Status::Failed => self.failed += 1,
            Status::Dead => self.dead += 1,
            Status::Retrying => self.retrying += 1,
            Status::Queued | Status::Processing | Status::Cancelled => {}
        }
    }

    /// Counts all that `other` has counted.
    pub fn merge(&mut self, other: &Self) {
        self.done = self.done.saturating_add(other.done);
        self.failed = self.failed.saturating_add(other.failed);
        self.dead = self.dead.saturating_add(other.dead);
        self.retrying = self.retrying.saturating_add(other.retrying);
        for (step, histogram) in &other.steps {
            self.steps.entry(*step).or_default().merge(histogram);
        }
    }

    /// Jobs that came to an end.
    pub const fn ended(&self) -> u64 {
        self.done
            .saturating_add(self.failed)
            .saturating_add(self.dead)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn ends_and_retries_are_counted_and_only_done_jobs_are_timed() {
        let (mut tally, mut timings) = (Tally::default(), Timings::default());
        timings.set(Step::Total, Duration::from_secs(1));
        for status in Status::ALL {
            tally.count(status, &timings);
        }
        let counts = (tally.done, tally.failed, tally.dead, tally.retrying);
        assert_eq!((counts, tally.ended()), ((1, 1, 1, 1), 3));
        let mut once = Histogram::default();
        once.count(Duration::from_secs(1));
        assert_eq!(tally.steps, BTreeMap::from([(Step::Total, once)]));
    }

    #[test]
    fn two_workers_tallies_add_up() {
        let mut one = Tally::default();
        one.count(Status::Done, &Timings::default());
        let mut both = one.clone();
        both.count(Status::Dead, &Timings::default());
        one.merge(&both);
        assert_eq!((one.done, one.dead), (2, 1));
    }
}
