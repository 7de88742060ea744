//! How much of the outbox one client may fill. Pure.

/// How many notices may wait in a shard, and how many of them may be one client's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Room {
    /// Notices of all. 50 000: at 1.5 KiB each 75 MiB, and half a day of a receiver that is away from a fleet that ends one
    /// job a second.
    pub notices_max: u64,
    /// Notices of each client for which there is room, whatever the others have. 500: a hundredth.
    pub notices_of_each: u64,
}

impl Default for Room {
    fn default() -> Self {
        Self {
            notices_max: 50_000,
            notices_of_each: 500,
        }
    }
}

impl Room {
    /// How many notices one client may have waiting where so many of all clients wait.
    ///
    /// As many as there is room left: alone it has half, beside another that does the same a third, and who comes later
    /// finds room still. `redis/subscribe.lua` reckons likewise.
    pub(super) fn share(self, waiting: u64) -> u64 {
        let left = self.notices_max.saturating_sub(waiting);
        left.max(self.notices_of_each)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROOM: Room = Room {
        notices_max: 100,
        notices_of_each: 5,
    };

    /// What clients have that ask for more in turn until none of them gets any.
    fn filled(clients: usize) -> Vec<u64> {
        let mut waiting = vec![0; clients];
        loop {
            let before = waiting.clone();
            for client in 0..clients {
                let all = waiting.iter().sum();
                waiting[client] += u64::from(waiting[client] < ROOM.share(all));
            }
            if waiting == before {
                return waiting;
            }
        }
    }

    #[test]
    fn whoever_fills_it_leaves_as_much_room_to_one_who_comes_later() {
        assert_eq!(filled(1), [50]);
        assert_eq!(filled(2), [34, 33]);
        assert!(filled(9).iter().all(|&waiting| waiting >= 10));
    }

    #[test]
    fn everybody_has_a_little_room_however_much_waits() {
        assert_eq!(ROOM.share(96), 5);
        assert_eq!(ROOM.share(u64::MAX), 5);
    }
}
