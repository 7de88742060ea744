//! Uploads, reads of images and event streams have places of their own: however many of one there are, they leave the files,
//! connections and memory that the others need.

use std::{sync::Arc, time::Duration};

use backends::Metrics;
use prometheus::{IntCounter, IntGauge};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::timeout,
};

use crate::error::ApiError;

/// So many places.
#[derive(Debug)]
pub(crate) struct Bulkhead {
    places: Arc<Semaphore>,
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
    _permit: OwnedSemaphorePermit,
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
            places: Arc::new(Semaphore::new(max)),
            what,
            max,
            in_use: metrics.bulkhead_in_use.with_label_values(&[label]),
            refusals: metrics.bulkhead_refusals.with_label_values(&[label]),
        }
    }

    /// A place, if one is free.
    pub(crate) fn enter(&self) -> Result<Place, ApiError> {
        let permit = Arc::clone(&self.places).try_acquire_owned();
        permit.map_or_else(|_| Err(self.refuse()), |permit| Ok(self.place(permit)))
    }

    /// A place that is free by then. They come in the order in which they were asked for.
    pub(crate) async fn enter_within(&self, wait_max: Duration) -> Result<Place, ApiError> {
        let permit = timeout(wait_max, Arc::clone(&self.places).acquire_owned()).await;
        match permit {
            Ok(Ok(permit)) => Ok(self.place(permit)),
            Ok(Err(_)) | Err(_) => Err(self.refuse()),
        }
    }

    fn place(&self, permit: OwnedSemaphorePermit) -> Place {
        self.in_use.inc();
        Place {
            in_use: self.in_use.clone(),
            _permit: permit,
        }
    }

    fn refuse(&self) -> ApiError {
        self.refusals.inc();
        ApiError::Busy {
            what: self.what,
            max: self.max as u64,
        }
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
        let place = bulkhead.enter().unwrap();
        assert!(bulkhead.enter().is_err());
        assert!(matches!(
            bulkhead.enter_within(WAIT).await,
            Err(ApiError::Busy { max: 1, .. })
        ));
        let leaves = async move {
            tokio::time::sleep(WAIT / 2).await;
            drop(place);
        };
        let (next, ()) = tokio::join!(bulkhead.enter_within(WAIT), leaves);
        assert_eq!((bulkhead.in_use.get(), bulkhead.refusals.get()), (1, 2));
        drop(next.unwrap());
        assert_eq!(bulkhead.in_use.get(), 0);
    }
}
