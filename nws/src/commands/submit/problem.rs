//! Why a photo has no result, and what follows from that.

use std::{error::Error, fmt, io, iter, time::Duration};

use reqwest::{
    Response, StatusCode,
    header::{LOCATION, RETRY_AFTER},
};
use schemas::{Digest, Failure, Status};
use serde::Deserialize;

use crate::{commands::photos::ReadError, output::plain};

/// Bytes of a refusal that are read: what explains itself at greater length does not come from our server.
const REFUSAL_BYTES_MAX: usize = 64 * 1024;

/// Why a photo has no result.
#[derive(Debug, thiserror::Error)]
pub(super) enum Problem {
    #[error(transparent)]
    Source(#[from] ReadError),
    #[error("{} does not answer: {cause}", what)]
    Wire { what: &'static str, cause: String },
    #[error("the server's certificate is not trusted: {}", why_distrusted(cause))]
    Untrusted { cause: rustls::CertificateError },
    #[error("{refusal}")]
    Busy {
        refusal: Box<Refusal>,
        retry_after: Option<Duration>,
    },
    #[error("{refusal}")]
    Credentials { refusal: Box<Refusal> },
    #[error("{refusal}")]
    Refused { refusal: Box<Refusal> },
    #[error("the server sends us on to {location}; if that is right, name it with --server")]
    Elsewhere { location: String },
    #[error("{cause}; tried for {} s", patience.as_secs())]
    GivenUp {
        cause: Box<Problem>,
        patience: Duration,
        /// Whether the server had a good answer for nobody meanwhile.
        is_away: bool,
    },
    #[error("{status}: {message}", message = plain(&failure.message))]
    NoResult { status: Status, failure: Failure },
    #[error("the server lost it {0} times; it was sent each time")]
    Lost(usize),
    #[error("the server does not say what the result is: {0} is missing")]
    Unnamed(&'static str),
    #[error("the result is damaged: its SHA-256 is {measured}, {announced} was announced")]
    Damaged { measured: Digest, announced: Digest },
    #[error("{target}: {cause}")]
    Target { target: String, cause: io::Error },
}

/// What the server said, as problem+json (RFC 9457) or else.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Refusal {
    pub(super) r#type: String,
    #[serde(skip)]
    pub(super) status: StatusCode,
    pub(super) detail: String,
    pub(super) field: Option<String>,
    pub(super) measured: Option<u64>,
    pub(super) limit: Option<u64>,
}

impl Problem {
    /// A request that found no answer.
    pub(super) fn wire(what: &'static str, error: &(dyn Error + 'static)) -> Self {
        let distrust = causes(error).find_map(distrust);
        distrust.map_or_else(
            || Self::Wire {
                what,
                cause: innermost(error),
            },
            |cause| Self::Untrusted { cause },
        )
    }

    /// Whether the same again may be answered otherwise.
    pub(super) const fn may_pass(&self) -> bool {
        matches!(self, Self::Wire { .. } | Self::Busy { .. })
    }

    /// The wait that the server asks for.
    pub(super) const fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Busy { retry_after, .. } => *retry_after,
            _ => None,
        }
    }

    /// Whether the other photos would fare no better.
    pub(super) const fn is_for_all(&self) -> bool {
        matches!(
            self,
            Self::Credentials { .. }
                | Self::Elsewhere { .. }
                | Self::Untrusted { .. }
                | Self::GivenUp { is_away: true, .. }
        )
    }

    /// What the server said, where it said it in a refusal.
    pub(super) const fn refusal(&self) -> Option<&Refusal> {
        match self {
            Self::Busy { refusal, .. }
            | Self::Credentials { refusal }
            | Self::Refused { refusal } => Some(refusal),
            Self::GivenUp { cause, .. } => match &**cause {
                Self::Busy { refusal, .. } => Some(refusal),
                _ => None,
            },
            _ => None,
        }
    }
}

