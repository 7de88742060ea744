//! The transform, one block after the other: what every processor can, and what the others are held against.
//!
//! Overflow wraps and saturates where vectors do, so that even damaged files give the same samples everywhere.

use std::array;

use super::{
    BATCH, COLUMN_SHIFT, CONSTANT_BITS, ROW_SHIFT, Size,
    weights::{INNER, ODD, OUTER, SIX},
};
use crate::coefficients::Lanes;

/// See [`super::inverse`].
pub(super) fn inverse(
    size: Size,
    strip: Lanes<'_>,
    lane: usize,
    quantisation: &[i16; 64],
    samples: &mut [u8],
    stride: usize,
) {
    for block in 0..BATCH {
        let coefficient = |index| strip.of(index)[lane + block].wrapping_mul(quantisation[index]);
        let samples = &mut samples[block * size.side()..];
        match size {
            Size::Full => block_of(eight, coefficient, samples, stride),
            Size::ThreeQuarters => block_of(six, coefficient, samples, stride),
            Size::Half => block_of(four, coefficient, samples, stride),
            Size::Quarter => block_of(two, coefficient, samples, stride),
            Size::Eighth => block_of(one, coefficient, samples, stride),
        }
    }
}

fn block_of<const SIDE: usize>(
    points: fn([i16; SIDE]) -> [i32; SIDE],
    coefficient: impl Fn(usize) -> i16,
    samples: &mut [u8],
    stride: usize,
) {
    let columns: [[i16; SIDE]; SIDE] = array::from_fn(|column| {
        let input = array::from_fn(|row| coefficient(row * SIDE + column));
        points(input).map(|value| saturated(shifted(value, COLUMN_SHIFT)))
    });
    for row in 0..SIDE {
        let input = array::from_fn(|column| columns[column][row]);
        let values = points(input).map(|value| sample(shifted(value, ROW_SHIFT)));
        samples[row * stride..][..SIDE].copy_from_slice(&values);
    }
}

fn one([a]: [i16; 1]) -> [i32; 1] {
    [i32::from(a) << CONSTANT_BITS]
}

fn two([a, b]: [i16; 2]) -> [i32; 2] {
    [i32::from(a) + i32::from(b), i32::from(a) - i32::from(b)].map(|sum| sum << CONSTANT_BITS)
}

fn four([a, b, c, d]: [i16; 4]) -> [i32; 4] {
    let even = two([a, c]);
    let odd = [weighted([b, d], OUTER), weighted([b, d], INNER)];
    butterfly(even, odd)
}

fn six([a, b, c, d, e, f]: [i16; 6]) -> [i32; 6] {
    let even = SIX.map(|[first, _, third, _, fifth, _]| weighted([a, c, e], [first, third, fifth]));
    let odd =
        SIX.map(|[_, second, _, fourth, _, sixth]| weighted([b, d, f], [second, fourth, sixth]));
    butterfly(even, odd)
}

fn eight([a, b, c, d, e, f, g, h]: [i16; 8]) -> [i32; 8] {
    let even = four([a, c, e, g]);
    let odd = ODD.map(|weights| weighted([b, d, f, h], weights));
    butterfly(even, odd)
}

/// Sums for the first half of the samples, differences for the other, from outside to inside.
fn butterfly<const HALF: usize, const SIDE: usize>(
    even: [i32; HALF],
    odd: [i32; HALF],
) -> [i32; SIDE] {
    array::from_fn(|index| {
        if index < HALF {
            even[index].wrapping_add(odd[index])
        } else {
            even[SIDE - 1 - index].wrapping_sub(odd[SIDE - 1 - index])
        }
    })
}

fn weighted<const COUNT: usize>(values: [i16; COUNT], weights: [i16; COUNT]) -> i32 {
    let products = values
        .iter()
        .zip(weights)
        .map(|(&value, weight)| i32::from(value) * i32::from(weight));
    products.fold(0, i32::wrapping_add)
}

fn shifted(value: i32, bits: u32) -> i32 {
    value.wrapping_add(1 << (bits - 1)) >> bits
}

fn saturated(value: i32) -> i16 {
    value.clamp(i16::MIN.into(), i16::MAX.into()) as i16
}

/// Samples are stored as differences from the middle.
fn sample(value: i32) -> u8 {
    (value + 128).clamp(0, 255) as u8
}
