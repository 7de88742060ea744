//! Memory for images and originals on their way out. A client may take its time over its answer, so what all of them hold
//! together has a limit: of a long one a few pieces, of a short one that lies in a cache the whole.

use std::sync::Arc;

use bytes::Bytes;

use crate::{
    error::ApiError,
    fairness::Client,
    shares::{Share, Shares},
};

/// The memory that there is. Clients share it.
#[derive(Debug)]
pub(crate) struct Room {
    bytes: Arc<Shares>,
    bytes_max: u64,
}

/// A part of it, taken. Dropping it gives it back.
#[derive(Debug)]
pub(crate) struct Taken {
    bytes: Share,
}

/// Bytes in their place.
struct Held {
    bytes: Bytes,
    _room: Arc<Taken>,
}

impl Room {
    pub(crate) fn new(bytes_max: u64) -> Self {
        Self {
            bytes: Shares::new(bytes_max),
            bytes_max,
        }
    }

    /// Takes room for `size_bytes` bytes, before they are there.
    pub(crate) fn take(&self, client: &Client, size_bytes: u64) -> Result<Taken, ApiError> {
        let taken = self.bytes.take(client, size_bytes);
        let short = |short| ApiError::short(short, "bytes of images", self.bytes_max);
        taken.map(|bytes| Taken { bytes }).map_err(short)
    }
}

impl Taken {
    /// Gives back what more than `size_bytes` bytes took.
    pub(crate) fn shrink_to(&mut self, size_bytes: u64) {
        self.bytes.shrink_to(size_bytes);
    }

    /// The bytes, which take their room for as long as anybody holds them. All that is held in it together is no more than
    /// was taken.
    pub(crate) fn hold(self: &Arc<Self>, bytes: Bytes) -> Bytes {
        let room = Arc::clone(self);
        Bytes::from_owner(Held { bytes, _room: room })
    }
}

impl AsRef<[u8]> for Held {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn room_is_taken_until_the_last_holder_lets_go() {
        let [ann, bob] = ["ann", "bob"].map(|name| Client::Named(name.to_owned()));
        let room = Room::new(65_536);
        let taken = Arc::new(room.take(&ann, 65_536).unwrap());
        let bytes = taken.hold("image".into());
        drop(taken);
        let other = bytes.slice(1..);
        drop(bytes);
        assert!(matches!(
            room.take(&bob, 1),
            Err(ApiError::Busy { max: 65_536, .. })
        ));
        drop(other);
        room.take(&bob, 65_536).unwrap();
    }
}
