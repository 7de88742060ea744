//! Jobs that the queue itself buried.

use std::sync::atomic::Ordering;

use backends::{
    Results as _, Source as _,
    queue::{CRASHES_MAX, DeadLetters as _},
};
use schemas::{Job, State, Status, Timings};

use crate::world::{World, eventually, job, photo};

#[tokio::test]
async fn a_job_whose_workers_all_died_is_told() {
    let world = World::new().await;
    let job = world.accept(&photo()).await;
    die_with(&world, &job).await;
    assert_eq!(status(&world, &job).await, Status::Processing);

    let _worker = world.work();
    let states = world.watch(&job).await;
    let end = states.last().unwrap();
    assert_eq!(end.status, Status::Dead);
    assert_eq!(end.error.as_ref().unwrap().code, "crash_loop");
    buried(&world, 1).await;
}

#[tokio::test]
async fn a_burial_is_told_once_the_records_are_back() {
    let world = World::new().await;
    let job = world.accept(&photo()).await;
    die_with(&world, &job).await;
    world.results.ends.store(1, Ordering::SeqCst);
    let _worker = world.work();
    let states = world.watch(&job).await;
    assert_eq!(states.last().unwrap().status, Status::Dead);
}

#[tokio::test]
async fn a_job_that_ended_all_the_same_is_not_told_to_be_dead() {
    let world = World::new().await;
    let job = world.accept(&photo()).await;
    die_with(&world, &job).await;
    let claim = world.results.claim(&job.id()).await.unwrap();
    let mut cancelled = State::queued(job.id(), Timings::default());
    cancelled.status = Status::Cancelled;
    world
        .results
        .announce(claim.epoch, &cancelled)
        .await
        .unwrap();

    let _worker = world.work();
    buried(&world, 1).await;
    assert_eq!(status(&world, &job).await, Status::Cancelled);
}

#[tokio::test]
async fn one_burial_after_the_other_is_told() {
    let world = World::new().await;
    let jobs = [job(b"one photo"), job(b"another photo")];
    for job in &jobs {
        world.send(job).await;
        die_with(&world, job).await;
    }
    let _worker = world.work();
    buried(&world, 2).await;
    for job in &jobs {
        assert_eq!(status(&world, job).await, Status::Dead);
    }
}

/// Lets every worker die that takes the job: each says that it works on it, and no more.
async fn die_with(world: &World, job: &Job) {
    let letters_before = letters(world).await;
    let mut receiver = world.queue.receiver().await.unwrap();
    for _ in 0..=CRASHES_MAX {
        let delivery = receiver.receive().await.unwrap();
        assert_eq!(delivery.job().unwrap(), *job);
        let claim = world.results.claim(&job.id()).await.unwrap();
        let mut processing = State::queued(job.id(), Timings::default());
        processing.status = Status::Processing;
        world
            .results
            .announce(claim.epoch, &processing)
            .await
            .unwrap();
    }
    eventually(async || letters(world).await > letters_before).await;
}

async fn letters(world: &World) -> u64 {
    world.queue.look().await.unwrap().letters()
}

async fn buried(world: &World, burials: u64) {
    let counter = world
        .metrics
        .dead_letters
        .with_label_values(&["delivery_limit"]);
    eventually(async || counter.get() == burials).await;
}

async fn status(world: &World, job: &Job) -> Status {
    let record = world.results.record(&job.id()).await.unwrap().unwrap();
    record.event.state.status
}
