//! The ports in memory, each with a switch that breaks it.

use std::{
    collections::HashMap,
    ops::Range,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant, SystemTime},
};

use async_trait::async_trait;
use backends::{
    Error, Fleet, Key, ObjectStore, Results, Sender,
    clock::{millis, now_ms},
    error::{Backend, Cause},
    fleet::{Alive, Heartbeat, Local, WorkerId},
    objects::{Body, IN_FLIGHT_BYTES_MAX, Kind, Meta, Object, Page, Place},
    queue::{
        DeadLetters,
        dead::{Found, Look},
    },
    results::{
        Admission, Announced, Cancellation, Claim, Epoch, News, Outcome, Owner, Ownership, Record,
        Unsent, Watch, WatchAll,
    },
};
use bytes::Bytes;
use futures::{Stream, StreamExt as _, stream};
use schemas::{Event, EventId, Job, JobId, State, Status};
use tokio::sync::watch;

/// Whether a port is out of order.
#[derive(Clone, Debug, Default)]
pub(crate) struct Switch(Arc<AtomicBool>);

impl Switch {
    pub(crate) fn set(&self, out_of_order: bool) {
        self.0.store(out_of_order, Ordering::SeqCst);
    }

    pub(crate) fn is_set(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }

    pub(crate) fn check(&self, backend: Backend, op: &'static str) -> Result<(), Error> {
        if self.is_set() {
            let cause = Cause::Refused("out of order".to_owned());
            return Err(Error::new(backend, op, cause));
        }
        Ok(())
    }
}

/// A queue in which nothing dies.
#[derive(Debug)]
pub(crate) struct NoLetters;

#[async_trait]
impl DeadLetters for NoLetters {
    async fn look(&self) -> Result<Box<dyn Look>, Error> {
        Ok(Box::new(Self))
    }
}

#[async_trait]
impl Look for NoLetters {
    async fn next(&mut self) -> Result<Option<Found>, Error> {
        Ok(None)
    }

    fn letters(&self) -> u64 {
        0
    }

    async fn end(self: Box<Self>) -> Result<(), Error> {
        Ok(())
    }
}

#[derive(Clone, Debug, Default)]
pub(crate) struct MemorySender {
    pub(crate) broken: Switch,
    /// It seems well, yet confirms no message: the gate lets uploads in, and each finds out by itself.
    pub(crate) silent: Switch,
    /// It takes messages, and confirms none of them until this is taken back.
    pub(crate) halted: watch::Sender<bool>,
    under_way: Arc<AtomicU64>,
    /// Messages that wait beside those that were sent here.
    pub(crate) others: Arc<AtomicU64>,
    sent: Arc<Mutex<Vec<Job>>>,
}

impl MemorySender {
    pub(crate) fn sent(&self) -> Vec<Job> {
        self.sent.lock().unwrap().clone()
    }

    /// How many messages it was given, confirmed or not.
    pub(crate) fn given(&self) -> u64 {
        self.under_way.load(Ordering::SeqCst)
    }
}

#[async_trait]
impl Sender for MemorySender {
    async fn send(&self, job: &Job) -> Result<(), Error> {
        self.broken.check(Backend::Queue, "send")?;
        self.silent.check(Backend::Queue, "send")?;
        self.under_way.fetch_add(1, Ordering::SeqCst);
        let mut halted = self.halted.subscribe();
        halted.wait_for(|halted| !halted).await.unwrap();
        self.sent.lock().unwrap().push(job.clone());
        Ok(())
    }

    async fn depth(&self) -> Result<u64, Error> {
        self.broken.check(Backend::Queue, "depth")?;
        Ok(self.sent().len() as u64 + self.others.load(Ordering::SeqCst))
    }

    async fn check(&self) -> Result<(), Error> {
        self.broken.check(Backend::Queue, "check")
    }
}

#[derive(Clone, Debug, Default)]
pub(crate) struct MemoryFleet {
    pub(crate) broken: Switch,
    reads: Arc<AtomicU64>,
    fleet: Arc<Local>,
}

impl MemoryFleet {
    /// How often it was asked who lives.
    pub(crate) fn reads(&self) -> u64 {
        self.reads.load(Ordering::SeqCst)
    }
}

