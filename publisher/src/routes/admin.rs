//! `GET /admin/dlq` and `POST /admin/dlq/{id}/replay`: the dead letters, for who holds `admin`.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State as AppState},
    response::{IntoResponse as _, Response},
};
use backends::{
    Error,
    queue::{
        Death,
        dead::{Letter, NoReason},
    },
};
use http::Uri;
use schemars::JsonSchema;
use schemas::FieldError;
use serde::Serialize;
use tokio::{runtime::Handle, sync::Mutex};

use super::{query::Parameters, stream::NO_STORE};
use crate::{
    app::App,
    blocking,
    dead_letters::{Office, Order, RATE_PER_SECOND, Report, Which},
    error::ApiError,
};

/// Letters in an answer unless somebody says otherwise: as many as a person reads.
pub(crate) const LETTERS_USUAL: usize = 100;

/// Letters in the longest answer: 3 MB. `nws dlq` shows more.
pub(crate) const LETTERS_MAX: usize = 1000;

/// Where dead letters are asked for. Two looks at once may hide letters from each other, so there is one at a time.
#[derive(Debug)]
pub(crate) struct Desk(Arc<Mutex<Office>>);

impl Desk {
    pub(crate) fn new(office: Office) -> Self {
        Self(Arc::new(Mutex::new(office)))
    }

    /// Has a thread of its own walk through the letters: it goes to its end whether or not whoever asked waits for it, and
    /// what its visitor borrows keeps it where it began.
    async fn walk<T: Send + 'static>(
        &self,
        walk: impl AsyncFnOnce(&Office) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, ApiError> {
        let office = Arc::clone(&self.0).try_lock_owned();
        let office = office.map_err(|_| ApiError::Busy {
            what: "looks at the dead letters",
            max: 1,
        })?;
        let runtime = Handle::current();
        Ok(blocking::run(move || runtime.block_on(walk(&office))).await?)
    }
}

/// Letters, oldest first.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Listing {
    letters: Vec<Letter>,
    /// How many there are with those beyond the limit; of one reason, among the letters that were looked at.
    total: u64,
    /// Whether every letter was looked at.
    complete: bool,
}

/// What came of a replay.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Replayed {
    #[serde(flatten)]
    report: Report,
    /// Whether every letter was looked at.
    complete: bool,
}

/// The dead letters, or those that died for one reason.
pub(crate) async fn list(
    AppState(app): AppState<Arc<App>>,
    uri: Uri,
) -> Result<Response, ApiError> {
    let asked = Parameters::of(&uri);
    asked.none_but(&["reason", "limit"])?;
    let (reason, limit) = (reason(asked.one("reason")?)?, limit(asked.one("limit")?)?);
    let listing = app
        .desk
        .walk(async move |office| office.list(reason, limit).await)
        .await?;
    let listing = Listing {
        letters: listing.letters,
        total: listing.total,
        complete: listing.complete,
    };
    Ok(([NO_STORE], Json(listing)).into_response())
}

/// Replays the letters of one id.
pub(crate) async fn replay(
    AppState(app): AppState<Arc<App>>,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    let order = Order {
        which: Which::Id(id),
        rate_per_second: RATE_PER_SECOND,
        dry_run: false,
    };
    let replayed = app.desk.walk(async move |office| {
        let mut report = Report::default();
        let complete = office
            .replay(&order, |letter, fate| report.tell(letter, fate))
            .await?;
        Ok(Replayed { report, complete })
    });
    let replayed = replayed.await?;
    if replayed.report.letters.is_empty() {
        return Err(ApiError::NotFound);
    }
    Ok(([NO_STORE], Json(replayed)).into_response())
}

fn reason(asked: Option<&str>) -> Result<Option<Death>, ApiError> {
    let reason = asked.map(str::parse).transpose();
    reason.map_err(|error: NoReason| refused("reason", error.to_string(), None))
}

fn limit(asked: Option<&str>) -> Result<usize, ApiError> {
    let Some(asked) = asked else {
        return Ok(LETTERS_USUAL);
    };
    let limit = asked.parse().map_err(|_| {
        let problem = format!("is no number, 1 to {LETTERS_MAX} are allowed");
        refused("limit", problem, None)
    })?;
    if (1..=LETTERS_MAX).contains(&limit) {
        return Ok(limit);
    }
    let problem = format!("{limit}, 1 to {LETTERS_MAX} are allowed");
    Err(refused("limit", problem, Some(limit)))
}

fn refused(field: &str, problem: String, measured: Option<usize>) -> ApiError {
    ApiError::Field(FieldError {
        field: field.to_owned(),
        problem,
        measured: measured.map(|letters| letters as u64),
        limit: measured.map(|_| LETTERS_MAX as u64),
    })
}
