//! Why an attempt failed, sorted once: [`crate::retry::judge`] makes a verdict of it.

use std::time::Duration;

use backends::{Error, error::Backend, queue::CRASHES_MAX};
use engine::{InputError, MissingFont};
use schemas::{Digest, Failure, job::JobError, recipe::ENGINE_REVISION};
use slot::{Fault, Refusal};

/// Why an attempt failed.
#[derive(Debug, thiserror::Error)]
pub enum WorkError {
    #[error(transparent)]
    Input(#[from] Refusal),
    #[error("original has {size_bytes} bytes, the limit is {size_bytes_max}")]
    OriginalTooLong {
        size_bytes: u64,
        size_bytes_max: u64,
    },
    #[error("result has {size_bytes} bytes, the limit is {size_bytes_max}")]
    ResultTooLong {
        size_bytes: u64,
        size_bytes_max: u64,
    },
    #[error("the picture needs more memory than its slot may have, {limit_bytes} bytes")]
    MemoryExceeded { limit_bytes: u64 },
    #[error("the picture needs more CPU time than it may have, {limit_secs} s")]
    CpuExceeded { limit_secs: u64 },
    #[error(transparent)]
    Undecodable(#[from] JobError),
    #[error("the object store has no original {0}")]
    OriginalMissing(Digest),
    #[error("the object store has no logo {0}")]
    LogoMissing(Digest),
    #[error("its worker died {crashes} times with it in hand, the limit is {CRASHES_MAX}")]
    CrashLoop { crashes: u32 },
    #[error("the picture brought its slot down: {how}")]
    Crashed {
        how: String,
        /// Whether it did so in an attempt before.
        again: bool,
    },
    /// The host's fault, and no picture's.
    #[error("there is no slot: {0}")]
    NoSlot(String),
    #[error("not finished within {} s", .0.as_secs())]
    TooSlow(Duration),
    #[error("asks for engine revision {asked}, this worker has {ENGINE_REVISION}")]
    NewerEngine { asked: u32 },
    /// Another worker may have it: fonts come to a fleet machine by machine.
    #[error(transparent)]
    MissingFont(#[from] MissingFont),
    /// A later claim speaks for the job. Whoever made it may be at work, or may have given it up before it took effect:
    /// only a job that has ended is let go.
    #[error("another claim on the job came between")]
    Overtaken,
    /// Its client was told that it is dead, and who replays a job or uploads it again records it as queued before. So this
    /// is a second message, or the first one whose burial was told and not finished: no reason to tell another outcome.
    #[error("the job is dead already: {}", .0.as_ref().map_or("no reason is known", |failure| &failure.message))]
    DiedBefore(Option<Failure>),
    #[error(transparent)]
    World(#[from] Error),
}

/// The code of [`WorkError::Crashed`], by which a message's history tells of it.
pub(crate) const CRASHED: &str = "crashed";

impl WorkError {
    /// Whether the input is at fault, now and later.
    pub const fn is_permanent(&self) -> bool {
        matches!(
            self,
            Self::Input(_)
                | Self::OriginalTooLong { .. }
                | Self::ResultTooLong { .. }
                | Self::MemoryExceeded { .. }
                | Self::CpuExceeded { .. }
        )
    }

    /// Whether `backend` is at fault.
    pub fn is_of(&self, backend: Backend) -> bool {
        matches!(self, Self::World(error) if error.backend == backend)
    }

    /// Who is at fault, as the label of the retries' metric: the `input`, the `world`, or a `bug` of ours.
    pub const fn class(&self) -> &'static str {
        match self {
            Self::Input(_)
            | Self::OriginalTooLong { .. }
            | Self::ResultTooLong { .. }
            | Self::MemoryExceeded { .. }
            | Self::CpuExceeded { .. }
            | Self::Undecodable(_) => "input",
            Self::Crashed { .. } | Self::CrashLoop { .. } => "bug",
            Self::OriginalMissing(_)
            | Self::LogoMissing(_)
            | Self::TooSlow(_)
            | Self::NewerEngine { .. }
            | Self::MissingFont(_)
            | Self::Overtaken
            | Self::DiedBefore(_)
            | Self::NoSlot(_)
            | Self::World(_) => "world",
        }
    }

    /// The failure as clients and a message's history see it.
    pub fn failure(&self) -> Failure {
        Failure {
            code: self.code().to_owned(),
            message: self.to_string(),
        }
    }

    fn code(&self) -> &str {
        match self {
            Self::Input(refusal) => refusal.code(),
            Self::OriginalTooLong { .. } => "original_too_long",
            Self::ResultTooLong { .. } => "result_too_long",
            Self::MemoryExceeded { .. } => "memory_exceeded",
            Self::CpuExceeded { .. } => "cpu_exceeded",
            Self::Undecodable(_) => "undecodable",
            // A logo is part of what a job is made of: one word for both, and the message tells them apart.
            Self::OriginalMissing(_) | Self::LogoMissing(_) => "original_missing",
            Self::CrashLoop { .. } => "crash_loop",
            Self::Crashed { .. } => CRASHED,
            Self::NoSlot(_) => "no_slot",
            Self::TooSlow(_) => "too_slow",
            Self::NewerEngine { .. } => "newer_engine",
            Self::MissingFont(_) => "missing_font",
            Self::Overtaken => "overtaken",
            Self::DiedBefore(_) => "died_before",
            Self::World(error) => match error.backend {
                Backend::Queue => "queue_unavailable",
                Backend::Objects | Backend::Cache => "objects_unavailable",
                Backend::Results => "results_unavailable",
            },
        }
    }
}

impl From<InputError> for WorkError {
    fn from(error: InputError) -> Self {
        Self::Input(error.into())
    }
}

impl WorkError {
    /// What became of the work in a slot; `stopped` is why, where it was stopped.
    pub(crate) fn of_fault(fault: Fault, stopped: impl FnOnce() -> Self) -> Self {
        match fault {
            Fault::Refused(refusal) => Self::Input(refusal),
            Fault::ResultTooLong {
                size_bytes,
                size_bytes_max,
            } => Self::ResultTooLong {
                size_bytes,
                size_bytes_max,
            },
            Fault::MemoryExceeded { limit_bytes } => Self::MemoryExceeded { limit_bytes },
            Fault::CpuExceeded { limit_secs } => Self::CpuExceeded { limit_secs },
            Fault::Crashed(how) => Self::Crashed { how, again: false },
            Fault::NoSlot(why) => Self::NoSlot(why),
            Fault::Stopped => stopped(),
        }
    }
}
