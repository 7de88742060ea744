//! Every refusal, translated into HTTP once, as `application/problem+json` (RFC 9457).

use std::{io, ops::RangeInclusive, sync::Arc};

use axum::{
    Json,
    response::{IntoResponse, Response},
};
use engine::{InputError, LogoError, MissingGlyph};
use http::{HeaderValue, StatusCode, header};
use schemars::JsonSchema;
use schemas::{Failure, FieldError, Status};
use serde::Serialize;

use crate::{
    admission::Refusal,
    auth::Denied,
    fairness::TooMany,
    inflow::TooSlow,
    server::AuthorityError,
    shares::Short,
    webhooks::{TargetError, WEBHOOK_URL},
};

/// Seconds after which a client may try again what the outside world refused: the time a broker needs to come back, and
/// some more by lot, so that those who were refused together do not come back together.
const RETRY_AFTER_SECS: RangeInclusive<u64> = 4..=9;

/// Why a request is not answered with what it asked for.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ApiError {
    #[error("{0}")]
    Malformed(String),
    #[error("there are two parts named {0}, one is expected")]
    Twice(&'static str),
    #[error("{0} is not UTF-8")]
    NotUtf8(String),
    #[error("multipart/form-data is expected, and Content-Type says something else")]
    NotAForm,
    #[error("the body says that it is packed (Content-Encoding); it is expected as it is")]
    Packed,
    #[error("the form has no part named image")]
    ImageMissing,
    #[error(transparent)]
    Denied(#[from] Denied),
    #[error(transparent)]
    Authority(#[from] AuthorityError),
    #[error("there is nothing here")]
    NotFound,
    #[error("the result is not there: the job is {0}")]
    NotReady(Status),
    #[error("the job is {0}, it cannot be cancelled any more")]
    Ended(Status),
    #[error("the job is somebody else's, only who uploaded it may take it back")]
    NotYours,
    #[error("an original is given to who alone uploaded it, and to who holds admin")]
    NotYourOriginal,
    #[error("several clients uploaded this job, and nobody alone may take it back")]
    Shared,
    #[error("the job is not recorded yet, it can be cancelled once it is")]
    Unrecorded,
    #[error("the records were away just now, and whether there is such a job is not known yet")]
    NotKnownYet,
    #[error("the records are away, and nobody would remember the webhook; send the photo again")]
    NobodyRemembersWebhook,
    #[error("{}", failure.message)]
    JobEnded { status: Status, failure: Failure },
    #[error("what is here is not what If-Match names")]
    PreconditionFailed,
    #[error("the range lies beyond the {size_bytes} bytes that there are")]
    NoSuchRange { size_bytes: u64 },
    #[error(
        "originals are given to who may have them, and nobody has to say here who they are: set up keys or tokens, or \
         listen on this machine only"
    )]
    OriginalsAreClosed,
    #[error("this path knows other methods")]
    MethodNotAllowed,
    #[error(transparent)]
    TooSlow(#[from] TooSlow),
    #[error("the {what} has {measured} bytes or more, the limit is {limit}")]
    TooLarge {
        what: &'static str,
        measured: u64,
        limit: u64,
    },
    #[error("the form without its image has {measured} bytes or more, the limit is {limit}")]
    FieldsTooLong {
        /// The one that went beyond.
        field: String,
        measured: u64,
        limit: u64,
    },
    #[error(transparent)]
    Image(#[from] InputError),
    #[error(transparent)]
    Logo(#[from] LogoError),
    #[error(transparent)]
    Field(#[from] FieldError),
    #[error(transparent)]
    Webhook(#[from] TargetError),
    #[error("wm_text: {0}")]
    Glyph(#[from] MissingGlyph),
    #[error("the limit of {max} {what} at once is reached")]
    Busy { what: &'static str, max: u64 },
    #[error("of the {max} {what} that there may be at once, this client has its share")]
    ShareTaken { what: &'static str, max: u64 },
    #[error(
        "the job is taken in, but {waiting} webhooks of this client wait, and there is room for {limit} now"
    )]
    TooManyWebhooks { waiting: u64, limit: u64 },
    #[error(transparent)]
    TooMany(#[from] TooMany),
    #[error(transparent)]
    Refused(#[from] Refusal),
    #[error("the upload could not be kept while it arrived")]
    Spool(#[from] io::Error),
    #[error("{} does not answer as it should", .0.backend)]
    Backend(#[from] backends::Error),
    #[error("a bug on our side; it is logged under this answer's X-Request-Id")]
    Panicked,
}

/// Why a request is not answered with what it asked for (RFC 9457).
#[derive(Serialize, JsonSchema)]
pub(crate) struct Problem {
    /// A word for programs, after `urn:nws:problem:`.
    r#type: String,
    /// The same for people.
    title: &'static str,
    /// The answer's status.
    status: u16,
    /// What is wrong with this request.
    detail: String,
    /// The part of the request that is at fault.
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<String>,
    /// What was measured, where a limit was passed.
    #[serde(skip_serializing_if = "Option::is_none")]
    measured: Option<u64>,
    /// What is allowed.
    #[serde(skip_serializing_if = "Option::is_none")]
    limit: Option<u64>,
}

impl ApiError {
    pub(crate) const fn status(&self) -> StatusCode {
        self.kind().0
    }

    /// The status, a word for programs, and a title for people.
    pub(crate) const fn kind(&self) -> (StatusCode, &'static str, &'static str) {
        match self {
            Self::Malformed(_) | Self::Twice(_) | Self::NotUtf8(_) => {
                (StatusCode::BAD_REQUEST, "malformed", "Malformed form")
            }
            Self::NotAForm => (StatusCode::UNSUPPORTED_MEDIA_TYPE, "no_form", "Not a form"),
            Self::Packed => (StatusCode::UNSUPPORTED_MEDIA_TYPE, "packed", "Packed body"),
            Self::ImageMissing => (StatusCode::BAD_REQUEST, "image_missing", "No image"),
            Self::Denied(denied) => denied.kind(),
            Self::Authority(error) => error.kind(),
            Self::NotFound => (StatusCode::NOT_FOUND, "not_found", "Not found"),
            Self::NotReady(_) => (StatusCode::NOT_FOUND, "not_ready", "No result"),
            Self::NotYours | Self::NotYourOriginal => {
                (StatusCode::FORBIDDEN, "not_yours", "Not yours")
            }
            Self::Shared => (
                StatusCode::CONFLICT,
                "shared",
                "Somebody else waits for it too",
            ),
            Self::Ended(_) => (StatusCode::CONFLICT, "ended", "Job has ended"),
            Self::JobEnded {
                status: Status::Failed,
                ..
            } => (
                StatusCode::UNPROCESSABLE_ENTITY,
                "job_failed",
                "Image cannot be marked",
            ),
            // Sent again, it starts again.
            Self::JobEnded { .. } => (
                StatusCode::SERVICE_UNAVAILABLE,
                "job_ended",
                "Job ended without a result",
            ),
            Self::PreconditionFailed => (
                StatusCode::PRECONDITION_FAILED,
                "precondition_failed",
                "Not what was meant",
            ),
            Self::NoSuchRange { .. } => (
                StatusCode::RANGE_NOT_SATISFIABLE,
                "no_such_range",
                "No such range",
            ),
            Self::OriginalsAreClosed => (StatusCode::FORBIDDEN, "forbidden", "Not for everybody"),
            Self::MethodNotAllowed => (
                StatusCode::METHOD_NOT_ALLOWED,
                "method_not_allowed",
                "Method not allowed",
            ),
            Self::TooSlow(_) => (StatusCode::REQUEST_TIMEOUT, "too_slow", "Too slow"),
            Self::TooLarge { .. } | Self::FieldsTooLong { .. } => {
                (StatusCode::PAYLOAD_TOO_LARGE, "too_large", "Too large")
            }
            Self::Image(error) if error.measured_and_limit().is_some() => (
                StatusCode::UNPROCESSABLE_ENTITY,
                error.code(),
                "Image out of range",
            ),
            Self::Image(error) => (
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                error.code(),
                "Not an accepted image",
            ),
            Self::Logo(error) => (logo_status(error), error.code(), "Logo refused"),
            Self::Field(_) => (
                StatusCode::UNPROCESSABLE_ENTITY,
                "field_refused",
                "Field refused",
            ),
            Self::Glyph(_) => (
                StatusCode::UNPROCESSABLE_ENTITY,
                "missing_glyph",
                "Text cannot be drawn",
            ),
            Self::Busy { .. } | Self::ShareTaken { .. } => {
                (StatusCode::SERVICE_UNAVAILABLE, "busy", "Busy")
            }
            Self::TooManyWebhooks { .. } => (
                StatusCode::TOO_MANY_REQUESTS,
                "too_many_webhooks",
                "Too many webhooks wait",
            ),
            Self::TooMany(_) => (
                StatusCode::TOO_MANY_REQUESTS,
                "too_many_requests",
                "Too many requests",
            ),
            Self::Refused(refusal) if refusal.measured_and_limit().is_some() => (
                StatusCode::SERVICE_UNAVAILABLE,
                "queue_full",
                "Too much waits already",
            ),
            Self::Webhook(_) => (
                StatusCode::UNPROCESSABLE_ENTITY,
                "webhook_refused",
                "Webhook refused",
            ),
            Self::Unrecorded
            | Self::NobodyRemembersWebhook
            | Self::NotKnownYet
            | Self::Refused(_)
            | Self::Spool(_)
            | Self::Backend(_) => (
                StatusCode::SERVICE_UNAVAILABLE,
                "unavailable",
                "Cannot be done safely now",
            ),
            Self::Panicked => (StatusCode::INTERNAL_SERVER_ERROR, "bug", "Internal error"),
        }
    }

    /// There are `max` of something, and nothing for this client.
    pub(crate) const fn short(short: Short, what: &'static str, max: u64) -> Self {
        match short {
            Short::All => Self::Busy { what, max },
            Short::Own => Self::ShareTaken { what, max },
        }
    }

    fn field(&self) -> Option<&str> {
        match self {
            Self::Field(error) => Some(&error.field),
            Self::Twice(field) => Some(field),
            Self::NotUtf8(field) | Self::FieldsTooLong { field, .. } => Some(field),
            Self::Denied(denied) => denied.field(),
            Self::Authority(_) => Some("host"),
            Self::Glyph(_) => Some("wm_text"),
            Self::Logo(_) => Some("wm_logo"),
            Self::Webhook(_) | Self::TooManyWebhooks { .. } | Self::NobodyRemembersWebhook => {
                Some(WEBHOOK_URL)
            }
            Self::Image(_) | Self::ImageMissing | Self::JobEnded { .. } => Some("image"),
            Self::TooLarge { what: "image", .. } => Some("image"),
            _ => None,
        }
    }

    fn measured_and_limit(&self) -> (Option<u64>, Option<u64>) {
        match self {
            Self::Field(error) => (error.measured, error.limit),
            Self::Denied(denied) => denied.measured_and_limit().unzip(),
            Self::Authority(error) => error.measured_and_limit().unzip(),
            Self::Image(error) => error.measured_and_limit().unzip(),
            Self::Logo(error) => error.measured_and_limit().unzip(),
            Self::Refused(refusal) => refusal.measured_and_limit().unzip(),
            Self::TooMany(refusal) => (None, Some(refusal.limit())),
            Self::Webhook(error) => error.measured_and_limit(),
            Self::TooManyWebhooks { waiting, limit } => (Some(*waiting), Some(*limit)),
            Self::TooSlow(why) => {
                let (measured, limit) = why.measured_and_limit();
                (Some(measured), Some(limit))
            }
            Self::TooLarge {
                measured, limit, ..
            }
            | Self::FieldsTooLong {
                measured, limit, ..
            } => (Some(*measured), Some(*limit)),
            _ => (None, None),
        }
    }

    /// Whether the same may be taken in after a while. How long one of [`Self::TooMany`] has to wait is known exactly.
    fn may_pass(&self) -> bool {
        matches!(self, Self::TooManyWebhooks { .. })
            || self.status() == StatusCode::SERVICE_UNAVAILABLE
    }

    pub(crate) fn problem(&self) -> Problem {
        let (status, word, title) = self.kind();
        let (measured, limit) = self.measured_and_limit();
        Problem {
            r#type: format!("urn:nws:problem:{word}"),
            title,
            status: status.as_u16(),
            detail: self.to_string(),
            field: self.field().map(str::to_owned),
            measured,
            limit,
        }
    }
}

/// As for a photo: too many bytes, other bytes, too many pixels.
const fn logo_status(error: &LogoError) -> StatusCode {
    match error {
        LogoError::TooManyBytes { .. } => StatusCode::PAYLOAD_TOO_LARGE,
        LogoError::TooManyPixels { .. } => StatusCode::UNPROCESSABLE_ENTITY,
        LogoError::UnknownFormat | LogoError::OtherFormat { .. } | LogoError::Broken { .. } => {
            StatusCode::UNSUPPORTED_MEDIA_TYPE
        }
    }
}

/// The answer carries its error along, for the log and the metrics.
impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut response = (self.status(), Json(self.problem())).into_response();
        let headers = response.headers_mut();
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/problem+json"),
        );
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Self::NoSuchRange { size_bytes } = self {
            let whole = HeaderValue::try_from(format!("bytes */{size_bytes}"));
            headers.insert(header::CONTENT_RANGE, whole.expect("a number is ASCII"));
        }
        if let Self::Denied(denied) = &self
            && let Some(challenge) = denied.challenge()
        {
            headers.insert(header::WWW_AUTHENTICATE, challenge);
        }
        // What is expected instead (RFC 9110 §15.5.16).
        match self {
            Self::NotAForm => {
                headers.insert(
                    header::ACCEPT,
                    HeaderValue::from_static("multipart/form-data"),
                );
            }
            Self::Packed => {
                headers.insert(
                    header::ACCEPT_ENCODING,
                    HeaderValue::from_static("identity"),
                );
            }
            _ => {}
        }
        if self.may_pass() {
            headers.insert(
                header::RETRY_AFTER,
                rand::random_range(RETRY_AFTER_SECS).into(),
            );
        }
        response.extensions_mut().insert(Arc::new(self));
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_says_what_was_measured_and_what_is_allowed() {
        let error = ApiError::from(InputError::SideTooLong {
            side: 20_000,
            side_max: 16_384,
        });
        let problem = serde_json::to_value(error.problem()).unwrap();
        assert_eq!(problem["status"], 422);
        assert_eq!(problem["type"], "urn:nws:problem:side_too_long");
        assert_eq!(
            (&problem["measured"], &problem["limit"]),
            (&20_000.into(), &16_384.into())
        );
    }

    #[test]
    fn a_broken_header_is_not_an_accepted_image() {
        let error = ApiError::from(InputError::Broken {
            format: engine::Format::Jpeg,
            reason: "no dimensions".to_owned(),
        });
        assert_eq!(error.status(), StatusCode::UNSUPPORTED_MEDIA_TYPE);
    }
}
