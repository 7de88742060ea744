//! What becomes of a letter, over the embedded backends.

mod listing;

use std::{num::NonZeroU32, sync::Arc};

use backends::{
    Delivery, Key, ObjectStore as _, Receiver, Results as _, Sender as _, Source as _, Verdict,
    objects::{Body, Disk},
    queue::{CRASHES_MAX, Death, Reason, sqlite::SqliteQueue},
    results::Local,
};
use bytes::Bytes;
use publisher::dead_letters::{Dropped, Fate, Office, Order, Which};
use schemas::{
    Context, Digest, Failure, Job, OutputFormat, Picture, Request, State, Status, Timings,
    recipe::Date,
};
use tempfile::TempDir;
use tokio::time::timeout;

use crate::support::{PATIENCE, Server, client, ports::MemoryResults};

/// A system that has ended for the moment, and the office for its dead letters.
struct World {
    queue: Arc<SqliteQueue>,
    objects: Arc<Disk>,
    results: Arc<Local>,
    office: Office,
    _folder: TempDir,
}

impl World {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = |name| folder.path().join(name);
        let queue = Arc::new(SqliteQueue::open(&path("queue.db")).await.unwrap());
        let objects = Arc::new(Disk::open(&path("objects")).await.unwrap());
        let results = Arc::new(Local::open(&path("results.db")).await.unwrap());
        let office = Office {
            letters: queue.clone(),
            results: results.clone(),
            objects: Some(objects.clone()),
        };
        Self {
            queue,
            objects,
            results,
            office,
            _folder: folder,
        }
    }

    /// Does what a publisher does with an upload.
    async fn accept(&self, job: &Job) {
        let queued = State::queued(job.id(), Timings::default());
        let admission = self.results.admit(job, &queued, false, None).await.unwrap();
        let record = admission.record;
        self.queue.send(job).await.unwrap();
        let epoch = record.event.id.epoch;
        self.results.mark_sent(&job.id(), epoch).await.unwrap();
    }

    /// Does what a worker does, up to saying where the job stands.
    async fn announce(&self, state: State) {
        let epoch = self.results.claim(&state.job_id).await.unwrap().epoch;
        self.results.announce(epoch, &state).await.unwrap();
    }

    /// A job whose worker buried it as it should.
    async fn dead(&self, job: &Job) {
        self.accept(job).await;
        let dead = State::queued(job.id(), Timings::default()).stopped(Status::Dead, failure());
        self.announce(dead).await;
        bury(self.take().await, Reason::AttemptsSpent).await;
    }

    /// A job whose workers all died with it: the record says that it is worked on.
    async fn left_behind(&self, job: &Job) {
        self.accept(job).await;
        let mut processing = State::queued(job.id(), Timings::default());
        processing.status = Status::Processing;
        self.announce(processing).await;
        for _ in 0..=CRASHES_MAX {
            drop(self.take().await);
        }
        while self.letters().await == 0 {
            tokio::task::yield_now().await;
        }
    }

    /// A job that is done all the same, as when its message came twice.
    async fn finish(&self, job: &Job) {
        let body = Body::Bytes(Bytes::from_static(b"result"));
        let key = Key::Result(job.id());
        self.objects.put(&key, body, "image/jpeg").await.unwrap();
        let picture = Picture {
            format: OutputFormat::Jpeg,
            width: 8,
            height: 8,
            size_bytes: 6,
            sha256: Digest::of(b"result"),
            contrast: None,
            written: None,
        };
        self.announce(State::queued(job.id(), Timings::default()).done(picture))
            .await;
    }

    async fn take(&self) -> Delivery {
        let mut receiver: Box<dyn Receiver> = self.queue.receiver().await.unwrap();
        let taken = timeout(PATIENCE, receiver.receive()).await;
        taken.expect("a message waits").unwrap()
    }

    async fn status(&self, job: &Job) -> Status {
        let record = self.results.record(&job.id()).await.unwrap().unwrap();
        record.event.state.status
    }

    /// A publisher beside it, as people ask it over HTTP.
    async fn server(&self) -> Server {
        Server::of(|parts| {
            parts.sender = self.queue.clone();
            parts.letters = self.queue.clone();
            parts.results = self.results.clone();
            parts.objects = self.objects.clone();
        })
        .await
    }

    async fn letters(&self) -> usize {
        self.office.list(None, 100).await.unwrap().letters.len()
    }

    async fn replay(&self, which: Which) -> Vec<Fate> {
        self.carry_out(&order(which)).await
    }

    async fn carry_out(&self, order: &Order) -> Vec<Fate> {
        let mut fates = Vec::new();
        let complete = self
            .office
            .replay(order, |_, fate| fates.push(fate))
            .await
            .unwrap();
        assert!(complete);
        fates
    }
}

