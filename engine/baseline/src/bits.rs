//! The picture's data as bits.
//!
//! JPEG writes a zero after every byte of 0xff, so that markers can be found. The zeros are taken out a window at a time
//! before bits are read: then sixty-four of them are one load away, and no step of the decoder asks what a byte means.

use memchr::memchr;

use crate::{Broken, frame::MCU_BLOCKS_MAX};

/// A power of two, so that a position can be masked instead of checked. It fits into the second-level cache.
const WINDOW_SIZE: usize = 1 << 16;

/// Bits of the longest code and the longest value: 16 + 11 for DC, 16 + 10 for AC.
const BLOCK_BITS_MAX: usize = 27 + 63 * 26;

/// More than any MCU can take, however damaged, and the eight bytes that are loaded ahead.
const MCU_BYTES_MAX: usize = MCU_BLOCKS_MAX * BLOCK_BITS_MAX.div_ceil(8) + 16;

/// What a window takes of memory.
pub(crate) const WINDOW_BYTES: usize = size_of::<Window>();

/// Bytes without the stuffing, and room to load eight from the last position.
#[derive(Debug)]
pub(crate) struct Window([u8; WINDOW_SIZE + 8]);

/// Up to sixty-four bits, the next one highest, and where the ones after them come from.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Bits {
    pub(crate) buffer: u64,
    /// Bits of `buffer` that count; below them may be some of the bytes at `position` already.
    count: u32,
    position: usize,
}

/// Reads the picture's data, one segment between restart markers after the other.
#[derive(Debug)]
pub(crate) struct Reader<'a> {
    source: &'a [u8],
    window: Box<Window>,
    filled: usize,
    /// Bytes of the segment that have left the window.
    passed: usize,
    /// The marker that ends the segment, once the window has reached it.
    end: Option<u8>,
    pub(crate) bits: Bits,
}

impl Window {
    #[inline(always)]
    fn load(&self, position: usize) -> u64 {
        let position = position & (WINDOW_SIZE - 1);
        let bytes = self.0[position..position + 8].first_chunk();
        u64::from_be_bytes(*bytes.expect("the slice is eight bytes long"))
    }
}

impl Bits {
    /// At least 56 bits are in the buffer afterwards.
    #[inline(always)]
    pub(crate) fn refill(&mut self, window: &Window) {
        self.buffer |= window.load(self.position) >> self.count;
        self.position += ((63 - self.count) >> 3) as usize;
        self.count |= 56;
    }

    /// Drops as many bits as the lowest byte of `bits` says; no more than the buffer has.
    #[inline(always)]
    pub(crate) fn drop(&mut self, bits: u32) {
        self.buffer = self.buffer.wrapping_shl(bits);
        self.count = self.count.wrapping_sub(bits & 0xff);
    }

    /// Where the next bit is in the window; negative when it has left the window already.
    fn next(&self) -> isize {
        (self.position * 8) as isize - self.count as isize
    }
}

impl<'a> Reader<'a> {
    pub(crate) fn new(source: &'a [u8]) -> Self {
        Self {
            source,
            window: Box::new(Window([0; WINDOW_SIZE + 8])),
            filled: 0,
            passed: 0,
            end: None,
            bits: Bits::default(),
        }
    }

    /// Makes sure that a whole MCU can be read from the window.
    ///
    /// The bits are a copy to be put back, because what is only borrowed would go through memory at every symbol.
    ///
    /// # Errors
    /// When the segment has ended and more bits were taken than it had.
    #[inline(always)]
    pub(crate) fn prepare(&mut self) -> Result<(&Window, Bits), Broken> {
        if self.bits.position + MCU_BYTES_MAX > self.filled {
            self.fill()?;
        }
        Ok((&self.window, self.bits))
    }

    /// Ends the segment, which must be used up but for the bits that fill its last byte.
    ///
    /// # Errors
    /// When it is not, or another marker than `expected` ends it.
    pub(crate) fn finish(&mut self, expected: u8) -> Result<(), Broken> {
        self.fill()?;
        let found = self.end.ok_or(Broken::LeftOver)?;
        if self.left_bits() >= 8 {
            return Err(Broken::LeftOver);
        }
        if found != expected {
            return Err(Broken::Marker { found, expected });
        }
        (self.filled, self.passed) = (0, 0);
        (self.end, self.bits) = (None, Bits::default());
        Ok(())
    }

    /// How many bits of the segment have been taken; its stuffing does not count.
    pub(crate) fn position(&self) -> usize {
        (self.passed * 8).saturating_add_signed(self.bits.next())
    }

    /// Moves what is left to the front of the window and reads on behind it.
    #[cold]
    fn fill(&mut self) -> Result<(), Broken> {
        if self.end.is_some() {
            return self.check_end();
        }
        let window = &mut self.window.0;
        window.copy_within(self.bits.position..self.filled, 0);
        self.filled -= self.bits.position;
        self.passed += self.bits.position;
        self.bits.position = 0;
        while self.end.is_none() && self.filled < WINDOW_SIZE - MCU_BYTES_MAX {
            self.copy_to_next_marker()?;
        }
        // What an MCU may read beyond the end is zero, and the same on every run.
        self.window.0[self.filled..self.filled + MCU_BYTES_MAX].fill(0);
        self.check_end()
    }

    /// Copies up to the next byte of 0xff, which is data, filling or the beginning of a marker.
    fn copy_to_next_marker(&mut self) -> Result<(), Broken> {
        let room = WINDOW_SIZE - MCU_BYTES_MAX - self.filled;
        let near = &self.source[..room.min(self.source.len())];
        let Some(at) = memchr(0xff, near) else {
            if near.is_empty() {
                return Err(Broken::Cut);
            }
            self.copy(near.len(), near.len());
            return Ok(());
        };
        match *self.source.get(at + 1).ok_or(Broken::Cut)? {
            0 => self.copy(at + 1, at + 2),
            0xff => self.copy(at, at + 1),
            marker => {
                self.copy(at, at + 2);
                self.end = Some(marker);
            }
        }
        Ok(())
    }

    /// Appends `copied` bytes of the source to the window, and moves on in the source by `taken`.
    fn copy(&mut self, copied: usize, taken: usize) {
        let (bytes, _) = self.source.split_at(copied);
        self.window.0[self.filled..self.filled + copied].copy_from_slice(bytes);
        self.filled += copied;
        self.source = &self.source[taken..];
    }

    fn check_end(&self) -> Result<(), Broken> {
        if self.left_bits() < 0 {
            return Err(Broken::Cut);
        }
        Ok(())
    }

    fn left_bits(&self) -> isize {
        (self.filled * 8) as isize - self.bits.next()
    }
}
