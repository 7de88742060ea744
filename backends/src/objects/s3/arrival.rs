//! An object on its way from the server, held against the digest that it was stored with.

use std::{ops::Range, time::Duration};

use bytes::Bytes;
use futures::{Stream, StreamExt as _, stream};
use reqwest::{Response, StatusCode, header::CONTENT_RANGE};
use schemas::Digest;
use sha2::{Digest as _, Sha256};
use tokio::time::timeout;

use super::{DIGEST, Failure};
use crate::{
    Error, Key,
    error::Backend,
    objects::{Object, object::part_of},
};

/// Longest silence within a body. 10 s: a server that begins to answer has the object at hand. It runs while we wait for
/// the server, not while a slow client makes the server wait.
const SILENCE_MAX: Duration = Duration::from_secs(10);

/// A body that is still to come.
pub(super) struct Arrival {
    answer: Response,
    size_bytes: u64,
    part: Range<u64>,
    sha256: Option<Digest>,
    check: Check,
    /// The piece that came last. It is given out once it is known that it was not the end of a body that is wrong.
    held: Option<Bytes>,
}

impl Arrival {
    /// The object of `key`, or the `range` of it that was asked for.
    pub(super) fn of(
        answer: Response,
        key: &Key,
        range: Option<&Range<u64>>,
    ) -> Result<Self, Failure> {
        let size_bytes = match range {
            None => answer.content_length(),
            Some(_) => whole_length(&answer),
        };
        let size_bytes = size_bytes.ok_or(Failure::Incomplete("its length"))?;
        let part = part_of(range.cloned(), size_bytes)
            .map_err(|_| Failure::Incomplete("the range that was asked for"))?;
        let sha256 = key.digest().or_else(|| told_digest(&answer));
        Ok(Self {
            answer,
            size_bytes,
            part,
            sha256,
            check: Check::against(sha256.filter(|_| range.is_none())),
            held: None,
        })
    }

    pub(super) fn into_object(self) -> Object {
        let (size_bytes, part, sha256) = (self.size_bytes, self.part.clone(), self.sha256);
        let object = Object::streamed(size_bytes, &part, self.pieces());
        Object { sha256, ..object }
    }

    fn pieces(self) -> impl Stream<Item = Result<Bytes, Error>> + Send {
        let pieces = stream::try_unfold(self, async |mut arrival| {
            let piece = arrival.piece().await?;
            Ok(piece.map(|piece| (piece, arrival)))
        });
        pieces.map(|piece: Result<_, Failure>| {
            piece.map_err(|failure| Error::new(Backend::Objects, "read", failure))
        })
    }

    async fn piece(&mut self) -> Result<Option<Bytes>, Failure> {
        loop {
            let arrived = timeout(SILENCE_MAX, self.answer.chunk()).await;
            let Some(arrived) = arrived.map_err(|_| Failure::Silent(SILENCE_MAX))?? else {
                self.check.passed()?;
                return Ok(self.held.take());
            };
            self.check.update(&arrived);
            if let Some(piece) = self.held.replace(arrived) {
                return Ok(Some(piece));
            }
        }
    }
}

/// Compares an object with the digest it was stored with, if it was, while its bytes arrive.
pub(super) struct Check(Option<(Digest, Sha256)>);

impl Check {
    pub(super) fn against(stored: Option<Digest>) -> Self {
        Self(stored.map(|stored| (stored, Sha256::new())))
    }

    pub(super) fn update(&mut self, chunk: &[u8]) {
        if let Some((_, hash)) = &mut self.0 {
            hash.update(chunk);
        }
    }

    /// Said once, at the end.
    pub(super) fn passed(&mut self) -> Result<(), Failure> {
        let Some((stored, hash)) = self.0.take() else {
            return Ok(());
        };
        let arrived = Digest::from_bytes(hash.finalize().into());
        if arrived == stored {
            Ok(())
        } else {
            Err(Failure::Changed { arrived, stored })
        }
    }
}

/// The digest that the object was stored with, as its server has kept it.
pub(super) fn told_digest(answer: &Response) -> Option<Digest> {
    let told = answer.headers().get(DIGEST)?;
    told.to_str().ok()?.parse().ok()
}

/// What `Content-Range: bytes 0-9/100` says of the whole. A server that did not heed the range sends none.
fn whole_length(answer: &Response) -> Option<u64> {
    let partial = answer.status() == StatusCode::PARTIAL_CONTENT;
    let told = answer.headers().get(CONTENT_RANGE).filter(|_| partial)?;
    let (_, whole) = told.to_str().ok()?.rsplit_once('/')?;
    whole.parse().ok()
}
