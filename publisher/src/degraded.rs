//! What is said of a job while the records are away: what the object store and this publisher know, marked
//! `"degraded": true`. Never a guess, and never a 404: that a job is unknown is for the records to say.

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use backends::{
    Error, Key,
    objects::Meta,
    results::{News, RECORD_AGE_AFTER_END},
};
use futures::{
    StreamExt as _,
    future::ready,
    stream::{self, BoxStream},
};
use schemars::JsonSchema;
use schemas::{EventId, JobId, State, Status, Timings, state::image_url};
use serde::Serialize;
use tokio::{
    sync::watch,
    time::{Instant, sleep},
};
use tracing::warn;

use crate::{app::App, error::ApiError, pace::pause_after};

/// How long a followed job may be unknown once the records are back. Another publisher may have accepted it and records it
/// soon, or its worker speaks of it; an error answer would make an `EventSource` give up for ever.
const UNKNOWN_MAX: Duration = Duration::from_secs(60);

/// Where a job stands, and whether the records say so.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "Job")]
pub(crate) struct Seen {
    #[serde(flatten)]
    pub(crate) state: State,
    /// Whether the records are away, so that this is what others know.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(crate) degraded: bool,
}

/// What is told to who follows a job.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "JobEvent")]
pub(crate) struct Heard {
    /// What the client may come back with. What the records did not number has none: whoever heard it still misses all
    /// that the records will tell.
    #[serde(skip)]
    pub(crate) id: Option<EventId>,
    #[serde(flatten)]
    pub(crate) seen: Seen,
    /// Whether it stands for others that are not told any more.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(crate) snapshot: bool,
}

/// Where a job stands, as well as it can be known now.
pub(crate) async fn seen(app: &App, id: &JobId) -> Result<Seen, ApiError> {
    match app.results.record(id).await {
        Ok(Some(record)) => Ok(Seen::recorded(record.event.state)),
        Ok(None) => match look_unrecorded(app, id).await? {
            Some(state) if state.status.is_final() => Ok(Seen::recorded(state)),
            Some(state) => Ok(Seen::degraded(state)),
            None => Err(unknown(app)),
        },
        Err(error) => match look(app, id).await? {
            Some(state) => {
                note(app, id, &error);
                Ok(Seen::degraded(state))
            }
            None => {
                app.gate.failed(&error);
                Err(error.into())
            }
        },
    }
}

/// Notes that the records are away; a refusal is noted where it is answered.
pub(crate) fn note(app: &App, id: &JobId, away: &Error) {
    app.gate.failed(away);
    app.metrics.backend_error(away);
    warn!(job.id = %id, error = %away, "job {id} has to do without the records: {away}");
}

/// The same for many jobs.
pub(crate) fn note_all(app: &App, away: &Error) {
    app.gate.failed(away);
    app.metrics.backend_error(away);
    warn!(error = %away, "jobs are followed without the records: {away}");
}

/// What is known of a job without the records: its result is there, or it was sent by us.
pub(crate) async fn look(app: &App, id: &JobId) -> Result<Option<State>, Error> {
    Ok(match app.objects.head(&Key::Result(*id)).await? {
        Some(_) => Some(done(id)),
        None => app.unrecorded.state(id),
    })
}

/// What is known of a job that the records have just said they do not know: another publisher may have accepted it while
/// they were away.
pub(crate) async fn look_unrecorded(app: &App, id: &JobId) -> Result<Option<State>, Error> {
    if let Some(state) = look(app, id).await? {
        return Ok(Some(state));
    }
    let word = app.objects.head(&Key::Accepted(*id)).await?;
    let fresh = word.filter(|word| is_fresh(word, SystemTime::now()));
    Ok(fresh.map(|_| State::queued(*id, Timings::default())))
}

/// The refusal of a job that nobody knows. Records that were away just now may have lost it, and its worker speaks of it
/// again.
pub(crate) fn unknown(app: &App) -> ApiError {
    if app.gate.doubts_records() {
        ApiError::NotKnownYet
    } else {
        ApiError::NotFound
    }
}

/// Whether a job that was accepted without a record can be on its way still. Nobody takes the word back when the record is
/// made: between the two, somebody could find neither. So the word counts no longer than any record that followed it is
/// kept.
fn is_fresh(accepted: &Meta, now: SystemTime) -> bool {
    // The store's clock may be ahead of ours.
    let age = now.duration_since(accepted.stored_at).unwrap_or_default();
    age < RECORD_AGE_AFTER_END
}

/// Follows a job, from after the event `after` where the client knows it.
///
/// # Errors
/// When nobody knows the job, the records included.
pub(crate) async fn follow(
    app: &Arc<App>,
    id: &JobId,
    after: Option<EventId>,
) -> Result<BoxStream<'static, Heard>, ApiError> {
    match app.results.watch(id, after).await {
        Ok(Some(watch)) => Ok(watch.map(Heard::from).boxed()),
        Ok(None) => match look_unrecorded(app, id).await? {
            Some(end) if end.status.is_final() => Ok(only_the_end(Seen::recorded(end), after)),
            None if !app.gate.doubts_records() => Err(ApiError::NotFound),
            // Where it is only doubted, an error answer would make an `EventSource` give up for ever.
            Some(_) | None => Ok(search_unrecorded(app, id, after)),
        },
        Err(error) => {
            note(app, id, &error);
            Ok(search(app, id, after))
        }
    }
}

