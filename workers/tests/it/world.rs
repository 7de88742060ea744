//! Embedded backends in a folder of their own, and an object store and records that fail as often as they are told.

use std::{
    fs,
    ops::Range,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use backends::{
    Error, Key, Metrics, ObjectStore, Results, Sender as _, Source,
    error::{Backend, Cause},
    fleet,
    guard::{Guarded, Pausing},
    objects::{Body, Disk, Kind, Meta, Object, Page, Place},
    queue::sqlite::SqliteQueue,
    results::{
        Admission, Announced, Cancellation, Claim, Epoch, Local, Owner, Record, Unsent, Watch,
        WatchAll,
    },
};
use bytes::Bytes;
use engine::{Fonts, Limits};
use futures::StreamExt as _;
use jpeg_encoder::{ColorType, Encoder};
use schemas::{
    Context, Digest, EventId, Job, JobId, OutputFormat, Request, State, Status, Timings,
    recipe::Date,
};
use slot::{InProcess, Renderer};
use tempfile::TempDir;
use tokio::{task::JoinHandle, time::timeout};
use tokio_util::sync::CancellationToken;
use workers::{Config, Tools};

/// Generous: the machine may be busy.
const WITHIN: Duration = Duration::from_secs(60);

pub(crate) struct World {
    pub(crate) queue: Arc<SqliteQueue>,
    pub(crate) objects: Arc<Faulty<Disk>>,
    pub(crate) results: Arc<Faulty<Local>>,
    pub(crate) fleet: Arc<fleet::Local>,
    pub(crate) metrics: Metrics,
    /// What workers are told when they begin.
    pub(crate) limits: ByteLimits,
    pub(crate) grace_secs: u64,
    pub(crate) renderer: Arc<dyn Renderer>,
    pub(crate) fonts: Arc<Fonts>,
    folder: TempDir,
}

/// How long originals and results may be.
pub(crate) struct ByteLimits {
    pub(crate) original_max: u64,
    pub(crate) result_max: u64,
}

/// A backend of which the next calls fail.
#[derive(Debug)]
pub(crate) struct Faulty<B> {
    backend: B,
    /// Reads of originals that fail.
    pub(crate) gets: AtomicU32,
    /// Announcements of an end that fail.
    pub(crate) ends: AtomicU32,
    /// Claims that are answered with an error, and take effect after the next one.
    pub(crate) late_claims: AtomicU32,
    late: AtomicBool,
    /// Ends before which another claim comes between.
    pub(crate) overtaken_ends: AtomicU32,
    /// How many announcements from now a job is cancelled, just before its own is made.
    pub(crate) cancels_before: AtomicU32,
    /// Whether the next end comes after the job was cancelled and admitted again.
    pub(crate) revives: AtomicBool,
    /// The job whose record is another version's.
    pub(crate) unreadable: Mutex<Option<JobId>>,
    /// Whether reads of originals never end.
    pub(crate) hangs: AtomicBool,
}

/// A worker at work. It drains when it is told to.
pub(crate) struct Worker {
    shutdown: CancellationToken,
    run: JoinHandle<()>,
}

impl World {
    pub(crate) async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let fonts = Arc::new(Fonts::embedded());
        Self {
            renderer: Arc::new(InProcess {
                fonts: Arc::clone(&fonts),
                limits: Limits::default(),
            }),
            fonts,
            queue: Arc::new(
                SqliteQueue::open(&folder.path().join("queue.db"))
                    .await
                    .unwrap(),
            ),
            objects: Faulty::new(Disk::open(&folder.path().join("objects")).await.unwrap()),
            results: Faulty::new(
                Local::open(&folder.path().join("results.db"))
                    .await
                    .unwrap(),
            ),
            fleet: Arc::default(),
            metrics: Metrics::new(),
            limits: ByteLimits {
                original_max: 1 << 20,
                result_max: 1 << 20,
            },
            grace_secs: 30,
            folder,
        }
    }

    pub(crate) fn work(&self) -> Worker {
        self.work_on(self.queue.clone())
    }

    pub(crate) fn work_on(&self, source: Arc<dyn Source>) -> Worker {
        self.work_with(source, self.objects.clone(), self.results.clone())
    }

    /// Behind guards, as every process has them.
    pub(crate) fn work_guarded(&self) -> Worker {
        let objects = Guarded::objects(self.objects.clone(), &self.metrics);
        let results = Guarded::results(self.results.clone(), &self.metrics);
        let source = Pausing::new(self.queue.clone(), objects.guard(), results.guard());
        self.work_with(Arc::new(source), Arc::new(objects), Arc::new(results))
    }

    fn work_with(
        &self,
        source: Arc<dyn Source>,
        objects: Arc<dyn ObjectStore>,
        results: Arc<dyn Results>,
    ) -> Worker {
        let shutdown = CancellationToken::new();
        let tools = Tools {
            objects,
            results,
            fleet: self.fleet.clone(),
            renderer: Arc::clone(&self.renderer),
            fonts: Arc::clone(&self.fonts),
            original_bytes_max: self.limits.original_max,
            result_bytes_max: self.limits.result_max,
            metrics: self.metrics.clone(),
        };
        let config = Config {
            worker_slots: 1,
            grace_secs: self.grace_secs,
            ..Config::default()
        };
        let run = tokio::spawn(workers::run(source, tools, config, shutdown.clone()));
        Worker { shutdown, run }
    }

    /// Stores `original` and sends a job for it, as a publisher does.
    pub(crate) async fn accept(&self, original: &[u8]) -> Job {
        let job = job(original);
        self.store(original).await;
        self.send(&job).await;
        job
    }

    pub(crate) async fn store(&self, original: &[u8]) {
        let key = Key::Original(job(original).original.sha256);
        let body = Body::Bytes(Bytes::copy_from_slice(original));
        self.objects.put(&key, body, "image/jpeg").await.unwrap();
    }

    /// As when the object store's disk is not mounted. Until the answer is called.
    pub(crate) fn unmount_objects(&self) -> impl FnOnce() {
        let mounted = self.folder.path().join("objects");
        let away = self.folder.path().join("away");
        fs::rename(&mounted, &away).unwrap();
        move || fs::rename(&away, &mounted).unwrap()
    }

    pub(crate) async fn admit(&self, job: &Job) -> Record {
        let state = queued(&job.id());
        self.results
            .admit(job, &state, false, None)
            .await
            .unwrap()
            .record
    }

    pub(crate) async fn send(&self, job: &Job) {
        let record = self.admit(job).await;
        self.queue.send(job).await.unwrap();
        let epoch = record.event.id.epoch;
        self.results.mark_sent(&job.id(), epoch).await.unwrap();
    }

    /// The job's events up to its end, a status each.
    pub(crate) async fn watch(&self, job: &Job) -> Vec<State> {
        let beginning = Some(EventId::default());
        let events = self
            .results
            .watch(&job.id(), beginning)
            .await
            .unwrap()
            .expect("the job is recorded");
        let states: Vec<State> = timeout(WITHIN, events.map(|news| news.event.state).collect())
            .await
            .expect("it ends");
        states
    }

    /// Waits until no message waits and none is being worked on. One that was sent just now may be on its way from the
    /// one to the other: wait for what it brings about instead.
    pub(crate) async fn settled(&self) {
        eventually(async || {
            self.queue.depth().await.unwrap() == 0 && self.metrics.jobs_in_flight.get() == 0
        })
        .await;
    }
}