#[tokio::test]
async fn a_replayed_job_is_queued_again_with_its_history() {
    let (world, job) = (World::new().await, job(1));
    world.dead(&job).await;
    let fates = world.replay(Which::Id(job.id().to_string())).await;
    assert_eq!((fates, world.letters().await), (vec![Fate::Replayed], 0));

    let record = world.results.record(&job.id()).await.unwrap().unwrap();
    assert_eq!(
        (record.event.state.status, record.sent),
        (Status::Queued, true)
    );
    let again = world.take().await;
    assert_eq!((again.job().unwrap(), again.attempt), (job, 1));
    assert_eq!(again.history.len(), 1);
}

#[tokio::test]
async fn a_dry_run_changes_nothing() {
    let (world, job) = (World::new().await, job(1));
    world.dead(&job).await;
    let order = Order {
        dry_run: true,
        ..order(Which::All)
    };
    assert_eq!(world.carry_out(&order).await, [Fate::Replayed]);
    assert_eq!(
        (world.letters().await, world.status(&job).await),
        (1, Status::Dead)
    );
    assert_eq!(world.queue.depth().await.unwrap(), 0);
}

#[tokio::test]
async fn a_finished_job_is_not_made_twice() {
    let (world, job) = (World::new().await, job(1));
    world.dead(&job).await;
    world.finish(&job).await;
    assert_eq!(world.replay(Which::All).await, [Fate::Finished]);
    assert_eq!(
        (world.letters().await, world.status(&job).await),
        (0, Status::Done)
    );
    assert_eq!(world.queue.depth().await.unwrap(), 0);
}

#[tokio::test]
async fn a_done_job_whose_result_is_gone_is_made_again() {
    let (world, job) = (World::new().await, job(1));
    world.dead(&job).await;
    world.finish(&job).await;
    world.objects.delete(&Key::Result(job.id())).await.unwrap();
    assert_eq!(world.replay(Which::All).await, [Fate::Remade]);
    assert_eq!(
        (world.letters().await, world.status(&job).await),
        (0, Status::Queued)
    );
    assert_eq!(world.queue.depth().await.unwrap(), 1);
}

#[tokio::test]
async fn several_letters_of_one_job_are_one_job() {
    let (world, job) = (World::new().await, job(1));
    world.dead(&job).await;
    world.dead(&job).await;
    let fates = world
        .replay(Which::Reason(Death::Buried(Reason::AttemptsSpent)))
        .await;
    assert_eq!(fates, [Fate::Replayed, Fate::Duplicate]);
    assert_eq!(
        (world.letters().await, world.queue.depth().await.unwrap()),
        (0, 1)
    );
}

#[tokio::test]
async fn what_was_uploaded_again_meanwhile_needs_no_letter() {
    let (world, job) = (World::new().await, job(1));
    world.dead(&job).await;
    world.accept(&job).await;
    assert_eq!(world.replay(Which::All).await, [Fate::Runs]);
    assert_eq!(
        (world.letters().await, world.queue.depth().await.unwrap()),
        (0, 1)
    );
}

#[tokio::test]
async fn a_job_that_only_the_queue_knows_to_be_dead_is_replayed() {
    let (world, job) = (World::new().await, job(1));
    world.left_behind(&job).await;
    assert_eq!(world.status(&job).await, Status::Processing);
    assert_eq!(world.replay(Which::All).await, [Fate::Replayed]);
    assert_eq!(
        (world.letters().await, world.status(&job).await),
        (0, Status::Queued)
    );
    assert_eq!(world.take().await.job().unwrap(), job);
}

#[tokio::test]
async fn a_letter_that_nobody_was_told_of_is_not_dropped_in_silence() {
    let (world, job) = (World::new().await, job(1));
    world.left_behind(&job).await;
    let named = Which::Id(job.id().to_string());
    let dropped = world.office.drop_letters(&named).await.unwrap();
    let all = Dropped {
        letters: 1,
        complete: true,
    };
    assert_eq!((dropped, world.letters().await), (all, 0));
    assert_eq!(world.status(&job).await, Status::Dead);
}

