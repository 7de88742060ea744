//! Originals, logos and results, by key.
//!
//! Embedded: [`Disk`]. Networked: [`S3`]. Before either stand tiers of results, the nearest first: [`Memory`] keeps those
//! that are asked for most in the process, [`Cached`] fresh ones in Redis; [`Counted`] counts what is left to the store.

use std::{fmt, ops::Range, path::PathBuf, str::FromStr, time::SystemTime};

use async_trait::async_trait;
use bytes::Bytes;
use schemas::{Digest, JobId, OutputFormat};

use crate::{
    Error,
    error::{Backend, Cause},
};

mod cached;
mod counted;
mod disk;
mod memory;
mod object;
mod s3;

pub use cached::Cached;
pub use counted::Counted;
pub use disk::Disk;
pub use memory::{Memory, MemoryConfig, MemoryConfigError};
pub use object::{IN_FLIGHT_BYTES_MAX, IN_MEMORY_BYTES_MAX, Object};
pub use s3::{S3, S3Options};

/// What an object is called. The one place that spells a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Key {
    /// A photo as it was uploaded, by the digest of its bytes.
    Original(Digest),
    /// The logo of a mark as it was uploaded, by the digest of its bytes.
    Logo(Digest),
    /// What a job made of it.
    Result(JobId),
    /// Nothing but the word that a job was accepted, kept here where it could not be recorded.
    Accepted(JobId),
}

/// What an object is: what its key begins with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    Original,
    Logo,
    Result,
    Accepted,
}

/// The text is no key of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "not the key of an object: original/, logo/, result/ or accepted/ and 64 hex digits are expected"
)]
pub struct NotAKey;

impl Kind {
    pub(crate) const ALL: [Self; 4] = [Self::Original, Self::Logo, Self::Result, Self::Accepted];

    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Original => "original",
            Self::Logo => "logo",
            Self::Result => "result",
            Self::Accepted => "accepted",
        }
    }
}

impl Key {
    /// The digest of the object's bytes, where it is called by that.
    pub(crate) const fn digest(&self) -> Option<Digest> {
        match self {
            Self::Original(digest) | Self::Logo(digest) => Some(*digest),
            Self::Result(_) | Self::Accepted(_) => None,
        }
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Original(digest) => write!(f, "{}/{digest}", Kind::Original.as_str()),
            Self::Logo(digest) => write!(f, "{}/{digest}", Kind::Logo.as_str()),
            Self::Result(id) => write!(f, "{}/{id}", Kind::Result.as_str()),
            Self::Accepted(id) => write!(f, "{}/{id}", Kind::Accepted.as_str()),
        }
    }
}

impl FromStr for Key {
    type Err = NotAKey;

    fn from_str(text: &str) -> Result<Self, NotAKey> {
        let (kind, name) = text.split_once('/').ok_or(NotAKey)?;
        let key = match kind {
            _ if kind == Kind::Original.as_str() => name.parse().ok().map(Self::Original),
            _ if kind == Kind::Logo.as_str() => name.parse().ok().map(Self::Logo),
            _ if kind == Kind::Result.as_str() => name.parse().ok().map(Self::Result),
            _ if kind == Kind::Accepted.as_str() => name.parse().ok().map(Self::Accepted),
            _ => None,
        };
        key.ok_or(NotAKey)
    }
}

/// An object's bytes on their way in.
#[derive(Clone, Debug)]
pub enum Body {
    /// In memory.
    Bytes(Bytes),
    /// In memory, with the digest that its maker took of them: nobody takes it again.
    Digested { bytes: Bytes, sha256: Digest },
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

/// Some of the objects of a kind.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// Each with the time when it was last stored. What is no object of ours is left out.
    pub objects: Vec<(Key, SystemTime)>,
    /// Where the next page begins; `None` where this was the last.
    pub next: Option<Place>,
}

/// A place among the objects of a kind, for [`ObjectStore::list`] alone: the name that comes before it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place(String);

/// The longest page that is asked for: what S3 gives at most, and 100 KiB.
pub const PAGE_OBJECTS_MAX: usize = 1000;

/// Keeps objects.
#[async_trait]
pub trait ObjectStore: Send + Sync + fmt::Debug {
    /// Stores `body` under `key`, over whatever was there, and as old as this moment even if the bytes are the same. When
    /// this returns, the object survives a crash; until then readers see the old object or none, never a part.
    async fn put(&self, key: &Key, body: Body, media_type: &str) -> Result<(), Error>;

    /// The whole object, or `None` where there is none.
    ///
    /// # Errors
    /// When it could not be read, or is longer than `size_bytes_max`.
    async fn get(&self, key: &Key, size_bytes_max: u64) -> Result<Option<Bytes>, Error>;

    /// The object piece by piece, as fast as its reader takes them: the whole, or `range` of it, cut at the object's end.
    /// `None` where there is none. However long it takes, no reader is cut by the store for being slow.
    ///
    /// # Errors
    /// When it could not be opened, or the range is empty or begins beyond the end. What fails later is an error among the
    /// pieces.
    async fn open(&self, key: &Key, range: Option<Range<u64>>) -> Result<Option<Object>, Error>;

    /// Whether it is there, and how long it is.
    async fn head(&self, key: &Key) -> Result<Option<Meta>, Error>;

    /// Whether it is at hand: the next [`ObjectStore::get`] is answered without asking anybody.
    async fn holds(&self, _key: &Key) -> bool {
        false
    }

    /// Removes it; one that is not there is removed already.
    async fn delete(&self, key: &Key) -> Result<(), Error>;

    /// Objects of `kind`, at most `objects_max` of them, from `place` on or from the first; the caller asks for page after
    /// page. What is stored or removed meanwhile may be missed.
    async fn list(
        &self,
        kind: Kind,
        place: Option<&Place>,
        objects_max: usize,
    ) -> Result<Page, Error>;

    /// Whether an object could be stored now.
    async fn check(&self) -> Result<(), Error>;
}

impl Body {
    /// Length of the bytes.
    pub fn size_bytes(&self) -> u64 {
        match self {
            Self::Bytes(bytes) | Self::Digested { bytes, .. } => bytes.len() as u64,
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