#[async_trait]
impl Fleet for MemoryFleet {
    async fn beat(&self, heartbeat: &Heartbeat) -> Result<(), Error> {
        self.fleet.beat(heartbeat).await
    }

    async fn leave(&self, id: &WorkerId) -> Result<(), Error> {
        self.fleet.leave(id).await
    }

    async fn alive(&self, silence_max: Duration) -> Result<Vec<Alive>, Error> {
        self.reads.fetch_add(1, Ordering::SeqCst);
        tokio::task::yield_now().await; // as over a wire: others ask meanwhile
        self.broken.check(Backend::Results, "alive")?;
        self.fleet.alive(silence_max).await
    }
}

#[derive(Clone, Debug, Default)]
pub(crate) struct MemoryObjects {
    pub(crate) broken: Switch,
    /// Of an object that is opened, the first piece comes and no other.
    pub(crate) dies_reading: Switch,
    checks: Arc<AtomicU64>,
    opened: Arc<AtomicU64>,
    originals_put: Arc<AtomicU64>,
    objects: Arc<Mutex<HashMap<Key, (Bytes, SystemTime)>>>,
}

impl MemoryObjects {
    pub(crate) fn has(&self, key: &Key) -> bool {
        self.objects.lock().unwrap().contains_key(key)
    }

    pub(crate) fn count(&self) -> usize {
        self.objects.lock().unwrap().len()
    }

    /// How often it was asked whether it is well.
    pub(crate) fn checks(&self) -> u64 {
        self.checks.load(Ordering::SeqCst)
    }

    /// How often an object was opened.
    pub(crate) fn opened(&self) -> u64 {
        self.opened.load(Ordering::SeqCst)
    }

    /// How often an original was stored.
    pub(crate) fn originals_put(&self) -> u64 {
        self.originals_put.load(Ordering::SeqCst)
    }

    /// How long ago an object was stored.
    pub(crate) fn age_of(&self, key: &Key) -> Duration {
        let objects = self.objects.lock().unwrap();
        objects[key].1.elapsed().unwrap_or_default()
    }

    /// Lets an object have been stored so long ago.
    pub(crate) fn age(&self, key: &Key, age: Duration) {
        let mut objects = self.objects.lock().unwrap();
        objects.get_mut(key).unwrap().1 = SystemTime::now() - age;
    }
}

/// The pieces that a store gives `bytes` in, each with its place.
fn pieces_of(bytes: &Bytes) -> impl Stream<Item = (usize, Bytes)> + Send + use<> {
    const PIECE_BYTES: usize = 64 * 1024;
    let pieces: Vec<_> = bytes
        .chunks(PIECE_BYTES)
        .map(|piece| bytes.slice_ref(piece))
        .collect();
    stream::iter(pieces.into_iter().enumerate())
}

#[async_trait]
impl ObjectStore for MemoryObjects {
    async fn put(&self, key: &Key, body: Body, _: &str) -> Result<(), Error> {
        self.broken.check(Backend::Objects, "put")?;
        let bytes = match body {
            Body::Bytes(bytes) | Body::Digested { bytes, .. } => bytes,
            Body::File { path, .. } => tokio::fs::read(path).await.unwrap().into(),
        };
        if let Key::Original(_) = key {
            self.originals_put.fetch_add(1, Ordering::SeqCst);
        }
        let stored = (bytes, SystemTime::now());
        self.objects.lock().unwrap().insert(*key, stored);
        Ok(())
    }

    async fn get(&self, key: &Key, size_bytes_max: u64) -> Result<Option<Bytes>, Error> {
        self.broken.check(Backend::Objects, "get")?;
        let objects = self.objects.lock().unwrap();
        let bytes = objects.get(key).map(|(bytes, _)| bytes.clone());
        match bytes.as_ref().map_or(0, |bytes| bytes.len() as u64) {
            size_bytes if size_bytes > size_bytes_max => {
                let cause = Cause::TooLong {
                    size_bytes,
                    size_bytes_max,
                };
                Err(Error::new(Backend::Objects, "get", cause))
            }
            _ => Ok(bytes),
        }
    }

