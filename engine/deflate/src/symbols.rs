//! Symbols become bytes.

use crate::{
    Unfit,
    bits::Reader,
    block::Lengths,
    table::{
        Distances, END_OF_BLOCK, EXCEPTION, LITERAL, Literals, SECOND, extra, literals, payload,
        taken,
    },
};

/// The bits of a repetition: two codes of 15, and 5 and 13 extra bits.
const REPETITION_BITS: u32 = 48;

/// The tables of a block.
#[derive(Debug)]
pub(crate) struct Symbols {
    literals: Literals,
    distances: Distances,
}

/// What the next symbol is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Symbol {
    Literal,
    Repetition { length: usize },
    End,
}

impl Symbols {
    pub(crate) fn new() -> Self {
        Self {
            literals: Literals::new(),
            distances: Distances::new(),
        }
    }

    /// Makes the tables for [`Symbols::inflate`].
    pub(crate) fn fill(&mut self, lengths: &Lengths) -> Result<(), Unfit> {
        self.literals.fill_paired(&lengths.literals)?;
        self.distances.fill_with(&lengths.distances)
    }

    /// Makes the tables for [`Symbols::next`].
    pub(crate) fn fill_single(&mut self, lengths: &Lengths) -> Result<(), Unfit> {
        self.literals.fill_single(&lengths.literals)?;
        self.distances.fill_with(&lengths.distances)
    }

    /// Unpacks into `bytes` from `*unpacked` on until that is `until` or more, or the block ends; then it says so.
    ///
    /// `bytes` is so long that the last repetition may go beyond `until`.
    pub(crate) fn inflate(
        &self,
        reader: &mut Reader<'_>,
        bytes: &mut [u8],
        unpacked: &mut usize,
        until: usize,
    ) -> Result<bool, Unfit> {
        let mut at = *unpacked;
        let ended = loop {
            if at >= until {
                break false;
            }
            reader.refill();
            // Four entries of at most 12 bits are there for certain; their literals are written together.
            let (mut word, mut count) = (0, 0);
            let mut entry = self.literals.entry(reader.peek());
            for _ in 0..4 {
                if entry & LITERAL == 0 {
                    break;
                }
                word |= u64::from(payload(entry)) << count;
                count += 8 * literals(entry);
                reader.skip(taken(entry));
                entry = self.literals.entry(reader.peek());
            }
            bytes[at..at + 8].copy_from_slice(&word.to_le_bytes());
            at += (count / 8) as usize;
            if entry & LITERAL != 0 {
                continue;
            }
            if reader.count() < REPETITION_BITS {
                reader.refill();
                entry = self.literals.entry(reader.peek());
            }
            if entry & EXCEPTION != 0 {
                if entry & SECOND != 0 {
                    entry = self.literals.second(entry, reader.peek());
                }
                if entry & LITERAL != 0 {
                    reader.skip(taken(entry));
                    bytes[at] = payload(entry) as u8;
                    at += 1;
                    continue;
                }
                if entry & END_OF_BLOCK != 0 {
                    reader.skip(taken(entry));
                    break true;
                }
            }
            let length = length_of(entry, reader)?;
            let distance = self.distance(reader)?;
            if distance > at {
                return Err(Unfit::Damaged("a repetition begins before the first byte"));
            }
            repeat(bytes, at, distance, length);
            at += length;
        };
        *unpacked = at;
        Ok(ended)
    }

    /// Reads a single symbol and what belongs to it.
    pub(crate) fn next(&self, reader: &mut Reader<'_>) -> Result<Symbol, Unfit> {
        reader.refill();
        let mut entry = self.literals.entry(reader.peek());
        if entry & SECOND != 0 && entry & LITERAL == 0 {
            entry = self.literals.second(entry, reader.peek());
        }
        if entry & LITERAL != 0 {
            reader.skip(taken(entry));
            return Ok(Symbol::Literal);
        }
        if entry & END_OF_BLOCK != 0 {
            reader.skip(taken(entry));
            return Ok(Symbol::End);
        }
        let length = length_of(entry, reader)?;
        self.distance(reader)?;
        Ok(Symbol::Repetition { length })
    }

    #[inline(always)]
    fn distance(&self, reader: &mut Reader<'_>) -> Result<usize, Unfit> {
        let mut entry = self.distances.entry(reader.peek());
        if entry & SECOND != 0 {
            entry = self.distances.second(entry, reader.peek());
        }
        if entry & EXCEPTION != 0 {
            return Err(Unfit::Damaged("a distance is none"));
        }
        Ok(value(entry, reader))
    }
}

#[inline(always)]
fn length_of(entry: u32, reader: &mut Reader<'_>) -> Result<usize, Unfit> {
    if entry & EXCEPTION != 0 {
        return Err(Unfit::Damaged("a symbol is none"));
    }
    Ok(value(entry, reader))
}

/// A length or a distance: the least one of its symbol, and what the extra bits add.
#[inline(always)]
fn value(entry: u32, reader: &mut Reader<'_>) -> usize {
    reader.skip(taken(entry));
    let more = reader.peek() & ((1 << extra(entry)) - 1);
    reader.skip(extra(entry));
    payload(entry) as usize + more as usize
}

/// Writes `length` bytes at `at` that stand `distance` before; up to 15 bytes behind them change as well.
#[inline(always)]
fn repeat(bytes: &mut [u8], at: usize, distance: usize, length: usize) {
    let from = at - distance;
    match distance {
        1 => {
            let byte = bytes[from];
            bytes[at..at + length].fill(byte);
        }
        2..16 => {
            for i in 0..length {
                bytes[at + i] = bytes[from + i];
            }
        }
        _ => {
            for i in (0..length).step_by(16) {
                bytes.copy_within(from + i..from + i + 16, at + i);
            }
        }
    }
}
