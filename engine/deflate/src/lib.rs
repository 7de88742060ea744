//! Some bytes of a zlib stream replaced, and the others left as they were packed.
//!
//! Packing is what makes a PNG expensive, and a mark touches a small part of it. What is packed before that part stays as it
//! is, bit for bit; so does what follows once the window has slid past the part. A block in which such a seam falls is
//! parted: its codes are told again, and its symbols are the old ones.
//!
//! Nothing here trusts a stream: what is not known for certain is an error, and the caller packs everything anew.
//!
//! Read in this order:
//! 1. [`Stream`]: unpacked, and packed again.
//! 2. [`mod@inflate`], [`block`], [`symbols`] and [`table`]: unpacking, and what is noted of the way.
//! 3. [`seam`]: the two places where old and new symbols meet.
//! 4. [`splice`]: the old bits, the new ones, and the old ones again.
//! 5. [`pack`]: new blocks, from [`matches`] and a [`prefix`] code of their own.
//! 6. [`bits`], [`codes`] and [`tables`]: what all of them share.

mod bits;
mod block;
mod codes;
mod inflate;
mod matches;
mod pack;
mod prefix;
mod seam;
mod splice;
mod symbols;
mod table;
mod tables;

use std::{borrow::Cow, ops::Range};

use simd_adler32::Adler32;

use bits::Writer;
use inflate::{Inflated, inflate};
use splice::{Known, WINDOW_MAX};
use tables::LENGTH_MAX;

/// Bytes of a stream's header (RFC 1950, section 2.2).
const HEADER_BYTES: usize = 2;
/// Bytes of the checksum behind it.
const CHECKSUM_BYTES: usize = 4;

/// Why a stream is left alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    #[error("the stream does not begin as zlib's do, or needs a dictionary")]
    Header,
    #[error("the stream is cut short")]
    Cut,
    #[error("the stream is damaged: {0}")]
    Damaged(&'static str),
    #[error("the stream has another length than its picture")]
    Length,
    #[error("the stream has more blocks than are worth noting")]
    Blocks,
    #[error("the stream's checksum is another")]
    Checksum,
}

/// A zlib stream whose bytes are known to the caller.
#[derive(Debug)]
pub struct Stream<'z> {
    zlib: Cow<'z, [u8]>,
    inflated: Inflated,
    checksum: u32,
}

impl<'z> Stream<'z> {
    /// Unpacks `zlib`, which must hold `length` bytes and may be followed by others.
    ///
    /// # Errors
    /// When it holds something else, or is damaged.
    pub fn open(zlib: impl Into<Cow<'z, [u8]>>, length: usize) -> Result<(Self, Vec<u8>), Unfit> {
        let zlib = zlib.into();
        check_header(&zlib)?;
        let (inflated, bytes) = inflate(&zlib, HEADER_BYTES * 8, length)?;
        let checksum = checksum_of(&bytes);
        let end = inflated.end.div_ceil(8);
        let expected = zlib.get(end..end + CHECKSUM_BYTES).ok_or(Unfit::Cut)?;
        if expected != checksum.to_be_bytes() {
            return Err(Unfit::Checksum);
        }
        let stream = Self {
            zlib,
            inflated,
            checksum,
        };
        Ok((stream, bytes))
    }

    /// Of the unpacked bytes, those that [`Stream::with`] has to know for a change in `changed`: a window before and behind,
    /// and the symbols at its ends.
    pub fn needed(&self, changed: Range<usize>) -> Range<usize> {
        let around = WINDOW_MAX + LENGTH_MAX;
        let end = changed.end.saturating_add(around);
        changed.start.saturating_sub(around)..end.min(self.inflated.length)
    }

    /// `before`, followed by a stream of the same bytes, but for those from `at` on, of which there are as many as `new` has.
    /// `old` are the bytes from `old_from` on as they were, all that are [needed](Stream::needed) among them.
    ///
    /// # Panics
    /// When there are fewer.
    #[must_use]
    pub fn with(
        self,
        at: usize,
        new: &[u8],
        (old_from, mut old): (usize, Vec<u8>),
        mut before: Vec<u8>,
    ) -> Vec<u8> {
        if new.is_empty() {
            let end = self.inflated.end.div_ceil(8) + CHECKSUM_BYTES;
            before.extend_from_slice(&self.zlib[..end]);
            return before;
        }
        let changed = at..at + new.len();
        let place = &mut old[at - old_from..changed.end - old_from];
        let checksum = self.checksum_with(at, place, new);
        place.copy_from_slice(new);
        let known = Known {
            from: old_from,
            bytes: &old,
            window: 1 << (8 + (self.zlib[0] >> 4)),
        };
        let writer = Writer::after(before, self.zlib.len() + self.zlib.len() / 8);
        let mut all = splice::spliced(&self.zlib, &self.inflated, changed, known, writer);
        all.extend_from_slice(&checksum.to_be_bytes());
        all
    }

    /// The checksum when `new` takes the place of `old`. Of its two sums, the second counts each byte as often as there are
    /// bytes from it to the end (RFC 1950, section 8.2).
    fn checksum_with(&self, at: usize, old: &[u8], new: &[u8]) -> u32 {
        const MODULUS: u64 = 65_521;
        let sums = |checksum: u32| (u64::from(checksum & 0xffff), u64::from(checksum >> 16));
        let (old_sums, new_sums) = (sums(checksum_of(old)), sums(checksum_of(new)));
        let first = new_sums.0 + MODULUS - old_sums.0;
        let second = new_sums.1 + MODULUS - old_sums.1;
        let behind = (self.inflated.length - at - new.len()) as u64 % MODULUS;
        let whole = sums(self.checksum);
        let (one, two) = (whole.0 + first, whole.1 + second + behind * first);
        (((two % MODULUS) << 16) | (one % MODULUS)) as u32
    }
}

/// Deflate with a window of 32 KiB at most, no dictionary, and a check that holds.
fn check_header(zlib: &[u8]) -> Result<(), Unfit> {
    match zlib {
        [method, flags, ..]
            if method & 15 == 8
                && method >> 4 <= 7
                && flags & 32 == 0
                && u16::from_be_bytes([*method, *flags]) % 31 == 0 =>
        {
            Ok(())
        }
        _ => Err(Unfit::Header),
    }
}

fn checksum_of(bytes: &[u8]) -> u32 {
    let mut checksum = Adler32::new();
    checksum.write(bytes);
    checksum.finish()
}

#[cfg(test)]
mod tests;
