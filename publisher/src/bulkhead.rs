//! Uploads, reads of images, event streams and waits for an end have places of their own: however many of one there are, they
//! leave the files, connections and memory that the others need. Clients share them.

use std::{sync::Arc, time::Duration};

use backends::Metrics;
use prometheus::{IntCounter, IntGauge};

use crate::{
    error::ApiError,
    fairness::Client,
    shares::{Share, Shares, Short},
};

/// So many places.
#[derive(Debug)]
pub(crate) struct Bulkhead {
    places: Arc<Shares>,
    /// Of what, as a refusal says it.
    what: &'static str,
    max: usize,
    in_use: IntGauge,
    refusals: IntCounter,
}

/// One of them, until it is dropped.
#[derive(Debug)]
pub(crate) struct Place {
    in_use: IntGauge,
    _share: Share,
}

impl Bulkhead {
    /// `label` is how metrics call it.
    pub(crate) fn new(
        what: &'static str,
        label: &'static str,
        max: usize,
        metrics: &Metrics,
    ) -> Self {
        Self {
            places: Shares::new(max as u64),
            what,
            max,
            in_use: metrics.bulkhead_in_use.with_label_values(&[label]),
            refusals: metrics.bulkhead_refusals.with_label_values(&[label]),
        }
    }

    /// A place, if one is free for `client`.
    pub(crate) fn enter(&self, client: &Client) -> Result<Place, ApiError> {
        let share = self.places.take(client, 1);
        share.map_or_else(
            |short| Err(self.refuse(short)),
            |share| Ok(self.place(share)),
        )
    }

    /// A place that is free for `client` by then. They come in the order in which they were asked for.
    pub(crate) async fn enter_within(
        &self,
        client: &Client,
        wait_max: Duration,
    ) -> Result<Place, ApiError> {
        let share = self.places.take_within(client, 1, wait_max).await;
        share.map_or_else(
            |short| Err(self.refuse(short)),
            |share| Ok(self.place(share)),
        )
    }

    fn place(&self, share: Share) -> Place {
        self.in_use.inc();
        Place {
            in_use: self.in_use.clone(),
            _share: share,
        }
    }

    fn refuse(&self, short: Short) -> ApiError {
        self.refusals.inc();
        ApiError::short(short, self.what, self.max as u64)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.in_use.dec();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WAIT: Duration = Duration::from_secs(1);

    #[tokio::test(start_paused = true)]
    async fn who_waits_gets_the_next_place_and_who_waits_too_long_is_refused() {
        let metrics = Metrics::new();
        let bulkhead = Bulkhead::new("things", "things", 1, &metrics);
        let [ann, bob] = ["ann", "bob"].map(|name| Client::Named(name.to_owned()));
        let place = bulkhead.enter(&ann).unwrap();
        assert!(bulkhead.enter(&bob).is_err());
        assert!(matches!(
            bulkhead.enter_within(&bob, WAIT).await,
            Err(ApiError::Busy { max: 1, .. })
        ));
        let leaves = async move {
            tokio::time::sleep(WAIT / 2).await;
            drop(place);
        };
        let (next, ()) = tokio::join!(bulkhead.enter_within(&bob, WAIT), leaves);
        assert_eq!((bulkhead.in_use.get(), bulkhead.refusals.get()), (1, 2));
        drop(next.unwrap());
        assert_eq!(bulkhead.in_use.get(), 0);
    }
}
