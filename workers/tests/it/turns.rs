//! What becomes of a delivery, told by what a client sees and what the queue keeps.

use std::sync::{Arc, atomic::Ordering};

use backends::{Key, ObjectStore as _, Results as _, Sender as _, Source as _};
use schemas::{Digest, Job, Status};

use crate::stale::Stale;
use crate::strange::Strange;
use crate::world::{World, eventually, job, photo, statuses};

#[tokio::test]
async fn a_job_is_done_and_its_message_let_go() {
    let world = World::new().await;
    let job = world.accept(&photo()).await;
    let worker = world.work();
    let states = world.watch(&job).await;
    assert_eq!(
        statuses(&states),
        [Status::Queued, Status::Processing, Status::Done]
    );
    let picture = states.last().unwrap().picture.clone().unwrap();
    assert_eq!((picture.width, picture.height), (64, 48));
    let stored = world
        .objects
        .get(&Key::Result(job.id()), 1 << 20)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(stored.len() as u64, picture.size_bytes);
    world.settled().await;
    worker.drain().await;
}

#[tokio::test]
async fn an_outage_of_the_object_store_is_waited_out() {
    let world = World::new().await;
    let job = world.accept(&photo()).await;
    world.objects.gets.store(1, Ordering::SeqCst);
    let _worker = world.work();
    let states = world.watch(&job).await;
    let expected = [
        Status::Queued,
        Status::Processing,
        Status::Retrying,
        Status::Processing,
        Status::Done,
    ];
    assert_eq!(statuses(&states), expected);
    assert_eq!(states.last().unwrap().attempt, 2);
    let reason = states.iter().find_map(|state| state.error.clone()).unwrap();
    assert_eq!(reason.code, "objects_unavailable");
}

#[tokio::test]
async fn a_job_that_meets_a_known_outage_keeps_its_attempt() {
    let world = World::new().await;
    let mut jobs = Vec::new();
    for seed in 0..5 {
        jobs.push(world.accept(&[photo(), vec![seed]].concat()).await);
    }
    // The fifth failure in a row opens the breaker, and its job is the first to know.
    world.objects.gets.store(5, Ordering::SeqCst);
    let _worker = world.work_guarded();
    let mut attempts = Vec::new();
    for job in &jobs {
        let states = world.watch(job).await;
        assert!(statuses(&states).contains(&Status::Retrying));
        let end = states.last().unwrap();
        assert_eq!(end.status, Status::Done);
        attempts.push(end.attempt);
    }
    attempts.sort_unstable();
    assert_eq!(attempts, [1, 2, 2, 2, 2]);
    assert_eq!(world.metrics.snoozes.get(), 1);
}

#[tokio::test]
async fn an_end_that_nobody_heard_is_told_by_the_next_attempt() {
    let world = World::new().await;
    let job = world.accept(&photo()).await;
    world.results.ends.store(1, Ordering::SeqCst);
    let _worker = world.work();
    let states = world.watch(&job).await;
    assert_eq!(states.last().unwrap().status, Status::Done);
    assert_eq!(states.last().unwrap().attempt, 2);
}

#[tokio::test]
async fn a_claim_that_took_effect_late_costs_no_job() {
    let world = World::new().await;
    let job = world.accept(&photo()).await;
    world.results.late_claims.store(1, Ordering::SeqCst);
    let _worker = world.work();
    let states = world.watch(&job).await;
    let end = states.last().unwrap();
    assert_eq!((end.status, end.attempt), (Status::Done, 3));
}

#[tokio::test]
async fn an_end_that_was_overtaken_is_told_by_the_next_attempt() {
    for (original, expected) in [(Some(photo()), Status::Done), (None, Status::Dead)] {
        let world = World::new().await;
        world.results.overtaken_ends.store(1, Ordering::SeqCst);
        let job = match original {
            Some(original) => world.accept(&original).await,
            None => {
                let job = job(b"nobody stored this");
                world.send(&job).await;
                job
            }
        };
        let _worker = world.work();
        let states = world.watch(&job).await;
        let end = states.last().unwrap();
        assert_eq!((end.status, end.attempt), (expected, 2));
        world.settled().await;
    }
}

