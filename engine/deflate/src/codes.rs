//! Prefix codes as a block brings them (RFC 1951, section 3.2.2).

use crate::{Unfit, tables::CODE_BITS_MAX};

/// A code as it is written, its first bit lowest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Code {
    pub(crate) bits: u16,
    pub(crate) length: u8,
}

/// The codes of symbols by their lengths, 0 for symbols without one.
pub(crate) fn codes<const SYMBOLS: usize>(lengths: &[u8; SYMBOLS]) -> [Code; SYMBOLS] {
    let mut next = first_codes(lengths);
    lengths.map(|length| {
        if length == 0 {
            return Code::default();
        }
        let code = next[usize::from(length)];
        next[usize::from(length)] += 1;
        Code {
            bits: (code as u16).reverse_bits() >> (16 - length),
            length,
        }
    })
}

/// Nothing but a complete code is taken, or one that has a single code or none, which is how encoders leave distances out.
pub(crate) fn check(lengths: &[u8]) -> Result<(), Unfit> {
    let share = |length: &u8| 1_u32 << (CODE_BITS_MAX - length);
    let used = lengths.iter().filter(|length| **length > 0);
    let sum: u32 = used.clone().map(share).sum();
    if sum == 1 << CODE_BITS_MAX || used.clone().all(|length| *length == 1) && used.count() <= 1 {
        Ok(())
    } else {
        Err(Unfit::Damaged(
            "a code is incomplete or has too many symbols",
        ))
    }
}

/// The first code of each length.
fn first_codes(lengths: &[u8]) -> [u32; CODE_BITS_MAX as usize + 1] {
    let mut counts = [0; CODE_BITS_MAX as usize + 1];
    for length in lengths {
        counts[usize::from(*length)] += 1;
    }
    counts[0] = 0;
    let mut first = [0; CODE_BITS_MAX as usize + 1];
    for length in 1..first.len() {
        first[length] = (first[length - 1] + counts[length - 1]) << 1;
    }
    first
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of RFC 1951, section 3.2.2.
    #[test]
    fn codes_are_those_of_the_rfc() {
        let codes = codes(&[3, 3, 3, 3, 3, 2, 4, 4]);
        let written = codes.map(|code| code.bits.reverse_bits() >> (16 - code.length));
        assert_eq!(
            written,
            [0b010, 0b011, 0b100, 0b101, 0b110, 0b00, 0b1110, 0b1111]
        );
    }

    #[test]
    fn a_code_is_complete_or_has_one_symbol_at_most() {
        for lengths in [&[1, 1][..], &[1, 2, 2, 0], &[0, 1], &[0, 0]] {
            assert_eq!(check(lengths), Ok(()), "{lengths:?}");
        }
        for lengths in [&[1, 1, 1][..], &[2, 2, 2], &[2], &[1, 2]] {
            assert!(check(lengths).is_err(), "{lengths:?}");
        }
    }
}