/// Asks again and again until the answer is yes.
pub(crate) async fn eventually(mut asked: impl AsyncFnMut() -> bool) {
    let yes = async {
        while !asked().await {
            tokio::task::yield_now().await;
        }
    };
    timeout(WITHIN, yes).await.expect("it comes to be in time");
}

impl Worker {
    pub(crate) async fn drain(self) {
        self.shutdown.cancel();
        timeout(WITHIN, self.run).await.expect("it drains").unwrap();
    }
}

/// Each status once, in the order in which they came.
pub(crate) fn statuses(states: &[State]) -> Vec<Status> {
    let mut statuses: Vec<Status> = states.iter().map(|state| state.status).collect();
    statuses.dedup();
    statuses
}

pub(crate) fn photo() -> Vec<u8> {
    let mut jpeg = Vec::new();
    Encoder::new(&mut jpeg, 80)
        .encode(&[90; 64 * 48 * 3], 64, 48, ColorType::Rgb)
        .unwrap();
    jpeg
}

fn queued(id: &JobId) -> State {
    State::queued(*id, Timings::default())
}

pub(crate) fn job(original: &[u8]) -> Job {
    let context = Context::new(Date::new(2026, 11, 20), OutputFormat::Jpeg);
    Job::new(
        Digest::of(original),
        Request::default().resolve(&context).unwrap(),
        0,
    )
}

impl<B> Faulty<B> {
    fn new(backend: B) -> Arc<Self> {
        Arc::new(Self {
            backend,
            gets: AtomicU32::new(0),
            ends: AtomicU32::new(0),
            late_claims: AtomicU32::new(0),
            late: AtomicBool::new(false),
            overtaken_ends: AtomicU32::new(0),
            cancels_before: AtomicU32::new(0),
            revives: AtomicBool::new(false),
            unreadable: Mutex::default(),
            hangs: AtomicBool::new(false),
        })
    }
}

