//! Repetitions, where they are easily found and pay.

use std::ops::Range;

use crate::{
    prefix,
    tables::{CODE_BITS_MAX, LENGTH_MAX, LENGTH_MIN},
};

/// What comes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Token {
    Literal(u8),
    Repetition { length: u16, distance: u16 },
}

const HASH_BITS: u32 = 14;
/// The codes of a length and a distance, about; extra bits grow with the distance.
const REPETITION_BITS: u32 = 12;
/// Bytes that are looked for together.
const LOOKED_AT: usize = 4;
/// After so many places without a repetition, every second one is looked at only, and so on: noise has none.
const PATIENCE: usize = 16;

/// Finds repetitions in bytes that follow one another: the last place where four bytes stood is looked at.
#[derive(Debug)]
pub(crate) struct Matcher<'b> {
    bytes: &'b [u8],
    window: usize,
    /// One more than the place where four bytes of this hash were seen last.
    seen: Vec<u32>,
    /// Bits that each byte takes as a literal, about.
    literal_bits: [u8; 256],
}

impl<'b> Matcher<'b> {
    pub(crate) fn new(bytes: &'b [u8], window: usize) -> Self {
        Self {
            bytes,
            window,
            seen: vec![0; 1 << HASH_BITS],
            literal_bits: literal_bits(bytes),
        }
    }

    /// Takes note of what stands in `range`, that repetitions may reach into.
    pub(crate) fn note(&mut self, range: Range<usize>) {
        for at in range {
            self.last_seen(at);
        }
    }

    /// Hands what stands in `range` on, in tokens.
    pub(crate) fn tokens(&mut self, range: Range<usize>, mut take: impl FnMut(Token)) {
        let (mut at, mut misses) = (range.start, 0);
        while at < range.end {
            if let Some(token @ Token::Repetition { length, .. }) = self.repetition(at, range.end) {
                take(token);
                at += usize::from(length);
                misses = 0;
                continue;
            }
            misses += 1;
            let step = 1 + misses / PATIENCE;
            let next = (at + step).min(range.end);
            self.bytes[at..next]
                .iter()
                .for_each(|byte| take(Token::Literal(*byte)));
            at = next;
        }
    }

    fn repetition(&mut self, at: usize, end: usize) -> Option<Token> {
        let from = self.last_seen(at)?;
        let distance = at - from;
        if distance > self.window {
            return None;
        }
        let end = end.min(at + LENGTH_MAX);
        let (old, new) = (&self.bytes[from..], &self.bytes[at..end]);
        let length = new.iter().zip(old).take_while(|(new, old)| new == old);
        let length = length.count();
        self.pays(&new[..length], distance)
            .then_some(Token::Repetition {
                length: length as u16,
                distance: distance as u16,
            })
    }

    /// Filtered pixels need a few bits each: a repetition that is short or far away may need more of them.
    fn pays(&self, repeated: &[u8], distance: usize) -> bool {
        let bits = |byte: &u8| u32::from(self.literal_bits[usize::from(*byte)]);
        let literals: u32 = repeated.iter().map(bits).sum();
        repeated.len() >= LENGTH_MIN && literals > REPETITION_BITS + distance.ilog2()
    }

    /// Where these four bytes were seen before; here they are seen now.
    fn last_seen(&mut self, at: usize) -> Option<usize> {
        let four = self.bytes.get(at..at + LOOKED_AT)?;
        let four = u32::from_le_bytes(four.try_into().expect("four bytes"));
        let hash = four.wrapping_mul(0x9e37_79b1) >> (32 - HASH_BITS);
        let seen = &mut self.seen[hash as usize];
        let last = std::mem::replace(seen, at as u32 + 1);
        (last > 0).then(|| last as usize - 1)
    }
}

/// Bits of each byte in a code for all of `bytes`.
fn literal_bits(bytes: &[u8]) -> [u8; 256] {
    let mut counts = [0; 256];
    for byte in bytes {
        counts[usize::from(*byte)] += 1;
    }
    prefix::lengths(&counts, CODE_BITS_MAX)
}
