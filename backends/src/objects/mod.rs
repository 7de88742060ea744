//! Originals and results, by key.
//!
//! Embedded: [`Disk`]. Networked: [`S3`]. [`Cached`] stands before either and keeps fresh results in Redis.

use std::{fmt, path::PathBuf, time::SystemTime};

use async_trait::async_trait;
use bytes::Bytes;
use schemas::{Digest, JobId, OutputFormat};

use crate::{
    Error,
    error::{Backend, Cause},
};

mod cached;
mod disk;
mod s3;

pub use cached::Cached;
pub use disk::Disk;
pub use s3::{S3, S3Options};

/// What an object is called. The one place that spells a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Key {
    /// A photo as it was uploaded, by the digest of its bytes.
    Original(Digest),
    /// What a job made of it.
    Result(JobId),
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Original(digest) => write!(f, "original/{digest}"),
            Self::Result(id) => write!(f, "result/{id}"),
        }
    }
}

/// An object's bytes on their way in.
#[derive(Clone, Debug)]
pub enum Body {
    /// In memory.
    Bytes(Bytes),
    /// In a file of ours that nobody writes any more.
    File { path: PathBuf, size_bytes: u64 },
}

/// What is known of an object without reading it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Meta {
    /// Length of its bytes.
    pub size_bytes: u64,
    /// When it was last stored.
    pub stored_at: SystemTime,
}

/// Keeps objects.
#[async_trait]
pub trait ObjectStore: Send + Sync + fmt::Debug {
    /// Stores `body` under `key`, over whatever was there. When this returns, the object survives a crash; until then
    /// readers see the old object or none, never a part.
    async fn put(&self, key: &Key, body: Body, media_type: &str) -> Result<(), Error>;

    /// The whole object, or `None` where there is none.
    ///
    /// # Errors
    /// When it could not be read, or is longer than `size_bytes_max`.
    async fn get(&self, key: &Key, size_bytes_max: u64) -> Result<Option<Bytes>, Error>;

    /// Whether it is there, and how long it is.
    async fn head(&self, key: &Key) -> Result<Option<Meta>, Error>;

    /// Removes it; one that is not there is removed already.
    async fn delete(&self, key: &Key) -> Result<(), Error>;

    /// Whether an object could be stored now.
    async fn check(&self) -> Result<(), Error>;
}

impl Body {
    /// Length of the bytes.
    pub fn size_bytes(&self) -> u64 {
        match self {
            Self::Bytes(bytes) => bytes.len() as u64,
            Self::File { size_bytes, .. } => *size_bytes,
        }
    }
}

/// The media type that an object's first bytes name.
pub fn media_type_of(bytes: &[u8]) -> &'static str {
    OutputFormat::of_bytes(bytes).map_or("application/octet-stream", OutputFormat::media_type)
}

/// The error of a `get` that would read more than it may.
fn too_long(op: &'static str, size_bytes: u64, size_bytes_max: u64) -> Error {
    let cause = Cause::TooLong {
        size_bytes,
        size_bytes_max,
    };
    Error::new(Backend::Objects, op, cause)
}
