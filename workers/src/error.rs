//! Why an attempt failed, sorted once: [`crate::retry::judge`] makes a verdict of it.

use std::time::Duration;

use backends::{Error, error::Backend, queue::CRASHES_MAX};
use engine::InputError;
use schemas::{Digest, Failure, job::JobError, recipe::ENGINE_REVISION};

/// Why an attempt failed.
#[derive(Debug, thiserror::Error)]
pub enum WorkError {
    #[error(transparent)]
    Input(#[from] InputError),
    #[error(transparent)]
    Undecodable(#[from] JobError),
    #[error("the object store has no original {0}")]
    OriginalMissing(Digest),
    #[error("its worker died {crashes} times with it in hand, the limit is {CRASHES_MAX}")]
    CrashLoop { crashes: u32 },
    #[error("the picture brought its slot down")]
    Panicked,
    #[error("not finished within {} s", .0.as_secs())]
    TooSlow(Duration),
    #[error("asks for engine revision {asked}, this worker has {ENGINE_REVISION}")]
    NewerEngine { asked: u32 },
    #[error(transparent)]
    World(#[from] Error),
}

impl WorkError {
    /// The failure as clients, metrics and a message's history see it.
    pub fn failure(&self) -> Failure {
        Failure {
            code: self.code().to_owned(),
            message: self.to_string(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Input(error) => error.code(),
            Self::Undecodable(_) => "undecodable",
            Self::OriginalMissing(_) => "original_missing",
            Self::CrashLoop { .. } => "crash_loop",
            Self::Panicked => "crashed",
            Self::TooSlow(_) => "too_slow",
            Self::NewerEngine { .. } => "newer_engine",
            Self::World(error) => match error.backend {
                Backend::Queue => "queue_unavailable",
                Backend::Objects => "objects_unavailable",
                Backend::Results => "results_unavailable",
            },
        }
    }
}
