//! Huffman tables, laid out for the one question that is asked of them: what do the next eleven bits mean?
//!
//! Most AC symbols of a photo have codes of two to six bits and values of one or two, so that eleven bits often hold two of
//! them, values included. A table of pairs answers for both at once, which is what makes this decoder faster than one
//! that asks for a code, then shifts, then asks for its value.

use std::sync::OnceLock;

use crate::skim::Skim;

/// Bits of AC coefficients that are looked up at once. Tables of this size share the first-level cache with the coefficients.
const LOOKUP_BITS: u32 = 11;
const LOOKUP_SIZE: usize = 1 << LOOKUP_BITS;

/// DC coefficients have few symbols, with short codes.
const DC_LOOKUP_SIZE: usize = 1 << 9;

/// How far the end-of-block symbol moves: further than any run can.
pub(crate) const TO_THE_END: usize = 128;

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

/// One symbol: bits of code and value together, of the code, of the value; and the coefficients it moves on by.
///
/// An integer rather than four fields, so that its lowest byte can be shifted by without being taken out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Symbol(u32);

/// Two symbols with their values, as far as they fit into the bits looked up; or one, which is first and last.
///
/// The last value may be longer than that, once its sign is known: what its other bits add is read from the buffer. Where not
/// even the first one's sign is known, there is only the symbol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Pair(u64);

/// Codes to symbols: a table for short codes, a search for long ones.
#[derive(Debug)]
struct Codes<const SIZE: usize> {
    short: [Symbol; SIZE],
    long: Vec<LongCode>,
}

/// A code of more bits than are looked up.
#[derive(Clone, Copy, Debug)]
struct LongCode {
    code: u32,
    symbol: Symbol,
}

/// How a symbol is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Code {
    pub(crate) bits: u32,
    pub(crate) count: u32,
}

/// Which of a component's two tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Class {
    Dc,
    Ac,
}

/// The code of each symbol, as far as the file's table has one.
pub(crate) type CodeBook = [Option<Code>; 256];

/// What the kinds of tables hold differently.
#[derive(Clone, Copy)]
enum Kind {
    Dc,
    Ac,
    /// AC in a progressive file: the end of a block may be that of many.
    Band,
    /// The same where values become more precise: a new one is one or minus one.
    Refinement,
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

impl Symbol {
    const NONE: Self = Self(0);

    const fn new(code_bits: u32, value_bits: u32, advance: u32) -> Self {
        Self((code_bits + value_bits) | advance << 8 | code_bits << 16 | value_bits << 24)
    }

    /// Bits of the code and of the value, in the lowest byte; what is above it means something else.
    #[inline(always)]
    pub(crate) const fn bits(self) -> u32 {
        self.0
    }

    /// Coefficients from the last one to this one.
    #[inline(always)]
    pub(crate) const fn advance(self) -> usize {
        (self.0 >> 8 & 0xff) as usize
    }

    /// How many blocks end here, the one that is being read included: for a symbol that moves on [`TO_THE_END`].
    #[inline(always)]
    pub(crate) const fn blocks(self, buffer: u64) -> u32 {
        (1 << (self.0 >> 24)) + self.stored(buffer)
    }

    /// Whether there is a value behind the code.
    #[inline(always)]
    pub(crate) const fn has_value(self) -> bool {
        self.0 >> 24 > 0
    }

    /// The bits after the code at the top of `buffer`, as they are.
    pub(crate) const fn stored(self, buffer: u64) -> u32 {
        (buffer.wrapping_shl(self.0 >> 16) >> 1 >> (63 - (self.0 >> 24))) as u32
    }

    /// The value after the code at the top of `buffer`; negative ones are stored one less, without their sign bit.
    #[inline(always)]
    pub(crate) const fn value(self, buffer: u64) -> i32 {
        let value_bits = self.0 >> 24;
        let shifted = buffer.wrapping_shl(self.0 >> 16);
        let magnitude = (shifted >> 1 >> (63 - value_bits)) as i32;
        let is_negative = !(shifted as i64 >> 63) as i32;
        magnitude + (is_negative & (1 - (1 << value_bits)))
    }

    pub(crate) const fn len(self) -> u32 {
        self.0 & 0xff
    }

