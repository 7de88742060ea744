//! Who comes back: after the log expired, after Redis lost everything, to another publisher.

use backends::{Results as _, results::News};
use redis::AsyncCommands as _;
use schemas::Status;

use crate::{
    contract::{admit, all, all_news, claim, claim_and_tell, job, next, state, tell, watch},
    fault_proxy::Wire,
    redis::{Fleet, beside},
};

#[tokio::test]
async fn who_comes_back_after_the_log_expired_gets_a_snapshot() {
    let fleet = Fleet::new().await;
    let job = job();
    let seen = admit(&fleet.speaker, &job).await.event.id;
    claim_and_tell(&fleet.speaker, &job, Status::Retrying).await;
    let event = claim_and_tell(&fleet.speaker, &job, Status::Done).await;
    let log = fleet.key(&format!("log:{}", job.id()));
    let _: () = beside().await.del(log).await.unwrap();
    let resumed = watch(&fleet.watcher, &job.id(), Some(seen)).await;
    let snapshot = News {
        event: event.clone(),
        snapshot: true,
    };
    assert_eq!(all_news(resumed).await, [snapshot]);
    let knows = watch(&fleet.watcher, &job.id(), Some(event.id)).await;
    assert!(all(knows).await.is_empty());
}

#[tokio::test]
async fn a_redis_that_comes_back_empty_costs_its_watchers_no_end() {
    let (fleet, job, mut watching) = Fleet::with_a_watched_job().await;
    let before = claim_and_tell(&fleet.speaker, &job, Status::Retrying).await;
    assert_eq!(next(&mut watching).await, before);

    fleet.proxy.set(Wire::Cut);
    fleet.lose_everything().await;
    fleet.proxy.set(Wire::Whole);
    // The message was not lost: a worker claims what nobody knows any more.
    let claimed = claim(&fleet.speaker, &job.id()).await;
    assert_eq!(claimed.before, None);
    let done = state(&job, Status::Done);
    let done = tell(&fleet.speaker, claimed.epoch, &done).await;
    assert_eq!(all(watching).await.last().unwrap().id, done);
}

#[tokio::test]
async fn who_comes_back_after_redis_lost_everything_gets_a_snapshot_and_the_end() {
    let (fleet, job, watching) = Fleet::with_a_watched_job().await;
    let seen = claim_and_tell(&fleet.speaker, &job, Status::Retrying).await;
    drop(watching);
    fleet.lose_everything().await;
    let unknown = fleet.watcher.watch(&job.id(), Some(seen.id)).await;
    assert!(unknown.unwrap().is_none());

    let event = claim_and_tell(&fleet.speaker, &job, Status::Processing).await;
    let resumed = watch(&fleet.watcher, &job.id(), Some(seen.id)).await;
    let done = claim_and_tell(&fleet.speaker, &job, Status::Done).await;
    let snapshot = News {
        event,
        snapshot: true,
    };
    assert_eq!(all_news(resumed).await, [snapshot, done.into()]);
}

#[tokio::test]
async fn a_watcher_whose_log_was_cut_while_it_was_away_is_told_so() {
    let (fleet, job, mut watching) = Fleet::with_a_watched_job().await;
    let before = claim_and_tell(&fleet.speaker, &job, Status::Retrying).await;
    assert_eq!(next(&mut watching).await, before);

    fleet.proxy.set(Wire::Cut);
    let event = claim_and_tell(&fleet.speaker, &job, Status::Done).await;
    for kind in ["fire".to_owned(), format!("log:{}", job.id())] {
        let _: () = beside().await.del(fleet.key(&kind)).await.unwrap();
    }
    fleet.proxy.set(Wire::Whole);
    let snapshot = News {
        event,
        snapshot: true,
    };
    assert_eq!(all_news(watching).await, [snapshot]);
}

#[tokio::test]
async fn who_goes_on_at_another_publisher_misses_nothing_and_hears_nothing_twice() {
    let (fleet, job, mut watching) = Fleet::with_a_watched_job().await;
    for _ in 0..5 {
        let retrying = claim_and_tell(&fleet.speaker, &job, Status::Retrying).await;
        let seen = next(&mut watching).await;
        assert_eq!(seen, retrying);
        // This one is restarted. What happens meanwhile is told by the next one, which has just begun.
        drop(watching);
        let told = [
            claim_and_tell(&fleet.speaker, &job, Status::Processing).await,
            claim_and_tell(&fleet.speaker, &job, Status::Retrying).await,
        ];
        let another = fleet.another_watcher();
        watching = watch(&another, &job.id(), Some(seen.id)).await;
        for expected in &told {
            assert_eq!(next(&mut watching).await, *expected);
        }
        watching = watch(&fleet.watcher, &job.id(), Some(told[1].id)).await;
    }
    let done = claim_and_tell(&fleet.speaker, &job, Status::Done).await;
    assert_eq!(all(watching).await, [done]);
}