#[tokio::test]
async fn a_broken_photo_fails_at_once() {
    let world = World::new().await;
    let mut broken = photo();
    broken.truncate(broken.len() / 2);
    let job = world.accept(&broken).await;
    let _worker = world.work();
    let states = world.watch(&job).await;
    assert_eq!(
        statuses(&states),
        [Status::Queued, Status::Processing, Status::Failed]
    );
    assert_eq!(
        states.last().unwrap().error.as_ref().unwrap().code,
        "broken_image"
    );
    world.settled().await;
}

#[tokio::test]
async fn a_job_without_its_original_is_buried() {
    let world = World::new().await;
    let job = job(b"nobody stored this");
    world.send(&job).await;
    let _worker = world.work();
    let states = world.watch(&job).await;
    assert_eq!(states.last().unwrap().status, Status::Dead);
    assert_eq!(
        states.last().unwrap().error.as_ref().unwrap().code,
        "original_missing"
    );
    world.settled().await;
    let buried = world
        .metrics
        .dead_letters
        .with_label_values(&["original_missing"])
        .get();
    assert_eq!(buried, 1);
}

#[tokio::test]
async fn a_store_where_everything_is_missing_buries_no_job() {
    let world = World::new().await;
    let job = world.accept(&photo()).await;
    let mount_again = world.unmount_objects();
    let _worker = world.work();
    let retried = &world.metrics.retries.with_label_values(&["world"]);
    eventually(async || retried.get() == 1).await;
    mount_again();
    let states = world.watch(&job).await;
    assert_eq!(states.last().unwrap().status, Status::Done);
    world.settled().await;
}

#[tokio::test]
async fn a_second_message_does_not_raise_the_dead() {
    let world = World::new().await;
    let job = job(&photo());
    world.send(&job).await;
    let _worker = world.work();
    world.watch(&job).await;
    world.settled().await;

    // Now it could be done; but its client was told that it is dead.
    world.store(&photo()).await;
    world.queue.send(&job).await.unwrap();
    let letters = &world.metrics.dead_letters;
    let buried = letters.with_label_values(&["original_missing"]);
    eventually(async || buried.get() == 2).await;
    let record = world.results.record(&job.id()).await.unwrap().unwrap();
    assert_eq!(record.event.state.status, Status::Dead);

    // Who asks for it anew records it as queued before, as an upload does.
    world.send(&job).await;
    let states = world.watch(&job).await;
    assert_eq!(states.last().unwrap().status, Status::Done);
}

#[tokio::test]
async fn a_message_that_comes_twice_is_worked_on_once() {
    let world = World::new().await;
    let job = world.accept(&photo()).await;
    world.send(&job).await;
    world.send(&job).await;
    let worker = world.work();
    world.watch(&job).await;
    world.settled().await;
    worker.drain().await;
    let done = world.metrics.jobs.with_label_values(&["done"]).get();
    assert_eq!(done, 1);
}

#[tokio::test]
async fn a_stale_ack_is_counted_and_its_job_is_recognised() {
    let world = World::new().await;
    let job = world.accept(&photo()).await;
    let worker = world.work_on(Stale::once(world.queue.clone()));
    world.watch(&job).await;
    let stale = || {
        let errors = &world.metrics.backend_errors;
        errors.with_label_values(&["queue", "ack"]).get()
    };
    eventually(async || stale() == 1).await;
    world.settled().await;
    worker.drain().await;
    let done = world.metrics.jobs.with_label_values(&["done"]).get();
    assert_eq!((done, stale()), (1, 1));
}

#[tokio::test]
async fn a_done_job_whose_result_is_gone_is_made_again() {
    let world = World::new().await;
    let job = world.accept(&photo()).await;
    let _worker = world.work();
    world.watch(&job).await;
    world.settled().await;
    let result = Key::Result(job.id());
    world.objects.delete(&result).await.unwrap();
    world.send(&job).await;
    eventually(async || world.objects.head(&result).await.unwrap().is_some()).await;
}

