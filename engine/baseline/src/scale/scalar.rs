//! Both passes of the filter, one sample after the other: what every processor can, and what the others are held against.

use super::{
    Ring,
    filter::{HORIZONTAL_SHIFT, VERTICAL_SHIFT},
    taps::Taps,
};

/// One row of the result's height, as wide as the source: the pairs of rows from `first` on, weighed.
pub(super) fn filter_down(ring: &Ring, first: usize, weights: &[[i16; 2]], between: &mut [i16]) {
    for (column, value) in between.iter_mut().enumerate() {
        let weighed = |(pair, [upper, lower]): (usize, &[i16; 2])| {
            let row = first + 2 * pair;
            let sample = |row| i32::from(ring.row(row)[column]);
            sample(row) * i32::from(*upper) + sample(row + 1) * i32::from(*lower)
        };
        let sum = weights.iter().enumerate().map(weighed).sum();
        let rounded = rounding_shift(sum, VERTICAL_SHIFT);
        *value = rounded.clamp(i16::MIN.into(), i16::MAX.into()) as i16;
    }
}

/// One row of the result.
pub(super) fn filter_across(between: &[i16], taps: &Taps, result: &mut [u8]) {
    for (column, value) in result.iter_mut().enumerate() {
        let (pairs, _) = between[taps.first(column)..].as_chunks::<2>();
        let sum: i32 = pairs
            .iter()
            .zip(taps.weights(column))
            .map(|([left, right], [first, second])| {
                i32::from(*left) * i32::from(*first) + i32::from(*right) * i32::from(*second)
            })
            .sum();
        *value = rounding_shift(sum, HORIZONTAL_SHIFT).clamp(0, 255) as u8;
    }
}

fn rounding_shift(sum: i32, bits: u32) -> i32 {
    (sum + (1 << (bits - 1))) >> bits
}
