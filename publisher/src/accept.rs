//! The business: a photo becomes a job that cannot be lost.

use std::time::Duration;

use backends::{
    Error, Key,
    clock::{millis, now_ms},
    error::{Backend, Cause},
    objects::Body,
    results::{Epoch, Owner, Record},
};
use bytes::Bytes;
use engine::{Format, InputError, Inspection};
use jiff::Timestamp;
use schemas::{Context, Job, JobId, OutputFormat, State, Status, Step, Timings};
use tokio::{
    sync::OnceCell,
    time::{Instant, sleep},
};
use tracing::{info, warn};

use crate::{
    app::App,
    blocking, degraded,
    error::ApiError,
    negotiate::{Accept, Source},
    spool::Spooled,
    upload::Upload,
};

/// How long after it failed first a call to the records is begun again, before a job goes without a record. Longer than
/// a restarted Redis or a broken wire needs, and than a breaker that looks into a failure needs to open.
const RECORD_AGAIN_MAX: Duration = Duration::from_millis(1500);

/// Between two such calls.
const RECORD_AGAIN_EVERY: Duration = Duration::from_millis(100);

/// How long whoever recorded a job is given to publish it, before another does. Longer than a broker that is well takes to
/// confirm, on a machine that is busy; shorter than a client that was refused is told to wait.
const SENDING_MAX: Duration = Duration::from_secs(3);

/// Between two looks whether it has.
const SENDING_LOOK_EVERY: Duration = Duration::from_millis(25);

/// What became of an upload.
#[derive(Clone, Debug)]
pub(crate) struct Accepted {
    /// Where its job stands.
    pub(crate) state: State,
    /// Whether it stood there before this upload.
    pub(crate) known: bool,
    /// Whether this was found out without the records.
    pub(crate) degraded: bool,
    /// What its result is or will be.
    pub(crate) format: OutputFormat,
}

/// What is known of a job that is asked for again.
enum Known {
    /// Where it stands; nothing has to be done for it.
    Stands(State),
    /// It was done once, and its result is not kept any more.
    ResultGone,
    /// It has to be started, for the first time or again.
    No,
}

/// An upload's original, and its logo, on their way to the object store, where they go once: the records may go away after that, and the
/// job is accepted without them then.
struct Original<'a> {
    key: Key,
    upload: &'a Upload,
    stored: OnceCell<Timings>,
}

/// Makes a job of an upload. Whoever gets `Ok` may rely on the job's end.
pub(crate) async fn accept(
    app: &App,
    upload: Upload,
    by: Option<&Owner>,
    wish: &Accept,
    now: Timestamp,
) -> Result<Accepted, ApiError> {
    let job = plan(app, &upload, wish, now).await?;
    tracing::Span::current().record("job.id", tracing::field::display(&job.id()));
    let original = Original::new(&job, &upload);
    // Each of its owners by itself: all of them have to be on the record.
    let same = (job.id(), by.cloned());
    let taken_in = app
        .intake
        .together(&same, || take_in(app, &job, by, &original));
    Ok(Box::pin(taken_in).await?)
}

/// Takes a job in, once for all uploads of it by one owner at the same time: they are one job, so one original is stored and
/// one message is published.
async fn take_in(
    app: &App,
    job: &Job,
    by: Option<&Owner>,
    original: &Original<'_>,
) -> Result<Accepted, Error> {
    match with_record(app, job, by, original).await {
        Err(error) if error.backend == Backend::Results => {
            without_record(app, job, by, original, &error).await
        }
        accepted => accepted,
    }
}

