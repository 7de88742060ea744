//! How far bits reach, whatever they say: a block is passed over faster than it is decoded.
//!
//! Without their values, all symbols within twelve bits need two bytes to be told of, so that a table of them is as large as
//! one of pairs for eleven, and an answer is often three symbols.

use crate::huffman::Symbol;

const LOOKUP_BITS: u32 = 12;
const LOOKUP_SIZE: usize = 1 << LOOKUP_BITS;

/// As many leaps can be made of 56 bits.
pub(crate) const LEAPS: usize = 4;
const _: () = assert!(LEAPS as u32 * LOOKUP_BITS <= 56);

/// Bits to the coefficients that they reach.
#[derive(Debug)]
pub(crate) struct Skim([Leap; LOOKUP_SIZE]);

/// Whole symbols of one block: their bits in the lowest byte, and above it the coefficients that they move on by.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Leap(u16);

/// The furthest that a leap moves without ending its block.
const ADVANCE_MAX: usize = 62;
/// What is added where a block ends.
const END: usize = 64;

impl Skim {
    /// `symbol` is asked what the highest bits begin with, and may know short codes only.
    pub(crate) fn of(symbol: impl Fn(u64) -> Option<Symbol>) -> Self {
        let mut leaps = [Leap::NONE; LOOKUP_SIZE];
        for (bits, leap) in (0_u64..).zip(leaps.iter_mut()) {
            *leap = Leap::of(bits << (64 - LOOKUP_BITS), &symbol);
        }
        Self(leaps)
    }

    #[inline(always)]
    pub(crate) fn leap(&self, buffer: u64) -> Leap {
        self.0[(buffer >> (64 - LOOKUP_BITS)) as usize]
    }
}

impl Leap {
    /// Further than any block goes, and no end: what comes is a symbol with more bits than are looked up, or no code.
    const NONE: Self = Self(((ADVANCE_MAX + 1) as u16) << 8);

    fn of(buffer: u64, symbol: impl Fn(u64) -> Option<Symbol>) -> Self {
        let (mut bits, mut advance) = (0, 0);
        while let Some(symbol) = symbol(buffer << bits) {
            let ends = symbol.ends_block();
            let next = if ends { 0 } else { symbol.advance() };
            if bits + symbol.len() > LOOKUP_BITS || advance + next > ADVANCE_MAX {
                break;
            }
            bits += symbol.len();
            advance += next;
            if ends {
                advance += END;
                break;
            }
        }
        if bits == 0 {
            return Self::NONE;
        }
        Self(bits as u16 | (advance as u16) << 8)
    }

    /// Bits of all symbols, in the lowest byte; what is above it means something else.
    #[inline(always)]
    pub(crate) const fn bits(self) -> u32 {
        self.0 as u32
    }

    /// Coefficients from the one before to the last of these; more than there are where the block may end.
    #[inline(always)]
    pub(crate) const fn advance(self) -> usize {
        (self.0 >> 8) as usize
    }

    /// How far it moves before it ends the block, if it does.
    #[inline(always)]
    pub(crate) const fn advance_to_end(self) -> Option<usize> {
        self.advance().checked_sub(END)
    }
}
