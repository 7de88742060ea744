//! What a code stands for, with what follows it.

/// How far the end-of-block symbol moves: further than any run can.
pub(crate) const TO_THE_END: usize = 128;

/// One symbol: bits of code and value together, of the code, of the value; and the coefficients it moves on by.
///
/// An integer rather than four fields, so that its lowest byte can be shifted by without being taken out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Symbol(pub(super) u32);

/// What the kinds of tables hold differently.
#[derive(Clone, Copy)]
pub(super) enum Kind {
    Dc,
    Ac,
    /// AC in a progressive file: the end of a block may be that of many.
    Band,
    /// The same where values become more precise: a new one is one or minus one.
    Refinement,
}

impl Symbol {
    pub(super) const NONE: Self = Self(0);

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

    pub(super) const fn code_len(self) -> u32 {
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

impl Kind {
    /// `None` for symbols that eight-bit baseline JPEG has not: other decoders disagree about what they mean.
    pub(super) fn symbol(self, code_bits: u32, symbol: u8) -> Option<Symbol> {
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
