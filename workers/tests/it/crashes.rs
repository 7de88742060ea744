//! No job is lost and no client hears two different ends, whenever workers die and whichever answers are lost.

use std::{
    env,
    path::{Path, PathBuf},
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use backends::{
    Key, Metrics, ObjectStore as _, Results as _, Sender as _, fleet, objects::Body, objects::Disk,
    queue::sqlite::SqliteQueue, results::Local,
};
use engine::{Fonts, Limits};
use futures::{StreamExt as _, stream};
use rusqlite::{Connection, OpenFlags};
use schemas::{EventId, Job, State, Status, Timings};
use slot::InProcess;
use tempfile::TempDir;
use tokio::{
    task::JoinHandle,
    time::{interval, timeout},
};
use tokio_util::sync::CancellationToken;
use workers::{Config, Tools};

use crate::{
    fate::{Fate, Struck, end_of},
    world::{job, photo},
};

/// Each is another plan of strikes. `NWS_TEST_SEED` runs one alone.
const SEEDS: u64 = 200;
/// Worlds side by side, so that some work while others wait.
const AT_ONCE: usize = 8;
/// Generous: the machine may be busy.
const WITHIN: Duration = Duration::from_secs(60);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_job_is_lost_whenever_workers_die() {
    let seeds = match env::var("NWS_TEST_SEED") {
        Ok(seed) => vec![seed.parse().unwrap()],
        Err(_) => (0..SEEDS).collect(),
    };
    let fonts = Arc::new(Fonts::embedded());
    let worlds = stream::iter(seeds).map(|seed| tokio::spawn(survive(seed, Arc::clone(&fonts))));
    let mut worlds = worlds.buffer_unordered(AT_ONCE);
    while let Some(survived) = worlds.next().await {
        survived.unwrap();
    }
}

/// One world: four jobs, and workers that die until all is done.
async fn survive(seed: u64, fonts: Arc<Fonts>) {
    let world = World::new(seed, fonts).await;
    let jobs = world.accept().await;
    let clients: Vec<_> = jobs.iter().map(|(job, _)| world.client(job)).collect();
    timeout(WITHIN, world.work_until_the_queue_is_empty())
        .await
        .unwrap_or_else(|_| panic!("seed {seed}: it does not come to an end"));
    for ((job, expected), client) in jobs.iter().zip(clients) {
        let seen = timeout(WITHIN, client)
            .await
            .unwrap_or_else(|_| panic!("seed {seed}: a client hears of no end"));
        let seen = seen.unwrap();
        world.audit(job, *expected, &seen).await;
    }
    world.audit_all(&jobs).await;
}

struct World {
    seed: u64,
    fate: Arc<Fate>,
    queue: SqliteQueue,
    objects: Disk,
    results: Arc<Local>,
    fonts: Arc<Fonts>,
    queue_path: PathBuf,
    _folder: TempDir,
}

impl World {
    async fn new(seed: u64, fonts: Arc<Fonts>) -> Self {
        let folder = folder();
        let path = |name| folder.path().join(name);
        Self {
            seed,
            fate: Fate::of(seed),
            queue: SqliteQueue::open(&path("queue.db")).await.unwrap(),
            objects: Disk::open(&path("objects")).await.unwrap(),
            results: Arc::new(Local::open(&path("results.db")).await.unwrap()),
            fonts,
            queue_path: path("queue.db"),
            _folder: folder,
        }
    }

    /// Two good photos, a broken one, and a job whose original is gone; each with the end that it deserves.
    async fn accept(&self) -> Vec<(Job, Status)> {
        let mut twin = photo();
        twin.push(0); // behind the picture's end
        let mut broken = photo();
        broken.truncate(broken.len() / 2);
        let mut jobs = Vec::new();
        for (original, end) in [
            (Some(photo()), Status::Done),
            (Some(broken), Status::Failed),
            (None, Status::Dead),
            (Some(twin), Status::Done),
        ] {
            jobs.push((self.accept_one(original).await, end));
        }
        jobs
    }

    async fn accept_one(&self, original: Option<Vec<u8>>) -> Job {
        let job = job(original.as_deref().unwrap_or(b"nobody stored this"));
        if let Some(original) = original {
            let key = Key::Original(job.original.sha256);
            let body = Body::Bytes(original.into());
            self.objects.put(&key, body, "image/jpeg").await.unwrap();
        }
        let queued = State::queued(job.id(), Timings::default());
        let admission = self
            .results
            .admit(&job, &queued, false, None)
            .await
            .unwrap();
        self.queue.send(&job).await.unwrap();
        let epoch = admission.record.event.id.epoch;
        self.results.mark_sent(&job.id(), epoch).await.unwrap();
        job
    }

    /// Somebody who follows the job from its beginning to its end.
    fn client(&self, job: &Job) -> JoinHandle<Vec<State>> {
        let (results, id) = (Arc::clone(&self.results), job.id());
        tokio::spawn(async move {
            let events = results.watch(&id, Some(EventId::default())).await.unwrap();
            let events = events.expect("the job is recorded");
            events.map(|news| news.event.state).collect().await
        })
    }

    /// One worker after the other, each until it dies.
    async fn work_until_the_queue_is_empty(&self) {
        loop {
            let shutdown = CancellationToken::new();
            let worker = tokio::spawn(self.worker(shutdown.clone()));
            tokio::select! {
                () = self.fate.death.notified() => {
                    worker.abort();
                    let _ = worker.await;
                }
                () = self.until_empty() => {
                    shutdown.cancel();
                    return worker.await.unwrap();
                }
            }
        }
    }

    fn worker(&self, shutdown: CancellationToken) -> impl Future<Output = ()> + Send + use<> {
        let source = Arc::new(self.struck(self.queue.clone()));
        let tools = Tools {
            objects: Arc::new(self.struck(self.objects.clone())),
            results: Arc::new(self.struck(Arc::clone(&self.results))),
            fleet: Arc::new(fleet::Local::default()),
            fonts: Arc::clone(&self.fonts),
            renderer: Arc::new(InProcess {
                fonts: Arc::clone(&self.fonts),
                limits: Limits::default(),
            }),
            original_bytes_max: 1 << 20,
            result_bytes_max: 1 << 20,
            metrics: Metrics::new(),
        };
        let config = Config {
            worker_slots: 1,
            ..Config::default()
        };
        workers::run(source, tools, config, shutdown)
    }

    fn struck<B>(&self, backend: B) -> Struck<B> {
        Struck {
            backend,
            fate: Arc::clone(&self.fate),
        }
    }

    /// Messages in hand or waiting for a later attempt are in the file too.
    async fn until_empty(&self) {
        let mut turns = interval(Duration::from_millis(5));
        while rows(&self.queue_path, "messages") > 0 {
            turns.tick().await;
        }
    }

    /// The job has come to its end, and everybody was told the same.
    async fn audit(&self, job: &Job, expected: Status, seen: &[State]) {
        let (seed, id) = (self.seed, job.id());
        let record = self.results.record(&id).await.unwrap().unwrap();
        let state = record.event.state;
        assert_eq!(state.status, expected, "seed {seed}: {state:?}");
        let told = self.fate.ends.lock().unwrap().remove(&id);
        for end in told.unwrap_or_default() {
            assert_eq!(end, end_of(&state), "seed {seed}: another end was told");
        }
        let heard = seen.last().expect("a client hears of the end");
        assert_eq!(heard.status, expected, "seed {seed}");
        assert_eq!(heard.picture, state.picture, "seed {seed}");
        let result = self.objects.head(&Key::Result(id)).await.unwrap();
        assert_eq!(result.is_some(), expected == Status::Done, "seed {seed}");
    }

    /// `accepted = done + failed + dead`, and no attempt was spent that no failure explains.
    async fn audit_all(&self, jobs: &[(Job, Status)]) {
        let (mut attempts, mut dead) = (0, 0);
        for (job, _) in jobs {
            let state = self.results.record(&job.id()).await.unwrap().unwrap();
            attempts += state.event.state.attempt - 1;
            dead += u64::from(state.event.state.status == Status::Dead);
        }
        let (seed, failures) = (self.seed, self.fate.failures.load(Ordering::SeqCst));
        assert!(
            attempts <= failures,
            "seed {seed}: {attempts} attempts were spent on {failures} failures"
        );
        assert_eq!(rows(&self.queue_path, "dead_letters"), dead, "seed {seed}");
    }
}

/// In memory where there is such a folder: no power fails here, so nobody has to wait for the disk.
fn folder() -> TempDir {
    tempfile::tempdir_in("/dev/shm")
        .or_else(|_| tempfile::tempdir())
        .unwrap()
}

/// What the queue's file says, whatever our own code would say.
fn rows(path: &Path, table: &str) -> u64 {
    let file = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
    let count = format!("SELECT count(*) FROM {table}");
    file.query_row(&count, [], |row| row.get::<_, u32>(0))
        .unwrap()
        .into()
}
