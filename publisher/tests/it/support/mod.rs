//! A publisher on port 0, its client, and the forms that are sent to it.

pub(crate) mod client;
pub(crate) mod form;
pub(crate) mod ports;

use std::{io::Cursor, net::SocketAddr, path::Path, sync::Arc, time::Duration};

use backends::{
    Key, Metrics, ObjectStore as _, Results as _, objects::Body, outbox, results::Local,
};
use publisher::{
    Config, Parts, Transport,
    auth::{self, Access},
};
use schemas::{
    Contrast, Digest, Failure, JobId, OutputFormat, Picture, State, Status, Timings, Written,
};
use tokio::{net::TcpListener, task::JoinHandle, time::timeout};
use tokio_util::sync::CancellationToken;

use client::Answer;
use form::Form;
use ports::{MemoryFleet, MemoryObjects, MemoryResults, MemorySender, NoLetters};

/// The longest a test waits for an event: far beyond what it takes, so that only a missing event fails.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// Nobody has to say who they are.
pub(crate) fn open_to_all() -> auth::Config {
    auth::Config {
        allowed_hosts: format!("{0} photos.{0}", client::NAME),
        ..auth::Config::default()
    }
}

pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    pub(crate) sender: MemorySender,
    pub(crate) objects: MemoryObjects,
    pub(crate) results: MemoryResults,
    pub(crate) fleet: MemoryFleet,
    pub(crate) metrics: Metrics,
    pub(crate) shutdown: CancellationToken,
    folder: tempfile::TempDir,
    served: JoinHandle<std::io::Result<()>>,
}

impl Server {
    pub(crate) async fn start() -> Self {
        Self::with(|_| {}).await
    }

    /// A publisher whose settings `change` has changed.
    pub(crate) async fn with(change: impl FnOnce(&mut Config)) -> Self {
        Self::of(|parts| change(&mut parts.config)).await
    }

