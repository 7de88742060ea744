//! Memory for results on their way out. A client may take its time over its answer, so what all of them hold together
//! has a limit.

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
    _units: OwnedSemaphorePermit,
}

/// Bytes in their place.
struct Held {
    bytes: Bytes,
    _room: Taken,
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
        let units = size_bytes.div_ceil(UNIT_BYTES);
        let taken = u32::try_from(units)
            .ok()
            .and_then(|units| Arc::clone(&self.units).try_acquire_many_owned(units).ok());
        taken.map(|_units| Taken { _units }).ok_or(ApiError::Busy {
            what: "bytes of images",
            max: self.bytes_max,
        })
    }
}

impl Taken {
    /// The bytes, which take their room for as long as anybody holds them.
    pub(crate) fn hold(self, bytes: Bytes) -> Bytes {
        Bytes::from_owner(Held { bytes, _room: self })
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
        let room = Room::new(64 * UNIT_BYTES);
        let bytes = room.take(64 * UNIT_BYTES).unwrap().hold("image".into());
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
    fn more_than_there_could_ever_be_is_not_given() {
        assert!(Room::new(u64::MAX).take(u64::MAX).is_err());
    }
}
