//! `GET /events?ids=a,b,…`: many jobs on one stream, because a browser opens six to a host at most.
//!
//! It begins with where each job stands, then tells each change, and ends with a frame of its own once every job has
//! ended. Whoever comes back is told again where each job stands: a frame's id is of one job, so it cannot say what was
//! heard of the others.

use std::{collections::HashSet, future::ready, sync::Arc};

use axum::{
    extract::{Query, State as AppState, rejection::QueryRejection},
    response::{IntoResponse as _, Response, sse},
};
use backends::results::{News, WatchAll};
use futures::{Stream, StreamExt as _, TryStreamExt as _, stream};
use http::{HeaderMap, StatusCode};
use schemas::{Event, EventId, Failure, FieldError, JobId};
use serde::Deserialize;
use serde_json::json;

use super::{
    status::outlived,
    stream::{Client, Resume, answer, frame},
};
use crate::{app::App, error::ApiError};

/// Jobs on one stream: a folder of photos. Their ids make a URL of 13 KB, of the 64 KiB that a header may have.
pub(super) const JOBS_MAX: usize = 200;

/// Results that are looked for at once, for jobs without a record.
const LOOKS_AT_ONCE_MAX: usize = 16;

/// The id of the last frame. Who comes back with it has heard everything.
const END: &str = "end";

/// Characters of a malformed id that are given back: enough to find it.
const ID_SHOWN_CHARS_MAX: usize = 80;

#[derive(Debug, Deserialize)]
pub(crate) struct Asked {
    #[serde(default)]
    ids: String,
    #[serde(flatten)]
    resume: Resume,
}

/// Follows the jobs that are asked for, each once.
pub(crate) async fn events(
    AppState(app): AppState<Arc<App>>,
    asked: Result<Query<Asked>, QueryRejection>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let Query(asked) = asked.map_err(|error| refused(error.body_text(), None))?;
    let ids = parse(&asked.ids)?;
    let last_event_id = asked.resume.last_event_id(&headers);
    if last_event_id.as_deref() == Some(END) {
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    let client = Client::admit(&app)?;
    let WatchAll { events, unknown } = app.results.watch_all(&ids).await?;
    let unrecorded = unrecorded(&app, unknown).await?;
    let reconnect = app.config.reconnect();
    let told_before = match last_event_id {
        Some(_) => ids,
        None => Vec::new(),
    };
    let changes = snapshots_first(events, told_before).map(move |news| frame(&news, reconnect));
    let end = stream::once(ready(end()));
    let frames = stream::iter(unrecorded).chain(changes).chain(end);
    Ok(answer(&app, client, frames))
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

/// What is told of the jobs without a record: `done` where the result is still there, else that nobody knows them.
async fn unrecorded(app: &Arc<App>, ids: Vec<JobId>) -> Result<Vec<sse::Event>, ApiError> {
    let looks = stream::iter(ids).map(|id| {
        let app = Arc::clone(app);
        async move {
            match outlived(&app, &id).await {
                Ok(state) => {
                    let id = EventId::default();
                    Ok(frame(&Event { id, state }.into(), app.config.reconnect()))
                }
                Err(ApiError::NotFound) => Ok(unknown(&id)),
                Err(error) => Err(error),
            }
        }
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

/// Nothing more is told of the job on this stream. The frame has no id, so that none is sent back for it.
fn unknown(id: &JobId) -> sse::Event {
    let error = Failure {
        code: "not_found".to_owned(),
        message: "there is no such job".to_owned(),
    };
    let data = json!({ "jobId": id, "status": null, "error": error });
    sse::Event::default()
        .event("unknown")
        .data(data.to_string())
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