    /// A publisher whose parts `change` has changed.
    pub(crate) async fn of(change: impl FnOnce(&mut Parts)) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (sender, objects, results) = Default::default();
        Self::on(listener, sender, objects, results, change).await
    }

    /// A publisher that lets in whom `auth` lets in.
    pub(crate) async fn guarded(auth: &auth::Config) -> Self {
        let access = Arc::new(Access::open(auth).unwrap());
        Self::of(|parts| parts.access = access).await
    }

    /// The same where somebody knew before where it would be.
    pub(crate) async fn at(listener: TcpListener, transport: Transport) -> Self {
        let (sender, objects, results) = Default::default();
        let change = |parts: &mut Parts| parts.transport = transport;
        Self::on(listener, sender, objects, results, change).await
    }

    /// A publisher that listens elsewhere than on this machine alone, and is asked from here.
    pub(crate) async fn listening_on(address: &str) -> Self {
        let listener = TcpListener::bind(address).await.unwrap();
        Self::at(listener, Transport::default()).await
    }

    /// A publisher behind a transport of its own.
    pub(crate) async fn behind(transport: Transport, change: impl FnOnce(&mut Config)) -> Self {
        Self::of(|parts| {
            parts.transport = transport;
            change(&mut parts.config);
        })
        .await
    }

    /// Another publisher over the same queue, objects and records, with a wire of its own to the records.
    pub(crate) async fn beside(&self) -> Self {
        let (sender, objects) = (self.sender.clone(), self.objects.clone());
        let results = self.results.by_another_wire();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        Self::on(listener, sender, objects, results, |_| {}).await
    }

    async fn on(
        listener: TcpListener,
        sender: MemorySender,
        objects: MemoryObjects,
        results: MemoryResults,
        change: impl FnOnce(&mut Parts),
    ) -> Self {
        let config = Config {
            admission_interval_ms: 5, // so that no test waits for a look
            ..Config::default()
        };
        let port = listener.local_addr().unwrap().port();
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        let folder = tempfile::tempdir().unwrap();
        let (metrics, shutdown) = (Metrics::new(), CancellationToken::new());
        let fleet = MemoryFleet::default();
        let outbox = Local::open(&folder.path().join("records")).await.unwrap();
        let mut parts = Parts {
            config,
            access: Arc::new(Access::open(&open_to_all()).unwrap()),
            fairness: publisher::fairness::Config::default(),
            quota: None,
            transport: Transport::default(),
            webhooks: publisher::webhooks::Config::default(),
            outbox: Arc::new(outbox::Local::of(&outbox)),
            sender: Arc::new(MemorySender::clone(&sender)),
            letters: Arc::new(NoLetters),
            objects: Arc::new(MemoryObjects::clone(&objects)),
            results: Arc::new(MemoryResults::clone(&results)),
            fleet: Arc::new(MemoryFleet::clone(&fleet)),
            fonts: Arc::new(engine::Fonts::embedded()),
            limits: engine::Limits::default(),
            metrics: metrics.clone(),
            workshop: None,
            spool: folder.path().join("spool"),
        };
        change(&mut parts);
        let served = tokio::spawn(publisher::serve(listener, parts, shutdown.clone()));
        Self {
            address,
            sender,
            objects,
            results,
            fleet,
            metrics,
            shutdown,
            folder,
            served,
        }
    }

    pub(crate) async fn get(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        client::send(self.address, "GET", path, headers, "".into()).await
    }

    pub(crate) async fn upload(&self, form: Form, headers: &[(&str, &str)]) -> Answer {
        let content_type = form.content_type();
        let mut all = vec![("content-type", content_type.as_str())];
        all.extend(headers);
        client::send(self.address, "POST", "/upload", &all, form.into_bytes()).await
    }

    /// Waits until uploads are taken in: a form without an image is read only then.
    pub(crate) async fn opened(&self) {
        let mut looks = tokio::time::interval(Duration::from_millis(5));
        let opened = async {
            while self.upload(Form::new(), &[]).await.status != 400 {
                looks.tick().await;
            }
        };
        timeout(PATIENCE, opened).await.expect("the gate opens");
    }

    /// Waits until uploads are refused, and gives the answer.
    pub(crate) async fn closed(&self) -> Answer {
        let mut looks = tokio::time::interval(Duration::from_millis(5));
        let closed = async {
            loop {
                let answer = self.upload(Form::new(), &[]).await;
                if answer.status == 503 {
                    return answer;
                }
                looks.tick().await;
            }
        };
        timeout(PATIENCE, closed).await.expect("the gate closes")
    }

    /// Uploads `photo` with the default recipe.
    pub(crate) async fn accepted(&self, photo: &[u8]) -> JobId {
        let answer = self.upload(Form::new().image("a.png", photo), &[]).await;
        assert_eq!(answer.status, 202, "{answer:?}");
        answer.job_id()
    }

    /// Does what a worker does with a job that succeeds.
    pub(crate) async fn finish(&self, id: &JobId, bytes: &'static [u8]) {
        let body = Body::Bytes(bytes.into());
        self.objects
            .put(&Key::Result(*id), body, "image/jpeg")
            .await
            .unwrap();
        let picture = Picture {
            format: OutputFormat::Jpeg,
            width: 8,
            height: 8,
            size_bytes: bytes.len() as u64,
            sha256: Digest::of(bytes),
            contrast: Some(Contrast::OF_TEXT),
            written: Some(Written::AtQuality(80)),
        };
        self.announce(State::queued(*id, Timings::default()).done(picture))
            .await;
    }

    /// Does what a worker does with a job that ends without a result.
    pub(crate) async fn stop(&self, id: &JobId, status: Status) {
        let error = Failure {
            code: "broken_image".to_owned(),
            message: "JPEG cannot be decoded".to_owned(),
        };
        self.announce(State::queued(*id, Timings::default()).stopped(status, error))
            .await;
    }

    pub(crate) async fn announce(&self, state: State) {
        let epoch = self.results.claim(&state.job_id).await.unwrap().epoch;
        self.results.announce(epoch, &state).await.unwrap();
    }

    pub(crate) fn spool(&self) -> std::path::PathBuf {
        self.folder.path().join("spool")
    }

    /// Tells the publisher to stop, and waits until it has.
    pub(crate) async fn drain(&mut self) {
        self.shutdown.cancel();
        let served = timeout(PATIENCE, &mut self.served).await;
        served.expect("it drains").unwrap().unwrap();
    }
}

pub(crate) fn files(folder: &Path) -> usize {
    std::fs::read_dir(folder).map_or(0, Iterator::count)
}

/// Waits until `holds`, looking again and again: for what no event tells of.
pub(crate) async fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let mut looks = tokio::time::interval(Duration::from_millis(5));
    let looked = async {
        while !holds() {
            looks.tick().await;
        }
    };
    timeout(PATIENCE, looked).await.expect(what);
}

/// A PNG that no other seed gives.
pub(crate) fn photo(seed: u8) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    image::RgbImage::from_pixel(8, 8, image::Rgb([seed, 0, 0]))
        .write_to(&mut bytes, image::ImageFormat::Png)
        .unwrap();
    bytes.into_inner()
}

/// A PNG of `size_bytes` bytes; what follows the picture is nothing to a decoder.
pub(crate) fn photo_of(size_bytes: usize) -> Vec<u8> {
    let mut bytes = photo(1);
    bytes.resize(size_bytes, 0);
    bytes
}
