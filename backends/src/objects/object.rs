//! An object on its way out, whole or in part, piece by piece.

use std::{fmt, ops::Range};

use bytes::Bytes;
use futures::{
    Stream, StreamExt as _, TryStreamExt as _,
    stream::{self, BoxStream},
};
use schemas::Digest;

use crate::{
    Error,
    error::{Backend, Cause},
};

/// The most bytes of an object that is longer than [`IN_MEMORY_BYTES_MAX`] that are in memory at a time: a piece that was
/// given out, the one behind it, and what a connection has read ahead.
pub const IN_FLIGHT_BYTES_MAX: u64 = 1024 * 1024;

/// The longest object that may come as one piece, because it lies in some memory already.
pub const IN_MEMORY_BYTES_MAX: u64 = 4 * 1024 * 1024;

/// An object on its way out. Nothing of it is read before it is asked for, and dropping it ends the reading.
pub struct Object {
    /// Length of the whole object, whatever part of it was asked for.
    pub size_bytes: u64,
    /// The digest that it was stored with, where the store has kept that.
    pub sha256: Option<Digest>,
    /// The most of its bytes that it holds in memory at a time.
    pub held_bytes: u64,
    /// Whether all of it lies in memory, so that it holds no file and no connection however long its reader takes.
    pub is_in_memory: bool,
    /// What was asked for of it. Where the store cannot go on, or what it gives is not what was stored, an error comes
    /// before the last piece: what ends without one is whole.
    pub pieces: BoxStream<'static, Result<Bytes, Error>>,
}

impl Object {
    /// What `range` asks for of an object that is all in `bytes`.
    ///
    /// # Errors
    /// When the range is empty or begins beyond the end.
    pub fn in_memory(bytes: &Bytes, range: Option<Range<u64>>) -> Result<Self, Error> {
        let size_bytes = bytes.len() as u64;
        let part = part_of(range, size_bytes)?;
        // Both ends are at most a length, which is a `usize`.
        let piece = bytes.slice(part.start as usize..part.end as usize);
        let pieces = (!piece.is_empty()).then_some(Ok(piece));
        Ok(Self {
            size_bytes,
            sha256: None,
            held_bytes: size_bytes,
            is_in_memory: true,
            pieces: stream::iter(pieces).boxed(),
        })
    }

    /// An object of `size_bytes`, of which `part` comes in `pieces`.
    pub(super) fn streamed(
        size_bytes: u64,
        part: &Range<u64>,
        pieces: impl Stream<Item = Result<Bytes, Error>> + Send + 'static,
    ) -> Self {
        Self {
            size_bytes,
            sha256: None,
            held_bytes: IN_FLIGHT_BYTES_MAX.min(part.end - part.start),
            is_in_memory: false,
            pieces: pieces.boxed(),
        }
    }

    /// All that was asked for, in memory. The caller knows that it has room for it.
    ///
    /// # Errors
    /// Where the store could not go on.
    pub async fn collect(self) -> Result<Bytes, Error> {
        let mut pieces: Vec<Bytes> = self.pieces.try_collect().await?;
        Ok(match pieces.len() {
            0 | 1 => pieces.pop().unwrap_or_default(),
            _ => pieces.concat().into(),
        })
    }
}

/// What `range` asks for of an object of `size_bytes`: what lies beyond the end is left out; all of it without a range.
pub(super) fn part_of(range: Option<Range<u64>>, size_bytes: u64) -> Result<Range<u64>, Error> {
    refuse_empty(range.as_ref())?;
    match range {
        None => Ok(0..size_bytes),
        Some(range) if range.start < size_bytes => Ok(range.start..range.end.min(size_bytes)),
        Some(range) => {
            let start = range.start;
            Err(refused(format!(
                "byte {start} of an object of {size_bytes}"
            )))
        }
    }
}

/// Nothing is no part of anything.
pub(super) fn refuse_empty(range: Option<&Range<u64>>) -> Result<(), Error> {
    match range {
        Some(range) if range.is_empty() => Err(refused(format!("the empty range {range:?}"))),
        _ => Ok(()),
    }
}

fn refused(what: String) -> Error {
    Error::new(Backend::Objects, "open", Cause::Refused(what))
}

/// Without its bytes.
impl fmt::Debug for Object {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Object")
            .field("size_bytes", &self.size_bytes)
            .field("held_bytes", &self.held_bytes)
            .finish_non_exhaustive()
    }
}
