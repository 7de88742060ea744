//! Tables that answer with symbols and what they mean.
//!
//! An entry tells from its lowest bit up: 6 bits, how many bits of the stream it takes; from bit 8, how many extra bits
//! follow, how many bits of literals it holds, or how many bits its second table asks for; from bit 12, what it is; from
//! bit 16, two literals, the least length or distance, or the place of the second table.

use crate::{
    Unfit,
    codes::{check, codes},
    tables::{CODE_BITS_MAX, DISTANCE_SYMBOLS, DISTANCES, END, LENGTHS, LITERAL_SYMBOLS},
};

const LITERAL_BITS: u8 = 12;
const DISTANCE_BITS: u8 = 9;

/// What an entry can be: one of these, or with none of them a length or a distance.
pub(crate) const LITERAL: u32 = 1 << 15;
pub(crate) const EXCEPTION: u32 = 1 << 14;
/// Of the exceptions. The third is a code that does not exist.
pub(crate) const SECOND: u32 = 1 << 13;
pub(crate) const END_OF_BLOCK: u32 = 1 << 12;
const INVALID: u32 = EXCEPTION;

/// Literals and lengths.
pub(crate) type Literals = Table<LITERAL_BITS, { 1 << LITERAL_BITS }>;
/// Distances.
pub(crate) type Distances = Table<DISTANCE_BITS, { 1 << DISTANCE_BITS }>;

/// A table by the next `BITS` bits; longer codes go on in a second one.
#[derive(Debug)]
pub(crate) struct Table<const BITS: u8, const SIZE: usize> {
    first: Box<[u32; SIZE]>,
    second: Vec<u32>,
}

/// Bits of the stream that an entry takes.
#[inline(always)]
pub(crate) const fn taken(entry: u32) -> u32 {
    entry & 63
}

/// The field from bit 8: extra bits, bits of literals, or bits that the second table asks for.
#[inline(always)]
pub(crate) const fn extra(entry: u32) -> u32 {
    entry >> 8 & 15
}

/// The field from bit 16.
#[inline(always)]
pub(crate) const fn payload(entry: u32) -> u32 {
    entry >> 16
}

/// Bytes that a literal entry holds.
#[inline(always)]
pub(crate) const fn literals(entry: u32) -> u32 {
    extra(entry)
}

impl<const BITS: u8, const SIZE: usize> Table<BITS, SIZE> {
    pub(crate) fn new() -> Self {
        Self {
            first: Box::new([INVALID; SIZE]),
            second: Vec::new(),
        }
    }

    /// What the next bits begin with.
    #[inline(always)]
    pub(crate) fn entry(&self, bits: u64) -> u32 {
        self.first[bits as usize & (SIZE - 1)]
    }

    /// What the next bits are, where `entry` says that a second table knows. It takes the bits of both.
    #[inline(always)]
    pub(crate) fn second(&self, entry: u32, bits: u64) -> u32 {
        let at = (bits >> BITS) as usize & ((1 << extra(entry)) - 1);
        self.second[payload(entry) as usize + at]
    }

    fn fill<const SYMBOLS: usize>(
        &mut self,
        lengths: &[u8; SYMBOLS],
        meaning: impl Fn(usize) -> u32,
    ) -> Result<(), Unfit> {
        check(lengths)?;
        self.first.fill(INVALID);
        self.second.clear();
        for (symbol, code) in codes(lengths).into_iter().enumerate() {
            let entry = meaning(symbol) | u32::from(code.length);
            let bits = usize::from(code.bits);
            match code.length {
                0 => {}
                length if length <= BITS => put(&mut self.first[..], bits, length, entry),
                length => {
                    let second = self.second_table(bits & (SIZE - 1));
                    put(second, bits >> BITS, length - BITS, entry);
                }
            }
        }
        Ok(())
    }

    /// The second table of these first bits.
    fn second_table(&mut self, first_bits: usize) -> &mut [u32] {
        let (bits, size) = (CODE_BITS_MAX - BITS, 1 << (CODE_BITS_MAX - BITS));
        let entry = &mut self.first[first_bits];
        if *entry & SECOND == 0 {
            let at = self.second.len() as u32;
            *entry = EXCEPTION | SECOND | at << 16 | u32::from(bits) << 8;
            self.second.resize(self.second.len() + size, INVALID);
        }
        let at = payload(*entry) as usize;
        &mut self.second[at..at + size]
    }
}

/// Bits that begin with a code of this length have the same entry.
fn put(table: &mut [u32], bits: usize, length: u8, entry: u32) {
    for place in table.iter_mut().skip(bits).step_by(1 << length) {
        *place = entry;
    }
}

impl Literals {
    /// As a block's code lengths say, a symbol for each entry.
    pub(crate) fn fill_single(&mut self, lengths: &[u8; LITERAL_SYMBOLS]) -> Result<(), Unfit> {
        if lengths[END] == 0 {
            return Err(Unfit::Damaged("a block has no end"));
        }
        self.fill(lengths, |symbol| match symbol {
            0..END => LITERAL | 1 << 8 | (symbol as u32) << 16,
            END => EXCEPTION | END_OF_BLOCK,
            symbol => match LENGTHS.get(symbol - END - 1) {
                Some((least, extra)) => u32::from(*least) << 16 | u32::from(*extra) << 8,
                None => INVALID,
            },
        })
    }

    /// The same, with two literals in each entry that has room for their bits.
    pub(crate) fn fill_paired(&mut self, lengths: &[u8; LITERAL_SYMBOLS]) -> Result<(), Unfit> {
        self.fill_single(lengths)?;
        // From the end, for the second literal is told by an entry before, which holds a single one still.
        for bits in (0..self.first.len()).rev() {
            let entry = self.first[bits];
            let next = self.first[bits >> taken(entry)];
            if entry & next & LITERAL != 0 && taken(entry) + taken(next) <= LITERAL_BITS.into() {
                self.first[bits] = LITERAL
                    | 2 << 8
                    | (payload(entry) | payload(next) << 8) << 16
                    | (taken(entry) + taken(next));
            }
        }
        Ok(())
    }
}

impl Distances {
    pub(crate) fn fill_with(&mut self, lengths: &[u8; DISTANCE_SYMBOLS]) -> Result<(), Unfit> {
        self.fill(lengths, |symbol| match DISTANCES.get(symbol) {
            Some((least, extra)) => u32::from(*least) << 16 | u32::from(*extra) << 8,
            None => INVALID,
        })
    }
}
