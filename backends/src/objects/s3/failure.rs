//! Why a call to an S3 server failed, in words that hold no secret and no signature.

use std::{io, iter, time::Duration};

use ::s3::error::S3Error;
use reqwest::{Response, StatusCode};
use schemas::Digest;

use crate::error::Cause;

/// Characters of a server's message worth keeping; a page of HTML is cut.
const MESSAGE_CHARS_MAX: usize = 200;

/// Why a call failed.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
    /// The server answered, and said no.
    #[error("HTTP {status} {code}: {message}")]
    Answered {
        status: u16,
        code: String,
        message: String,
    },
    #[error("object has {size_bytes} bytes, the limit is {size_bytes_max}")]
    TooLong {
        size_bytes: u64,
        size_bytes_max: u64,
    },
    /// It took the request and did not begin to answer.
    #[error("no answer within {} ms", .0.as_millis())]
    Silent(Duration),
    #[error("object arrived with the digest {arrived}, it was stored with {stored}")]
    Changed { arrived: Digest, stored: Digest },
    #[error("the answer lacks {0}")]
    Incomplete(&'static str),
    /// The body's file.
    #[error(transparent)]
    File(#[from] io::Error),
    /// It was not reached, or broke off. The URL is left out: it is signed.
    #[error("{}", whole_story(.0))]
    Wire(reqwest::Error),
    #[error(transparent)]
    Library(S3Error),
}

impl Failure {
    /// The answer, if it is a success.
    pub(super) async fn unless_success(answer: Response) -> Result<Response, Self> {
        let status = answer.status();
        if status.is_success() {
            return Ok(answer);
        }
        Err(Self::answered(status.as_u16(), &answer.text().await?))
    }

    /// Whether another try may go better.
    pub(super) fn may_pass(&self) -> bool {
        match self {
            Self::Answered { status, .. } => matches!(status, 408 | 429 | 500 | 502..=504),
            Self::Wire(_) | Self::Changed { .. } => true,
            // Whoever waits has waited long enough.
            Self::Silent(_) => false,
            Self::TooLong { .. } | Self::Incomplete(_) | Self::File(_) | Self::Library(_) => false,
        }
    }

    /// Whether the object is missing; a missing bucket is something else.
    pub(super) fn is_missing_object(&self) -> bool {
        matches!(self, Self::Answered { status: 404, code, .. } if code != "NoSuchBucket")
    }

    /// Only the error's code and message: the rest of its body repeats the request with its signature.
    fn answered(status: u16, body: &str) -> Self {
        let reason = StatusCode::from_u16(status)
            .ok()
            .and_then(|status| status.canonical_reason());
        Self::Answered {
            status,
            code: element(body, "Code").unwrap_or_else(|| reason.unwrap_or_default().to_owned()),
            message: element(body, "Message").unwrap_or_else(|| "no reason given".to_owned()),
        }
    }
}

/// The error with its causes: the outermost says no more than that a request was sent.
fn whole_story(error: &dyn std::error::Error) -> String {
    let causes = iter::successors(error.source(), |cause| cause.source());
    causes.fold(error.to_string(), |story, cause| {
        format!("{story}: {cause}")
    })
}

/// The text of the first XML element of this name.
fn element(xml: &str, name: &str) -> Option<String> {
    let (_, from) = xml.split_once(&format!("<{name}>"))?;
    let (text, _) = from.split_once(&format!("</{name}>"))?;
    Some(text.chars().take(MESSAGE_CHARS_MAX).collect())
}

impl From<reqwest::Error> for Failure {
    fn from(error: reqwest::Error) -> Self {
        Self::Wire(error.without_url())
    }
}

impl From<S3Error> for Failure {
    fn from(error: S3Error) -> Self {
        match error {
            S3Error::HttpFailWithBody(status, body) => Self::answered(status, &body),
            S3Error::Reqwest(error) => error.into(),
            other => Self::Library(other),
        }
    }
}

impl From<Failure> for Cause {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Answered { status, .. } if status < 500 => Self::Refused(failure.to_string()),
            Failure::TooLong {
                size_bytes,
                size_bytes_max,
            } => Self::TooLong {
                size_bytes,
                size_bytes_max,
            },
            Failure::Silent(waited) => Self::Timeout(waited),
            Failure::Incomplete(_) | Failure::Changed { .. } => Self::Corrupt(failure.to_string()),
            other => Self::Failed(Box::new(other)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DENIED: &str = "<?xml version=\"1.0\"?><Error><Code>SignatureDoesNotMatch</Code>\
        <Message>it does not match</Message><StringToSign>AWS4-HMAC</StringToSign>\
        <SignatureProvided>deadbeef</SignatureProvided></Error>";

    #[test]
    fn a_refusal_is_named_without_the_signature() {
        let text = Failure::answered(403, DENIED).to_string();
        assert_eq!(text, "HTTP 403 SignatureDoesNotMatch: it does not match");
    }

    #[test]
    fn a_missing_bucket_is_no_missing_object() {
        let answered = |code| Failure::answered(404, &format!("<Code>{code}</Code>"));
        assert!(answered("NoSuchKey").is_missing_object());
        assert!(!answered("NoSuchBucket").is_missing_object());
        assert!(Failure::answered(404, "").is_missing_object());
    }

    #[test]
    fn what_will_not_pass_is_not_tried_again() {
        assert!(Failure::answered(503, "").may_pass());
        assert!(!Failure::answered(403, DENIED).may_pass());
    }
}