/// The answer, unless it is a refusal.
pub(super) async fn unless_refused(answer: Response) -> Result<Response, Problem> {
    let status = answer.status();
    if status.is_success() || status == StatusCode::NOT_MODIFIED {
        return Ok(answer);
    }
    if status.is_redirection() {
        let location = answer.headers().get(LOCATION);
        let location = location.and_then(|location| location.to_str().ok());
        let location = plain(location.unwrap_or("another address"));
        return Err(Problem::Elsewhere { location });
    }
    let retry_after = retry_after(&answer);
    let refusal = Box::new(Refusal::read(answer).await);
    Err(match status {
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Problem::Credentials { refusal },
        // A proxy answers 502 and 504 while the server behind it starts again.
        StatusCode::REQUEST_TIMEOUT
        | StatusCode::TOO_MANY_REQUESTS
        | StatusCode::BAD_GATEWAY
        | StatusCode::SERVICE_UNAVAILABLE
        | StatusCode::GATEWAY_TIMEOUT => Problem::Busy {
            refusal,
            retry_after,
        },
        _ => Problem::Refused { refusal },
    })
}

/// Seconds. A date, which the field may have as well, would need both clocks to agree; our server sends none.
fn retry_after(answer: &Response) -> Option<Duration> {
    let seconds = answer.headers().get(RETRY_AFTER)?.to_str().ok()?;
    seconds.trim().parse().ok().map(Duration::from_secs)
}

impl Refusal {
    async fn read(mut answer: Response) -> Self {
        let status = answer.status();
        let mut body = Vec::new();
        while body.len() < REFUSAL_BYTES_MAX
            && let Ok(Some(chunk)) = answer.chunk().await
        {
            body.extend_from_slice(&chunk);
        }
        Self::parse(status, &body)
    }

    fn parse(status: StatusCode, body: &[u8]) -> Self {
        let read: Self = serde_json::from_slice(body).unwrap_or_default();
        Self { status, ..read }
    }
}

/// The detail, and the figures that it leaves out.
impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.detail.is_empty() {
            return write!(f, "the server answers {}", self.status);
        }
        f.write_str(&plain(&self.detail))?;
        let figures = [("measured", self.measured), ("limit", self.limit)];
        for (name, figure) in figures {
            let untold = figure.filter(|figure| !self.detail.contains(&figure.to_string()));
            if let Some(figure) = untold {
                write!(f, ", {name} {figure}")?;
            }
        }
        Ok(())
    }
}

/// What happened first: the errors around it say that there was an error.
fn innermost(error: &(dyn Error + 'static)) -> String {
    causes(error).last().unwrap_or(error).to_string()
}

/// The error, what it came from, and so on.
fn causes<'e>(error: &'e (dyn Error + 'static)) -> impl Iterator<Item = &'e (dyn Error + 'static)> {
    iter::successors(Some(error), |&error| error.source())
}

/// What is wrong with the server's certificate, where that is the error. It lies in errors of the socket, which name as their
/// source what is below the error inside of them, and not that one.
fn distrust(error: &(dyn Error + 'static)) -> Option<rustls::CertificateError> {
    match error.downcast_ref() {
        Some(rustls::Error::InvalidCertificate(cause)) => Some(cause.clone()),
        _ => distrust(error.downcast_ref::<io::Error>()?.get_ref()?),
    }
}

/// In words, where there is something to be done about it.
fn why_distrusted(cause: &rustls::CertificateError) -> String {
    use rustls::CertificateError as Fault;
    match cause {
        Fault::UnknownIssuer => {
            "nobody known has signed it; name a private authority with --ca-file".to_owned()
        }
        // What `openssl req -x509` makes, unless it is told otherwise.
        Fault::Other(other) if other.to_string().contains("CaUsedAsEndEntity") => {
            "it is an authority's, for signing others (CA:TRUE); a server needs one of its own"
                .to_owned()
        }
        cause => cause.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(body: &str) -> String {
        Refusal::parse(StatusCode::UNPROCESSABLE_ENTITY, body.as_bytes()).to_string()
    }

    #[test]
    fn a_refusal_has_its_figures_once() {
        assert_eq!(
            said(r#"{"detail":"7 > 5","measured":7,"limit":5}"#),
            "7 > 5"
        );
        assert_eq!(
            said(r#"{"detail":"too much","measured":7,"limit":5}"#),
            "too much, measured 7, limit 5"
        );
    }

    #[test]
    fn a_refusal_that_explains_nothing_is_told_by_its_status() {
        for body in ["", "<html>", "[]"] {
            assert_eq!(said(body), "the server answers 422 Unprocessable Entity");
        }
    }

    #[test]
    fn a_terminal_obeys_no_server() {
        assert!(!said("{\"detail\":\"\\u001b[2J\"}").contains('\u{1b}'));
    }
}
