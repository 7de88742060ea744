//! New blocks.

use std::ops::Range;

use crate::{
    bits::Writer,
    block::Lengths,
    codes::{Code, codes},
    matches::{Matcher, Token},
    prefix,
    tables::{
        CODE_BITS_MAX, DISTANCE_SYMBOLS, DISTANCES, END, FIXED_DISTANCES, FIXED_LITERALS, LENGTHS,
        LENGTHS_ORDER, LITERAL_SYMBOLS, STORED_MAX,
    },
};

/// Bytes that one block packs, no more than it could store: enough to pay for its codes, few enough to be alike.
const BLOCK_BYTES: usize = STORED_MAX;
/// A code length is written by a code whose own lengths have three bits.
const LENGTHS_BITS_MAX: u8 = 7;

/// Packs the part `new` of `bytes` into blocks; repetitions reach back `window` bytes, beyond the part as well.
pub(crate) fn pack(
    writer: &mut Writer,
    bytes: &[u8],
    new: Range<usize>,
    window: usize,
    is_last: bool,
) {
    let base = new.start.saturating_sub(window);
    let mut matcher = Matcher::new(&bytes[base..new.end], window);
    matcher.note(0..new.start - base);
    let mut at = new.start;
    loop {
        let end = (at + BLOCK_BYTES).min(new.end);
        let is_last = is_last && end == new.end;
        if at < end || is_last {
            let mut block = Block::default();
            matcher.tokens(at - base..end - base, |token| block.add(token));
            block.put(writer, &bytes[at..end], is_last);
        }
        at = end;
        if at == new.end {
            return;
        }
    }
}

/// Bytes as they are: an empty block, if there are none.
pub(crate) fn put_stored(writer: &mut Writer, bytes: &[u8], is_last: bool) {
    writer.put(is_last.into(), 3);
    writer.align();
    let length = bytes.len() as u16;
    writer.put_bytes(&length.to_le_bytes());
    writer.put_bytes(&(!length).to_le_bytes());
    writer.put_bytes(bytes);
}

/// Tokens, and how often each symbol occurs in them.
#[derive(Debug)]
struct Block {
    tokens: Vec<Token>,
    literals: [u32; LITERAL_SYMBOLS],
    distances: [u32; DISTANCE_SYMBOLS],
    extra_bits: u64,
}

impl Default for Block {
    fn default() -> Self {
        let mut literals = [0; LITERAL_SYMBOLS];
        literals[END] = 1;
        Self {
            tokens: Vec::with_capacity(BLOCK_BYTES),
            literals,
            distances: [0; DISTANCE_SYMBOLS],
            extra_bits: 0,
        }
    }
}

impl Block {
    fn add(&mut self, token: Token) {
        self.tokens.push(token);
        match token {
            Token::Literal(byte) => self.literals[usize::from(byte)] += 1,
            Token::Repetition { length, distance } => {
                let (length, distance) = (Part::of_length(length), Part::of_distance(distance));
                self.literals[length.symbol] += 1;
                self.distances[distance.symbol] += 1;
                self.extra_bits += u64::from(length.extra_bits + distance.extra_bits);
            }
        }
    }

    /// Writes the block in the fewest bits: with codes of its own, with the fixed ones, or as `bytes`.
    fn put(&self, writer: &mut Writer, bytes: &[u8], is_last: bool) {
        let own = Lengths {
            literals: prefix::lengths(&self.literals, CODE_BITS_MAX),
            distances: prefix::lengths(&self.distances, CODE_BITS_MAX),
        };
        let fixed = Lengths {
            literals: FIXED_LITERALS,
            distances: FIXED_DISTANCES,
        };
        let header = Header::of(&own);
        let own_bits = header.bits() + self.bits(&own);
        let fixed_bits = self.bits(&fixed);
        if 8 * bytes.len() as u64 + 32 < own_bits.min(fixed_bits) {
            put_stored(writer, bytes, is_last);
        } else if fixed_bits <= own_bits {
            writer.put(u64::from(is_last) | 1 << 1, 3);
            self.put_tokens(writer, &fixed);
        } else {
            writer.put(u64::from(is_last) | 2 << 1, 3);
            header.put(writer);
            self.put_tokens(writer, &own);
        }
    }

    fn bits(&self, lengths: &Lengths) -> u64 {
        let sum = |counts: &[u32], lengths: &[u8]| -> u64 {
            let pairs = counts.iter().zip(lengths);
            pairs
                .map(|(count, length)| u64::from(*count) * u64::from(*length))
                .sum()
        };
        sum(&self.literals, &lengths.literals)
            + sum(&self.distances, &lengths.distances)
            + self.extra_bits
    }

