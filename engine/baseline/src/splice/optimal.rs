//! Huffman codes as short as their symbols are frequent.
//!
//! Encoders that write a picture while they code it take the tables of ITU-T T.81, annex K.3, which were made from pictures
//! of their time. Smooth pictures are a fifth smaller with tables of their own.

use std::{cmp::Reverse, collections::BinaryHeap};

use super::codes::{CODE_BITS_MAX, Codes};
use crate::{
    Broken,
    channel::{Channel, Grid},
    cpu::Kernels,
    header::Header,
    scan::Scan,
};

/// How often each symbol of a table occurs.
pub(super) type Frequencies = [u64; 256];

/// Counts the source's symbols, for each of the tables.
pub(super) fn counted(
    header: &Header<'_>,
    channels: &[Channel],
    codes: &Codes,
) -> Result<Vec<Frequencies>, Broken> {
    let grid = Grid::new(header);
    let mut counted = vec![[0; 256]; codes.tables()];
    let mut scan = Scan::new(Kernels::detect(), header, channels);
    let mcus = grid.mcus_across * grid.mcus_down;
    scan.symbols(mcus, &mut |component, class, symbol, _| {
        counted[codes.table(component, class)][usize::from(symbol)] += 1;
    })?;
    Ok(counted)
}

/// Bits of its code and symbol, for each that occurs, from the shortest code to the longest: ITU-T T.81, annex K.2.
pub(super) fn shortest(frequencies: &Frequencies) -> Vec<(u32, u8)> {
    let depths = depths(frequencies);
    let mut lengths = lengths(&depths).into_iter();
    let mut symbols: Vec<_> = (0..=u8::MAX)
        .filter(|symbol| frequencies[usize::from(*symbol)] > 0)
        .collect();
    symbols.sort_by_key(|symbol| depths[usize::from(*symbol)]);
    symbols
        .into_iter()
        .map_while(|symbol| Some((lengths.next()?, symbol)))
        .collect()
}

/// The code of nothing but ones, which no symbol may have: it stands behind all symbols and never occurs.
const ALL_ONES: usize = 256;

/// How deep in Huffman's tree each symbol is, and the code of nothing but ones; 0 for what has no place there.
fn depths(frequencies: &Frequencies) -> [usize; ALL_ONES + 1] {
    let occurring = (0..ALL_ONES).filter(|symbol| frequencies[*symbol] > 0);
    let leaves = occurring.map(|symbol| (frequencies[symbol], symbol));
    let leaves = leaves.chain([(0, ALL_ONES)]);
    // Of equally frequent groups the one with the last symbol goes deepest, so that one tree comes of one picture.
    let mut groups: BinaryHeap<_> = leaves
        .map(|(frequency, symbol)| Reverse((frequency, Reverse(symbol), vec![symbol])))
        .collect();
    let mut depths = [0; ALL_ONES + 1];
    while let (Some(Reverse(rarest)), Some(Reverse(rarer))) = (groups.pop(), groups.pop()) {
        let mut symbols = rarest.2;
        symbols.extend(rarer.2);
        for symbol in &symbols {
            depths[*symbol] += 1;
        }
        let last = rarest.1.min(rarer.1);
        groups.push(Reverse((rarest.0 + rarer.0, last, symbols)));
    }
    depths
}

/// The lengths of all codes that symbols get, from the shortest on: those of the tree, but none longer than allowed (T.81,
/// figure K.3), and without the code of nothing but ones.
fn lengths(depths: &[usize; ALL_ONES + 1]) -> Vec<u32> {
    const MAX: usize = CODE_BITS_MAX as usize;
    let mut counts = [0_usize; ALL_ONES + 1];
    for depth in depths {
        counts[*depth] += 1;
    }
    counts[0] = 0;
    for depth in (MAX + 1..counts.len()).rev() {
        while counts[depth] > 0 {
            // Of two neighbours one moves up to where both came from. The other takes half of a shorter code's place.
            let shorter = (1..depth - 1).rev().find(|shorter| counts[*shorter] > 0);
            let shorter = shorter.expect("a tree this deep has leaves farther up");
            counts[depth] -= 2;
            counts[depth - 1] += 1;
            counts[shorter] -= 1;
            counts[shorter + 1] += 2;
        }
    }
    if let Some(longest) = counts.iter().rposition(|count| *count > 0) {
        counts[longest] -= 1;
    }
    let lengths = (0_u32..).zip(counts);
    lengths
        .flat_map(|(length, count)| std::iter::repeat_n(length, count))
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The part of all codes that is taken, in codes of the longest kind.
    fn room(codes: &[(u32, u8)]) -> u64 {
        codes
            .iter()
            .map(|(bits, _)| 1 << (CODE_BITS_MAX - bits))
            .sum()
    }

    fn frequencies(of: &[(u8, u64)]) -> Frequencies {
        let mut frequencies = [0; 256];
        for (symbol, frequency) in of {
            frequencies[usize::from(*symbol)] = *frequency;
        }
        frequencies
    }

    #[test]
    fn what_is_frequent_is_short() {
        let codes = shortest(&frequencies(&[(7, 100), (1, 1), (3, 40), (9, 10)]));
        assert_eq!(codes, [(1, 7), (2, 3), (3, 9), (4, 1)]);
    }

    #[test]
    fn a_single_symbol_has_a_code() {
        assert_eq!(shortest(&frequencies(&[(5, 3)])), [(1, 5)]);
        assert_eq!(shortest(&frequencies(&[])), []);
    }

    #[test]
    fn no_code_is_too_long() {
        let mut fibonacci = frequencies(&[]);
        let (mut one, mut other) = (1, 1);
        for frequency in &mut fibonacci[..60] {
            *frequency = one;
            (one, other) = (other, one + other);
        }
        let codes = shortest(&fibonacci);
        assert_eq!(codes.len(), 60);
        assert_eq!(codes.last().unwrap().0, CODE_BITS_MAX);
        assert!(room(&codes) < 1 << CODE_BITS_MAX);
    }

    proptest! {
        #[test]
        fn every_symbol_has_a_code_and_no_code_is_all_ones(
            counts in prop::collection::vec(prop_oneof![Just(0), 1..5_u64, 1..1_u64 << 40], 256)
        ) {
            let frequencies: Frequencies = counts.try_into().unwrap();
            let codes = shortest(&frequencies);
            let occurring = frequencies.iter().filter(|count| **count > 0).count();
            prop_assert_eq!(codes.len(), occurring);
            prop_assert!(codes.is_sorted_by_key(|(bits, _)| *bits));
            prop_assert!(room(&codes) < 1 << CODE_BITS_MAX);
        }
    }
}