    pub(crate) const fn ends_block(self) -> bool {
        self.advance() == TO_THE_END
    }

    const fn code_len(self) -> u32 {
        self.0 >> 16 & 0xff
    }

    /// As files have it: a run of zeros and the bits of a value, four bits each.
    pub(crate) const fn byte(self) -> u8 {
        let value_bits = (self.0 >> 24) as u8;
        match self.advance() {
            0 | TO_THE_END => value_bits,
            advance => (advance as u8 - 1) << 4 | value_bits,
        }
    }
}

impl Pair {
    const fn only(symbol: Symbol) -> Self {
        Self((symbol.0 as u64) << 32)
    }

    /// Where there are no values.
    #[inline(always)]
    const fn symbol(self) -> Symbol {
        Symbol((self.0 >> 32) as u32)
    }

    #[inline(always)]
    const fn new(first: Found, last: Found) -> Self {
        Self(
            last.bits as u64
                | (first.advance as u64) << 8
                | (last.advance as u64) << 16
                | ((u64::BITS - LOOKUP_BITS - last.missing) as u64) << 24
                | (first.bits as u64) << 32
                | (first.value as u64 & 0x7ff) << 37
                | (last.value as u16 as u64) << 48,
        )
    }

    /// Bits of all symbols, in the lowest byte; what is above it means something else.
    #[inline(always)]
    pub(crate) const fn bits(self) -> u32 {
        self.0 as u32
    }

    /// Coefficients from the one before to the first of these.
    #[inline(always)]
    pub(crate) const fn first_advance(self) -> usize {
        (self.0 >> 8 & 0xff) as usize
    }

    /// Coefficients from the one before to the last of these.
    #[inline(always)]
    pub(crate) const fn advance(self) -> usize {
        (self.0 >> 16 & 0xff) as usize
    }

    /// Bits of the first symbol.
    #[inline(always)]
    pub(crate) const fn first_bits(self) -> u32 {
        (self.0 >> 32) as u32 & 31
    }

    /// The first of two values.
    #[inline(always)]
    pub(crate) const fn first_value(self) -> i16 {
        ((self.0 << 16) as i64 >> 53) as i16
    }

    /// The last value, some bits of which may be behind those looked up in `buffer`.
    #[inline(always)]
    pub(crate) const fn last_value(self, buffer: u64) -> i16 {
        let behind = buffer & (u64::MAX >> LOOKUP_BITS);
        (self.0 >> 48) as i16 + behind.wrapping_shr((self.0 >> 24) as u32) as i16
    }
}

/// Where reading stands after a symbol within the bits looked up.
#[derive(Clone, Copy)]
struct Found {
    bits: u32,
    /// Of these, those that are not among the bits looked up.
    missing: u32,
    advance: usize,
    value: i16,
}

impl<const SIZE: usize> Codes<SIZE> {
    const BITS: u32 = SIZE.ilog2();

    /// Assigns the codes as ITU-T T.81, annex C, does: in order, each one more than the last.
    fn new(kind: Kind, counts: &[u8; 16], symbols: &[u8]) -> Option<Self> {
        let mut codes = Self {
            short: [Symbol::NONE; SIZE],
            long: Vec::new(),
        };
        let mut symbols = symbols.iter();
        let mut code = 0_u32;
        for (code_bits, &count) in (1..).zip(counts) {
            for &symbol in symbols.by_ref().take(count.into()) {
                if code >> code_bits != 0 {
                    return None;
                }
                codes.add(code, code_bits, kind.symbol(code_bits, symbol)?);
                code += 1;
            }
            code <<= 1;
        }
        Some(codes)
    }

    fn add(&mut self, code: u32, code_bits: u32, symbol: Symbol) {
        let Some(free_bits) = Self::BITS.checked_sub(code_bits) else {
            // Left-aligned in sixteen bits, as they are compared.
            let code = code << (16 - code_bits);
            self.long.push(LongCode { code, symbol });
            return;
        };
        let first = (code << free_bits) as usize;
        self.short[first..first + (1 << free_bits)].fill(symbol);
    }

