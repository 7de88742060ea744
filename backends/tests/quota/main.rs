//! What a fleet counts of its clients, on a real Redis and on a cluster.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

#[path = "../support/services.rs"]
mod services;
#[path = "../support/settings.rs"]
mod settings;

use std::{
    num::NonZeroU64,
    time::{Duration, Instant},
};

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

/// How many more the client may send; `None` where it may not even send this one.
async fn left(quota: &Redis, client: &str, allowance: Allowance) -> Option<u64> {
    match taken(quota, client, allowance).await {
        Taken::Counted { left, .. } => Some(left),
        Taken::Refused { .. } => None,
    }
}

#[tokio::test]
async fn a_client_has_what_it_is_allowed_and_no_more() {
    let (quota, three) = (quota(), allowance(3, HOUR));
    for more in [2, 1, 0] {
        assert_eq!(left(&quota, "ann", three).await, Some(more));
    }
    for _ in 0..2 {
        let refused = taken(&quota, "ann", three).await;
        assert!(
            matches!(refused, Taken::Refused { wait } if wait > HOUR / 2 && wait <= HOUR + HOUR / 60),
            "{refused:?}"
        );
    }
}

#[tokio::test]
async fn clients_and_what_they_ask_for_are_counted_apart() {
    let (quota, one) = (quota(), allowance(1, HOUR));
    assert_eq!(left(&quota, "ann", one).await, Some(0));
    assert_eq!(left(&quota, "bob", one).await, Some(0));
    let read = quota.take("read", &Digest::of(b"ann"), one).await.unwrap();
    assert!(matches!(read, Taken::Counted { left: 0, .. }), "{read:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_publishers_count_together_however_many_ask_at_once() {
    let server = redis_at(&redis_url());
    let both = [server.clone(), server].map(|server| Redis::new(server).unwrap());
    let ten = allowance(10, HOUR);
    let asked = (0..40).map(|number| left(&both[number % 2], "ann", ten));
    let answers = join_all(asked).await;
    assert_eq!(answers.iter().flatten().count(), 10);
}

/// Longer than ten requests take, short enough to go through it several times, and of whole milliseconds in each slice.
const WINDOW: Duration = Duration::from_millis(600);

#[tokio::test]
async fn no_window_holds_more_than_is_allowed_wherever_it_begins() {
    const ALLOWED: usize = 10;
    let (quota, ten) = (quota(), allowance(ALLOWED as u64, WINDOW));
    let mut turns = interval(Duration::from_millis(1));
    let mut counted = Vec::new();
    let asking = async {
        while counted.len() < 5 * ALLOWED {
            turns.tick().await;
            let before = Instant::now();
            if left(&quota, "ann", ten).await.is_some() {
                counted.push((before, Instant::now()));
            }
        }
    };
    timeout(PATIENCE, asking).await.expect("room comes back");
    for span in counted.windows(ALLOWED + 1) {
        let (first, last) = (span[0].0, span[ALLOWED].1);
        assert!(last - first >= WINDOW, "{:?}", last - first);
    }
}

#[tokio::test]
async fn who_waits_as_long_as_it_was_told_is_let_through() {
    let (quota, three) = (quota(), allowance(3, WINDOW));
    let wait = async {
        loop {
            if let Taken::Refused { wait } = taken(&quota, "ann", three).await {
                return wait;
            }
        }
    };
    let wait = timeout(PATIENCE, wait).await.expect("three are not four");
    let until = Instant::now() + wait;
    let mut turns = interval(Duration::from_millis(1));
    loop {
        turns.tick().await;
        let asked = Instant::now();
        match left(&quota, "ann", three).await {
            Some(_) => break,
            None => assert!(asked < until, "it is refused after its wait of {wait:?}"),
        }
    }
}

#[tokio::test]
async fn a_cluster_counts_too() {
    let quota = Redis::new(redis_at(&redis_cluster_url())).unwrap();
    let one = allowance(1, HOUR);
    for client in ["ann", "bob", "cleo", "dora"] {
        assert_eq!(left(&quota, client, one).await, Some(0));
        assert_eq!(left(&quota, client, one).await, None);
    }
}