/// The end of a job without a record, unless the client knows it.
fn only_the_end(seen: Seen, after: Option<EventId>) -> BoxStream<'static, Heard> {
    let end = Heard::end(seen);
    stream::iter((after != end.id).then_some(end)).boxed()
}

/// Looks for the job now and then, until its result is there or the records are back and go on with it.
pub(crate) fn search(
    app: &Arc<App>,
    id: &JobId,
    after: Option<EventId>,
) -> BoxStream<'static, Heard> {
    search_since(app, id, after, None)
}

/// The same while the records are there and do not know the job.
pub(crate) fn search_unrecorded(
    app: &Arc<App>,
    id: &JobId,
    after: Option<EventId>,
) -> BoxStream<'static, Heard> {
    search_since(app, id, after, Some(Instant::now()))
}

fn search_since(
    app: &Arc<App>,
    id: &JobId,
    after: Option<EventId>,
    unknown_since: Option<Instant>,
) -> BoxStream<'static, Heard> {
    if after == Some(EventId::default()) {
        return stream::empty().boxed();
    }
    let search = Search {
        app: Arc::clone(app),
        id: *id,
        after,
        records: app.gate.records(),
        looked: false,
        looks_in_vain: 0,
        told: false,
        unknown_since,
    };
    stream::unfold(Some(search), async |search| search?.next().await)
        .flatten()
        .boxed()
}

/// Somebody who looks for a job.
struct Search {
    app: Arc<App>,
    id: JobId,
    after: Option<EventId>,
    /// Changes when the records go away or come back.
    records: watch::Receiver<bool>,
    looked: bool,
    /// Since the records went away or came back.
    looks_in_vain: u32,
    /// Whether the client heard that it waits.
    told: bool,
    /// Since when the records are back and do not know it.
    unknown_since: Option<Instant>,
}

/// What a look came to.
enum Found {
    /// The records go on with it.
    Events(BoxStream<'static, Heard>),
    End(State),
    Waits(State),
    Nothing,
}

impl Search {
    /// The next news, or all that is left, and who looks on after it.
    async fn next(mut self) -> Option<(BoxStream<'static, Heard>, Option<Self>)> {
        loop {
            if self.looked {
                self.pause().await;
            }
            let found = self.look().await;
            self.looked = true;
            self.looks_in_vain = self.looks_in_vain.saturating_add(1);
            match found {
                Found::Events(events) => return Some((events, None)),
                Found::End(state) => {
                    let end = only_the_end(Seen::degraded(state), self.after);
                    return Some((end, None));
                }
                Found::Waits(state) if !self.told => {
                    self.told = true;
                    let waits = stream::once(ready(Heard::waits(state)));
                    return Some((waits.boxed(), Some(self)));
                }
                Found::Nothing if self.is_given_up() => return None,
                Found::Waits(_) | Found::Nothing => {}
            }
        }
    }

    /// The first look passes by the records: who begins to look has just asked them.
    async fn look(&mut self) -> Found {
        if self.looked {
            match self.app.results.watch(&self.id, self.after).await {
                Ok(Some(watch)) => return Found::Events(watch.map(Heard::from).boxed()),
                Ok(None) => {
                    self.unknown_since.get_or_insert_with(Instant::now);
                }
                Err(_) => self.unknown_since = None,
            }
        }
        self.app.looks.turn().await;
        let looked = match self.unknown_since {
            Some(_) => look_unrecorded(&self.app, &self.id).await,
            None => look(&self.app, &self.id).await,
        };
        match looked {
            Ok(Some(state)) if state.status.is_final() => Found::End(state),
            Ok(Some(state)) => Found::Waits(state),
            Ok(None) | Err(_) => Found::Nothing,
        }
    }

    /// Until the next look is due, or the records came back: then the next word is near.
    async fn pause(&mut self) {
        tokio::select! {
            () = sleep(pause_after(self.looks_in_vain)) => {}
            // It cannot end: the app holds the other side.
            _ = self.records.changed() => self.looks_in_vain = 0,
        }
    }

    fn is_given_up(&self) -> bool {
        self.unknown_since
            .is_some_and(|since| since.elapsed() > UNKNOWN_MAX)
    }
}

impl Seen {
    pub(crate) const fn recorded(state: State) -> Self {
        Self {
            state,
            degraded: false,
        }
    }

    pub(crate) const fn degraded(state: State) -> Self {
        Self {
            state,
            degraded: true,
        }
    }

    /// The same for a client, who finds the image where it says, without more ado.
    pub(crate) fn linked(mut self, app: &App) -> Self {
        self.state.url = self.state.url.map(|url| app.access.link(url));
        self
    }
}

impl Heard {
    /// The end of a job without a record. Its number comes before all others, so that whoever was told of the job while it
    /// lived is told of the end too. Nothing else is ever numbered so.
    pub(crate) fn end(seen: Seen) -> Self {
        Self {
            id: Some(EventId::default()),
            seen,
            snapshot: false,
        }
    }

    const fn waits(state: State) -> Self {
        Self {
            id: None,
            seen: Seen::degraded(state),
            snapshot: false,
        }
    }
}

impl From<News> for Heard {
    fn from(News { event, snapshot }: News) -> Self {
        Self {
            id: Some(event.id),
            seen: Seen::recorded(event.state),
            snapshot,
        }
    }
}

/// A job whose result is there.
fn done(id: &JobId) -> State {
    let mut state = State::queued(*id, Timings::default());
    state.status = Status::Done;
    state.url = Some(image_url(id));
    state
}
