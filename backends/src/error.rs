//! One error for every port: which backend, during what, and why.

use std::{fmt, time::Duration};

/// A backend.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Backend {
    Queue,
    Objects,
    Results,
    /// Results kept at hand before the object store.
    Cache,
}

impl Backend {
    /// The word in logs, in `/ready` and as the metrics' label.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Queue => "queue",
            Self::Objects => "objects",
            Self::Results => "results",
            Self::Cache => "cache",
        }
    }
}

/// A call to a backend that did not do what it should. All of these may pass: the world is at fault, not the input.
#[derive(Debug, thiserror::Error)]
#[error("{} {op}: {cause}", backend.as_str())]
pub struct Error {
    /// Who failed.
    pub backend: Backend,
    /// During what, in a word that can be a metrics' label, for example `put`.
    pub op: &'static str,
    /// Why.
    #[source]
    pub cause: Cause,
}

/// Why a call failed.
#[derive(Debug, thiserror::Error)]
pub enum Cause {
    #[error("no answer within {} ms", .0.as_millis())]
    Timeout(Duration),
    /// The backend was reached and said no: an unroutable message, a full queue.
    #[error("refused: {0}")]
    Refused(String),
    /// What is there is longer than it may be.
    #[error("object has {size_bytes} bytes, the limit is {size_bytes_max}")]
    TooLong {
        size_bytes: u64,
        size_bytes_max: u64,
    },
    /// What came back is not what was stored.
    #[error("{0}")]
    Corrupt(String),
    /// It failed too often, so its breaker leaves it alone for `left`. `last` is why this call failed; none where it was
    /// not made at all.
    #[error("{}", told(*left, last.as_deref()))]
    LeftAlone {
        left: Duration,
        last: Option<Box<Cause>>,
    },
    /// It could not be reached, or failed on its own side.
    #[error(transparent)]
    Failed(#[from] Box<dyn std::error::Error + Send + Sync>),
}

impl Error {
    /// An error of `backend` during `op`.
    pub fn new(backend: Backend, op: &'static str, cause: impl Into<Cause>) -> Self {
        Self {
            backend,
            op,
            cause: cause.into(),
        }
    }

    /// How long its backend is left alone, where it is: then the call says nothing about what it was made for.
    pub const fn left_alone(&self) -> Option<Duration> {
        match self.cause {
            Cause::LeftAlone { left, .. } => Some(left),
            _ => None,
        }
    }

    /// Whether the call was made at all.
    pub const fn was_made(&self) -> bool {
        !matches!(self.cause, Cause::LeftAlone { last: None, .. })
    }

    /// The same failure, for another who waited for the same call. Of a library's error it has the text alone.
    pub fn retold(&self) -> Self {
        Self {
            cause: self.cause.retold(),
            ..*self
        }
    }

    /// An error of `backend` during `op`, from a library's error.
    pub fn failed(
        backend: Backend,
        op: &'static str,
        error: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        Self {
            backend,
            op,
            cause: Cause::Failed(error.into()),
        }
    }
}

impl Cause {
    fn retold(&self) -> Self {
        match self {
            Self::Timeout(limit) => Self::Timeout(*limit),
            Self::Refused(why) => Self::Refused(why.clone()),
            &Self::TooLong {
                size_bytes,
                size_bytes_max,
            } => Self::TooLong {
                size_bytes,
                size_bytes_max,
            },
            Self::Corrupt(what) => Self::Corrupt(what.clone()),
            Self::LeftAlone { left, last } => Self::LeftAlone {
                left: *left,
                last: last.as_deref().map(Self::retold).map(Box::new),
            },
            Self::Failed(error) => Self::Failed(error.to_string().into()),
        }
    }
}

fn told(left: Duration, last: Option<&Cause>) -> String {
    let left_ms = left.as_millis();
    match last {
        Some(last) => format!("{last}, and it is left alone for {left_ms} ms"),
        None => format!("it failed too often and is left alone for {left_ms} ms"),
    }
}

impl fmt::Display for Backend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
