//! The outbox on a real Redis, and on a cluster.

use backends::{Outbox as _, RedisServer, outbox, outbox::Subscribed, results};
use redis::{AsyncCommands as _, aio::MultiplexedConnection};
use schemas::Status;
use serde_json::Value;

use crate::{
    contract::{LEASE, ROOM, URL, end, job, later_ms, outbox_contract, subscribe},
    services::{redis_at, redis_cluster_url, redis_url, unique},
};

outbox_contract!(on(redis_at(&redis_url())));

mod cluster {
    use super::{on, outbox_contract, redis_at, redis_cluster_url};

    outbox_contract!(on(redis_at(&redis_cluster_url())));
}

fn on(server: RedisServer) -> (results::Redis, outbox::Redis, ()) {
    let results = results::Redis::new(server.clone()).unwrap();
    let outbox = outbox::Redis::new(server).unwrap();
    (results, outbox.with_room(ROOM), ())
}

#[tokio::test]
async fn a_notice_of_a_version_without_owners_is_told_and_counts_for_nobody() {
    let namespace = format!("test-{}", unique());
    let server = RedisServer::new(&redis_url()).unwrap();
    let (results, outbox, ()) = on(server.with_namespace(&namespace));
    let job = job(&results).await;
    subscribe(&outbox, &job, URL).await;
    end(&results, &job, Status::Done).await;
    make_old(&namespace).await;

    let told = outbox.take_due(9, later_ms(), LEASE).await.unwrap();
    assert_eq!((told[0].url.as_str(), &told[0].owner), (URL, &None));
    let other = format!("{URL}?other");
    assert_eq!(subscribe(&outbox, &job, &other).await, Subscribed::Due);
    outbox.settle(&told[0].id).await.unwrap();
    let [counts] = &keys(&mut redis().await, &namespace, "notice_counts").await[..] else {
        panic!("the other one is counted");
    };
    let counts: Vec<u64> = redis().await.hvals(counts).await.unwrap();
    assert_eq!(counts, [1, 1]);
}

/// Has what waits look as it did before owners were written down.
async fn make_old(namespace: &str) {
    let mut redis = redis().await;
    for counts in keys(&mut redis, namespace, "notice_counts").await {
        let () = redis.del(counts).await.unwrap();
    }
    for notices in keys(&mut redis, namespace, "notices").await {
        let all: Vec<(String, String)> = redis.hgetall(&notices).await.unwrap();
        for (id, json) in all {
            let mut notice: Value = serde_json::from_str(&json).unwrap();
            assert!(notice.as_object_mut().unwrap().remove("owner").is_some());
            let () = redis.hset(&notices, id, notice.to_string()).await.unwrap();
        }
    }
}

async fn redis() -> MultiplexedConnection {
    let client = redis::Client::open(redis_url()).unwrap();
    client.get_multiplexed_async_connection().await.unwrap()
}

async fn keys(redis: &mut MultiplexedConnection, namespace: &str, kind: &str) -> Vec<String> {
    redis.keys(format!("{namespace}:*:{kind}")).await.unwrap()
}
