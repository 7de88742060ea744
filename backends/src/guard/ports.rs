//! Each port behind a guard, and that port again.

use std::{ops::Range, sync::Arc, time::Duration};

use async_trait::async_trait;
use bytes::Bytes;
use futures::StreamExt as _;
use schemas::{EventId, Job, JobId, State};
use tokio_util::task::AbortOnDropHandle;

use super::Guard;
use crate::{
    Error, Key, Metrics, ObjectStore, Results, Sender,
    error::Backend,
    objects::{Body, Kind, Meta, Object, Page, Place},
    results::{
        Admission, Announced, Cancellation, Claim, Epoch, Owner, Record, Unsent, Watch, WatchAll,
    },
};

/// A port behind a guard. While its backend is left alone, every call is answered at once.
#[derive(Debug)]
pub struct Guarded<P: ?Sized> {
    port: Arc<P>,
    guard: Guard,
    /// Asks the port's own `check` whether the backend is back, so that nobody's job has to find out.
    _trials: AbortOnDropHandle<()>,
}

impl<P: ?Sized> Guarded<P> {
    /// For whoever wants to wait for it.
    pub fn guard(&self) -> Guard {
        self.guard.clone()
    }
}

impl Guarded<dyn ObjectStore> {
    /// `store` behind a guard. Call it within a runtime.
    pub fn objects(store: Arc<dyn ObjectStore>, metrics: &Metrics) -> Self {
        let guard = Guard::new(Backend::Objects, metrics);
        let asked = Arc::clone(&store);
        Self {
            _trials: guard.attend(move || check_objects(Arc::clone(&asked))),
            port: store,
            guard,
        }
    }
}

impl Guarded<dyn Results> {
    /// `results` behind a guard. Call it within a runtime.
    pub fn results(results: Arc<dyn Results>, metrics: &Metrics) -> Self {
        let guard = Guard::new(Backend::Results, metrics);
        let asked = Arc::clone(&results);
        Self {
            _trials: guard.attend(move || check_results(Arc::clone(&asked))),
            port: results,
            guard,
        }
    }
}

impl Guarded<dyn Sender> {
    /// `sender` behind a guard. Call it within a runtime.
    pub fn sender(sender: Arc<dyn Sender>, metrics: &Metrics) -> Self {
        let guard = Guard::new(Backend::Queue, metrics);
        let asked = Arc::clone(&sender);
        Self {
            _trials: guard.attend(move || check_sender(Arc::clone(&asked))),
            port: sender,
            guard,
        }
    }
}

async fn check_objects(store: Arc<dyn ObjectStore>) -> Result<(), Error> {
    store.check().await
}

async fn check_results(results: Arc<dyn Results>) -> Result<(), Error> {
    results.check().await
}

async fn check_sender(sender: Arc<dyn Sender>) -> Result<(), Error> {
    sender.check().await
}

#[async_trait]
impl ObjectStore for Guarded<dyn ObjectStore> {
    async fn put(&self, key: &Key, body: Body, media_type: &str) -> Result<(), Error> {
        let put = self.port.put(key, body, media_type);
        self.guard.call("put", put).await
    }

    async fn get(&self, key: &Key, size_bytes_max: u64) -> Result<Option<Bytes>, Error> {
        let get = self.port.get(key, size_bytes_max);
        self.guard.call("get", get).await
    }

    /// Its beginning is a call. A piece that fails later is another one, which was made and failed.
    async fn open(&self, key: &Key, range: Option<Range<u64>>) -> Result<Option<Object>, Error> {
        let opened = self.guard.call("open", self.port.open(key, range)).await?;
        let guard = self.guard();
        Ok(opened.map(|object| Object {
            pieces: object
                .pieces
                .inspect(move |piece| guard.note_late(piece.as_ref().err()))
                .boxed(),
            ..object
        }))
    }

    async fn head(&self, key: &Key) -> Result<Option<Meta>, Error> {
        self.guard.call("head", self.port.head(key)).await
    }

    async fn delete(&self, key: &Key) -> Result<(), Error> {
        self.guard.call("delete", self.port.delete(key)).await
    }

    async fn list(
        &self,
        kind: Kind,
        place: Option<&Place>,
        objects_max: usize,
    ) -> Result<Page, Error> {
        let list = self.port.list(kind, place, objects_max);
        self.guard.call("list", list).await
    }

    async fn check(&self) -> Result<(), Error> {
        self.guard.call("check", self.port.check()).await
    }
}

#[async_trait]
impl Results for Guarded<dyn Results> {
    async fn record(&self, id: &JobId) -> Result<Option<Record>, Error> {
        self.guard.call("record", self.port.record(id)).await
    }

    async fn job(&self, id: &JobId) -> Result<Option<Job>, Error> {
        self.guard.call("job", self.port.job(id)).await
    }

    async fn admit(
        &self,
        job: &Job,
        state: &State,
        again: bool,
        by: Option<&Owner>,
    ) -> Result<Admission, Error> {
        let admit = self.port.admit(job, state, again, by);
        self.guard.call("admit", admit).await
    }

    async fn mark_sent(&self, id: &JobId, epoch: Epoch) -> Result<(), Error> {
        let mark = self.port.mark_sent(id, epoch);
        self.guard.call("mark_sent", mark).await
    }

    async fn unsent(&self, age_min: Duration, jobs_max: usize) -> Result<Vec<Unsent>, Error> {
        let unsent = self.port.unsent(age_min, jobs_max);
        self.guard.call("unsent", unsent).await
    }

    async fn oldest_waiting(&self) -> Result<Option<u64>, Error> {
        let oldest = self.port.oldest_waiting();
        self.guard.call("oldest_waiting", oldest).await
    }

    async fn claim(&self, id: &JobId) -> Result<Claim, Error> {
        self.guard.call("claim", self.port.claim(id)).await
    }

    async fn announce(&self, epoch: Epoch, state: &State) -> Result<Announced, Error> {
        let announce = self.port.announce(epoch, state);
        self.guard.call("announce", announce).await
    }

    async fn cancel(&self, id: &JobId, by: Option<&Owner>) -> Result<Option<Cancellation>, Error> {
        let cancel = self.port.cancel(id, by);
        self.guard.call("cancel", cancel).await
    }

    /// Only its beginning is a call: a stream that is open mends itself.
    async fn watch(&self, id: &JobId, after: Option<EventId>) -> Result<Option<Watch>, Error> {
        self.guard.call("watch", self.port.watch(id, after)).await
    }

    async fn watch_all(&self, ids: &[JobId]) -> Result<WatchAll, Error> {
        let watch = self.port.watch_all(ids);
        self.guard.call("watch_all", watch).await
    }

    async fn check(&self) -> Result<(), Error> {
        self.guard.call("check", self.port.check()).await
    }
}

#[async_trait]
impl Sender for Guarded<dyn Sender> {
    async fn send(&self, job: &Job) -> Result<(), Error> {
        self.guard.call("send", self.port.send(job)).await
    }

    async fn depth(&self) -> Result<u64, Error> {
        self.guard.call("depth", self.port.depth()).await
    }

    async fn check(&self) -> Result<(), Error> {
        self.guard.call("check", self.port.check()).await
    }
}