/// Keeps the original and the logo, records the job, then publishes it.
///
/// The order matters: a job on the queue always finds both, and a job whose message was not confirmed is on
/// record as unsent, for the next identical upload or the sweeper.
async fn with_record(
    app: &App,
    job: &Job,
    by: Option<&Owner>,
    original: &Original<'_>,
) -> Result<Accepted, Error> {
    let (id, now_ms) = (job.id(), job.queued_at_ms);
    let again = match known(app, &id, by, now_ms).await? {
        Known::Stands(state) => return Ok(Accepted::known(job, state)),
        Known::ResultGone => true,
        Known::No => false,
    };
    let timings = original.store(app).await?;
    let state = State::queued(id, timings);
    let admission = insist(app, || app.results.admit(job, &state, again, by)).await?;
    app.known.forget(&id).await;
    let record = if admission.began_now {
        admission.record
    } else {
        once_sent(app, &id, admission.record).await?
    };
    if needs_message(app, &record, now_ms) {
        send(app, job, record.event.id.epoch).await?;
    }
    info!(job.id = %id, original = %job.original.sha256, "accepted job {id}");
    Ok(Accepted::new(job, record.event.state))
}

/// Keeps the original and publishes the job while the records are away.
///
/// Until it is recorded, this publisher remembers it, and the object store lets the others know that it was accepted.
async fn without_record(
    app: &App,
    job: &Job,
    by: Option<&Owner>,
    original: &Original<'_>,
    away: &Error,
) -> Result<Accepted, Error> {
    let id = job.id();
    degraded::note(app, &id, away);
    if let Some(state) = degraded::look(app, &id).await? {
        app.unrecorded.remember_owner(&id, by);
        return Ok(Accepted::known(job, state).degraded());
    }
    let timings = original.store(app).await?;
    publish(app, job).await?;
    let state = State::queued(id, timings);
    app.unrecorded.remember(job, &state, by);
    tell_others(app, &id).await?;
    info!(job.id = %id, original = %job.original.sha256, "accepted job {id} without a record");
    Ok(Accepted::new(job, state).degraded())
}

/// Makes a call to the records, and makes it again while it fails and they are not left alone: what is accepted shall
/// have a record wherever that costs no more than a moment.
async fn insist<T, Made>(app: &App, call: impl Fn() -> Made) -> Result<T, Error>
where
    Made: Future<Output = Result<T, Error>>,
{
    let mut failed_at = None;
    loop {
        let error = match call().await {
            Err(error) if may_pass(&error) => error,
            settled => return settled,
        };
        if failed_at.get_or_insert_with(Instant::now).elapsed() >= RECORD_AGAIN_MAX {
            return Err(error);
        }
        app.metrics.backend_error(&error);
        sleep(RECORD_AGAIN_EVERY).await;
    }
}

/// Whether the next call may well be answered: a refusal would be given again, and a breaker says by itself when it opens.
const fn may_pass(error: &Error) -> bool {
    matches!(error.cause, Cause::Timeout(_) | Cause::Failed(_))
}

/// The object store is up, it has just taken the original; nothing else that all publishers see is left.
async fn tell_others(app: &App, id: &JobId) -> Result<(), Error> {
    let (key, word) = (Key::Accepted(*id), Bytes::from_static(b"accepted"));
    let told = app.objects.put(&key, Body::Bytes(word), "text/plain").await;
    told.inspect_err(|error| app.gate.failed(error))
}

impl<'a> Original<'a> {
    fn new(job: &Job, upload: &'a Upload) -> Self {
        Self {
            key: Key::Original(job.original.sha256),
            upload,
            stored: OnceCell::new(),
        }
    }

    /// What the upload took until it was stored. Stored already, it is not stored again.
    async fn store(&self, app: &App) -> Result<Timings, Error> {
        let stored = self.stored.get_or_try_init(|| self.put(app)).await;
        stored.cloned()
    }

    async fn put(&self, app: &App) -> Result<Timings, Error> {
        let began = Instant::now();
        self.put_logo(app).await?;
        let image = &self.upload.image;
        let (body, media_type) = (image.original.body(), media_type(image.format));
        let stored = app.objects.put(&self.key, body, media_type).await;
        stored.inspect_err(|error| app.gate.failed(error))?;
        Ok(timed(app, self.upload, began.elapsed()))
    }

