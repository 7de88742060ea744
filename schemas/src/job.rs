//! One original and one recipe: the message that waits on the queue. Version 1.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::Digest as _;

use crate::{Digest, JobId, Recipe};

/// The AMQP `type` of a version 1 message, and the first bytes under a version 1 job id.
pub const JOB_V1: &str = "nws.job.v1";

/// The longest message that is looked at; a valid one is below 4 KiB.
pub const MESSAGE_BYTES_MAX: usize = 64 * 1024;

/// What a worker is asked to do. Anyone may publish one that meets `schemas/json/job.v1.schema.json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Job {
    /// The version of this message: 1.
    pub version: Version,
    /// The photo.
    pub original: Original,
    /// What to do to it.
    pub recipe: Recipe,
    /// When it was accepted, in milliseconds since 1970-01-01 UTC.
    pub queued_at_ms: u64,
}

/// The original of a job, in the object store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "AnyOriginal", into = "AnyOriginal")]
#[schemars(with = "AnyOriginal")]
pub struct Original {
    /// SHA-256 of the original's bytes.
    pub sha256: Digest,
}

/// The number 1: the only version there is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "u8", into = "u8")]
#[schemars(with = "u8", extend("const" = 1))]
pub struct Version;

/// Why a message is not a job.
#[derive(Debug, thiserror::Error)]
pub enum JobError {
    #[error("message has {size_bytes} bytes, the limit is {size_bytes_max}")]
    TooLong {
        size_bytes: usize,
        size_bytes_max: usize,
    },
    #[error("message does not meet job.v1.schema.json: {0}")]
    Schema(#[from] serde_json::Error),
    #[error("message names itself {given}, its content makes it {computed}")]
    WrongId { given: String, computed: JobId },
}

impl Job {
    /// A job for the original of digest `sha256`, accepted at `queued_at_ms`.
    pub const fn new(sha256: Digest, recipe: Recipe, queued_at_ms: u64) -> Self {
        Self {
            version: Version,
            original: Original { sha256 },
            recipe,
            queued_at_ms,
        }
    }

    /// SHA-256("nws.job.v1" ‖ SHA-256(original) ‖ SHA-256(logo, or empty) ‖ canonical recipe).
    ///
    /// The same photo with the same recipe is the same job, whoever sends it and whenever.
    pub fn id(&self) -> JobId {
        let id = sha2::Sha256::new()
            .chain_update(JOB_V1)
            .chain_update(self.original.sha256.as_bytes())
            .chain_update(Digest::of(b"").as_bytes())
            .chain_update(self.recipe.canonical());
        JobId::new(Digest::from_bytes(id.finalize().into()))
    }

    /// The message's body.
    pub fn to_json(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("a job has only string keys and finite numbers")
    }

    /// Reads a message: its body, and its `message_id` where it has one.
    ///
    /// # Errors
    /// When the body is too long or no valid job, or when `given_id` is not the id that the body makes.
    pub fn parse(body: &[u8], given_id: Option<&str>) -> Result<Self, JobError> {
        if body.len() > MESSAGE_BYTES_MAX {
            return Err(JobError::TooLong {
                size_bytes: body.len(),
                size_bytes_max: MESSAGE_BYTES_MAX,
            });
        }
        let job: Self = serde_json::from_slice(body)?;
        match given_id {
            Some(given) if given != job.id().to_string() => Err(JobError::WrongId {
                given: shortened(given),
                computed: job.id(),
            }),
            _ => Ok(job),
        }
    }
}

/// A stranger's id, short enough for a log line.
fn shortened(text: &str) -> String {
    text.chars().take(80).collect()
}

/// An original as it is written: with its key, which follows from the digest and may be left out.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(rename = "Original", deny_unknown_fields)]
struct AnyOriginal {
    /// SHA-256 of the original's bytes.
    sha256: Digest,
    /// Where the object store keeps it: `original/<sha256>`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    key: Option<String>,
}

impl TryFrom<AnyOriginal> for Original {
    type Error = String;

    fn try_from(any: AnyOriginal) -> Result<Self, String> {
        let original = Self { sha256: any.sha256 };
        match any.key {
            Some(key) if key != original.to_string() => Err(format!("key: {original} is expected")),
            _ => Ok(original),
        }
    }
}

impl From<Original> for AnyOriginal {
    fn from(original: Original) -> Self {
        Self {
            sha256: original.sha256,
            key: Some(original.to_string()),
        }
    }
}

/// Its key in the object store.
impl fmt::Display for Original {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "original/{}", self.sha256)
    }
}

impl TryFrom<u8> for Version {
    type Error = String;

    fn try_from(version: u8) -> Result<Self, String> {
        if version == 1 {
            Ok(Self)
        } else {
            Err(format!("version {version} is not known, 1 is"))
        }
    }
}

impl From<Version> for u8 {
    fn from(_: Version) -> Self {
        1
    }
}
