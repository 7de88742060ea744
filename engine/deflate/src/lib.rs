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
//! 2. [`inflate`], [`block`], [`symbols`] and [`table`]: unpacking, and what is noted of the way.
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

use std::borrow::Cow;

use simd_adler32::Adler32;

use bits::Writer;
use inflate::{Inflated, inflate};

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

/// A zlib stream and what it holds.
#[derive(Debug)]
pub struct Stream<'z> {
    zlib: Cow<'z, [u8]>,
    inflated: Inflated,
}

impl<'z> Stream<'z> {
    /// Unpacks `zlib`, which must hold `length` bytes and may be followed by others.
    ///
    /// # Errors
    /// When it holds something else, or is damaged.
    pub fn open(zlib: impl Into<Cow<'z, [u8]>>, length: usize) -> Result<Self, Unfit> {
        let zlib = zlib.into();
        check_header(&zlib)?;
        let inflated = inflate(&zlib, HEADER_BYTES * 8, length)?;
        let end = inflated.end.div_ceil(8);
        let checksum = zlib.get(end..end + CHECKSUM_BYTES).ok_or(Unfit::Cut)?;
        if checksum != checksum_of(&inflated.bytes) {
            return Err(Unfit::Checksum);
        }
        Ok(Self { zlib, inflated })
    }

    /// The unpacked bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.inflated.bytes
    }

    /// `before`, followed by a stream of the same bytes, but for those from `at` on, of which there are as many as `new` has.
    ///
    /// # Panics
    /// When there are fewer.
    #[must_use]
    pub fn with(mut self, at: usize, new: &[u8], mut before: Vec<u8>) -> Vec<u8> {
        if new.is_empty() {
            let end = self.inflated.end.div_ceil(8) + CHECKSUM_BYTES;
            before.extend_from_slice(&self.zlib[..end]);
            return before;
        }
        let changed = at..at + new.len();
        self.inflated.bytes[changed.clone()].copy_from_slice(new);
        let writer = Writer::after(before, self.zlib.len() + self.zlib.len() / 8);
        let window = self.window();
        let mut all = splice::spliced(&self.zlib, &self.inflated, changed, window, writer);
        all.extend_from_slice(&checksum_of(&self.inflated.bytes));
        all
    }

    /// How far back repetitions may reach.
    fn window(&self) -> usize {
        1 << (8 + (self.zlib[0] >> 4))
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

fn checksum_of(bytes: &[u8]) -> [u8; CHECKSUM_BYTES] {
    let mut checksum = Adler32::new();
    checksum.write(bytes);
    checksum.finish().to_be_bytes()
}

#[cfg(test)]
mod tests;
