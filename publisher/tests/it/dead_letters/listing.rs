//! How much of the queue a listing reads.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use async_trait::async_trait;
use backends::{
    Error,
    queue::{
        DeadLetters, Death, Reason,
        dead::{Found, Look},
    },
};

use super::{World, job};

#[tokio::test]
async fn a_listing_fetches_no_more_than_it_shows_and_counts_them_all() {
    let mut world = World::new().await;
    for number in 1..=5 {
        world.dead(&job(number)).await;
    }
    world.left_behind(&job(6)).await;
    let counted = Counted::over(world.office.letters);
    world.office.letters = Arc::clone(&counted) as _;
    let listing = world.office.list(None, 2).await.unwrap();
    let ids: Vec<_> = listing.letters.iter().map(|it| it.job_id).collect();
    assert_eq!(ids, [1, 2].map(|number| Some(job(number).id())));
    assert_eq!((listing.total, listing.complete), (6, false));
    assert_eq!(counted.fetched(), 2);

    let spent = Death::Buried(Reason::AttemptsSpent);
    let listing = world.office.list(Some(spent), 2).await.unwrap();
    assert_eq!(listing.letters.len(), 2);
    assert_eq!((listing.total, listing.complete), (5, true));
}

/// Letters whose readers are counted.
#[derive(Debug)]
struct Counted {
    letters: Arc<dyn DeadLetters>,
    fetched: Arc<AtomicUsize>,
}

struct CountedLook {
    look: Box<dyn Look>,
    fetched: Arc<AtomicUsize>,
}

impl Counted {
    fn over(letters: Arc<dyn DeadLetters>) -> Arc<Self> {
        let fetched = Arc::default();
        Arc::new(Self { letters, fetched })
    }

    fn fetched(&self) -> usize {
        self.fetched.load(Ordering::SeqCst)
    }
}

#[async_trait]
impl DeadLetters for Counted {
    async fn look(&self) -> Result<Box<dyn Look>, Error> {
        Ok(Box::new(CountedLook {
            look: self.letters.look().await?,
            fetched: Arc::clone(&self.fetched),
        }))
    }
}

#[async_trait]
impl Look for CountedLook {
    async fn next(&mut self) -> Result<Option<Found>, Error> {
        self.fetched.fetch_add(1, Ordering::SeqCst);
        self.look.next().await
    }

    fn letters(&self) -> u64 {
        self.look.letters()
    }

    async fn end(self: Box<Self>) -> Result<(), Error> {
        self.look.end().await
    }
}