/// Fails and counts down, unless it is at nothing.
fn fault(left: &AtomicU32, backend: Backend, op: &'static str) -> Result<(), Error> {
    let took = left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| {
        left.checked_sub(1)
    });
    took.map_or(Ok(()), |_| {
        Err(Error::failed(backend, op, "a fault on purpose"))
    })
}

#[async_trait]
impl ObjectStore for Faulty<Disk> {
    async fn put(&self, key: &Key, body: Body, media_type: &str) -> Result<(), Error> {
        self.backend.put(key, body, media_type).await
    }

    async fn get(&self, key: &Key, size_bytes_max: u64) -> Result<Option<Bytes>, Error> {
        fault(&self.gets, Backend::Objects, "get")?;
        if self.hangs.load(Ordering::SeqCst) {
            std::future::pending::<()>().await;
        }
        self.backend.get(key, size_bytes_max).await
    }

    async fn open(&self, key: &Key, range: Option<Range<u64>>) -> Result<Option<Object>, Error> {
        self.backend.open(key, range).await
    }

    async fn head(&self, key: &Key) -> Result<Option<Meta>, Error> {
        self.backend.head(key).await
    }

    async fn delete(&self, key: &Key) -> Result<(), Error> {
        self.backend.delete(key).await
    }

    async fn list(
        &self,
        kind: Kind,
        place: Option<&Place>,
        objects_max: usize,
    ) -> Result<Page, Error> {
        self.backend.list(kind, place, objects_max).await
    }

    async fn check(&self) -> Result<(), Error> {
        self.backend.check().await
    }
}

#[async_trait]
impl Results for Faulty<Local> {
    async fn record(&self, id: &JobId) -> Result<Option<Record>, Error> {
        if *self.unreadable.lock().unwrap() == Some(*id) {
            let cause = Cause::Corrupt("another version's".to_owned());
            return Err(Error::new(Backend::Results, "record", cause));
        }
        self.backend.record(id).await
    }

    async fn job(&self, id: &JobId) -> Result<Option<Job>, Error> {
        self.backend.job(id).await
    }

    async fn admit(
        &self,
        job: &Job,
        state: &State,
        again: bool,
        by: Option<&Owner>,
    ) -> Result<Admission, Error> {
        self.backend.admit(job, state, again, by).await
    }

    async fn mark_sent(&self, id: &JobId, epoch: Epoch) -> Result<(), Error> {
        self.backend.mark_sent(id, epoch).await
    }

    async fn unsent(&self, age_min: Duration, jobs_max: usize) -> Result<Vec<Unsent>, Error> {
        self.backend.unsent(age_min, jobs_max).await
    }

    async fn oldest_waiting(&self) -> Result<Option<u64>, Error> {
        self.backend.oldest_waiting().await
    }

    async fn claim(&self, id: &JobId) -> Result<Claim, Error> {
        let answered = fault(&self.late_claims, Backend::Results, "claim");
        if let Err(error) = answered {
            self.late.store(true, Ordering::SeqCst);
            return Err(error);
        }
        let claim = self.backend.claim(id).await;
        if self.late.swap(false, Ordering::SeqCst) {
            self.backend.claim(id).await?;
        }
        claim
    }

    async fn announce(&self, epoch: Epoch, state: &State) -> Result<Announced, Error> {
        if state.status.is_final() {
            fault(&self.ends, Backend::Results, "announce")?;
            if self.revives.load(Ordering::SeqCst) {
                self.backend.cancel(&state.job_id, None).await?;
                self.admit(&job(&photo()), &queued(&state.job_id), false, None)
                    .await?;
                self.revives.store(false, Ordering::SeqCst);
            }
            if fault(&self.overtaken_ends, Backend::Results, "announce").is_err() {
                self.backend.claim(&state.job_id).await?;
            }
        }
        if self.cancels_before.load(Ordering::SeqCst) > 0
            && self.cancels_before.fetch_sub(1, Ordering::SeqCst) == 1
        {
            self.backend.cancel(&state.job_id, None).await?;
        }
        self.backend.announce(epoch, state).await
    }

    async fn cancel(&self, id: &JobId, by: Option<&Owner>) -> Result<Option<Cancellation>, Error> {
        self.backend.cancel(id, by).await
    }

    async fn watch(&self, id: &JobId, after: Option<EventId>) -> Result<Option<Watch>, Error> {
        self.backend.watch(id, after).await
    }

    async fn watch_all(&self, ids: &[JobId]) -> Result<WatchAll, Error> {
        self.backend.watch_all(ids).await
    }

    async fn check(&self) -> Result<(), Error> {
        self.backend.check().await
    }
}
