//! Memory for images and originals on their way out. A client may take its time over its answer, so what all of them hold
//! together has a limit: of a long one a few pieces, of a short one that lies in a cache the whole.

use std::sync::Arc;

use bytes::Bytes;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::error::ApiError;

/// Memory is given out in units of this: a semaphore counts no further than `u32` in one step.
const UNIT_BYTES: u64 = 1024;

/// The memory that there is.
#[derive(Debug)]
pub(crate) struct Room {
    units: Arc<Semaphore>,
    bytes_max: u64,
}

/// A part of it, taken. Dropping it gives it back.
#[derive(Debug)]
pub(crate) struct Taken {
    units: OwnedSemaphorePermit,
}

/// Bytes in their place.
struct Held {
    bytes: Bytes,
    _room: Arc<Taken>,
}

impl Room {
    pub(crate) fn new(bytes_max: u64) -> Self {
        let units = usize::try_from(bytes_max / UNIT_BYTES).unwrap_or(usize::MAX);
        Self {
            units: Arc::new(Semaphore::new(units.min(Semaphore::MAX_PERMITS))),
            bytes_max,
        }
    }

    /// Takes room for `size_bytes` bytes, before they are there.
    pub(crate) fn take(&self, size_bytes: u64) -> Result<Taken, ApiError> {
        let taken = u32::try_from(units_for(size_bytes))
            .ok()
            .and_then(|units| Arc::clone(&self.units).try_acquire_many_owned(units).ok());
        taken.map(|units| Taken { units }).ok_or(ApiError::Busy {
            what: "bytes of images",
            max: self.bytes_max,
        })
    }
}

impl Taken {
    /// Gives back what more than `size_bytes` bytes took.
    pub(crate) fn shrink_to(&mut self, size_bytes: u64) {
        let units = usize::try_from(units_for(size_bytes)).unwrap_or(usize::MAX);
        let spare = self.units.num_permits().saturating_sub(units);
        drop(self.units.split(spare));
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

fn units_for(size_bytes: u64) -> u64 {
    size_bytes.div_ceil(UNIT_BYTES)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn room_is_taken_until_the_last_holder_lets_go() {
        let room = Room::new(64 * UNIT_BYTES);
        let taken = Arc::new(room.take(64 * UNIT_BYTES).unwrap());
        let bytes = taken.hold("image".into());
        drop(taken);
        let other = bytes.slice(1..);
        drop(bytes);
        assert!(matches!(
            room.take(1),
            Err(ApiError::Busy { max: 65_536, .. })
        ));
        drop(other);
        room.take(64 * UNIT_BYTES).unwrap();
    }

    #[test]
    fn what_is_not_needed_is_given_back() {
        let room = Room::new(64 * UNIT_BYTES);
        let mut taken = room.take(64 * UNIT_BYTES).unwrap();
        taken.shrink_to(UNIT_BYTES + 1);
        taken.shrink_to(u64::MAX);
        let _rest = room.take(62 * UNIT_BYTES).unwrap();
        assert!(room.take(1).is_err());
    }

    #[test]
    fn more_than_there_could_ever_be_is_not_given() {
        assert!(Room::new(u64::MAX).take(u64::MAX).is_err());
    }
}
