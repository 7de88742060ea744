//! Bits of a stream, the lowest of a byte first.

use std::ops::Range;

/// Reads bits. Beyond the end there are zeros: whoever has read them finds out by [`Reader::position`].
#[derive(Clone, Debug)]
pub(crate) struct Reader<'b> {
    bytes: &'b [u8],
    /// The next byte that is not in `buffer`.
    next: usize,
    buffer: u64,
    /// How many bits of `buffer` count.
    count: u32,
}

impl<'b> Reader<'b> {
    /// Begins at the bit `position`.
    pub(crate) fn at(bytes: &'b [u8], position: usize) -> Self {
        let mut reader = Self {
            bytes,
            next: position / 8,
            buffer: 0,
            count: 0,
        };
        reader.refill();
        reader.skip(position as u32 % 8);
        reader
    }

    /// Where the next bit stands in the stream.
    pub(crate) const fn position(&self) -> usize {
        self.next * 8 - self.count as usize
    }

    /// Whether bits were read that are not there.
    pub(crate) const fn is_beyond(&self) -> bool {
        self.position() > self.bytes.len() * 8
    }

    /// Makes sure of 56 bits at least.
    #[inline(always)]
    pub(crate) fn refill(&mut self) {
        let word = match self.bytes.get(self.next..self.next + 8) {
            Some(bytes) => u64::from_le_bytes(bytes.try_into().expect("eight bytes")),
            None => self.last_word(),
        };
        self.buffer |= word << self.count;
        self.next += (63 - self.count as usize) / 8;
        self.count |= 56;
    }

    #[cold]
    fn last_word(&self) -> u64 {
        let mut word = [0; 8];
        let rest = self.bytes.get(self.next..).unwrap_or_default();
        let length = rest.len().min(8);
        word[..length].copy_from_slice(&rest[..length]);
        u64::from_le_bytes(word)
    }

    /// The bits to come, of which 56 count after a refill.
    #[inline(always)]
    pub(crate) const fn peek(&self) -> u64 {
        self.buffer
    }

    /// How many bits are there before the next refill.
    #[inline(always)]
    pub(crate) const fn count(&self) -> u32 {
        self.count
    }

    /// Lets `count` bits pass, no more than there are.
    #[inline(always)]
    pub(crate) const fn skip(&mut self, count: u32) {
        self.buffer >>= count;
        self.count -= count;
    }

    /// The next `length` bytes, from a whole byte on; `None` if there are fewer.
    pub(crate) fn take_bytes(&mut self, length: usize) -> Option<&'b [u8]> {
        debug_assert_eq!(self.position() % 8, 0, "bytes begin at a byte");
        let from = self.position() / 8;
        let bytes = self.bytes.get(from..from.checked_add(length)?)?;
        *self = Self::at(self.bytes, (from + length) * 8);
        Some(bytes)
    }

    /// The next bits, 32 at most.
    pub(crate) fn take(&mut self, count: u32) -> u32 {
        self.refill();
        let bits = (self.buffer & ((1 << count) - 1)) as u32;
        self.skip(count);
        bits
    }
}

/// Writes bits.
#[derive(Debug, Default)]
pub(crate) struct Writer {
    bytes: Vec<u8>,
    buffer: u64,
    count: u32,
}

impl Writer {
    /// Goes on behind `bytes`, with room for so many more.
    pub(crate) fn after(mut bytes: Vec<u8>, room_bytes: usize) -> Self {
        bytes.reserve(room_bytes);
        Self {
            bytes,
            ..Self::default()
        }
    }

    /// Writes the lowest `count` bits of `bits`, which has no others; 32 at most.
    #[inline(always)]
    pub(crate) fn put(&mut self, bits: u64, count: u32) {
        self.buffer |= bits << self.count;
        self.count += count;
        if self.count >= 32 {
            self.bytes
                .extend_from_slice(&(self.buffer as u32).to_le_bytes());
            self.buffer >>= 32;
            self.count -= 32;
        }
    }

    /// Zeros up to the next whole byte.
    pub(crate) fn align(&mut self) {
        while self.count > 0 {
            self.bytes.push(self.buffer as u8);
            self.buffer >>= 8;
            self.count = self.count.saturating_sub(8);
        }
    }

    /// Whole bytes, after [`Writer::align`].
    pub(crate) fn put_bytes(&mut self, bytes: &[u8]) {
        debug_assert_eq!(self.count, 0, "bytes begin at a byte");
        self.bytes.extend_from_slice(bytes);
    }

    /// Copies the bits of `from` that stand in `range`.
    pub(crate) fn copy(&mut self, from: &[u8], range: Range<usize>) {
        let mut reader = Reader::at(from, range.start);
        let head = range.len().min((8 - range.start % 8) % 8);
        self.put(reader.take(head as u32).into(), head as u32);
        let start = (range.start + head) / 8;
        let whole = (range.len() - head) / 8;
        self.copy_bytes(&from[start..start + whole]);
        let tail = (range.len() - head) % 8;
        let mut reader = Reader::at(from, (start + whole) * 8);
        self.put(reader.take(tail as u32).into(), tail as u32);
    }

    /// Bytes at any bit: as they are where that is a whole byte, else shifted, eight at once.
    fn copy_bytes(&mut self, bytes: &[u8]) {
        if self.count.is_multiple_of(8) {
            self.align();
            self.bytes.extend_from_slice(bytes);
            return;
        }
        let (words, rest) = bytes.as_chunks::<8>();
        self.bytes.reserve(bytes.len() + 8);
        for word in words {
            let word = u64::from_le_bytes(*word);
            let full = self.buffer | word << self.count;
            self.bytes.extend_from_slice(&full.to_le_bytes());
            self.buffer = word >> (64 - self.count);
        }
        for byte in rest {
            self.put((*byte).into(), 8);
        }
    }

    /// The bytes, filled up with zeros.
    pub(crate) fn finish(mut self) -> Vec<u8> {
        self.align();
        self.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_are_copied_from_anywhere_to_anywhere() {
        let source: Vec<u8> = (0..60_u32).map(|i| (i * 167 % 251) as u8).collect();
        for lead in 0..33 {
            for start in 0..17 {
                for length in [0, 1, 5, 8, 13, 64, 65, 200, 401] {
                    let mut writer = Writer::default();
                    writer.put((1 << lead) - 1, lead);
                    writer.copy(&source, start..start + length);
                    writer.put(1, 1);
                    let bytes = writer.finish();
                    let mut copied = Reader::at(&bytes, lead as usize);
                    let mut expected = Reader::at(&source, start);
                    for bit in 0..length {
                        assert_eq!(copied.take(1), expected.take(1), "{lead} {start} {bit}");
                    }
                    assert_eq!(copied.take(1), 1);
                }
            }
        }
    }

    #[test]
    fn beyond_the_end_there_are_zeros_and_it_is_told() {
        let mut reader = Reader::at(&[0xff, 0xff], 4);
        assert_eq!((reader.take(12), reader.is_beyond()), (0xfff, false));
        assert_eq!((reader.take(1), reader.is_beyond()), (0, true));
    }
}
