//! Where a job stands: what `GET /status/{id}` answers and every event carries.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Contrast, Digest, JobId, OutputFormat, Timings, Written};

/// The status words, the same in JSON, event names, metrics and logs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Accepted, waiting for a worker.
    Queued,
    /// A worker has it in hand.
    Processing,
    /// It failed for a reason that may pass and waits for its next attempt.
    Retrying,
    /// The result can be fetched. Final.
    Done,
    /// The input cannot be worked on, now or later. Final.
    Failed,
    /// Every attempt is spent; the message lies in the dead-letter queue. Final until replayed or sent again.
    Dead,
    /// The client took it back. Final until sent again.
    Cancelled,
}

impl Status {
    /// Every status, in the order of a job's life.
    pub const ALL: [Self; 7] = [
        Self::Queued,
        Self::Processing,
        Self::Retrying,
        Self::Done,
        Self::Failed,
        Self::Dead,
        Self::Cancelled,
    ];

    /// Whether nothing more happens to the job by itself.
    pub const fn is_final(self) -> bool {
        matches!(
            self,
            Self::Done | Self::Failed | Self::Dead | Self::Cancelled
        )
    }

    /// The word itself.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Processing => "processing",
            Self::Retrying => "retrying",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Dead => "dead",
            Self::Cancelled => "cancelled",
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A job's state. `attempt` is 0 until a worker takes it; `url` and `picture` come with `done`, `error` with
/// `retrying`, `failed` and `dead`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct State {
    /// The job.
    pub job_id: JobId,
    /// Where it stands.
    pub status: Status,
    /// Attempts begun, 1-based; 0 before the first.
    pub attempt: u32,
    /// Where the result is, once it is done.
    #[serde(default)]
    pub url: Option<String>,
    /// What the result is, once it is done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub picture: Option<Picture>,
    /// Milliseconds per step so far.
    #[serde(default)]
    pub timings: Timings,
    /// Why it is not done.
    #[serde(default)]
    pub error: Option<Failure>,
}

/// What a result is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Picture {
    /// The format of the bytes.
    pub format: OutputFormat,
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
    /// Length of the bytes.
    pub size_bytes: u64,
    /// SHA-256 of the bytes, also their `ETag`.
    pub sha256: Digest,
    /// What 95 % of the mark's edge reach of WCAG's contrast; left out where the mark leaves no ink.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contrast: Option<Contrast>,
    /// How it was written. Results of earlier versions do not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub written: Option<Written>,
}

/// Why a job is not done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Failure {
    /// A word for programs, for example `too_many_pixels`.
    pub code: String,
    /// A sentence for people; for limits it says what was measured and what is allowed.
    pub message: String,
}

impl State {
    /// A job that was accepted just now.
    pub const fn queued(job_id: JobId, timings: Timings) -> Self {
        Self {
            job_id,
            status: Status::Queued,
            attempt: 0,
            url: None,
            picture: None,
            timings,
            error: None,
        }
    }

    /// The same job, done.
    #[must_use]
    pub fn done(mut self, picture: Picture) -> Self {
        self.status = Status::Done;
        self.url = Some(image_url(&self.job_id));
        self.picture = Some(picture);
        self.error = None;
        self
    }

    /// The same job, stopped at `status` for the reason of `error`.
    #[must_use]
    pub fn stopped(mut self, status: Status, error: Failure) -> Self {
        self.status = status;
        self.error = Some(error);
        self
    }

    /// The same job, taken back.
    #[must_use]
    pub fn cancelled(mut self) -> Self {
        self.status = Status::Cancelled;
        self.error = None;
        self
    }
}

/// Where a job's result is read, relative to the server.
pub fn image_url(id: &JobId) -> String {
    format!("/image/{id}")
}

/// Where a job is followed, relative to the server.
pub fn status_url(id: &JobId) -> String {
    format!("/status/{id}")
}
