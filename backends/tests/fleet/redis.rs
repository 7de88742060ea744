//! The workers of a fleet on a real Redis, and on a cluster.

use std::time::Duration;

use backends::{
    Fleet as _, RedisServer,
    fleet::{Redis, SILENCE_MAX, WORKERS_MAX},
};
use redis::AsyncCommands as _;

use crate::{
    contract::{fleet_contract, heartbeat},
    services::{redis_at, redis_cluster_url, redis_url, unique},
};

fleet_contract!(Redis::new(&redis_at(&redis_url())).unwrap());

mod cluster {
    use super::{Redis, fleet_contract, redis_at, redis_cluster_url};

    fleet_contract!(Redis::new(&redis_at(&redis_cluster_url())).unwrap());
}

/// A fleet, its key, and the server as the test looks at it.
async fn fleet() -> (Redis, String, redis::aio::MultiplexedConnection) {
    let namespace = format!("test-{}", unique());
    let server = RedisServer::new(&redis_url()).unwrap();
    let fleet = Redis::new(&server.with_namespace(&namespace)).unwrap();
    let client = redis::Client::open(redis_url()).unwrap();
    let beside = client.get_multiplexed_async_connection().await.unwrap();
    (fleet, format!("{namespace}:{{0}}:workers"), beside)
}

#[tokio::test]
async fn two_processes_hear_of_each_others_workers() {
    let server = redis_at(&redis_url());
    let (ours, theirs) = (Redis::new(&server).unwrap(), Redis::new(&server).unwrap());
    ours.beat(&heartbeat(1)).await.unwrap();
    theirs.beat(&heartbeat(2)).await.unwrap();
    assert_eq!(ours.alive(SILENCE_MAX).await.unwrap().len(), 2);
}

#[tokio::test]
async fn the_word_of_another_version_does_not_hide_the_rest() {
    let (fleet, key, mut beside) = fleet().await;
    fleet.beat(&heartbeat(1)).await.unwrap();
    let word: String = beside
        .hget(&key, heartbeat(1).id.to_string())
        .await
        .unwrap();
    let (now_ms, _) = word.split_once(' ').unwrap();
    let other = format!("{now_ms} {{\"version\":2}}");
    let _: () = beside.hset(&key, "other", other).await.unwrap();
    assert_eq!(fleet.alive(SILENCE_MAX).await.unwrap().len(), 1);
    assert!(beside.hexists::<_, _, bool>(&key, "other").await.unwrap());
}

#[tokio::test]
async fn who_is_silent_for_long_is_forgotten_and_makes_room() {
    let (fleet, key, mut beside) = fleet().await;
    let silent: Vec<_> = (0..WORKERS_MAX).map(|id| (id, "1 {}")).collect();
    let _: () = beside.hset_multiple(&key, &silent).await.unwrap();
    fleet.beat(&heartbeat(1)).await.unwrap();
    assert_eq!(beside.hlen::<_, usize>(&key).await.unwrap(), 1);

    let _: () = beside.hset(&key, "silent", "1 {}").await.unwrap();
    assert_eq!(fleet.alive(SILENCE_MAX).await.unwrap().len(), 1);
    assert_eq!(beside.hlen::<_, usize>(&key).await.unwrap(), 1);
}

#[tokio::test]
async fn a_fleet_that_is_gone_leaves_nothing_behind() {
    let (fleet, key, mut beside) = fleet().await;
    fleet.beat(&heartbeat(1)).await.unwrap();
    let left_ms: i64 = beside.pttl(&key).await.unwrap();
    let left = Duration::from_millis(left_ms.try_into().unwrap());
    assert!(left <= SILENCE_MAX, "{left:?}");
    fleet.leave(&heartbeat(1).id).await.unwrap();
    assert!(!beside.exists::<_, bool>(&key).await.unwrap());
}
