//! How jobs are spread over a cluster.

use std::fmt;

use schemas::{Digest, JobId};

/// Shards of a cluster. The number is part of every key's name: with another one, records would be looked for where
/// they are not. Eight let a cluster grow to eight masters, and cost a publisher eight connections.
const CLUSTER_SHARDS: u8 = 8;

/// A part of the jobs whose keys lie together, so that one script may touch them all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Shard(u8);

/// How many shards there are: one on a server, eight on a cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Shards(u8);

impl Shards {
    /// Of a server: everything lies together anyway.
    pub(super) const OF_A_SERVER: Self = Self(1);
    /// Of a cluster, however many nodes it has.
    pub(super) const OF_A_CLUSTER: Self = Self(CLUSTER_SHARDS);

    /// The shard of a job, by its id, which is a digest.
    pub(super) fn of(self, id: &JobId) -> Shard {
        self.of_digest(id.digest())
    }

    /// The shard of what a digest names: its first byte spreads evenly.
    pub(super) fn of_digest(self, digest: &Digest) -> Shard {
        Shard(digest.as_bytes()[0] % self.0)
    }

    /// Where lies what there is once. A job's shard would do as well.
    pub(super) const fn first(self) -> Shard {
        Shard(0)
    }

    pub(super) fn all(self) -> impl Iterator<Item = Shard> {
        (0..self.0).map(Shard)
    }
}

impl Shard {
    /// The slots of the tags `{0}` to `{7}`, as `CLUSTER KEYSLOT` tells them.
    const SLOTS: [u16; CLUSTER_SHARDS as usize] =
        [13907, 9842, 5649, 1584, 14039, 9974, 5781, 1716];

    /// Where a cluster keeps every key of this shard.
    pub(super) fn slot(self) -> u16 {
        Self::SLOTS[usize::from(self.0)]
    }
}

/// The tag in its keys: Redis places a key by what stands between the braces.
impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{{{}}}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(first_byte: u8) -> JobId {
        let mut bytes = [0; 32];
        bytes[0] = first_byte;
        JobId::new(Digest::from_bytes(bytes))
    }

    #[test]
    fn a_job_has_one_shard_and_every_shard_has_as_many() {
        let mut jobs = [0; CLUSTER_SHARDS as usize];
        for byte in 0..=255 {
            jobs[usize::from(Shards::OF_A_CLUSTER.of(&id(byte)).0)] += 1;
        }
        assert_eq!(jobs, [32; CLUSTER_SHARDS as usize]);
        assert_eq!(Shards::OF_A_SERVER.of(&id(255)).to_string(), "{0}");
    }

    #[test]
    fn a_shard_knows_the_slot_of_its_tag() {
        for shard in Shards::OF_A_CLUSTER.all() {
            assert_eq!(shard.slot(), crc16(&[b'0' + shard.0]) % 16384);
        }
    }

    /// CRC-16/XMODEM, by which a cluster places keys.
    fn crc16(bytes: &[u8]) -> u16 {
        bytes.iter().fold(0, |crc, byte| {
            (0..8).fold(crc ^ u16::from(*byte) << 8, |crc, _| {
                let carried = crc & 0x8000 != 0;
                (crc << 1) ^ if carried { 0x1021 } else { 0 }
            })
        })
    }
}
