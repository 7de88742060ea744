//! How much each client has left at this publisher: a token bucket each (GCRA), forgotten once it is full again.

use std::{
    num::{NonZeroU32, NonZeroU64},
    sync::Arc,
    time::Duration,
};

use governor::{
    NotUntil, Quota, RateLimiter,
    clock::{Clock as _, MonotonicClock},
    middleware::StateInformationMiddleware,
    state::{InMemoryState, NotKeyed},
};
use moka::future::Cache;

use super::client::Client;

type Limiter = RateLimiter<NotKeyed, InMemoryState, MonotonicClock, StateInformationMiddleware>;

const MINUTE: Duration = Duration::from_secs(60);

/// How fast a bucket fills, and how much it holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Bucket {
    rate_per_min: NonZeroU64,
    burst_max: NonZeroU32,
}

/// A bucket for each client.
#[derive(Debug)]
pub(super) struct Buckets {
    bucket: Bucket,
    /// Who asks least goes first where there are too many: a client in a hurry cannot have itself forgotten.
    clients: Cache<Client, Arc<Limiter>>,
}

/// How much a client has left after a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Left {
    /// Requests that it may send at once.
    pub(super) requests: u64,
    /// Requests that it may send at once after a pause.
    pub(super) burst_max: u64,
    /// The pause after which it may send that many.
    pub(super) refill: Duration,
    /// Whether it may send this one.
    pub(super) is_allowed: bool,
    /// The pause after which it may send one more; this one, where it was refused.
    pub(super) more_in: Duration,
}

impl Bucket {
    /// `None` at a rate of 0: no limit.
    pub(super) fn of(rate_per_min: u64, burst_max: u64) -> Option<Self> {
        Some(Self {
            rate_per_min: NonZeroU64::new(rate_per_min)?,
            burst_max: u32::try_from(burst_max).ok().and_then(NonZeroU32::new)?,
        })
    }

    /// Time in which room for one more comes.
    fn period(self) -> Duration {
        Duration::from_nanos(MINUTE.as_nanos() as u64 / self.rate_per_min)
    }

    /// Time in which an empty one is full again.
    fn refill(self) -> Duration {
        self.period() * self.burst_max.get()
    }

    fn limiter(self) -> Arc<Limiter> {
        let quota =
            Quota::with_period(self.period()).expect("a rate is far below one in a nanosecond");
        let limiter =
            RateLimiter::direct_with_clock(quota.allow_burst(self.burst_max), MonotonicClock);
        Arc::new(limiter.with_middleware())
    }
}

impl Buckets {
    pub(super) fn of(bucket: Option<Bucket>, clients_max: u64) -> Option<Self> {
        let bucket = bucket?;
        let clients = Cache::builder()
            .max_capacity(clients_max)
            .time_to_idle(bucket.refill()) // it is full by then, as a new one is
            .build();
        Some(Self { bucket, clients })
    }

    pub(super) const fn rate_per_min(&self) -> u64 {
        self.bucket.rate_per_min.get()
    }

    /// Takes one request of `client` out of its bucket, if there is one in it.
    pub(super) async fn take(&self, client: &Client) -> Left {
        let new = async { self.bucket.limiter() };
        let limiter = self.clients.get_with_by_ref(client, new).await;
        let (requests, is_allowed, more_in) = match limiter.check() {
            Ok(state) => (state.remaining_burst_capacity(), true, self.bucket.period()),
            Err(until) => (0, false, wait(&until)),
        };
        Left {
            requests: requests.into(),
            burst_max: self.bucket.burst_max.get().into(),
            refill: self.bucket.refill(),
            is_allowed,
            more_in,
        }
    }
}

fn wait(until: &NotUntil<<MonotonicClock as governor::clock::Clock>::Instant>) -> Duration {
    until.wait_time_from(MonotonicClock.now())
}

impl Left {
    /// Whole seconds until the next request, at least one: `Retry-After` knows no less.
    pub(super) fn more_in_secs(&self) -> u64 {
        self.more_in.as_millis().div_ceil(1000).max(1) as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ann() -> Client {
        Client::Named("ann".to_owned())
    }

    fn buckets(rate_per_min: u64, burst_max: u64, clients_max: u64) -> Buckets {
        Buckets::of(Bucket::of(rate_per_min, burst_max), clients_max).unwrap()
    }

    #[tokio::test]
    async fn a_client_has_its_burst_and_then_waits_for_its_rate() {
        let buckets = buckets(1, 3, 10);
        for left in [2, 1, 0] {
            let taken = buckets.take(&ann()).await;
            assert_eq!((taken.requests, taken.is_allowed), (left, true));
            assert_eq!(taken.more_in, MINUTE);
        }
        let refused = buckets.take(&ann()).await;
        let wait = refused.more_in;
        assert!(!refused.is_allowed);
        assert!(wait <= MINUTE && wait > MINUTE / 2, "{wait:?}");
        assert_eq!(refused.refill, 3 * MINUTE);
    }

    #[tokio::test]
    async fn another_client_has_a_bucket_of_its_own() {
        let buckets = buckets(1, 1, 10);
        assert!(buckets.take(&ann()).await.is_allowed);
        let at = Client::At("1.2.3.4".parse().unwrap());
        assert!(buckets.take(&at).await.is_allowed);
        assert!(!buckets.take(&ann()).await.is_allowed);
    }

    #[tokio::test]
    async fn a_crowd_takes_no_more_memory_than_is_allowed_and_frees_nobody_in_a_hurry() {
        let buckets = buckets(1, 5, 50);
        for _ in 0..20 {
            buckets.take(&ann()).await;
        }
        for number in 0..5_000_u32 {
            buckets
                .take(&Client::At(std::net::Ipv4Addr::from(number).into()))
                .await;
            if number % 10 == 0 {
                assert!(!buckets.take(&ann()).await.is_allowed);
            }
        }
        buckets.clients.run_pending_tasks().await;
        assert!(buckets.clients.entry_count() <= 50);
    }

    #[test]
    fn a_rate_of_none_is_no_limit() {
        assert!(Buckets::of(Bucket::of(0, 5), 10).is_none());
    }

    #[test]
    fn the_fastest_rate_still_has_time_between() {
        let bucket = Bucket::of(60_000_000, 1).unwrap();
        assert_eq!(bucket.period(), Duration::from_micros(1));
        bucket.limiter();
    }
}
