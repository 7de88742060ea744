//! Records on a real Redis cluster of three masters, one of them with a replica.

mod alone;

use backends::{RedisServer, Results as _, results::Redis};
use futures::future::join_all;
use schemas::{Job, Status};

use crate::{
    contract::{admit, all, claim_and_tell, job, results_contract, watch},
    services::{redis_at, redis_cluster_url, redis_url, unique},
};

results_contract!((Redis::new(redis_at(&redis_cluster_url())).unwrap(), ()));

/// Two processes of a fleet.
struct Fleet {
    speaker: Redis,
    watcher: Redis,
}

impl Fleet {
    fn new() -> Self {
        let namespace = format!("test-{}", unique());
        let server = RedisServer::new(&redis_cluster_url())
            .unwrap()
            .with_namespace(&namespace);
        Self {
            speaker: Redis::new(server.clone()).unwrap(),
            watcher: Redis::new(server).unwrap(),
        }
    }
}

/// A job whose keys carry the tag `{shard}`.
fn job_of(shard: u8) -> Job {
    std::iter::repeat_with(job)
        .find(|job| job.id().digest().as_bytes()[0] % 8 == shard)
        .expect("ids go on")
}

#[tokio::test]
async fn events_of_every_shard_arrive() {
    let fleet = Fleet::new();
    let round = async |shard: u8| {
        let job = job_of(shard);
        let admitted = admit(&fleet.speaker, &job).await.event;
        let watching = watch(&fleet.watcher, &job.id(), None).await;
        let processing = claim_and_tell(&fleet.speaker, &job, Status::Processing).await;
        let done = claim_and_tell(&fleet.speaker, &job, Status::Done).await;
        assert_eq!(all(watching).await, [admitted, processing, done]);
    };
    join_all((0..24).map(|number| round(number % 8))).await;
}

#[tokio::test]
async fn unsent_jobs_of_every_shard_come_oldest_first() {
    let fleet = Fleet::new();
    let mut jobs = Vec::new();
    for shard in (0..8).rev() {
        let job = job_of(shard);
        let admitted = admit(&fleet.speaker, &job).await;
        crate::contract::until_the_clock_shows_more_than(admitted.event.id.epoch).await;
        jobs.push(job);
    }
    let unsent = fleet
        .watcher
        .unsent(std::time::Duration::ZERO, 5)
        .await
        .unwrap();
    let unsent: Vec<_> = unsent.into_iter().map(|unsent| unsent.job).collect();
    assert_eq!(unsent, jobs[..5]);
}

#[tokio::test]
async fn one_node_that_is_left_of_those_in_the_settings_is_enough() {
    let url = redis_cluster_url();
    let (_, living) = url.rsplit_once(',').unwrap();
    let url = format!("redis+cluster://127.0.0.1:9,{living}");
    let results = Redis::new(redis_at(&url)).unwrap();
    results.check().await.unwrap();
}

#[tokio::test]
async fn a_server_that_is_no_cluster_is_named_as_such() {
    let server = redis_url().replace("redis://", "redis+cluster://");
    let error = Redis::new(redis_at(&server))
        .unwrap()
        .check()
        .await
        .unwrap_err();
    assert!(
        error.to_string().contains("cluster support disabled"),
        "{error}"
    );
}