    async fn open(&self, key: &Key, range: Option<Range<u64>>) -> Result<Option<Object>, Error> {
        self.opened.fetch_add(1, Ordering::SeqCst);
        let bytes = self.get(key, u64::MAX).await?;
        let Some(bytes) = bytes else { return Ok(None) };
        let object = Object::in_memory(&bytes, range)?;
        let dies = self.dies_reading.clone();
        let pieces = pieces_of(&object.collect().await?).map(move |(place, piece)| {
            if place > 0 {
                dies.check(Backend::Objects, "read")?;
            }
            Ok(piece)
        });
        Ok(Some(Object {
            size_bytes: bytes.len() as u64,
            sha256: None,
            held_bytes: IN_FLIGHT_BYTES_MAX.min(bytes.len() as u64),
            is_in_memory: false,
            pieces: pieces.boxed(),
        }))
    }

    async fn head(&self, key: &Key) -> Result<Option<Meta>, Error> {
        self.broken.check(Backend::Objects, "head")?;
        let objects = self.objects.lock().unwrap();
        Ok(objects.get(key).map(|(bytes, stored_at)| Meta {
            size_bytes: bytes.len() as u64,
            stored_at: *stored_at,
        }))
    }

    async fn delete(&self, key: &Key) -> Result<(), Error> {
        self.objects.lock().unwrap().remove(key);
        Ok(())
    }

    async fn list(&self, kind: Kind, _: Option<&Place>, _: usize) -> Result<Page, Error> {
        let objects = self.objects.lock().unwrap();
        let objects = objects.iter().filter(|(key, _)| match key {
            Key::Original(_) => kind == Kind::Original,
            Key::Logo(_) => kind == Kind::Logo,
            Key::Result(_) => kind == Kind::Result,
            Key::Accepted(_) => kind == Kind::Accepted,
        });
        Ok(Page {
            objects: objects
                .map(|(key, (_, stored_at))| (*key, *stored_at))
                .collect(),
            next: None,
        })
    }

    async fn check(&self) -> Result<(), Error> {
        self.checks.fetch_add(1, Ordering::SeqCst);
        self.broken.check(Backend::Objects, "check")
    }
}

#[derive(Clone, Debug, Default)]
pub(crate) struct MemoryResults {
    pub(crate) broken: Switch,
    /// So many admissions meet a broken connection.
    pub(crate) admissions_cut: Arc<AtomicU64>,
    /// Whether nothing is kept but the newest event.
    pub(crate) trims: Switch,
    /// When the oldest job that waits was admitted.
    pub(crate) oldest_waiting_ms: Arc<AtomicU64>,
    reads: Arc<AtomicU64>,
    jobs: Arc<Mutex<HashMap<JobId, Entry>>>,
    changes: watch::Sender<()>,
}

#[derive(Debug)]
struct Entry {
    job: Option<Job>,
    events: Vec<Event>,
    epoch: Epoch,
    ownership: Ownership,
    sent: bool,
    admitted: Instant,
    updated_at_ms: u64,
}

impl Default for Entry {
    fn default() -> Self {
        Self {
            job: None,
            events: Vec::new(),
            epoch: 0,
            ownership: Ownership::default(),
            sent: false,
            admitted: Instant::now(),
            updated_at_ms: 0,
        }
    }
}

impl Entry {
    /// Nothing while a worker has claimed it and nobody has spoken.
    fn record(&self) -> Option<Record> {
        let event = self.events.last()?.clone();
        Some(Record {
            event,
            sent: self.sent,
            updated_at_ms: self.updated_at_ms,
            cancelled_epoch: None,
            ownership: self.ownership.clone(),
        })
    }

    fn last(&self) -> &Event {
        self.events.last().unwrap()
    }

    fn push(&mut self, epoch: Epoch, state: &State) -> EventId {
        let n = self.events.iter().filter(|event| event.id.epoch == epoch);
        let id = EventId {
            epoch,
            n: n.count() as u64,
        };
        self.events.push(Event {
            id,
            state: state.clone(),
        });
        self.updated_at_ms = now_ms();
        id
    }

    /// What a watcher that knows `after` is told next; `None` when it knows all there is.
    fn after(&self, after: Option<EventId>) -> Option<Event> {
        match after {
            None => Some(self.last().clone()),
            Some(after) => self.events.iter().find(|event| event.id > after).cloned(),
        }
    }
}

