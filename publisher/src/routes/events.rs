//! `GET /events?ids=a,b,…`: many jobs on one stream, because a browser opens six to a host at most.
//!
//! It begins with where each job stands, then tells each change, and ends with a frame of its own once every job has
//! ended. Whoever comes back is told again where each job stands: a frame's id is of one job, so it cannot say what was
//! heard of the others.

use std::{collections::HashSet, future::ready, sync::Arc};

use axum::{
    Extension,
    extract::{Query, State as AppState, rejection::QueryRejection},
    response::{IntoResponse as _, Response, sse},
};
use backends::results::{News, WatchAll};
use futures::{
    Stream, StreamExt as _, TryStreamExt as _,
    stream::{self, BoxStream},
};
use http::{HeaderMap, StatusCode, Uri};
use schemars::JsonSchema;
use schemas::{Failure, FieldError, JobId, State};
use serde::Serialize;

use super::{
    query::Parameters,
    stream::{Listener, Resume, answer, frame},
};
use crate::{
    app::App,
    degraded::{self, Heard, Seen},
    error::ApiError,
    fairness::Client,
};

/// Jobs on one stream: a folder of photos. Their ids make a URL of 13 KB, of the 32 KiB that a header may have over HTTP/2.
pub(crate) const JOBS_MAX: usize = 200;

/// Results that are looked for at once, for jobs without a record.
const LOOKS_AT_ONCE_MAX: usize = 16;

/// The id of the last frame. Who comes back with it has heard everything.
const END: &str = "end";

/// Characters of a malformed id that are given back: enough to find it.
const ID_SHOWN_CHARS_MAX: usize = 80;

/// Follows the jobs that are asked for, each once.
pub(crate) async fn events(
    AppState(app): AppState<Arc<App>>,
    Extension(client): Extension<Client>,
    uri: Uri,
    resume: Result<Query<Resume>, QueryRejection>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let ids = parse(Parameters::of(&uri).one("ids")?.unwrap_or_default())?;
    let Query(resume) = resume.unwrap_or_default();
    let last_event_id = resume.last_event_id(&headers);
    if last_event_id.as_deref() == Some(END) {
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    let listener = Listener::admit(&app, &client)?;
    let told_before = match last_event_id {
        Some(_) => ids.clone(),
        None => Vec::new(),
    };
    let (unrecorded, changes) = match app.results.watch_all(&ids).await {
        Ok(all) => recorded(&app, all, told_before).await?,
        Err(error) => {
            degraded::note_all(&app, &error);
            (Vec::new(), search_all(&app, &ids))
        }
    };
    let of = Arc::clone(&app);
    let changes = changes.map(move |heard| frame(&of, heard));
    let end = stream::once(ready(end()));
    let frames = stream::iter(unrecorded).chain(changes).chain(end);
    Ok(answer(&app, listener, frames))
}

/// Frames of the jobs without a record, and what is told of the others. A job that was accepted while the records were
/// away is one of the others.
async fn recorded(
    app: &Arc<App>,
    all: WatchAll,
    told_before: Vec<JobId>,
) -> Result<(Vec<sse::Event>, BoxStream<'static, Heard>), ApiError> {
    let (mut frames, mut waiting) = (Vec::new(), Vec::new());
    for (id, state) in look_for_all(app, all.unknown).await? {
        match state {
            Some(state) if state.status.is_final() => {
                let end = Heard::end(Seen::recorded(state));
                frames.push(frame(app, end));
            }
            Some(_) => waiting.push(id),
            None if app.gate.doubts_records() => waiting.push(id),
            None => frames.push(unknown(&id)),
        }
    }
    let told = snapshots_first(all.events, told_before).map(Heard::from);
    let waiting = waiting.iter();
    let found = stream::select_all(waiting.map(|id| degraded::search_unrecorded(app, id, None)));
    Ok((frames, stream::select(told, found).boxed()))
}

/// What can be told of jobs while the records are away, and then what they tell.
fn search_all(app: &Arc<App>, ids: &[JobId]) -> BoxStream<'static, Heard> {
    let searches = ids.iter().map(|id| degraded::search(app, id, None));
    stream::select_all(searches).boxed()
}