    /// One that is stored already becomes young again, as an original does.
    async fn put_logo(&self, app: &App) -> Result<(), Error> {
        let Some(logo) = &self.upload.logo else {
            return Ok(());
        };
        let body = Body::Digested {
            bytes: logo.bytes.clone(),
            sha256: logo.sha256,
        };
        let (key, media_type) = (Key::Logo(logo.sha256), media_type(logo.header.format));
        let stored = app.objects.put(&key, body, media_type).await;
        stored.inspect_err(|error| app.gate.failed(error))
    }
}

impl Accepted {
    fn new(job: &Job, state: State) -> Self {
        Self {
            state,
            known: false,
            degraded: false,
            format: job.recipe.wm_format,
        }
    }

    fn known(job: &Job, state: State) -> Self {
        Self {
            known: true,
            ..Self::new(job, state)
        }
    }

    fn degraded(self) -> Self {
        Self {
            degraded: true,
            ..self
        }
    }
}

/// Publishes `job`, and notes it on its record of `epoch` once the queue has confirmed.
///
/// The note may fail: the message is safe by then, and without the note it is only published once more.
pub(crate) async fn send(app: &App, job: &Job, epoch: Epoch) -> Result<(), Error> {
    publish(app, job).await?;
    let id = job.id();
    if let Err(error) = app.results.mark_sent(&id, epoch).await {
        app.metrics.backend_error(&error);
        warn!(job.id = %id, %error, "job {id} is sent but not marked so");
    }
    Ok(())
}

async fn publish(app: &App, job: &Job) -> Result<(), Error> {
    let sent = app.sender.send(job).await;
    sent.inspect_err(|error| app.gate.failed(error))
}

/// Makes the job: the header is read and held against the limits, then the recipe becomes literal.
///
/// This comes before the look at what is known, because a mark may quote the photo's EXIF and the id is taken of the
/// literal recipe.
async fn plan(app: &App, upload: &Upload, wish: &Accept, now: Timestamp) -> Result<Job, ApiError> {
    let inspection = inspect(&upload.image.original, app.limits).await?;
    let context = Context {
        today: now.into(),
        filename: upload.image.filename.clone(),
        size: inspection.displayed(),
        exif: inspection.exif.clone(),
        auto_format: wish.output_format(source(&inspection, &app.limits)),
    };
    let recipe = app
        .fonts
        .named_in(upload.request.clone().resolve(&context)?)?;
    let logo = upload.logo.as_ref();
    let header = logo.map(|logo| logo.header);
    engine::check(&inspection, &recipe, &app.fonts, header, &app.limits).map_err(unmarkable)?;
    let now_ms = now.as_millisecond().try_into().unwrap_or_default();
    let job = Job::new(upload.image.sha256, recipe, now_ms);
    Ok(job.with_logo(logo.map(|logo| logo.sha256)))
}

/// What of it speaks against a format. An animation that is too long to be written as one is a picture like any other, unless
/// its client asks for the format that moves: then it is told how long it may be.
const fn source(inspection: &Inspection, limits: &engine::Limits) -> Source {
    Source {
        alpha: inspection.alpha,
        moves: inspection.frames > 1
            && inspection.frames <= limits.frames_max
            && inspection.animation_pixels() <= limits.animation_pixels_max,
    }
}

/// A character without a glyph is the text's fault, anything else the image's.
fn unmarkable(error: InputError) -> ApiError {
    match error {
        InputError::MissingGlyph(glyph) => ApiError::Glyph(glyph),
        other => ApiError::Image(other),
    }
}

/// Only a file may keep its reader waiting: what lies in memory is read sooner than another thread would wake.
async fn inspect(original: &Spooled, limits: engine::Limits) -> Result<Inspection, ApiError> {
    let source = original.source()?;
    let inspect = move || engine::inspect(source, &limits);
    Ok(match original {
        Spooled::Memory(_) => inspect()?,
        Spooled::File { .. } => blocking::run(inspect).await?,
    })
}

