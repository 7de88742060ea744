//! Why an attempt failed, sorted once: [`crate::retry::judge`] makes a verdict of it.

use std::time::Duration;

use backends::{Error, error::Backend, queue::CRASHES_MAX};
use engine::{InputError, MissingFont};
use schemas::{Digest, Failure, job::JobError, recipe::ENGINE_REVISION};
use slot::Fault;

/// Why an attempt failed.
#[derive(Debug, thiserror::Error)]
pub enum WorkError {
    /// What became of the picture in a slot.
    #[error(transparent)]
    Slot(#[from] Fault),
    #[error("original has {size_bytes} bytes, the limit is {size_bytes_max}")]
    OriginalTooLong {
        size_bytes: u64,
        size_bytes_max: u64,
    },
    #[error(transparent)]
    Undecodable(#[from] JobError),
    #[error("the object store has no original {0}")]
    OriginalMissing(Digest),
    #[error("the object store has no logo {0}")]
    LogoMissing(Digest),
    #[error("its worker died {crashes} times with it in hand, the limit is {CRASHES_MAX}")]
    CrashLoop { crashes: u32 },
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

/// The code of [`Fault::Crashed`], by which a message's history tells of it.
pub(crate) const CRASHED: &str = "crashed";
/// The same for [`WorkError::TooSlow`].
pub(crate) const TOO_SLOW: &str = "too_slow";

impl WorkError {
    /// Whether the input is at fault, now and later.
    pub const fn is_permanent(&self) -> bool {
        match self {
            Self::Slot(fault) => is_of_picture(fault),
            Self::OriginalTooLong { .. } => true,
            _ => false,
        }
    }

    /// Whether `backend` is at fault.
    pub fn is_of(&self, backend: Backend) -> bool {
        matches!(self, Self::World(error) if error.backend == backend)
    }

    /// Who is at fault, as the label of the retries' metric: the `input`, the `world`, or a `bug` of ours.
    pub const fn class(&self) -> &'static str {
        match self {
            Self::Slot(fault) if is_of_picture(fault) => "input",
            Self::OriginalTooLong { .. } | Self::Undecodable(_) => "input",
            Self::Slot(Fault::Crashed(_)) | Self::CrashLoop { .. } => "bug",
            Self::OriginalMissing(_)
            | Self::LogoMissing(_)
            | Self::TooSlow(_)
            | Self::NewerEngine { .. }
            | Self::MissingFont(_)
            | Self::Overtaken
            | Self::DiedBefore(_)
            | Self::Slot(_)
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
            Self::Slot(fault) => code_of(fault),
            Self::OriginalTooLong { .. } => "original_too_long",
            Self::Undecodable(_) => "undecodable",
            // A logo is part of what a job is made of: one word for both, and the message tells them apart.
            Self::OriginalMissing(_) | Self::LogoMissing(_) => "original_missing",
            Self::CrashLoop { .. } => "crash_loop",
            Self::TooSlow(_) => TOO_SLOW,
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

/// Whether the picture, or its mark, is at fault.
const fn is_of_picture(fault: &Fault) -> bool {
    match fault {
        Fault::Refused(_)
        | Fault::ResultTooLong { .. }
        | Fault::MemoryExceeded { .. }
        | Fault::CpuExceeded { .. } => true,
        Fault::Crashed(_) | Fault::Killed | Fault::NoSlot(_) | Fault::Stopped => false,
    }
}

fn code_of(fault: &Fault) -> &str {
    match fault {
        Fault::Refused(refusal) => refusal.code(),
        Fault::ResultTooLong { .. } => "result_too_long",
        Fault::MemoryExceeded { .. } => "memory_exceeded",
        Fault::CpuExceeded { .. } => "cpu_exceeded",
        Fault::Crashed(_) => CRASHED,
        Fault::Killed => "slot_killed",
        Fault::NoSlot(_) => "no_slot",
        // Who stops it says why; a stop that nobody explains was one for time.
        Fault::Stopped => TOO_SLOW,
    }
}

impl From<InputError> for WorkError {
    fn from(error: InputError) -> Self {
        Self::Slot(error.into())
    }
}
