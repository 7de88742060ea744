//! One original and one recipe: the message that waits on the queue. Version 1.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};
use sha2::Digest as _;

use crate::{Digest, JobId, Recipe};

/// The AMQP `type` of a version 1 message, and the first bytes under a version 1 job id.
pub const JOB_V1: &str = "nws.job.v1";

/// The longest message that is looked at; a valid one is below 4 KiB, or below 24 with as many font files as it may name.
pub const MESSAGE_BYTES_MAX: usize = 64 * 1024;

/// What a worker is asked to do. Anyone may publish one that meets `schemas/json/job.v1.schema.json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("anyOf" = [
    { "required": ["logo"] },
    { "properties": { "recipe": { "required": ["wm_text"] } } },
]))]
pub struct Job {
    /// The version of this message: 1.
    pub version: Version,
    /// The photo.
    pub original: Original,
    /// The logo of the mark, where it has one.
    #[serde(
        default,
        deserialize_with = "given",
        skip_serializing_if = "Option::is_none"
    )]
    #[schemars(with = "Logo")]
    pub logo: Option<Logo>,
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

/// The logo of a job, in the object store under `logo/<sha256>`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Logo {
    /// SHA-256 of the logo's bytes.
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
    #[error("message has neither recipe.wm_text nor a logo: there is nothing to draw")]
    NoMark,
    #[error("message names itself {given}, its content makes it {computed}")]
    WrongId { given: String, computed: JobId },
}

impl Job {
    /// A job for the original of digest `sha256`, accepted at `queued_at_ms`.
    pub const fn new(sha256: Digest, recipe: Recipe, queued_at_ms: u64) -> Self {
        Self {
            version: Version,
            original: Original { sha256 },
            logo: None,
            recipe,
            queued_at_ms,
        }
    }

    /// The same with a logo of digest `sha256`, if there is one.
    #[must_use]
    pub fn with_logo(self, sha256: Option<Digest>) -> Self {
        let logo = sha256.map(|sha256| Logo { sha256 });
        Self { logo, ..self }
    }

    /// SHA-256("nws.job.v1" ‖ SHA-256(original) ‖ SHA-256(logo, or empty) ‖ canonical recipe).
    ///
    /// The same photo with the same recipe is the same job, whoever sends it and whenever.
    pub fn id(&self) -> JobId {
        let logo = self
            .logo
            .map_or_else(|| Digest::of(b""), |logo| logo.sha256);
        let id = sha2::Sha256::new()
            .chain_update(JOB_V1)
            .chain_update(self.original.sha256.as_bytes())
            .chain_update(logo.as_bytes())
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
        if job.logo.is_none() && job.recipe.wm_text.is_none() {
            return Err(JobError::NoMark);
        }
        match given_id {
            Some(given) if given != job.id().to_string() => Err(JobError::WrongId {
                given: shortened(given),
                computed: job.id(),
            }),
            _ => Ok(job),
        }
    }
}

/// A logo that is there, and no `null`.
fn given<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Logo>, D::Error> {
    Logo::deserialize(deserializer).map(Some)
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
