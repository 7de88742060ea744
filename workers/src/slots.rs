//! Where pixels are worked on: as many at once as there are permits. Async code only waits.

use std::sync::Arc;

use tokio::sync::Semaphore;
use tracing::Span;

/// A fixed number of places for CPU work.
#[derive(Clone, Debug)]
pub struct Slots {
    permits: Arc<Semaphore>,
    places: usize,
}

/// The work panicked. Its place is free again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Panicked;

impl Slots {
    /// `places` pictures at once, at least one.
    pub fn new(places: usize) -> Self {
        let places = places.max(1);
        Self {
            permits: Arc::new(Semaphore::new(places)),
            places,
        }
    }

    /// Pictures that can be worked on at once.
    pub const fn places(&self) -> usize {
        self.places
    }

    /// Pictures that are worked on now.
    pub fn busy(&self) -> usize {
        self.places - self.permits.available_permits()
    }

    /// Runs `work` on a thread of its own once a place is free, within the caller's span.
    ///
    /// The place is held by the work and not by the waiting: a caller that goes away does not make room for a picture
    /// more than there are cores.
    ///
    /// # Errors
    /// When `work` panics.
    pub async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Panicked> {
        let permit = self
            .permits
            .clone()
            .acquire_owned()
            .await
            .expect("the semaphore is never closed");
        let span = Span::current();
        #[expect(
            clippy::disallowed_methods,
            reason = "this is the one place that holds a permit for it"
        )]
        let worked = tokio::task::spawn_blocking(move || {
            let _permit = permit;
            span.in_scope(work)
        });
        worked.await.map_err(|_| Panicked)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{
        Barrier,
        atomic::{AtomicUsize, Ordering},
    };

    use super::*;

    #[tokio::test]
    async fn no_more_pictures_at_once_than_places() {
        let slots = Slots::new(2);
        let (now, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let both = Arc::new(Barrier::new(2));
        let tasks: Vec<_> = (0..8)
            .map(|_| {
                let (slots, now, most, both) =
                    (slots.clone(), now.clone(), most.clone(), both.clone());
                tokio::spawn(async move {
                    let work = move || {
                        most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                        both.wait(); // two are inside at once, or this never returns
                        now.fetch_sub(1, Ordering::SeqCst);
                    };
                    slots.run(work).await
                })
            })
            .collect();
        for task in tasks {
            task.await.unwrap().unwrap();
        }
        assert_eq!(most.load(Ordering::SeqCst), 2);
    }

    #[tokio::test]
    async fn a_place_is_busy_while_its_work_runs() {
        let slots = Slots::new(2);
        assert_eq!((slots.places(), slots.busy()), (2, 0));
        let asked = slots.clone();
        assert_eq!(slots.run(move || asked.busy()).await, Ok(1));
        assert_eq!(slots.busy(), 0);
    }

    #[tokio::test]
    async fn a_panic_frees_its_place() {
        let slots = Slots::new(1);
        assert_eq!(
            slots.run(|| panic!("a broken decoder")).await,
            Err::<(), _>(Panicked)
        );
        assert_eq!(slots.run(|| 7).await, Ok(7));
    }
}
