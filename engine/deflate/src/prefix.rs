//! Prefix codes for symbols that occur so and so often.

use crate::tables::CODE_BITS_MAX;

/// The lengths of a code for symbols that occur as often as `counts` says, `bits_max` at most.
///
/// There are two codes at least, so that every reader takes it for complete.
pub(crate) fn lengths<const SYMBOLS: usize>(
    counts: &[u32; SYMBOLS],
    bits_max: u8,
) -> [u8; SYMBOLS] {
    let mut used: Vec<(u32, usize)> = counts
        .iter()
        .enumerate()
        .filter(|(_, count)| **count > 0)
        .map(|(symbol, count)| (*count, symbol))
        .collect();
    let unused = counts.iter().enumerate().filter(|(_, count)| **count == 0);
    let needed = 2_usize.saturating_sub(used.len());
    used.extend(unused.take(needed).map(|(symbol, _)| (0, symbol)));
    used.sort_unstable();
    let mut of_length = limited(depths(&used), bits_max);
    let mut lengths = [0; SYMBOLS];
    let mut length = bits_max;
    for (_, symbol) in used {
        // The rarest come first and get the longest.
        while of_length[usize::from(length)] == 0 {
            length -= 1;
        }
        of_length[usize::from(length)] -= 1;
        lengths[symbol] = length;
    }
    lengths
}

/// More than the longest code has bits before it is limited, which is one less than there are symbols.
const DEPTHS: usize = 320;

/// How many codes have each length in Huffman's tree of symbols that are sorted by how often they occur.
fn depths(used: &[(u32, usize)]) -> [u32; DEPTHS] {
    // Leaves come in their order, and so do the nodes made of them: two queues.
    let leaves = used.len();
    let mut weights: Vec<u64> = used.iter().map(|(count, _)| u64::from(*count)).collect();
    let mut parents = vec![0; 2 * leaves - 1];
    let (mut leaf, mut node) = (0, leaves);
    for parent in leaves..2 * leaves - 1 {
        let mut lightest = || {
            let takes_leaf =
                leaf < leaves && (node >= weights.len() || weights[leaf] <= weights[node]);
            let next = if takes_leaf { &mut leaf } else { &mut node };
            *next += 1;
            parents[*next - 1] = parent;
            weights[*next - 1]
        };
        let weight = lightest() + lightest();
        weights.push(weight);
    }
    let mut depth = vec![0_usize; 2 * leaves - 1];
    let mut counts = [0; DEPTHS];
    for node in (0..2 * leaves - 2).rev() {
        depth[node] = depth[parents[node]] + 1;
        if node < leaves {
            counts[depth[node]] += 1;
        }
    }
    counts
}

/// The same number of codes, none longer than `bits_max`: those that are become as long, and for the room they take there,
/// shorter codes become longer.
fn limited(depths: [u32; DEPTHS], bits_max: u8) -> [u32; CODE_BITS_MAX as usize + 1] {
    let max = usize::from(bits_max);
    let mut counts = [0; CODE_BITS_MAX as usize + 1];
    counts[..=max].copy_from_slice(&depths[..=max]);
    counts[max] += depths[max + 1..].iter().sum::<u32>();
    let share = |(length, count): (usize, &u32)| u64::from(*count) << (max - length);
    let room = 1 << max;
    let mut taken: u64 = counts[..=max].iter().enumerate().skip(1).map(share).sum();
    while taken > room {
        // A code of the greatest length goes beside one that is made a bit longer.
        counts[max] -= 1;
        let shorter = (1..max).rev().find(|length| counts[*length] > 0);
        let shorter = shorter.expect("codes that are all of the greatest length have room");
        counts[shorter] -= 1;
        counts[shorter + 1] += 2;
        taken -= 1;
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codes::check;

    #[test]
    fn what_occurs_more_often_gets_a_shorter_code() {
        assert_eq!(lengths(&[0, 40, 1, 20, 10, 0], 15), [0, 1, 3, 2, 3, 0]);
    }

    #[test]
    fn a_code_is_complete_and_no_longer_than_allowed() {
        let mut fibonacci = [1_u32; 40];
        for i in 2..40 {
            fibonacci[i] = fibonacci[i - 1] + fibonacci[i - 2];
        }
        for bits_max in [7, 9, 15] {
            let lengths = lengths(&fibonacci, bits_max);
            assert_eq!(check(&lengths), Ok(()));
            assert!(lengths.iter().all(|length| (1..=bits_max).contains(length)));
        }
    }

    #[test]
    fn one_symbol_or_none_gets_a_code_of_two() {
        assert_eq!(lengths(&[0, 0, 9], 15), [1, 0, 1]);
        assert_eq!(lengths(&[9, 0, 0], 15), [1, 1, 0]);
        assert_eq!(lengths(&[0, 0, 0], 15), [1, 1, 0]);
    }
}
