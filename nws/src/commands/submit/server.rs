//! The server, spoken to once: every call is one request, and says what became of it.

use std::{path::Path, time::Duration};

use bytes::Bytes;
use futures::{Stream, stream};
use reqwest::{
    Certificate, Client, ClientBuilder, RequestBuilder, Response, Url,
    header::{ACCEPT, AUTHORIZATION, HeaderMap},
    multipart::Form,
    redirect,
};
use schemas::{Failure, JobId, Status};
use serde::Deserialize;
use tokio::time::timeout;

use super::problem::{Problem, unless_refused};
use crate::{cli::Submit, commands::photos::UsageError};

const CONNECT_WITHIN: Duration = Duration::from_secs(10);
/// A photo of 20 MiB over a line of 200 kbit/s. The server has a limit of its own.
const UPLOAD_WITHIN: Duration = Duration::from_secs(15 * 60);
/// Also four times the server's heartbeat: a stream that is silent for so long is dead.
const SILENCE_MAX: Duration = Duration::from_secs(60);
/// The longest body of an answer: far above any result, and what a stream tells before it is opened anew.
const BODY_BYTES_MAX: u64 = 512 * 1024 * 1024;

const USER_AGENT: &str = concat!("nws/", env!("CARGO_PKG_VERSION"));

/// Talks to one server, and to no other: a redirect is an error, so that photos and credentials stay with whom they are for.
#[derive(Debug)]
pub(super) struct Server {
    http: Client,
    base: Url,
}

/// What an upload became.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Accepted {
    pub(super) job_id: JobId,
    pub(super) status: Status,
    #[serde(default)]
    pub(super) error: Option<Failure>,
}

/// Why a body ended early.
#[derive(Debug, thiserror::Error)]
pub(super) enum Cut {
    #[error(transparent)]
    Wire(#[from] reqwest::Error),
    #[error("nothing came for {} s", SILENCE_MAX.as_secs())]
    Silent,
    #[error("more than {BODY_BYTES_MAX} bytes, which is the limit")]
    TooLong,
}

impl Server {
    /// # Errors
    /// When the address has credentials, which would be shown wherever it is, or the file of certificates cannot be used.
    pub(super) fn of(submit: &Submit) -> Result<Self, UsageError> {
        if !submit.server.username().is_empty() || submit.server.password().is_some() {
            let problem = "credentials do not belong into an address; set NWS_API_KEY";
            return Err(UsageError::Server(problem.to_owned()));
        }
        let mut headers = HeaderMap::new();
        if let Some(key) = &submit.api_key {
            let key = key.authorization();
            let key = key.map_err(|error| UsageError::Server(error.to_string()))?;
            headers.extend(key.map(|key| (AUTHORIZATION, key)));
        }
        let mut builder = Client::builder()
            .user_agent(USER_AGENT)
            .default_headers(headers)
            .redirect(redirect::Policy::none())
            .connect_timeout(CONNECT_WITHIN)
            .tcp_keepalive(SILENCE_MAX / 4);
        // Keep-alive does not watch a line on which bytes wait for their acknowledgement.
        #[cfg(target_os = "linux")]
        {
            builder = builder.tcp_user_timeout(SILENCE_MAX);
        }
        if let Some(file) = submit.ca_file.as_deref() {
            builder = trusting(builder, file)?;
        }
        let unusable = |error: reqwest::Error| UsageError::Server(error.to_string());
        Ok(Self {
            http: builder.build().map_err(unusable)?,
            base: submit.server.clone(),
        })
    }

    /// Sends a photo.
    pub(super) async fn upload(&self, form: Form) -> Result<Accepted, Problem> {
        let request = self.http.post(self.route("upload")).multipart(form);
        let answer = asked("the upload", request.timeout(UPLOAD_WITHIN), UPLOAD_WITHIN).await?;
        let answered = answer.json().await;
        answered.map_err(|error| Problem::wire("the upload", &error))
    }

    /// Opens the events of `ids`. It begins with where each job stands, so nothing has to be remembered of an earlier one.
    pub(super) async fn events(&self, ids: &[JobId]) -> Result<Response, Problem> {
        let ids: Vec<_> = ids.iter().map(ToString::to_string).collect();
        let mut url = self.route("events");
        url.set_query(Some(&format!("ids={}", ids.join(","))));
        asked("the event stream", self.http.get(url), SILENCE_MAX).await
    }

    /// Begins to fetch a result.
    pub(super) async fn image(&self, id: &JobId) -> Result<Response, Problem> {
        let request = self.http.get(self.route(&format!("image/{id}")));
        asked("the result", request.header(ACCEPT, "image/*"), SILENCE_MAX).await
    }

    fn route(&self, path: &str) -> Url {
        let route = self.base.join(path);
        route.expect("a relative path of ours")
    }
}

/// The pieces of a body, each in time.
pub(super) fn pieces(answer: Response) -> impl Stream<Item = Result<Bytes, Cut>> {
    stream::try_unfold((answer, BODY_BYTES_MAX), async |(mut answer, left)| {
        let piece = timeout(SILENCE_MAX, answer.chunk()).await;
        let Some(piece) = piece.map_err(|_| Cut::Silent)?? else {
            return Ok(None);
        };
        let left = left.checked_sub(piece.len() as u64).ok_or(Cut::TooLong)?;
        Ok(Some((piece, (answer, left))))
    })
}

async fn asked(
    what: &'static str,
    request: RequestBuilder,
    within: Duration,
) -> Result<Response, Problem> {
    let answer = timeout(within, request.send()).await;
    let silent = |_| Problem::wire(what, &Cut::Silent);
    let answer = answer.map_err(silent)?;
    unless_refused(answer.map_err(|error| Problem::wire(what, &error))?).await
}

/// Trusts the certificates in `file`, besides those of the public authorities.
fn trusting(builder: ClientBuilder, file: &Path) -> Result<ClientBuilder, UsageError> {
    let unusable = |problem: String| UsageError::CaFile {
        path: file.to_owned(),
        problem,
    };
    let pem = std::fs::read(file).map_err(|error| unusable(error.to_string()))?;
    let certificates =
        Certificate::from_pem_bundle(&pem).map_err(|error| unusable(error.to_string()))?;
    if certificates.is_empty() {
        return Err(unusable("there is no certificate in it".to_owned()));
    }
    let trusting = certificates.into_iter();
    Ok(trusting.fold(builder, ClientBuilder::add_root_certificate))
}