#[tokio::test]
async fn an_engine_that_is_not_there_yet_is_waited_for() {
    let world = World::new().await;
    let mut newer = job(&photo());
    newer.recipe.engine += 1;
    let key = Key::Original(newer.original.sha256);
    world
        .objects
        .put(
            &key,
            backends::objects::Body::Bytes(photo().into()),
            "image/jpeg",
        )
        .await
        .unwrap();
    world.send(&newer).await;
    let _worker = world.work();
    let retrying = until(&world, &newer, Status::Retrying).await;
    assert_eq!(retrying.as_deref(), Some("newer_engine"));
}

#[tokio::test]
async fn a_job_for_a_font_that_is_not_here_is_left_to_a_worker_that_has_it() {
    let world = World::new().await;
    world.store(&photo()).await;
    let mut job = job(&photo());
    let font = Digest::of(b"a font that nobody has");
    job.recipe.wm_fonts = vec![font].try_into().unwrap();
    world.send(&job).await;
    let _worker = world.work();
    let retrying = until(&world, &job, Status::Retrying).await;
    assert_eq!(retrying.as_deref(), Some("missing_font"));
}

#[tokio::test]
async fn a_burial_that_nobody_heard_is_told_by_the_next_attempt() {
    let world = World::new().await;
    let job = job(b"nobody stored this");
    world.send(&job).await;
    world.results.ends.store(1, Ordering::SeqCst);
    let _worker = world.work();
    let states = world.watch(&job).await;
    let end = states.last().unwrap();
    assert_eq!((end.status, end.attempt), (Status::Dead, 2));
    world.settled().await;
}

#[tokio::test]
async fn a_message_that_cannot_be_read_ends_the_job_it_names() {
    let world = World::new().await;
    let (job, unknown) = (job(&photo()), job(b"another photo").id());
    world.admit(&job).await;
    let newer = br#"{"version":2}"#;
    let _worker = world.work_on(Arc::new(Strange::message(&job.id().to_string(), newer)));
    let states = world.watch(&job).await;
    let end = states.last().unwrap();
    assert_eq!(end.status, Status::Dead);
    assert_eq!(end.error.as_ref().unwrap().code, "undecodable");

    let worker = world.work_on(Arc::new(Strange::message(&unknown.to_string(), newer)));
    worker.drain().await;
    assert_eq!(world.results.record(&unknown).await.unwrap(), None);
}

#[tokio::test]
async fn what_is_over_a_limit_fails_at_once() {
    for (original_max, result_max, code) in [
        (100, 1 << 20, "original_too_long"),
        (1 << 20, 100, "result_too_long"),
    ] {
        let mut world = World::new().await;
        world.limits.original_max = original_max;
        world.limits.result_max = result_max;
        let job = world.accept(&photo()).await;
        let _worker = world.work();
        let states = world.watch(&job).await;
        let end = states.last().unwrap();
        assert_eq!((end.status, end.attempt), (Status::Failed, 1));
        assert_eq!(end.error.as_ref().unwrap().code, code);
    }
}

#[tokio::test]
async fn what_the_grace_did_not_suffice_for_is_handed_back_and_is_no_attempt() {
    let mut world = World::new().await;
    world.grace_secs = 0;
    world.objects.hangs.store(true, Ordering::SeqCst);
    let job = world.accept(&photo()).await;
    let worker = world.work();
    until(&world, &job, Status::Processing).await;
    worker.drain().await;

    let mut receiver = world.queue.receiver().await.unwrap();
    let again = receiver.receive().await.unwrap();
    assert_eq!((again.attempt, again.crashes), (1, 0));
}

/// Waits until the job stands at `status`, and gives the failure's code, if it failed.
pub(crate) async fn until(world: &World, job: &Job, status: Status) -> Option<String> {
    use futures::StreamExt as _;
    let mut events = world.results.watch(&job.id(), None).await.unwrap().unwrap();
    loop {
        let event = events.next().await.expect("the job goes on").event;
        if event.state.status == status {
            return event.state.error.map(|error| error.code);
        }
    }
}
