//! Bits to bytes, with the zeros that JPEG wants after each 0xff.

use std::ops::Range;

use crate::{
    Unsupported,
    huffman::{Code, CodeBook},
};

/// A file that grows bit by bit.
#[derive(Debug)]
pub(super) struct Writer {
    bytes: Vec<u8>,
    /// Bits that are not a byte yet, the next one below them.
    buffer: u64,
    count: u32,
}

const FIRST_RESTART: u8 = 0xd0;
const END_OF_IMAGE: [u8; 2] = [0xff, 0xd9];

/// A mark changes the length of a file by little.
const SPARE_BYTES: usize = 1 << 16;

/// What is held of a result of about as many bytes as are `expected`: not all of them are foreseen where tables change.
pub(super) const fn bytes_max(expected: usize) -> usize {
    2 * (expected + expected / 64 + SPARE_BYTES)
}

impl Writer {
    /// Writes behind `head`, about as many bytes as are `expected`.
    pub(super) fn after(mut head: Vec<u8>, expected: usize) -> Self {
        head.reserve(expected + expected / 64 + SPARE_BYTES);
        Self {
            bytes: head,
            buffer: 0,
            count: 0,
        }
    }

    /// A symbol, and as many bits behind it as its lower half says.
    #[inline]
    pub(super) fn put_symbol(
        &mut self,
        book: &CodeBook,
        symbol: u8,
        stored: u32,
    ) -> Result<(), Unsupported> {
        let code = book[usize::from(symbol)];
        let Code { bits, count } = code.ok_or(Unsupported::Symbol { symbol })?;
        let value_bits = u32::from(symbol & 15);
        self.put(bits << value_bits | stored, count + value_bits);
        Ok(())
    }

    /// Bits of `bytes`, which have no 0xff but the last.
    pub(super) fn put_bytes(&mut self, bytes: &[u8], bits: Range<usize>) {
        let first = bits.start.next_multiple_of(8).min(bits.end);
        let last = (bits.end / 8 * 8).max(first);
        self.put_part(bytes, bits.start..first);
        self.put_whole_bytes(&bytes[first / 8..last / 8]);
        self.put_part(bytes, last..bits.end);
    }

    /// Fills the last byte and writes the marker that is `number` from the first. There are eight, in turns.
    pub(super) fn restart(&mut self, number: usize) {
        self.fill_byte();
        let marker = FIRST_RESTART | (number % 8) as u8;
        self.bytes.extend([0xff, marker]);
    }

    pub(super) fn finish(mut self) -> Vec<u8> {
        self.fill_byte();
        self.bytes.extend(END_OF_IMAGE);
        self.bytes
    }

    /// At most 32 bits.
    #[inline]
    fn put(&mut self, bits: u32, count: u32) {
        self.buffer = self.buffer << count | u64::from(bits);
        self.count += count;
        if self.count >= 32 {
            self.count -= 32;
            self.push((self.buffer >> self.count) as u32);
        }
    }

    /// Some bits of one byte, or none.
    fn put_part(&mut self, bytes: &[u8], bits: Range<usize>) {
        let Some(byte) = bytes.get(bits.start / 8) else {
            return;
        };
        let following = bits.end.next_multiple_of(8) - bits.end;
        let count = bits.len() as u32;
        self.put(u32::from(*byte) >> following & ((1 << count) - 1), count);
    }

    fn put_whole_bytes(&mut self, bytes: &[u8]) {
        if self.count.is_multiple_of(8) {
            return self.copy(bytes);
        }
        let (words, rest) = bytes.as_chunks::<4>();
        for word in words {
            self.put(u32::from_be_bytes(*word), 32);
        }
        for byte in rest {
            self.put(u32::from(*byte), 8);
        }
    }

    /// Where bytes of the source are bytes of the result, nothing has to be shifted.
    fn copy(&mut self, bytes: &[u8]) {
        self.flush();
        self.bytes.extend_from_slice(bytes);
        if bytes.last() == Some(&0xff) {
            self.bytes.push(0);
        }
    }

    #[inline]
    fn push(&mut self, word: u32) {
        let bytes = word.to_be_bytes();
        if bytes.contains(&0xff) {
            bytes.into_iter().for_each(|byte| self.push_byte(byte));
        } else {
            self.bytes.extend_from_slice(&bytes);
        }
    }

    fn push_byte(&mut self, byte: u8) {
        self.bytes.push(byte);
        if byte == 0xff {
            self.bytes.push(0);
        }
    }

    /// With ones, as ITU-T T.81, F.1.2.3, has it.
    fn fill_byte(&mut self) {
        let missing = self.count.next_multiple_of(8) - self.count;
        self.put((1 << missing) - 1, missing);
        self.flush();
    }

    /// Writes whole bytes out; the buffer has nothing else then.
    fn flush(&mut self) {
        while self.count >= 8 {
            self.count -= 8;
            self.push_byte((self.buffer >> self.count) as u8);
        }
    }
}
