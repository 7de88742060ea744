//! What the fleet hears of a worker.

use std::{sync::atomic::Ordering, time::Duration};

use backends::{
    Fleet as _,
    fleet::{Heartbeat, SILENCE_MAX},
};
use schemas::{Status, Step};

use crate::world::{World, eventually, photo};

impl World {
    async fn heard(&self) -> Vec<Heartbeat> {
        let alive = self.fleet.alive(SILENCE_MAX).await.unwrap();
        alive.into_iter().map(|alive| alive.heartbeat).collect()
    }
}

#[tokio::test]
async fn a_worker_says_that_it_lives_and_what_it_did() {
    let world = World::new().await;
    let worker = world.work();
    eventually(async || !world.heard().await.is_empty()).await;
    let job = world.accept(&photo()).await;
    world.objects.gets.store(1, Ordering::SeqCst);
    world.watch(&job).await;
    let failed = world.accept(b"no picture").await;
    let end = world.watch(&failed).await.pop().unwrap();
    assert_eq!(end.status, Status::Failed);

    eventually(async || world.heard().await[0].tally.ended() == 2).await;
    let heard = world.heard().await;
    let [
        Heartbeat {
            name,
            slots,
            draining: false,
            tally,
            ..
        },
    ] = &heard[..]
    else {
        panic!("{heard:?}");
    };
    assert_eq!((slots, name.is_empty()), (&1, false));
    assert_eq!((tally.done, tally.failed, tally.retrying), (1, 1, 1));
    assert!(tally.steps[&Step::Total].quantile(0.5) > Some(Duration::ZERO));
    worker.drain().await;
    assert!(world.heard().await.is_empty());
}

#[tokio::test]
async fn a_worker_that_drains_says_so_and_then_is_gone() {
    let mut world = World::new().await;
    world.grace_secs = 3; // for as long as it drains: what it has in hand does not end
    world.objects.hangs.store(true, Ordering::SeqCst);
    world.accept(&photo()).await;
    let worker = world.work();
    eventually(async || world.metrics.jobs_in_flight.get() == 1).await;
    eventually(async || world.heard().await.iter().any(|it| !it.draining)).await;
    let draining = eventually(async || world.heard().await.iter().any(|it| it.draining));
    tokio::join!(worker.drain(), draining);
    assert!(world.heard().await.is_empty());
}

#[tokio::test]
async fn two_workers_of_one_name_are_both_heard() {
    let world = World::new().await;
    let workers = [world.work(), world.work()];
    eventually(async || world.heard().await.len() == 2).await;
    let heard = world.heard().await;
    assert_eq!(heard[0].name, heard[1].name);
    let [one, other] = workers;
    one.drain().await;
    assert_eq!(world.heard().await.len(), 1);
    other.drain().await;
}
