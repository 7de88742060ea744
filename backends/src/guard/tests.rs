//! Guards at work. The clock stands still but for what they sleep.

use std::{
    future::pending,
    sync::atomic::{AtomicU32, Ordering},
};

use tokio::sync::Notify;

use super::{breaker::FAILURES_MAX, *};

pub(super) fn guard() -> (Guard, Metrics) {
    let metrics = Metrics::new();
    (Guard::new(Backend::Objects, &metrics), metrics)
}

fn error(cause: Cause) -> Error {
    Error::new(Backend::Objects, "get", cause)
}

fn away() -> Error {
    error(Cause::Timeout(Duration::from_secs(5)))
}

async fn fail(guard: &Guard) -> Error {
    let call = async { Err::<(), _>(away()) };
    guard.call("get", call).await.unwrap_err()
}

pub(super) async fn open(guard: &Guard) {
    for _ in 0..FAILURES_MAX {
        fail(guard).await;
    }
    assert!(guard.is_open());
}

fn state(metrics: &Metrics) -> i64 {
    metrics.breaker_state.with_label_values(&["objects"]).get()
}

#[tokio::test]
async fn what_is_left_alone_is_not_called() {
    let (guard, metrics) = guard();
    open(&guard).await;
    let call = async { unreachable!("it is left alone") };
    let refused = guard.call::<()>("put", call).await.unwrap_err();
    assert!(refused.left_alone().is_some() && !refused.was_made());
    assert!(
        refused
            .to_string()
            .starts_with("objects put: it failed too often"),
        "{refused}"
    );
    assert_eq!(state(&metrics), 2);
    metrics.backend_error(&refused);
    assert!(!metrics.text().contains("nws_backend_errors_total{"));
}

#[tokio::test]
async fn the_failure_that_opens_it_says_so_and_why() {
    let (guard, _) = guard();
    for _ in 1..FAILURES_MAX {
        assert_eq!(fail(&guard).await.left_alone(), None);
    }
    let last = fail(&guard).await;
    assert!(last.left_alone().is_some() && last.was_made());
    let told = last.to_string();
    assert!(
        told.contains("no answer within 5000 ms, and it is left alone"),
        "{told}"
    );
}

#[tokio::test]
async fn what_speaks_of_the_object_opens_nothing() {
    let (guard, _) = guard();
    let too_long = || Cause::TooLong {
        size_bytes: 2,
        size_bytes_max: 1,
    };
    for _ in 0..FAILURES_MAX {
        for cause in [
            Cause::Refused("no".into()),
            Cause::Corrupt("other bytes".into()),
            too_long(),
        ] {
            let call = async { Err::<(), _>(error(cause)) };
            let answer = guard.call("get", call).await.unwrap_err();
            assert_eq!(answer.left_alone(), None);
        }
    }
    assert!(!guard.is_open());
}

#[tokio::test]
async fn a_call_that_is_given_up_is_not_counted() {
    let (guard, _) = guard();
    for _ in 0..FAILURES_MAX {
        let hanging = guard.call("get", pending::<Result<(), Error>>());
        assert!(futures::poll!(Box::pin(hanging)).is_pending());
    }
    assert!(!guard.is_open());
}

#[tokio::test(start_paused = true)]
async fn a_failure_is_looked_into_and_opens_it_when_the_backend_is_away() {
    let (guard, _) = guard();
    let _trials = guard.attend(async || Err(away()));
    fail(&guard).await;
    guard.opened().await;
}

#[tokio::test(start_paused = true)]
async fn a_check_that_passes_forgives_nothing() {
    let (guard, _) = guard();
    let checks = Arc::new(Notify::new());
    let done = Arc::clone(&checks);
    let _trials = guard.attend(move || {
        done.notify_one();
        async { Ok(()) }
    });
    for _ in 1..FAILURES_MAX {
        assert_eq!(fail(&guard).await.left_alone(), None);
        checks.notified().await;
    }
    assert!(fail(&guard).await.left_alone().is_some());
}

#[tokio::test(start_paused = true)]
async fn it_closes_when_the_backend_is_back() {
    let (guard, metrics) = guard();
    let checks = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&checks);
    let _trials = guard.attend(move || {
        let number = counted.fetch_add(1, Ordering::SeqCst);
        async move { if number < 3 { Err(away()) } else { Ok(()) } }
    });
    open(&guard).await;
    let began = Instant::now();
    guard.closed().await;
    assert!(checks.load(Ordering::SeqCst) >= 4);
    assert!(
        began.elapsed() <= Duration::from_secs(1 + 2 + 4 + 5),
        "{:?}",
        began.elapsed()
    );
    assert_eq!(state(&metrics), 0);
    guard.call("get", async { Ok(()) }).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn no_call_is_made_during_a_trial() {
    let (guard, metrics) = guard();
    let (begun, go) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (begins, goes) = (Arc::clone(&begun), Arc::clone(&go));
    let _trials = guard.attend(move || {
        begins.notify_one();
        let goes = Arc::clone(&goes);
        async move {
            goes.notified().await;
            Ok(())
        }
    });
    open(&guard).await;
    begun.notified().await;
    assert_eq!(state(&metrics), 1);
    assert!(!fail(&guard).await.was_made());
    go.notify_one();
    guard.closed().await;
}

#[tokio::test(start_paused = true)]
async fn a_trial_that_hangs_is_followed_by_another() {
    let (guard, _) = guard();
    let checks = AtomicU32::new(0);
    let _trials = guard.attend(move || {
        let first = checks.fetch_add(1, Ordering::SeqCst) == 0;
        async move {
            if first {
                pending::<()>().await;
            }
            Ok(())
        }
    });
    open(&guard).await;
    guard.closed().await;
}

#[tokio::test]
async fn what_fails_while_it_is_read_counts_as_much_as_a_call() {
    let (guard, _) = guard();
    for _ in 0..FAILURES_MAX {
        guard.note_late(None);
        guard.note_late(Some(&away()));
    }
    assert!(guard.is_open());
    guard.note_late(Some(&away()));
}