impl MemoryResults {
    /// The same records, which do not break when these do.
    pub(crate) fn by_another_wire(&self) -> Self {
        Self {
            broken: Switch::default(),
            ..self.clone()
        }
    }

    fn meet_the_wire(&self) -> Result<(), Error> {
        let cut = &self.admissions_cut;
        let is_cut = cut.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| {
            left.checked_sub(1)
        });
        match is_cut {
            Ok(_) => Err(Error::failed(Backend::Results, "admit", "connection reset")),
            Err(_) => Ok(()),
        }
    }

    /// Lets a job have been silent for so long.
    pub(crate) fn silence(&self, id: &JobId, silent: Duration) {
        let mut jobs = self.jobs.lock().unwrap();
        let updated_at_ms = &mut jobs.get_mut(id).unwrap().updated_at_ms;
        *updated_at_ms = now_ms() - millis(silent);
    }

    /// Where a job stands, whether records can be read or not.
    pub(crate) fn status(&self, id: &JobId) -> Option<Status> {
        let jobs = self.jobs.lock().unwrap();
        let record = jobs.get(id)?.record()?;
        Some(record.event.state.status)
    }

    /// Whether several clients wait for a job.
    pub(crate) fn is_shared(&self, id: &JobId) -> bool {
        let jobs = self.jobs.lock().unwrap();
        let entry = jobs.get(id);
        entry.is_some_and(|entry| entry.ownership == Ownership::Several)
    }

    pub(crate) fn is_sent(&self, id: &JobId) -> bool {
        let jobs = self.jobs.lock().unwrap();
        jobs.get(id).is_some_and(|entry| entry.sent)
    }

    /// How often a record was read.
    pub(crate) fn reads(&self) -> u64 {
        self.reads.load(Ordering::SeqCst)
    }

    /// Jobs whose message was never confirmed.
    pub(crate) fn unsent_now(&self) -> Vec<JobId> {
        let jobs = self.jobs.lock().unwrap();
        let unsent = jobs.iter().filter(|(_, entry)| !entry.sent);
        unsent.map(|(id, _)| *id).collect()
    }

    /// Forgets a job, as a store whose records expire does.
    pub(crate) fn forget(&self, id: &JobId) {
        self.jobs.lock().unwrap().remove(id);
    }
}

#[async_trait]
impl Results for MemoryResults {
    async fn record(&self, id: &JobId) -> Result<Option<Record>, Error> {
        self.broken.check(Backend::Results, "record")?;
        self.reads.fetch_add(1, Ordering::SeqCst);
        Ok(self.jobs.lock().unwrap().get(id).and_then(Entry::record))
    }

    async fn job(&self, id: &JobId) -> Result<Option<Job>, Error> {
        self.broken.check(Backend::Results, "job")?;
        let jobs = self.jobs.lock().unwrap();
        Ok(jobs.get(id).and_then(|entry| entry.job.clone()))
    }

    async fn admit(
        &self,
        job: &Job,
        state: &State,
        again: bool,
        by: Option<&Owner>,
    ) -> Result<Admission, Error> {
        self.broken.check(Backend::Results, "admit")?;
        self.meet_the_wire()?;
        let mut jobs = self.jobs.lock().unwrap();
        let entry = jobs.entry(job.id()).or_default();
        let status = entry.events.last().map(|event| event.state.status);
        let claimed = status.is_none() && entry.epoch > 0;
        let began_now = again || matches!(status, None | Some(Status::Dead | Status::Cancelled));
        entry.ownership = std::mem::take(&mut entry.ownership).after(by, began_now && !claimed);
        if began_now {
            entry.epoch += u64::from(!claimed);
            entry.sent = claimed;
            entry.push(entry.epoch, state);
        }
        entry.job = Some(job.clone());
        Ok(Admission {
            record: entry.record().unwrap(),
            began_now,
        })
    }

    async fn mark_sent(&self, id: &JobId, epoch: Epoch) -> Result<(), Error> {
        self.broken.check(Backend::Results, "mark_sent")?;
        let mut jobs = self.jobs.lock().unwrap();
        if let Some(entry) = jobs.get_mut(id).filter(|entry| entry.epoch == epoch) {
            entry.sent = true;
            entry.updated_at_ms = now_ms();
        }
        self.changes.send_replace(());
        Ok(())
    }

