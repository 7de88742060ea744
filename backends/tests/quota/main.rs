//! What a fleet counts of its clients, on a real Redis and on a cluster.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

#[path = "../support/services.rs"]
mod services;
#[path = "../support/settings.rs"]
mod settings;

use std::{num::NonZeroU64, time::Duration};

use backends::quota::{Allowance, Quota, Redis, Taken};
use futures::future::join_all;
use schemas::Digest;
use tokio::time::{interval, timeout};

use services::{redis_at, redis_cluster_url, redis_url};

/// Far beyond what anything here takes.
const PATIENCE: Duration = Duration::from_secs(20);

/// Longer than any test, so that nothing slides out of it.
const HOUR: Duration = Duration::from_secs(3600);

const fn allowance(requests: u64, window: Duration) -> Allowance {
    Allowance {
        requests: NonZeroU64::new(requests).expect("tests allow some"),
        window,
    }
}

fn quota() -> Redis {
    Redis::new(redis_at(&redis_url())).unwrap()
}

async fn taken(quota: &Redis, client: &str, allowance: Allowance) -> Taken {
    let client = Digest::of(client.as_bytes());
    quota.take("upload", &client, allowance).await.unwrap()
}

#[tokio::test]
async fn a_client_has_what_it_is_allowed_and_no_more() {
    let (quota, three) = (quota(), allowance(3, HOUR));
    for left in [2, 1, 0] {
        assert_eq!(taken(&quota, "ann", three).await, Taken::Counted { left });
    }
    for _ in 0..2 {
        let refused = taken(&quota, "ann", three).await;
        assert!(
            matches!(refused, Taken::Refused { wait } if wait <= HOUR * 2),
            "{refused:?}"
        );
    }
}

#[tokio::test]
async fn clients_and_what_they_ask_for_are_counted_apart() {
    let (quota, one) = (quota(), allowance(1, HOUR));
    let full = Taken::Counted { left: 0 };
    assert_eq!(taken(&quota, "ann", one).await, full);
    assert_eq!(taken(&quota, "bob", one).await, full);
    let read = quota.take("read", &Digest::of(b"ann"), one).await;
    assert_eq!(read.unwrap(), full);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_publishers_count_together_however_many_ask_at_once() {
    let server = redis_at(&redis_url());
    let both = [server.clone(), server].map(|server| Redis::new(server).unwrap());
    let ten = allowance(10, HOUR);
    let asked = (0..40).map(|number| taken(&both[number % 2], "ann", ten));
    let answers = join_all(asked).await;
    let counted = answers
        .iter()
        .filter(|taken| matches!(taken, Taken::Counted { .. }));
    assert_eq!(counted.count(), 10);
}

#[tokio::test]
async fn what_a_client_may_do_comes_back_bit_by_bit() {
    let (quota, ten) = (quota(), allowance(10, Duration::from_secs(1)));
    while matches!(taken(&quota, "ann", ten).await, Taken::Counted { .. }) {}
    let mut turns = interval(Duration::from_millis(1));
    let counted = async {
        loop {
            turns.tick().await;
            if let Taken::Counted { left } = taken(&quota, "ann", ten).await {
                return left;
            }
        }
    };
    let left = timeout(PATIENCE, counted).await.expect("room comes back");
    // A window that jumps would give back nine more at once.
    assert!(left < 9, "{left}");
}

#[tokio::test]
async fn a_cluster_counts_too() {
    let quota = Redis::new(redis_at(&redis_cluster_url())).unwrap();
    let one = allowance(1, HOUR);
    for client in ["ann", "bob", "cleo", "dora"] {
        assert_eq!(taken(&quota, client, one).await, Taken::Counted { left: 0 });
        let refused = taken(&quota, client, one).await;
        assert!(matches!(refused, Taken::Refused { .. }), "{refused:?}");
    }
}
