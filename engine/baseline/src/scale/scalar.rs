//! Both passes of the filter, one sample after the other: what every processor can, and what the others are held against.

use super::{
    ROWS,
    filter::{HORIZONTAL_SHIFT, VERTICAL_SHIFT},
    taps::Taps,
};

/// One row of the result's height, as wide as the source: pairs of rows of `samples`, weighed.
pub(super) fn filter_down(
    samples: &[u8],
    rows: &[[usize; 2]],
    weights: &[[i16; 2]],
    between: &mut [i16],
) {
    for (column, value) in between.iter_mut().enumerate() {
        let weighed = |(rows, weights): (&[usize; 2], &[i16; 2])| {
            dot(rows.map(|row| samples[row + column].into()), *weights)
        };
        let sum = rows.iter().zip(weights).map(weighed).sum();
        let rounded = rounding_shift(sum, VERTICAL_SHIFT);
        *value = rounded.clamp(i16::MIN.into(), i16::MAX.into()) as i16;
    }
}

/// As many rows of the result as there is room for, of [`ROWS`] rows of its height.
pub(super) fn filter_across(between: &[i16], taps: &Taps, result: &mut [u8]) {
    let rows = between.chunks_exact(between.len() / ROWS);
    for (row, result) in rows.zip(result.chunks_exact_mut(taps.results())) {
        for (column, value) in result.iter_mut().enumerate() {
            let (pairs, _) = row[taps.first(column)..].as_chunks::<2>();
            let weighed = pairs.iter().zip(taps.weights(column));
            let sum = weighed.map(|(pair, weights)| dot(*pair, *weights)).sum();
            *value = rounding_shift(sum, HORIZONTAL_SHIFT).clamp(0, 255) as u8;
        }
    }
}

fn dot([first, second]: [i16; 2], weights: [i16; 2]) -> i32 {
    i32::from(first) * i32::from(weights[0]) + i32::from(second) * i32::from(weights[1])
}

fn rounding_shift(sum: i32, bits: u32) -> i32 {
    (sum + (1 << (bits - 1))) >> bits
}
