//! `POST /upload`: a photo in, a job or its known result out.

use std::sync::Arc;

use axum::{
    Extension, Json,
    extract::State as AppState,
    response::{IntoResponse as _, Response},
};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use jiff::Timestamp;
use schemars::JsonSchema;
use schemas::{
    Failure, JobId, OutputFormat, Status,
    state::{image_url, status_url},
};
use serde::Serialize;

use super::{images, status};
use crate::{
    accept::{self, Accepted},
    app::App,
    auth::Caller,
    degraded::Seen,
    error::ApiError,
    fairness::Client,
    negotiate::Accept,
    prefer,
    server::close_after,
    upload::Upload,
    webhooks,
};

const CACHE: HeaderName = HeaderName::from_static("x-cache");
/// The metrics' label of uploads whose result was known.
const TIER: &str = "results";
const PREFERENCE_APPLIED: HeaderName = HeaderName::from_static("preference-applied");

/// What an upload is told of its job.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Upload")]
pub(crate) struct Answer {
    job_id: JobId,
    status: Status,
    /// Where the result is or will be; null where there will be none.
    url: Option<String>,
    status_url: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<Failure>,
    /// Whether the records are away, so that this is what others know.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    degraded: bool,
}

/// Who sends an upload.
#[derive(Clone, Copy)]
struct Uploader<'a> {
    /// Whose job it becomes.
    caller: &'a Caller,
    /// On whose account it is.
    client: &'a Client,
}

/// Takes an upload, and counts what became of it.
pub(crate) async fn upload(
    AppState(app): AppState<Arc<App>>,
    Extension(caller): Extension<Caller>,
    Extension(client): Extension<Client>,
    headers: HeaderMap,
    upload: Result<Upload, ApiError>,
) -> Response {
    let is_read = upload.is_ok();
    let by = Uploader {
        caller: &caller,
        client: &client,
    };
    let answered = answer(&app, by, &headers, upload).await;
    let outcome = answered
        .as_ref()
        .map_or("refused", |(status, _)| status.as_str());
    app.metrics.uploads.with_label_values(&[outcome]).inc();
    let mut response = answered.map_or_else(ApiError::into_response, |(_, response)| response);
    // A refusal too may be one only for who wants an image.
    let vary = HeaderValue::from_name(header::ACCEPT);
    response.headers_mut().insert(header::VARY, vary);
    if !is_read {
        close_after(response.headers_mut());
    }
    response
}

async fn answer(
    app: &Arc<App>,
    Uploader { caller, client }: Uploader<'_>,
    headers: &HeaderMap,
    upload: Result<Upload, ApiError>,
) -> Result<(Status, Response), ApiError> {
    let mut upload = upload?;
    let webhook = upload.webhook.take();
    let accept = Accept::of(headers);
    count_bytes(app, &upload);
    let by = caller.owner();
    let accepted = accept::accept(app, upload, by.as_ref(), &accept, Timestamp::now()).await?;
    webhooks::subscribe(app, &accepted, webhook, by.as_ref()).await?;
    let hit = accepted.known && accepted.state.status == Status::Done;
    app.metrics.cache(TIER, hit);
    let format = accepted.format;
    let (seen, waited) = wait(app, client, headers, accepted.into()).await?;
    let status = seen.state.status;
    let mut response = told(app, client, &accept, format, seen).await?;
    let headers = response.headers_mut();
    if hit {
        headers.insert(CACHE, HeaderValue::from_static("HIT"));
    }
    if let Some(waited) = waited {
        headers.insert(PREFERENCE_APPLIED, waited);
    }
    Ok((status, response))
}

/// Waits for the job's end where the client prefers to, and there is a place for that. The upload is let go of by now.
async fn wait(
    app: &Arc<App>,
    client: &Client,
    headers: &HeaderMap,
    seen: Seen,
) -> Result<(Seen, Option<HeaderValue>), ApiError> {
    let Some(limit) = prefer::wait(headers, app.config.wait_max()) else {
        return Ok((seen, None));
    };
    let applied = HeaderValue::try_from(format!("wait={}", limit.as_secs())).expect("it is ASCII");
    if seen.state.status.is_final() {
        return Ok((seen, Some(applied)));
    }
    // A preference is a wish: who cannot wait here is told where the job stands, and follows it.
    let Ok(_place) = app.waits.enter(client) else {
        return Ok((seen, None));
    };
    let end = status::end_of(app, &seen.state.job_id, limit).await?;
    Ok((end.unwrap_or(seen), Some(applied)))
}

/// The image where it is done and wanted, else the job. Who wants an image and cannot have one is told so by the status,
/// and does not find JSON in the file it is saved to.
async fn told(
    app: &App,
    client: &Client,
    accept: &Accept,
    format: OutputFormat,
    seen: Seen,
) -> Result<Response, ApiError> {
    let state = &seen.state;
    let id = state.job_id;
    if state.status == Status::Done
        && accept.prefers_image(format)
        && let Some(image) = images::result(app, client, state).await?
    {
        return Ok(([(header::CONTENT_LOCATION, image_url(&id))], image).into_response());
    }
    if let (true, Some(failure)) = (has_no_result(state.status), &state.error)
        && accept.prefers_images()
    {
        return Err(ApiError::JobEnded {
            status: state.status,
            failure: failure.clone(),
        });
    }
    let code = if state.status.is_final() {
        StatusCode::OK
    } else {
        StatusCode::ACCEPTED
    };
    let location = [(header::LOCATION, status_url(&id))];
    let fresh = [(header::CACHE_CONTROL, "no-store")];
    Ok((code, location, fresh, Json(Answer::of(app, seen))).into_response())
}

/// Whether the job ended without a result.
fn has_no_result(status: Status) -> bool {
    status.is_final() && status != Status::Done
}

fn count_bytes(app: &App, upload: &Upload) {
    let size_bytes = upload.image.original.size_bytes() as f64;
    let sizes = app.metrics.image_size_bytes.with_label_values(&["input"]);
    sizes.observe(size_bytes);
}

impl From<Accepted> for Seen {
    fn from(accepted: Accepted) -> Self {
        Self {
            state: accepted.state,
            degraded: accepted.degraded,
        }
    }
}

impl Answer {
    fn of(app: &App, Seen { state, degraded }: Seen) -> Self {
        Self {
            degraded,
            job_id: state.job_id,
            status: state.status,
            url: (!has_no_result(state.status)).then(|| app.access.link(image_url(&state.job_id))),
            status_url: status_url(&state.job_id),
            error: state.error,
        }
    }
}
