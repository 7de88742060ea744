//! Jobs that are taken back, at every moment of their life.

use std::sync::atomic::Ordering;

use backends::{Key, ObjectStore as _, Results as _};
use futures::{StreamExt as _, future::join_all};
use schemas::{Job, Status};

use crate::{
    turns::until,
    world::{World, eventually, photo, statuses},
};

/// A job that succeeds is spoken of this often: its claim, four steps or fewer, its end.
const ANNOUNCEMENTS_MAX: u32 = 6;

#[tokio::test]
async fn a_queued_job_that_is_cancelled_is_let_go() {
    let world = World::new().await;
    let job = world.accept(&photo()).await;
    assert!(cancel(&world, &job).await);
    let worker = world.work();
    world.settled().await;
    worker.drain().await;
    assert_eq!(
        statuses(&world.watch(&job).await).last(),
        Some(&Status::Cancelled)
    );
    assert_eq!(ended(&world), 0, "who cancels counts");
    assert!(!has_result(&world, &job).await);
}

#[tokio::test]
async fn a_job_is_cancelled_between_any_two_steps_and_is_not_tried_again() {
    for moment in 1..=ANNOUNCEMENTS_MAX {
        let world = World::new().await;
        let job = world.accept(&photo()).await;
        world.results.cancels_before.store(moment, Ordering::SeqCst);
        let worker = world.work();
        let states = world.watch(&job).await;
        world.settled().await;
        worker.drain().await;
        // Where steps were told together, the job was done before.
        let cancelled = world.results.cancels_before.load(Ordering::SeqCst) == 0;
        let end = if cancelled {
            Status::Cancelled
        } else {
            Status::Done
        };
        assert_eq!(statuses(&states).last(), Some(&end), "moment {moment}");
        assert_eq!(ended(&world), u64::from(!cancelled));
        assert_eq!(retries(&world), 0, "moment {moment}");
    }
}

#[tokio::test]
async fn a_job_that_waits_for_its_next_attempt_can_be_cancelled() {
    let world = World::new().await;
    let job = world.accept(&photo()).await;
    world.objects.gets.store(1, Ordering::SeqCst);
    let _worker = world.work();
    until(&world, &job, Status::Retrying).await;
    assert!(cancel(&world, &job).await);
    world.settled().await;
    assert_eq!(
        statuses(&world.watch(&job).await).last(),
        Some(&Status::Cancelled)
    );
    assert!(!has_result(&world, &job).await);
}

#[tokio::test]
async fn an_attempt_that_fails_after_it_was_cancelled_is_the_last() {
    let world = World::new().await;
    let job = world.accept(&photo()).await;
    world.objects.gets.store(1, Ordering::SeqCst);
    world.results.cancels_before.store(1, Ordering::SeqCst);
    let _worker = world.work();
    world.watch(&job).await;
    world.settled().await;
    assert_eq!(retries(&world), 0);
}

#[tokio::test]
async fn a_job_that_is_sent_again_and_its_cancelled_copy_do_not_harm_each_other() {
    let world = World::new().await;
    let job = world.accept(&photo()).await;
    world.objects.hangs.store(true, Ordering::SeqCst);
    let hanging = world.work();
    until(&world, &job, Status::Processing).await;
    assert!(cancel(&world, &job).await);
    world.send(&job).await;
    world.objects.hangs.store(false, Ordering::SeqCst);
    let worker = world.work();
    let states = world.watch(&job).await;
    let end = states.last().unwrap();
    assert_eq!((end.status, end.attempt), (Status::Done, 1));
    drop(hanging);
    worker.drain().await;
    assert_eq!((ended(&world), retries(&world)), (1, 0));
}

#[tokio::test]
async fn a_copy_that_runs_while_its_job_is_sent_again_is_let_go() {
    let world = World::new().await;
    let job = world.accept(&photo()).await;
    // The first attempt is overtaken at its end: by then the job was cancelled and lives again.
    world.results.revives.store(true, Ordering::SeqCst);
    let worker = world.work();
    eventually(async || !world.results.revives.load(Ordering::SeqCst)).await;
    world.send(&job).await;
    world.watch(&job).await;
    world.settled().await;
    worker.drain().await;
    let record = world.results.record(&job.id()).await.unwrap().unwrap();
    let end = record.event.state;
    assert_eq!((end.status, end.attempt), (Status::Done, 1));
    assert_eq!((ended(&world), retries(&world)), (1, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn every_job_of_many_is_either_done_or_cancelled_and_ends_once() {
    const JOBS: u8 = 60;
    let world = World::new().await;
    let mut jobs = Vec::new();
    for seed in 0..JOBS {
        let mut original = photo();
        original.push(seed);
        jobs.push(world.accept(&original).await);
    }
    let worker = world.work();
    let cancelled = join_all(jobs.iter().enumerate().map(async |(place, job)| {
        // Spread over the time that the worker takes: each is cancelled while the one before it is worked on.
        let before = &jobs[place.saturating_sub(1)];
        let watch = world
            .results
            .watch(&before.id(), None)
            .await
            .unwrap()
            .unwrap();
        watch.take(2 + place % 5).collect::<Vec<_>>().await;
        cancel(&world, job).await
    }))
    .await;
    for job in &jobs {
        let states = world.watch(job).await;
        let ends = states.iter().filter(|state| state.status.is_final());
        assert_eq!(ends.count(), 1, "{:?}", statuses(&states));
    }
    world.settled().await;
    worker.drain().await;
    let cancelled = cancelled.iter().filter(|ended_now| **ended_now).count() as u64;
    assert_eq!(cancelled + ended(&world), u64::from(JOBS));
    assert_eq!(retries(&world), 0);
}

/// Whether it was this that ended the job.
async fn cancel(world: &World, job: &Job) -> bool {
    let cancelled = world.results.cancel(&job.id(), None).await.unwrap();
    cancelled.expect("the job is recorded").ended_now()
}

async fn has_result(world: &World, job: &Job) -> bool {
    let result = world.objects.head(&Key::Result(job.id())).await;
    result.unwrap().is_some()
}

/// Ends that workers told.
fn ended(world: &World) -> u64 {
    let of = |status: &Status| {
        world
            .metrics
            .jobs
            .with_label_values(&[status.as_str()])
            .get()
    };
    Status::ALL.iter().map(of).sum()
}

fn retries(world: &World) -> u64 {
    let of = |class| world.metrics.retries.with_label_values(&[class]).get();
    ["input", "world", "bug"].into_iter().map(of).sum()
}
