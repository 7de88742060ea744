//! Codes as a file assigns them, and what they stand for.

use super::symbol::{Kind, Symbol};

/// Codes to symbols: a table for short codes, a search for long ones.
#[derive(Debug)]
pub(super) struct Codes<const SIZE: usize> {
    pub(super) short: [Symbol; SIZE],
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

/// The code of each symbol, as far as the file's table has one.
pub(crate) type CodeBook = [Option<Code>; 256];

impl<const SIZE: usize> Codes<SIZE> {
    const BITS: u32 = SIZE.ilog2();

    /// Assigns the codes as ITU-T T.81, annex C, does: in order, each one more than the last.
    pub(super) fn new(kind: Kind, counts: &[u8; 16], symbols: &[u8]) -> Option<Self> {
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
    pub(super) fn symbol(&self, buffer: u64) -> Option<Symbol> {
        let symbol = self.short[(buffer >> (64 - Self::BITS)) as usize];
        if symbol == Symbol::NONE {
            return self.long_symbol(buffer);
        }
        Some(symbol)
    }

    /// The symbol, if its code is a short one.
    pub(super) fn short_symbol(&self, buffer: u64) -> Option<Symbol> {
        let symbol = self.short[(buffer >> (64 - Self::BITS)) as usize];
        (symbol != Symbol::NONE).then_some(symbol)
    }

    #[cold]
    pub(super) fn long_symbol(&self, buffer: u64) -> Option<Symbol> {
        let bits = (buffer >> 48) as u32;
        let following = self.long.partition_point(|long| long.code <= bits);
        let long = self.long[..following].last()?;
        let code_bits = long.symbol.code_len();
        ((bits ^ long.code) >> (16 - code_bits) == 0).then_some(long.symbol)
    }

    /// Symbols to codes: what writing asks for.
    pub(super) fn book(&self) -> CodeBook {
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
