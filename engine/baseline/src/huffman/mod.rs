//! Huffman tables, laid out for the one question that is asked of them: what do the next eleven bits mean?
//!
//! Most AC symbols of a photo have codes of two to six bits and values of one or two, so that eleven bits often hold two of
//! them, values included. A table of pairs answers for both at once, which is what makes this decoder faster than one
//! that asks for a code, then shifts, then asks for its value.

mod codes;
mod pair;
mod symbol;

use std::sync::OnceLock;

use codes::Codes;
pub(crate) use codes::{Code, CodeBook};
use pair::{Found, Pair};
use symbol::Kind;
pub(crate) use symbol::{Symbol, TO_THE_END};

use crate::skim::Skim;

/// Bits of AC coefficients that are looked up at once. Tables of this size share the first-level cache with the coefficients.
const LOOKUP_BITS: u32 = 11;
const LOOKUP_SIZE: usize = 1 << LOOKUP_BITS;

/// DC coefficients have few symbols, with short codes.
const DC_LOOKUP_SIZE: usize = 1 << 9;

/// Differences of DC coefficients.
#[derive(Debug)]
pub(crate) struct DcTable {
    codes: Codes<DC_LOOKUP_SIZE>,
}

/// Runs of zeros, and the coefficients after them.
#[derive(Debug)]
pub(crate) struct AcTable {
    pairs: [Pair; LOOKUP_SIZE],
    codes: Codes<LOOKUP_SIZE>,
    /// Made for whoever passes over blocks.
    skim: OnceLock<Box<Skim>>,
}

/// Runs of coefficients that stay zero, and what the one after them becomes.
#[derive(Debug)]
pub(crate) struct RefinementTable {
    codes: Codes<LOOKUP_SIZE>,
}

/// Which of a component's two tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Class {
    Dc,
    Ac,
}

impl DcTable {
    /// `None` when the file's table is contradictory, or holds what eight-bit baseline JPEG has not.
    pub(crate) fn new(counts: &[u8; 16], symbols: &[u8]) -> Option<Self> {
        let codes = Codes::new(Kind::Dc, counts, symbols)?;
        Some(Self { codes })
    }

    /// The symbol that the highest bits of `buffer` begin with; `None` when no code is so.
    #[inline(always)]
    pub(crate) fn symbol(&self, buffer: u64) -> Option<Symbol> {
        self.codes.symbol(buffer)
    }

    pub(crate) fn code_book(&self) -> CodeBook {
        self.codes.book()
    }
}

impl AcTable {
    /// `None` when the file's table is contradictory, or holds what eight-bit baseline JPEG has not.
    pub(crate) fn new(counts: &[u8; 16], symbols: &[u8]) -> Option<Self> {
        Self::of(Kind::Ac, counts, symbols)
    }

    /// For a scan of a progressive file. What its symbols for the end of a block say is in [`Symbol::blocks`].
    pub(crate) fn band(counts: &[u8; 16], symbols: &[u8]) -> Option<Self> {
        Self::of(Kind::Band, counts, symbols)
    }

    fn of(kind: Kind, counts: &[u8; 16], symbols: &[u8]) -> Option<Self> {
        let codes = Codes::new(kind, counts, symbols)?;
        let mut pairs = [Pair::only(Symbol::NONE); LOOKUP_SIZE];
        for (bits, pair) in (0..).zip(pairs.iter_mut()) {
            *pair = codes.pair(bits);
        }
        Some(Self {
            pairs,
            codes,
            skim: OnceLock::new(),
        })
    }

    /// How far bits reach.
    #[inline(always)]
    pub(crate) fn skim(&self) -> &Skim {
        let made = || Box::new(Skim::of(|buffer| self.codes.short_symbol(buffer)));
        self.skim.get_or_init(made)
    }

    pub(crate) fn code_book(&self) -> CodeBook {
        self.codes.book()
    }

    /// The symbol that the highest bits of `buffer` begin with; `None` when no code is so.
    pub(crate) fn symbol(&self, buffer: u64) -> Option<Symbol> {
        self.codes.symbol(buffer)
    }

    /// One symbol or two that the highest bits of `buffer` begin with; `None` when no code is so.
    #[inline(always)]
    pub(crate) fn pair(&self, buffer: u64) -> Option<Pair> {
        let pair = self.pairs[(buffer >> (64 - LOOKUP_BITS)) as usize];
        if pair.bits() == 0 {
            return self.single(pair.symbol(), buffer);
        }
        Some(pair)
    }

    /// A symbol with more bits than are looked up for pairs.
    #[inline(always)]
    fn single(&self, symbol: Symbol, buffer: u64) -> Option<Pair> {
        let symbol = if symbol == Symbol::NONE {
            self.codes.long_symbol(buffer)?
        } else {
            symbol
        };
        let found = Found {
            bits: symbol.len(),
            missing: 0,
            advance: symbol.advance(),
            value: symbol.value(buffer) as i16,
        };
        Some(Pair::new(found, found))
    }
}

impl RefinementTable {
    /// `None` when the file's table is contradictory, or holds what such a scan has not.
    pub(crate) fn new(counts: &[u8; 16], symbols: &[u8]) -> Option<Self> {
        let codes = Codes::new(Kind::Refinement, counts, symbols)?;
        Some(Self { codes })
    }

    /// The symbol that the highest bits of `buffer` begin with; `None` when no code is so.
    #[inline(always)]
    pub(crate) fn symbol(&self, buffer: u64) -> Option<Symbol> {
        self.codes.symbol(buffer)
    }
}
