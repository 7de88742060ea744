//! Jobs that the queue itself buried.

use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};

use async_trait::async_trait;
use backends::{
    Error, Receiver, Results as _, Source,
    error::Backend,
    queue::{
        Burials, CRASHES_MAX, DeadLetters as _, Death,
        dead::{Burial, Letter, Notice},
    },
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

#[tokio::test]
async fn a_burial_whose_record_cannot_be_read_holds_up_no_other() {
    let world = World::new().await;
    let jobs = [job(b"another version's"), job(b"a photo")];
    for job in &jobs {
        world.send(job).await;
        die_with(&world, job).await;
    }
    let unreadable = || world.results.unreadable.lock().unwrap();
    *unreadable() = Some(jobs[0].id());
    let _worker = world.work();
    buried(&world, 2).await;
    assert_eq!(status(&world, &jobs[1]).await, Status::Dead);
    *unreadable() = None;
    assert_eq!(status(&world, &jobs[0]).await, Status::Processing);
}

#[tokio::test]
async fn news_that_cannot_be_settled_are_not_told_all_the_time() {
    let world = World::new().await;
    let unsettled = Unsettled::default();
    let _worker = world.work_on(Arc::new(unsettled.clone()));
    let told = || unsettled.told.load(Ordering::SeqCst);
    eventually(async || told() == 1).await;
    // The runtime has one thread: whoever does not pause is at it again by then.
    for _ in 0..1000 {
        tokio::task::yield_now().await;
    }
    assert_eq!(told(), 1);
}

/// A queue with news of one burial, which it takes no answer to, as when its disk is full.
#[derive(Clone, Debug, Default)]
struct Unsettled {
    told: Arc<AtomicU32>,
}

#[async_trait]
impl Source for Unsettled {
    async fn receiver(&self) -> Result<Box<dyn Receiver>, Error> {
        std::future::pending().await
    }

    async fn burials(&self) -> Result<Box<dyn Burials>, Error> {
        Ok(Box::new(self.clone()))
    }
}

#[async_trait]
impl Burials for Unsettled {
    async fn next(&mut self) -> Result<Burial, Error> {
        let letter = Letter {
            id: "nobody".to_owned(),
            reason: Death::DeliveryLimit,
            dead_at_ms: None,
            attempt: 1,
            crashes: CRASHES_MAX,
            history: Vec::new(),
            size_bytes: 0,
            job_id: None,
            readable: false,
        };
        let notice = Box::new(self.clone());
        Ok(Burial { letter, notice })
    }
}

#[async_trait]
impl Notice for Unsettled {
    async fn told(self: Box<Self>) -> Result<(), Error> {
        self.told.fetch_add(1, Ordering::SeqCst);
        tokio::task::yield_now().await;
        Err(Error::failed(Backend::Queue, "told", "the disk is full"))
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
