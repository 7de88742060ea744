//! What happens to the cluster that every test shares, so nothing else runs beside these tests.

use std::time::Duration;

use backends::{Error, Results as _, error::Cause};
use schemas::Status;
use tokio::time::{interval, timeout};

use super::{Fleet, job_of};
use crate::{
    cluster::{Cluster, Move, Node},
    contract::{PATIENCE, admit, all, claim_and_tell, next, queued, state, watch},
};

/// The slots of the tags `{0}` to `{7}`.
const SLOTS: [u16; 8] = [13907, 9842, 5649, 1584, 14039, 9974, 5781, 1716];

#[tokio::test(flavor = "multi_thread")]
async fn a_replica_takes_over_and_its_masters_jobs_go_on() {
    let (cluster, fleet) = (Cluster::new(), Fleet::new());
    let (shard, master, replica) = a_shard_with_a_replica(&cluster).await;
    let job = job_of(shard);
    admit(&fleet.speaker, &job).await;
    let mut watching = watch(&fleet.watcher, &job.id(), None).await;
    next(&mut watching).await;
    replicated(&master).await;

    let away = cluster.kill(&master);
    fleet.speaker.record(&job.id()).await.unwrap_err();
    cluster.take_over(&replica).await;
    let epoch = until_ok(async || fleet.speaker.claim(&job.id()).await)
        .await
        .epoch;
    let done = state(&job, Status::Done);
    until_ok(async || fleet.speaker.announce(epoch, &done).await).await;
    assert_eq!(all(watching).await.last().unwrap().state, done);

    drop(away);
    fleet.speaker.check().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_master_that_is_away_costs_the_other_shards_nothing_and_its_own_go_on_when_it_is_back() {
    let (cluster, fleet) = (Cluster::new(), Fleet::new());
    let (shard, master) = a_shard_without_a_replica(&cluster).await;
    let (of_the_dead, of_another) = (
        job_of(shard),
        job_of(a_shard_elsewhere(&cluster, &master).await),
    );
    admit(&fleet.speaker, &of_the_dead).await;
    admit(&fleet.speaker, &of_another).await;
    let watching = watch(&fleet.watcher, &of_another.id(), None).await;

    let away = cluster.kill(&master);
    fleet.speaker.record(&of_the_dead.id()).await.unwrap_err();
    fleet.speaker.check().await.unwrap_err();
    claim_and_tell(&fleet.speaker, &of_another, Status::Processing).await;
    let unsent = job_of(a_shard_elsewhere(&cluster, &master).await);
    admit(&fleet.speaker, &unsent).await;
    let found = fleet.speaker.unsent(Duration::ZERO, 10).await.unwrap();
    assert_eq!(found.len(), 1, "those of living shards are found");
    let done = claim_and_tell(&fleet.speaker, &of_another, Status::Done).await;
    assert_eq!(all(watching).await.last(), Some(&done));

    // It comes back without its data, as a server does that keeps none.
    drop(away);
    until_ok(async || {
        fleet
            .speaker
            .admit(&of_the_dead, &queued(&of_the_dead), false, None)
            .await
    })
    .await;
    let watching = watch(&fleet.watcher, &of_the_dead.id(), None).await;
    let done = claim_and_tell(&fleet.speaker, &of_the_dead, Status::Done).await;
    assert_eq!(all(watching).await.last(), Some(&done));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_master_that_hangs_is_an_error_in_time_and_holds_up_no_other_shard() {
    let (cluster, fleet) = (Cluster::new(), Fleet::new());
    let (shard, master) = a_shard_without_a_replica(&cluster).await;
    let (of_the_hanging, of_another) = (
        job_of(shard),
        job_of(a_shard_elsewhere(&cluster, &master).await),
    );
    admit(&fleet.speaker, &of_the_hanging).await;
    admit(&fleet.speaker, &of_another).await;

    let away = cluster.pause(&master);
    for _ in 0..2 {
        let error = fleet
            .speaker
            .record(&of_the_hanging.id())
            .await
            .unwrap_err();
        assert!(matches!(error.cause, Cause::Timeout(_)), "{error}");
        let (hanging, other) = (of_the_hanging.id(), of_another.id());
        let (hanging, other) =
            tokio::join!(fleet.speaker.record(&hanging), fleet.speaker.record(&other),);
        hanging.unwrap_err();
        other.unwrap();
    }
    drop(away);
    until_ok(async || fleet.speaker.record(&of_the_hanging.id()).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn jobs_go_on_while_their_shard_moves_to_another_node() {
    let (cluster, fleet) = (Cluster::new(), Fleet::new());
    let (shard, moving) = a_shard_that_may_move(&cluster).await;
    let (known, new) = (job_of(shard), job_of(shard));
    let admitted = admit(&fleet.speaker, &known).await;
    let mut watching = watch(&fleet.watcher, &known.id(), None).await;
    next(&mut watching).await;

    moving.begin().await;
    let here = fleet.speaker.record(&known.id()).await.unwrap();
    assert_eq!(here.as_ref(), Some(&admitted));
    moving.carry_keys().await;
    let there = fleet.speaker.record(&known.id()).await.unwrap();
    assert_eq!(there.as_ref(), Some(&admitted));
    let admit_new = until_ok(async || fleet.speaker.admit(&new, &queued(&new), false, None).await);
    tokio::join!(admit_new, moving.end());

    assert_eq!(cluster.holder(moving.slot).await.port, moving.to.port);
    for job in [&known, &new] {
        claim_and_tell(&fleet.speaker, job, Status::Done).await;
    }
    let seen = all(watching).await;
    assert_eq!(seen.last().unwrap().state.status, Status::Done);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_takes_over_a_shard_is_told_the_scripts_it_does_not_know() {
    let (cluster, fleet) = (Cluster::new(), Fleet::new());
    let (shard, moving) = a_shard_that_may_move(&cluster).await;
    let job = job_of(shard);
    admit(&fleet.speaker, &job).await;

    moving.begin().await;
    moving.carry_keys().await;
    moving.to.tell::<()>("SCRIPT FLUSH").await;
    fleet.speaker.claim(&job.id()).await.unwrap();
    moving.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_job_is_lost_while_its_shard_moves_to_and_fro() {
    let (cluster, fleet) = (Cluster::new(), Fleet::new());
    let (shard, there) = a_shard_that_may_move(&cluster).await;
    let moves = async {
        for moving in [&there, &there.back()] {
            moving.begin().await;
            moving.carry_keys().await;
            moving.end().await;
        }
    };
    let jobs = async {
        for _ in 0..30 {
            story(&fleet, shard).await;
        }
    };
    tokio::join!(jobs, moves);
}

/// A job from its admission to its end, told by one who tries again what failed, and heard by another.
async fn story(fleet: &Fleet, shard: u8) {
    let job = job_of(shard);
    until_ok(async || fleet.speaker.admit(&job, &queued(&job), false, None).await).await;
    let watching = until_ok(async || fleet.watcher.watch(&job.id(), None).await).await;
    let epoch = until_ok(async || fleet.speaker.claim(&job.id()).await)
        .await
        .epoch;
    let done = state(&job, Status::Done);
    until_ok(async || fleet.speaker.announce(epoch, &done).await).await;
    let seen = all(watching.expect("it was admitted")).await;
    assert_eq!(seen.last().unwrap().state, done);
}

/// Tries again, as a worker does, until it works.
async fn until_ok<T>(mut attempt: impl AsyncFnMut() -> Result<T, Error>) -> T {
    let mut turns = interval(Duration::from_millis(50));
    let ok = async {
        loop {
            turns.tick().await;
            if let Ok(done) = attempt().await {
                return done;
            }
        }
    };
    timeout(PATIENCE, ok).await.expect("it works in time")
}

/// Waits until the replica has what its master has.
async fn replicated(master: &Node) {
    let replicas: u64 = master.tell("WAIT 1 10000").await;
    assert_eq!(replicas, 1);
}

async fn a_shard_with_a_replica(cluster: &Cluster) -> (u8, Node, Node) {
    for (shard, slot) in (0..).zip(SLOTS) {
        let master = cluster.holder(slot).await;
        if let Some(replica) = cluster.replica_of(&master).await {
            return (shard, master, replica);
        }
    }
    panic!("no master has a replica");
}

async fn a_shard_without_a_replica(cluster: &Cluster) -> (u8, Node) {
    for (shard, slot) in (0..).zip(SLOTS) {
        let master = cluster.holder(slot).await;
        if cluster.replica_of(&master).await.is_none() {
            return (shard, master);
        }
    }
    panic!("every master has a replica");
}

async fn a_shard_elsewhere(cluster: &Cluster, master: &Node) -> u8 {
    let (shard, _) = elsewhere(cluster, master).await;
    shard
}

async fn a_shard_that_may_move(cluster: &Cluster) -> (u8, Move) {
    let (shard, from) = a_shard_without_a_replica(cluster).await;
    let (_, to) = elsewhere(cluster, &from).await;
    let slot = SLOTS[usize::from(shard)];
    (shard, Move { slot, from, to })
}

async fn elsewhere(cluster: &Cluster, master: &Node) -> (u8, Node) {
    for (shard, slot) in (0..).zip(SLOTS) {
        let holder = cluster.holder(slot).await;
        if holder.port != master.port {
            return (shard, holder);
        }
    }
    panic!("one master holds every shard");
}