#[tokio::test]
async fn letters_are_dropped_by_their_reason_and_no_others() {
    let world = World::new().await;
    world.dead(&job(1)).await;
    world.left_behind(&job(2)).await;
    let spent = Which::Reason(Death::Buried(Reason::AttemptsSpent));
    let dropped = world.office.drop_letters(&spent).await.unwrap();
    assert_eq!((dropped.letters, world.letters().await), (1, 1));
    let left = world.office.list(None, 100).await.unwrap().letters;
    assert_eq!(left[0].job_id, Some(job(2).id()));
}

#[tokio::test]
async fn a_letter_stays_while_the_records_are_away() {
    let (mut world, job) = (World::new().await, job(1));
    world.dead(&job).await;
    let away = MemoryResults::default();
    away.broken.set(true);
    world.office.results = Arc::new(away);
    let refused = world.office.replay(&order(Which::All), |_, _| {}).await;
    assert!(refused.is_err());
    assert_eq!(
        (world.letters().await, world.queue.depth().await.unwrap()),
        (1, 0)
    );
}

fn order(which: Which) -> Order {
    Order {
        which,
        rate_per_second: NonZeroU32::new(1000).unwrap(),
        dry_run: false,
    }
}

fn job(number: u8) -> Job {
    let context = Context::new(Date::new(2026, 11, 20), OutputFormat::Jpeg);
    let recipe = Request::default().resolve(&context).unwrap();
    Job::new(Digest::of(&[number]), recipe, 0)
}

async fn bury(delivery: Delivery, reason: Reason) {
    let verdict = Verdict::Bury {
        reason,
        failure: failure(),
    };
    let secured = delivery.secure(&verdict, "worker", 0).await.unwrap();
    secured.ack().await.unwrap();
}

fn failure() -> Failure {
    Failure {
        code: "objects_unavailable".to_owned(),
        message: "objects get: no answer within 5000 ms".to_owned(),
    }
}

#[tokio::test]
async fn letters_are_listed_and_replayed_over_http() {
    let world = World::new().await;
    let (first, second) = (job(1), job(2));
    world.dead(&first).await;
    world.dead(&second).await;
    let server = world.server().await;

    let listing = server.get("/admin/dlq?limit=1", &[]).await.json();
    assert_eq!(
        (&listing["total"], &listing["complete"]),
        (&2.into(), &false.into())
    );
    assert_eq!(listing["letters"].as_array().unwrap().len(), 1);
    assert_eq!(listing["letters"][0]["reason"], "attempts_spent");

    let path = format!("/admin/dlq/{}/replay", first.id());
    let replayed = client::send(server.address, "POST", &path, &[], "".into()).await;
    assert_eq!(replayed.status, 200, "{replayed:?}");
    let replayed = replayed.json();
    assert_eq!(replayed["letters"][0]["fate"], "replayed");
    assert_eq!(
        (&replayed["replayed"], &replayed["kept"]),
        (&1.into(), &0.into())
    );
    assert_eq!(world.status(&first).await, Status::Queued);
    assert_eq!(world.letters().await, 1);

    let again = client::send(server.address, "POST", &path, &[], "".into()).await;
    again.problem(404);
}

#[tokio::test]
async fn what_is_asked_of_letters_is_refused_by_name_where_it_makes_no_sense() {
    let server = World::new().await.server().await;
    for (query, field) in [
        ("limit=0", "limit"),
        ("limit=1001", "limit"),
        ("limit=some", "limit"),
        ("reason=age", "reason"),
        ("foo=1", "foo"),
        ("limit=1&limit=2", "limit"),
    ] {
        let refused = server.get(&format!("/admin/dlq?{query}"), &[]).await;
        let problem = refused.problem(422);
        assert_eq!(problem["field"], field, "{query}");
        let detail = problem["detail"].as_str().unwrap();
        assert!(!detail.contains("deserialize"), "{detail}");
    }
}

#[tokio::test]
async fn a_page_of_another_site_replays_nothing() {
    let world = World::new().await;
    world.dead(&job(1)).await;
    let server = world.server().await;
    let path = format!("/admin/dlq/{}/replay", job(1).id());
    let from_there = [("sec-fetch-site", "cross-site")];
    let refused = client::send(server.address, "POST", &path, &from_there, "".into()).await;
    refused.problem(403);
    assert_eq!(world.letters().await, 1);
}