    #[inline(always)]
    fn symbol(&self, buffer: u64) -> Option<Symbol> {
        let symbol = self.short[(buffer >> (64 - Self::BITS)) as usize];
        if symbol == Symbol::NONE {
            return self.long_symbol(buffer);
        }
        Some(symbol)
    }

    /// The symbol, if its code is a short one.
    fn short_symbol(&self, buffer: u64) -> Option<Symbol> {
        let symbol = self.short[(buffer >> (64 - Self::BITS)) as usize];
        (symbol != Symbol::NONE).then_some(symbol)
    }

    #[cold]
    fn long_symbol(&self, buffer: u64) -> Option<Symbol> {
        let bits = (buffer >> 48) as u32;
        let following = self.long.partition_point(|long| long.code <= bits);
        let long = self.long[..following].last()?;
        let code_bits = long.symbol.code_len();
        ((bits ^ long.code) >> (16 - code_bits) == 0).then_some(long.symbol)
    }

    /// Symbols to codes: what writing asks for.
    fn book(&self) -> CodeBook {
        let short = (0..).zip(&self.short).map(|(at, &symbol)| {
            let bits = at >> Self::BITS.saturating_sub(symbol.code_len());
            (symbol, bits)
        });
        let long = self.long.iter().map(|long| {
            let bits = long.code >> (16 - long.symbol.code_len());
            (long.symbol, bits)
        });
        let mut book = [None; 256];
        for (symbol, bits) in short.chain(long) {
            if symbol != Symbol::NONE {
                let count = symbol.code_len();
                book[usize::from(symbol.byte())] = Some(Code { bits, count });
            }
        }
        book
    }
}

impl Codes<LOOKUP_SIZE> {
    /// What [`LOOKUP_BITS`] bits hold.
    fn pair(&self, bits: u32) -> Pair {
        let buffer = u64::from(bits) << (64 - LOOKUP_BITS);
        let start = Found {
            bits: 0,
            missing: 0,
            advance: 0,
            value: 0,
        };
        let Some(first) = self.found(buffer, start) else {
            return Pair::only(self.short[bits as usize]);
        };
        let is_followed = first.advance < TO_THE_END && first.missing == 0;
        let second = is_followed.then(|| self.found(buffer, first)).flatten();
        Pair::new(first, second.unwrap_or(first))
    }

    /// The symbol after `before`, if its code and its sign are among the bits looked up.
    fn found(&self, buffer: u64, before: Found) -> Option<Found> {
        let rest = buffer << before.bits;
        let symbol = self.short[(rest >> (64 - LOOKUP_BITS)) as usize];
        let needed_bits = before.bits + symbol.code_len() + u32::from(symbol.has_value());
        let bits = before.bits + symbol.len();
        // The end of many blocks stands alone: how many there are is read where it is the first of a pair.
        let stands_alone = symbol.advance() == TO_THE_END && symbol.has_value() && before.bits > 0;
        (symbol != Symbol::NONE && needed_bits <= LOOKUP_BITS && !stands_alone).then(|| Found {
            bits,
            missing: bits.saturating_sub(LOOKUP_BITS),
            advance: before.advance + symbol.advance(),
            value: symbol.value(rest) as i16,
        })
    }
}

impl Kind {
    /// `None` for symbols that eight-bit baseline JPEG has not: other decoders disagree about what they mean.
    fn symbol(self, code_bits: u32, symbol: u8) -> Option<Symbol> {
        let (run, value_bits) = (u32::from(symbol >> 4), u32::from(symbol & 15));
        match (self, run, value_bits) {
            (Self::Dc, 0, 0..=11) => Some(Symbol::new(code_bits, value_bits, 0)),
            (Self::Ac, 0, 0) => Some(Symbol::new(code_bits, 0, TO_THE_END as u32)),
            (Self::Band | Self::Refinement, 0..=14, 0) => {
                Some(Symbol::new(code_bits, run, TO_THE_END as u32))
            }
            (Self::Ac | Self::Band | Self::Refinement, 15, 0) => {
                Some(Symbol::new(code_bits, 0, 16))
            }
            (Self::Ac | Self::Band, _, 1..=10) | (Self::Refinement, _, 1) => {
                Some(Symbol::new(code_bits, value_bits, run + 1))
            }
            _ => None,
        }
    }
}
