//! Samples to coefficients, as libjpeg's "islow" transform and its division do it, bit for bit.

use std::array;

use super::{
    BETWEEN_BITS, COLUMN_SHIFT, CONSTANT_BITS,
    weights::{INNER, ODD, OUTER},
};

/// A block of samples, row by row.
pub(crate) type Samples = [[u8; 8]; 8];

/// A block of coefficients as files hold them, divided; by row and column.
pub(crate) type Levels = [i16; 64];

/// What is shifted out after the columns, which come last here. What both passes multiply by stays: the divisors have it too.
const LAST_SHIFT: u32 = CONSTANT_BITS + BETWEEN_BITS;

/// Transforms a block and divides it. No divisor is zero.
pub(crate) fn forward(samples: &Samples, divisors: &[i16; 64]) -> Levels {
    let rows = samples.map(|row| {
        let centred = row.map(|sample| i32::from(sample) - 128);
        eight(centred).map(|sum| shifted(sum, COLUMN_SHIFT))
    });
    let columns: [[i32; 8]; 8] = array::from_fn(|column| {
        let sums = eight(rows.map(|row| row[column]));
        sums.map(|sum| shifted(sum, LAST_SHIFT))
    });
    array::from_fn(|index| divided(columns[index % 8][index / 8], divisors[index]))
}

/// The transposed steps of the way back: sums and differences first, from outside to inside, then the same weights.
fn eight(values: [i32; 8]) -> [i32; 8] {
    let sums: [i32; 4] = array::from_fn(|index| values[index] + values[7 - index]);
    let differences: [i32; 4] = array::from_fn(|index| values[index] - values[7 - index]);
    let [a, c, e, g] = four(sums);
    let [b, d, f, h] = array::from_fn(|index| weighted(differences, ODD.map(|row| row[index])));
    [a, b, c, d, e, f, g, h]
}

fn four([a, b, c, d]: [i32; 4]) -> [i32; 4] {
    let (sums, differences) = ([a + d, b + c], [a - d, b - c]);
    let [first, third] = [sums[0] + sums[1], sums[0] - sums[1]].map(|sum| sum << CONSTANT_BITS);
    let [second, fourth] =
        array::from_fn(|index| weighted(differences, [OUTER[index], INNER[index]]));
    [first, second, third, fourth]
}

fn weighted<const COUNT: usize>(values: [i32; COUNT], weights: [i16; COUNT]) -> i32 {
    let products = values.iter().zip(weights);
    products
        .map(|(value, weight)| value * i32::from(weight))
        .sum()
}

fn shifted(value: i32, bits: u32) -> i32 {
    (value + (1 << (bits - 1))) >> bits
}

/// Halves are rounded away from zero.
fn divided(value: i32, divisor: i16) -> i16 {
    let divisor = i32::from(divisor) << 3;
    let magnitude = (value.abs() + divisor / 2) / divisor;
    // Eleven bits, whatever the samples are.
    (magnitude * value.signum()) as i16
}