    fn put_tokens(&self, writer: &mut Writer, lengths: &Lengths) {
        let (literals, distances) = (codes(&lengths.literals), codes(&lengths.distances));
        for token in &self.tokens {
            match *token {
                Token::Literal(byte) => put_code(writer, literals[usize::from(byte)]),
                Token::Repetition { length, distance } => {
                    Part::of_length(length).put(writer, &literals);
                    Part::of_distance(distance).put(writer, &distances);
                }
            }
        }
        put_code(writer, literals[END]);
    }
}

fn put_code(writer: &mut Writer, code: Code) {
    writer.put(code.bits.into(), code.length.into());
}

/// A length or a distance: its symbol, and what its extra bits say.
#[derive(Clone, Copy, Debug)]
struct Part {
    symbol: usize,
    extra: u16,
    extra_bits: u8,
}

impl Part {
    fn of_length(length: u16) -> Self {
        Self::of(length, &LENGTHS).behind(END + 1)
    }

    fn of_distance(distance: u16) -> Self {
        Self::of(distance, &DISTANCES)
    }

    /// The last symbol whose least value is no greater.
    fn of(value: u16, symbols: &[(u16, u8)]) -> Self {
        let symbol = symbols.partition_point(|(least, _)| *least <= value) - 1;
        let (least, extra_bits) = symbols[symbol];
        Self {
            symbol,
            extra: value - least,
            extra_bits,
        }
    }

    const fn behind(self, first: usize) -> Self {
        Self {
            symbol: first + self.symbol,
            ..self
        }
    }

    fn put(self, writer: &mut Writer, codes: &[Code]) {
        put_code(writer, codes[self.symbol]);
        writer.put(self.extra.into(), self.extra_bits.into());
    }
}

/// How a block tells its code lengths (RFC 1951, section 3.2.7).
#[derive(Debug)]
struct Header {
    literals: usize,
    distances: usize,
    /// Symbols of the code for code lengths, with their extra bits and how many those are.
    runs: Vec<(usize, u64, u8)>,
    of_lengths: [u8; 19],
}

impl Header {
    fn of(lengths: &Lengths) -> Self {
        let told = |lengths: &[u8], least: usize| {
            let used = lengths.iter().rposition(|length| *length > 0);
            used.map_or(0, |last| last + 1).max(least)
        };
        let literals = told(&lengths.literals, 257);
        let distances = told(&lengths.distances, 1);
        let all = [
            &lengths.literals[..literals],
            &lengths.distances[..distances],
        ];
        let runs = runs(&all.concat());
        let mut counts = [0; 19];
        for (symbol, ..) in &runs {
            counts[*symbol] += 1;
        }
        Self {
            literals,
            distances,
            of_lengths: prefix::lengths(&counts, LENGTHS_BITS_MAX),
            runs,
        }
    }

    fn told(&self) -> usize {
        let is_told = |symbol: &usize| self.of_lengths[*symbol] > 0;
        let last = LENGTHS_ORDER.iter().rposition(is_told);
        (last.map_or(0, |last| last + 1)).max(4)
    }

    fn bits(&self) -> u64 {
        let run = |(symbol, _, bits): &(usize, u64, u8)| u64::from(self.of_lengths[*symbol] + bits);
        14 + 3 * self.told() as u64 + self.runs.iter().map(run).sum::<u64>()
    }

    fn put(&self, writer: &mut Writer) {
        writer.put(self.literals as u64 - 257, 5);
        writer.put(self.distances as u64 - 1, 5);
        writer.put(self.told() as u64 - 4, 4);
        for symbol in &LENGTHS_ORDER[..self.told()] {
            writer.put(self.of_lengths[*symbol].into(), 3);
        }
        let codes = codes(&self.of_lengths);
        for (symbol, extra, bits) in &self.runs {
            put_code(writer, codes[*symbol]);
            writer.put(*extra, (*bits).into());
        }
    }
}

/// Code lengths, with a symbol for many that are zero, or as the one before.
fn runs(lengths: &[u8]) -> Vec<(usize, u64, u8)> {
    let mut runs = Vec::new();
    for run in lengths.chunk_by(|one, other| one == other) {
        let (length, mut left) = (run[0], run.len());
        if length > 0 {
            runs.push((length.into(), 0, 0));
            left -= 1;
        }
        while left > 0 {
            let (run, taken) = match (length, left) {
                (0, 11..) => ((18, left.min(138) as u64 - 11, 7), left.min(138)),
                (0, 3..) => ((17, left as u64 - 3, 3), left),
                (1.., 3..) => ((16, left.min(6) as u64 - 3, 2), left.min(6)),
                (length, _) => ((length.into(), 0, 0), 1),
            };
            runs.push(run);
            left -= taken;
        }
    }
    runs
}
