//! Two symbols at once.

use super::{
    LOOKUP_BITS, LOOKUP_SIZE,
    codes::Codes,
    symbol::{Symbol, TO_THE_END},
};

/// Two symbols with their values, as far as they fit into the bits looked up; or one, which is first and last.
///
/// The last value may be longer than that, once its sign is known: what its other bits add is read from the buffer. Where not
/// even the first one's sign is known, there is only the symbol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Pair(u64);

/// Where reading stands after a symbol within the bits looked up.
#[derive(Clone, Copy)]
pub(super) struct Found {
    pub(super) bits: u32,
    /// Of these, those that are not among the bits looked up.
    pub(super) missing: u32,
    pub(super) advance: usize,
    pub(super) value: i16,
}

impl Pair {
    pub(super) const fn only(symbol: Symbol) -> Self {
        Self((symbol.0 as u64) << 32)
    }

    /// Where there are no values.
    #[inline(always)]
    pub(super) const fn symbol(self) -> Symbol {
        Symbol((self.0 >> 32) as u32)
    }

    #[inline(always)]
    pub(super) const fn new(first: Found, last: Found) -> Self {
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

impl Codes<LOOKUP_SIZE> {
    /// What [`LOOKUP_BITS`] bits hold.
    pub(super) fn pair(&self, bits: u32) -> Pair {
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