/// A job that somebody else waits for stands too, but whoever uploads it now has to be on its record: or it could be taken back
/// under their feet.
async fn known(app: &App, id: &JobId, by: Option<&Owner>, now_ms: u64) -> Result<Known, Error> {
    let Some(record) = insist(app, || app.results.record(id)).await? else {
        return Ok(Known::No);
    };
    let record = once_sent(app, id, record).await?;
    let needs_admission = needs_message(app, &record, now_ms) || record.ownership.is_changed_by(by);
    let state = record.event.state;
    Ok(match state.status {
        Status::Done if !has_result(app, id).await? => Known::ResultGone,
        Status::Done | Status::Failed => Known::Stands(state),
        Status::Queued | Status::Processing | Status::Retrying if needs_admission => Known::No,
        Status::Queued | Status::Processing | Status::Retrying => Known::Stands(state),
        Status::Dead | Status::Cancelled => Known::No,
    })
}

/// What is at hand is answered without asking the store: only another process can have removed it, and not for long.
async fn has_result(app: &App, id: &JobId) -> Result<bool, Error> {
    let key = Key::Result(*id);
    Ok(app.objects.holds(&key).await || app.objects.head(&key).await?.is_some())
}

/// The record of a job once its message was sent, where it was recorded so short a time ago that whoever did so is about to
/// send it: another publisher, which got the same photo at the same moment. Two messages would be two pictures worked on.
async fn once_sent(app: &App, id: &JobId, mut record: Record) -> Result<Record, Error> {
    let began = Instant::now();
    // By our own clock as well: the other's may be ahead.
    while is_being_sent(&record, now_ms()) && began.elapsed() < SENDING_MAX {
        sleep(SENDING_LOOK_EVERY).await;
        match insist(app, || app.results.record(id)).await? {
            Some(newer) => record = newer,
            None => break,
        }
    }
    Ok(record)
}

fn is_being_sent(record: &Record, now_ms: u64) -> bool {
    is_unsent(record) && silent_ms(record, now_ms) < millis(SENDING_MAX)
}

/// Whether a job has to be published although it is on record: no worker can know of it yet, or whoever knew of it has
/// been silent for so long that its end is lost. A job that is published twice is recognised by its id.
fn needs_message(app: &App, record: &Record, now_ms: u64) -> bool {
    let may_end = !record.event.state.status.is_final();
    let lost = may_end && silent_ms(record, now_ms) > millis(app.config.silent_max());
    is_unsent(record) || lost
}

fn is_unsent(record: &Record) -> bool {
    !record.sent && record.event.state.status == Status::Queued
}

const fn silent_ms(record: &Record, now_ms: u64) -> u64 {
    now_ms.saturating_sub(record.updated_at_ms)
}

fn timed(app: &App, upload: &Upload, store_took: Duration) -> Timings {
    let mut timings = upload.timings.clone();
    timings.set(Step::Store, store_took);
    for (step, took) in timings.iter() {
        app.metrics.step(step, took);
    }
    timings
}

/// Every format that is taken in.
pub(crate) const FORMATS: [Format; 8] = [
    Format::Jpeg,
    Format::Png,
    Format::Webp,
    Format::Avif,
    Format::Gif,
    Format::Tiff,
    Format::Bmp,
    Format::Jxl,
];

pub(crate) const fn media_type(format: Format) -> &'static str {
    match format {
        Format::Jpeg => "image/jpeg",
        Format::Png => "image/png",
        Format::Webp => "image/webp",
        Format::Avif => "image/avif",
        Format::Gif => "image/gif",
        Format::Tiff => "image/tiff",
        Format::Bmp => "image/bmp",
        Format::Jxl => "image/jxl",
    }
}