    async fn unsent(&self, age_min: Duration, jobs_max: usize) -> Result<Vec<Unsent>, Error> {
        self.broken.check(Backend::Results, "unsent")?;
        let jobs = self.jobs.lock().unwrap();
        let unsent = jobs
            .values()
            .filter(|entry| !entry.sent && entry.admitted.elapsed() >= age_min);
        Ok(unsent
            .filter_map(|entry| {
                let (job, epoch) = (entry.job.clone()?, entry.epoch);
                Some(Unsent { job, epoch })
            })
            .take(jobs_max)
            .collect())
    }

    async fn oldest_waiting(&self) -> Result<Option<u64>, Error> {
        self.broken.check(Backend::Results, "oldest_waiting")?;
        let since_ms = self.oldest_waiting_ms.load(Ordering::SeqCst);
        Ok((since_ms > 0).then_some(since_ms))
    }

    async fn claim(&self, id: &JobId) -> Result<Claim, Error> {
        let mut jobs = self.jobs.lock().unwrap();
        let entry = jobs.entry(*id).or_default();
        entry.epoch += 1;
        entry.sent = true;
        Ok(Claim {
            epoch: entry.epoch,
            before: entry.record().map(|record| record.event.state),
        })
    }

    async fn announce(&self, epoch: Epoch, state: &State) -> Result<Announced, Error> {
        let mut jobs = self.jobs.lock().unwrap();
        let id = jobs.get_mut(&state.job_id).unwrap().push(epoch, state);
        self.changes.send_replace(());
        Ok(Announced::Told(id))
    }

    async fn cancel(&self, id: &JobId, by: Option<&Owner>) -> Result<Option<Cancellation>, Error> {
        self.broken.check(Backend::Results, "cancel")?;
        let mut jobs = self.jobs.lock().unwrap();
        let Some(entry) = jobs.get_mut(id) else {
            return Ok(None);
        };
        let is_over = entry.last().state.status.is_final();
        let outcome = match &entry.ownership {
            Ownership::Several if by.is_some() => Outcome::Shared,
            ownership if !ownership.lets(by) => Outcome::NotYours,
            _ if is_over => Outcome::EndedBefore,
            _ => Outcome::EndedNow,
        };
        if outcome == Outcome::EndedNow {
            let cancelled = entry.last().state.clone().cancelled();
            entry.epoch += 1;
            entry.push(entry.epoch, &cancelled);
            self.changes.send_replace(());
        }
        let event = entry.last().clone();
        Ok(Some(Cancellation { event, outcome }))
    }

    async fn watch(&self, id: &JobId, after: Option<EventId>) -> Result<Option<Watch>, Error> {
        let Some(record) = self.record(id).await? else {
            return Ok(None);
        };
        if self.trims.is_set() {
            let snapshot = News {
                event: record.event,
                snapshot: true,
            };
            return Ok(Some(futures::stream::iter([snapshot]).boxed()));
        }
        let (this, id) = (self.clone(), *id);
        let changes = self.changes.subscribe();
        let events = futures::stream::unfold((after, changes), move |(after, mut changes)| {
            let this = this.clone();
            async move {
                loop {
                    let (next, over) = {
                        let jobs = this.jobs.lock().unwrap();
                        let entry = jobs.get(&id)?;
                        (entry.after(after), entry.last().state.status.is_final())
                    };
                    match next {
                        Some(event) => {
                            return Some((event.clone().into(), (Some(event.id), changes)));
                        }
                        None if over => return None,
                        None => changes.changed().await.ok()?,
                    }
                }
            }
        });
        Ok(Some(events.boxed()))
    }

    async fn watch_all(&self, ids: &[JobId]) -> Result<WatchAll, Error> {
        let (mut watches, mut unknown) = (Vec::new(), Vec::new());
        for id in ids {
            match self.watch(id, None).await? {
                Some(watch) => watches.push(watch),
                None => unknown.push(*id),
            }
        }
        let events = futures::stream::select_all(watches).boxed();
        Ok(WatchAll { events, unknown })
    }

    async fn check(&self) -> Result<(), Error> {
        self.broken.check(Backend::Results, "check")
    }
}