/// The ids, each once, in the order in which they are asked for.
fn parse(list: &str) -> Result<Vec<JobId>, ApiError> {
    let mut seen = HashSet::new();
    let ids = list.split(',').map(str::trim).filter(|id| !id.is_empty());
    let parsed = ids.map(|id| id.parse().map_err(|_| malformed(id)));
    let mut ids = parsed.collect::<Result<Vec<JobId>, _>>()?;
    ids.retain(|id| seen.insert(*id));
    match ids.len() {
        0 => Err(refused("no job is named".to_owned(), None)),
        1..=JOBS_MAX => Ok(ids),
        measured => {
            let problem =
                format!("{measured} jobs are too many for one stream, {JOBS_MAX} are allowed");
            Err(refused(problem, Some(measured)))
        }
    }
}

fn malformed(id: &str) -> ApiError {
    let shown: String = id.chars().take(ID_SHOWN_CHARS_MAX).collect();
    refused(
        format!("{shown:?} is no job id, 64 lower-case hex digits are"),
        None,
    )
}

/// `measured` is given where it is the number of jobs that is refused.
fn refused(problem: String, measured: Option<usize>) -> ApiError {
    ApiError::Field(FieldError {
        field: "ids".to_owned(),
        problem,
        measured: measured.map(|jobs| jobs as u64),
        limit: measured.map(|_| JOBS_MAX as u64),
    })
}

/// What is known of jobs without a record.
async fn look_for_all(
    app: &Arc<App>,
    ids: Vec<JobId>,
) -> Result<Vec<(JobId, Option<State>)>, ApiError> {
    let looks = stream::iter(ids).map(|id| {
        let app = Arc::clone(app);
        async move { Ok((id, degraded::look_unrecorded(&app, &id).await?)) }
    });
    looks.buffered(LOOKS_AT_ONCE_MAX).try_collect().await
}

/// Marks the first news of each of these jobs as a snapshot: its watcher was told something before.
fn snapshots_first(
    events: impl Stream<Item = News> + Send + 'static,
    jobs: Vec<JobId>,
) -> impl Stream<Item = News> + Send + 'static {
    let mut jobs = HashSet::<_>::from_iter(jobs);
    events.map(move |mut news| {
        news.snapshot |= jobs.remove(&news.event.state.job_id);
        news
    })
}

/// What is told of a job that nobody knows.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "UnknownJob")]
pub(crate) struct Unknown {
    job_id: JobId,
    /// It has none.
    status: (),
    error: Failure,
}

/// Nothing more is told of the job on this stream. The frame has no id, so that none is sent back for it.
fn unknown(id: &JobId) -> sse::Event {
    let error = Failure {
        code: "not_found".to_owned(),
        message: "there is no such job".to_owned(),
    };
    let data = Unknown {
        job_id: *id,
        status: (),
        error,
    };
    sse::Event::default()
        .event("unknown")
        .json_data(data)
        .expect("an id and two texts")
}

fn end() -> sse::Event {
    sse::Event::default().id(END).event("end").data("{}")
}

#[cfg(test)]
mod tests {
    use schemas::Digest;

    use super::*;

    fn id(seed: usize) -> String {
        Digest::of(&seed.to_le_bytes()).to_string()
    }

    #[test]
    fn a_job_that_is_named_twice_is_followed_once() {
        let list = format!("{}, {},,{}", id(1), id(2), id(1));
        let parsed = parse(&list).unwrap();
        let parsed: Vec<_> = parsed.iter().map(ToString::to_string).collect();
        assert_eq!(parsed, [id(1), id(2)]);
    }

    #[test]
    fn the_limit_counts_jobs_and_not_names() {
        let list = |jobs: usize| (0..jobs).map(id).collect::<Vec<_>>().join(",");
        let twice = format!("{0},{0}", list(JOBS_MAX));
        assert_eq!(parse(&twice).unwrap().len(), JOBS_MAX);
        assert!(parse(&list(JOBS_MAX + 1)).is_err());
    }
}
