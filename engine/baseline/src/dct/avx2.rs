//! The transform of sixteen blocks at once: a vector holds the same coefficient of each, in sixteen bits.
//!
//! Two coefficients and two weights become a sum of thirty-two bits in one instruction, so nothing is rounded that the
//! scalar code does not round.

#![expect(unsafe_code, reason = "vectors are loaded and stored through pointers")]

use std::arch::x86_64::{
    __m256i, _mm_cvtsi32_si128, _mm_loadu_si128, _mm256_add_epi32, _mm256_adds_epi16,
    _mm256_broadcastsi128_si256, _mm256_loadu_si256, _mm256_madd_epi16, _mm256_max_epi16,
    _mm256_min_epi16, _mm256_mullo_epi16, _mm256_or_si256, _mm256_packs_epi32,
    _mm256_permute2x128_si256, _mm256_set1_epi16, _mm256_set1_epi32, _mm256_setzero_si256,
    _mm256_shuffle_epi8, _mm256_slli_epi16, _mm256_sra_epi32, _mm256_storeu_si256,
    _mm256_sub_epi32, _mm256_testz_si256, _mm256_unpackhi_epi16, _mm256_unpackhi_epi32,
    _mm256_unpacklo_epi16, _mm256_unpacklo_epi32,
};

use super::{
    BATCH, COLUMN_SHIFT, CONSTANT_BITS, ROW_SHIFT, Size, scalar,
    weights::{INNER, ODD, OUTER, SIX},
};
use crate::{coefficients::Lanes, cpu::Avx2};

const UNIT: i16 = 1 << CONSTANT_BITS;

/// Sums of sixteen lanes: the lower four of each half of a vector, and the upper four.
#[derive(Clone, Copy)]
struct Wide {
    lower: __m256i,
    upper: __m256i,
}

/// See [`super::inverse`].
pub(super) fn inverse(
    _proof: Avx2,
    size: Size,
    strip: Lanes<'_>,
    lane: usize,
    quantisation: &[i16; 64],
    samples: &mut [u8],
    stride: usize,
) {
    // SAFETY: there is a proof that the processor has what these functions need.
    unsafe {
        match size {
            Size::Full => full(strip, lane, quantisation, samples, stride),
            Size::ThreeQuarters => three_quarters(strip, lane, quantisation, samples, stride),
            Size::Half => half(strip, lane, quantisation, samples, stride),
            Size::Quarter => quarter(strip, lane, quantisation, samples, stride),
            Size::Eighth => scalar::inverse(size, strip, lane, quantisation, samples, stride),
        }
    }
}

#[target_feature(enable = "avx2")]
fn full(
    strip: Lanes<'_>,
    lane: usize,
    quantisation: &[i16; 64],
    samples: &mut [u8],
    stride: usize,
) {
    let mut between = [_mm256_setzero_si256(); 64];
    let mut are_rows_alike = true;
    for column in 0..8 {
        let mut input = [_mm256_setzero_si256(); 8];
        for (row, values) in input.iter_mut().enumerate() {
            *values = coefficient(strip, lane, quantisation, row * 8 + column);
        }
        let is_level = is_level(&input);
        are_rows_alike &= is_level;
        if is_level {
            let value = quadruple(input[0]);
            for row in 0..8 {
                between[row * 8 + column] = value;
            }
            continue;
        }
        for (row, &values) in eight(input).iter().enumerate() {
            between[row * 8 + column] = narrow::<COLUMN_SHIFT>(values);
        }
    }
    let (rows, _) = between.as_chunks();
    let mut pairs = row_of_pairs(&rows[0]);
    store_eights(pairs, samples);
    for (row, input) in rows.iter().enumerate().skip(1) {
        if !are_rows_alike {
            pairs = row_of_pairs(input);
        }
        store_eights(pairs, &mut samples[row * stride..]);
    }
}

/// Whether a column has nothing but its first coefficient, in any block: in skies most have.
#[target_feature(enable = "avx2")]
fn is_level(column: &[__m256i; 8]) -> bool {
    let mut rest = column[1];
    for &values in &column[2..] {
        rest = _mm256_or_si256(rest, values);
    }
    _mm256_testz_si256(rest, rest) == 1
}

/// What the transform makes of a column with nothing but its first coefficient.
#[target_feature(enable = "avx2")]
fn quadruple(values: __m256i) -> __m256i {
    let double = _mm256_adds_epi16(values, values);
    _mm256_adds_epi16(double, double)
}

#[target_feature(enable = "avx2")]
fn row_of_pairs(input: &[__m256i; 8]) -> [__m256i; 4] {
    let values = eight(*input);
    [
        pair(values[0], values[1]),
        pair(values[2], values[3]),
        pair(values[4], values[5]),
        pair(values[6], values[7]),
    ]
}

#[target_feature(enable = "avx2")]
fn three_quarters(
    strip: Lanes<'_>,
    lane: usize,
    quantisation: &[i16; 64],
    samples: &mut [u8],
    stride: usize,
) {
    let mut between = [_mm256_setzero_si256(); 36];
    for column in 0..6 {
        let mut input = [_mm256_setzero_si256(); 6];
        for (row, values) in input.iter_mut().enumerate() {
            *values = coefficient(strip, lane, quantisation, row * 6 + column);
        }
        for (row, &values) in six(input).iter().enumerate() {
            between[row * 6 + column] = narrow::<COLUMN_SHIFT>(values);
        }
    }
    for (row, input) in between.as_chunks().0.iter().enumerate() {
        let values = six(*input);
        let pairs = [
            pair(values[0], values[1]),
            pair(values[2], values[3]),
            pair(values[4], values[5]),
        ];
        store_sixes(pairs, &mut samples[row * stride..]);
    }
}

#[target_feature(enable = "avx2")]
fn half(
    strip: Lanes<'_>,
    lane: usize,
    quantisation: &[i16; 64],
    samples: &mut [u8],
    stride: usize,
) {
    let mut between = [_mm256_setzero_si256(); 16];
    for column in 0..4 {
        let mut input = [_mm256_setzero_si256(); 4];
        for (row, values) in input.iter_mut().enumerate() {
            *values = coefficient(strip, lane, quantisation, row * 4 + column);
        }
        let output = four(input);
        for (row, &values) in output.iter().enumerate() {
            between[row * 4 + column] = narrow::<COLUMN_SHIFT>(values);
        }
    }
    for (row, input) in between.as_chunks().0.iter().enumerate() {
        let values = four(*input);
        let pairs = [pair(values[0], values[1]), pair(values[2], values[3])];
        store_fours(pairs, &mut samples[row * stride..]);
    }
}

#[target_feature(enable = "avx2")]
fn quarter(
    strip: Lanes<'_>,
    lane: usize,
    quantisation: &[i16; 64],
    samples: &mut [u8],
    stride: usize,
) {
    let mut between = [_mm256_setzero_si256(); 4];
    for column in 0..2 {
        let output = two([
            coefficient(strip, lane, quantisation, column),
            coefficient(strip, lane, quantisation, 2 + column),
        ]);
        between[column] = narrow::<COLUMN_SHIFT>(output[0]);
        between[2 + column] = narrow::<COLUMN_SHIFT>(output[1]);
    }
    for (row, input) in between.as_chunks().0.iter().enumerate() {
        let values = two(*input);
        store(pair(values[0], values[1]), &mut samples[row * stride..]);
    }
}

#[target_feature(enable = "avx2")]
fn two([a, b]: [__m256i; 2]) -> [Wide; 2] {
    [weighted(a, b, [UNIT, UNIT]), weighted(a, b, [UNIT, -UNIT])]
}

#[target_feature(enable = "avx2")]
fn four([a, b, c, d]: [__m256i; 4]) -> [Wide; 4] {
    let even = two([a, c]);
    let odd = [weighted(b, d, OUTER), weighted(b, d, INNER)];
    [
        sum(even[0], odd[0]),
        sum(even[1], odd[1]),
        difference(even[1], odd[1]),
        difference(even[0], odd[0]),
    ]
}

#[target_feature(enable = "avx2")]
fn six([a, b, c, d, e, f]: [__m256i; 6]) -> [Wide; 6] {
    let mut output = [weighted(a, b, [0, 0]); 6];
    for (index, [first, second, third, fourth, fifth, sixth]) in SIX.into_iter().enumerate() {
        // The fifth is even and the sixth odd: they share a product, and are told apart by its sign.
        let even = weighted(a, c, [first, third]);
        let odd = weighted(b, d, [second, fourth]);
        output[index] = sum(sum(even, odd), weighted(e, f, [fifth, sixth]));
        output[5 - index] = sum(difference(even, odd), weighted(e, f, [fifth, -sixth]));
    }
    output
}

#[target_feature(enable = "avx2")]
fn eight([a, b, c, d, e, f, g, h]: [__m256i; 8]) -> [Wide; 8] {
    let even = four([a, c, e, g]);
    let mut output = [even[0]; 8];
    for index in 0..4 {
        let [first, second, third, fourth] = ODD[index];
        let odd = sum(
            weighted(b, d, [first, second]),
            weighted(f, h, [third, fourth]),
        );
        output[index] = sum(even[index], odd);
        output[7 - index] = difference(even[index], odd);
    }
    output
}

#[target_feature(enable = "avx2")]
fn weighted(a: __m256i, b: __m256i, [first, second]: [i16; 2]) -> Wide {
    let weights = _mm256_set1_epi32(i32::from(first) & 0xffff | i32::from(second) << 16);
    Wide {
        lower: _mm256_madd_epi16(_mm256_unpacklo_epi16(a, b), weights),
        upper: _mm256_madd_epi16(_mm256_unpackhi_epi16(a, b), weights),
    }
}

#[target_feature(enable = "avx2")]
fn sum(a: Wide, b: Wide) -> Wide {
    Wide {
        lower: _mm256_add_epi32(a.lower, b.lower),
        upper: _mm256_add_epi32(a.upper, b.upper),
    }
}

#[target_feature(enable = "avx2")]
fn difference(a: Wide, b: Wide) -> Wide {
    Wide {
        lower: _mm256_sub_epi32(a.lower, b.lower),
        upper: _mm256_sub_epi32(a.upper, b.upper),
    }
}

/// Rounds, and saturates to sixteen bits.
#[target_feature(enable = "avx2")]
fn narrow<const SHIFT: u32>(value: Wide) -> __m256i {
    let rounding = _mm256_set1_epi32(1 << (SHIFT - 1));
    let shift = _mm_cvtsi32_si128(SHIFT as i32);
    _mm256_packs_epi32(
        _mm256_sra_epi32(_mm256_add_epi32(value.lower, rounding), shift),
        _mm256_sra_epi32(_mm256_add_epi32(value.upper, rounding), shift),
    )
}

/// Two samples that are neighbours in a row, as the bytes of sixteen bits.
#[target_feature(enable = "avx2")]
fn pair(left: Wide, right: Wide) -> __m256i {
    _mm256_or_si256(sample(left), _mm256_slli_epi16::<8>(sample(right)))
}

#[target_feature(enable = "avx2")]
fn sample(value: Wide) -> __m256i {
    let middle = _mm256_set1_epi16(128);
    let shifted = _mm256_adds_epi16(narrow::<ROW_SHIFT>(value), middle);
    let darkest = _mm256_max_epi16(shifted, _mm256_setzero_si256());
    _mm256_min_epi16(darkest, _mm256_set1_epi16(255))
}

/// Pairs of samples, blocks side by side, to a row of each block after the other.
#[target_feature(enable = "avx2")]
fn store_eights([a, b, c, d]: [__m256i; 4], samples: &mut [u8]) {
    let (left, right) = (_mm256_unpacklo_epi16(a, b), _mm256_unpacklo_epi16(c, d));
    let (far_left, far_right) = (_mm256_unpackhi_epi16(a, b), _mm256_unpackhi_epi16(c, d));
    // Each half of these holds two blocks: 0 and 1 with 8 and 9, and so on.
    let first = _mm256_unpacklo_epi32(left, right);
    let second = _mm256_unpackhi_epi32(left, right);
    let third = _mm256_unpacklo_epi32(far_left, far_right);
    let fourth = _mm256_unpackhi_epi32(far_left, far_right);
    store_halves(first, second, samples, 64);
    store_halves(third, fourth, &mut samples[32..], 64);
}

/// Three pairs of a block after the other; each vector that is stored takes some of each.
#[target_feature(enable = "avx2")]
fn store_sixes(pairs: [__m256i; 3], samples: &mut [u8]) {
    let thirds = THIRDS.map(|orders| {
        let part = |index: usize| _mm256_shuffle_epi8(pairs[index], both_halves(orders[index]));
        _mm256_or_si256(_mm256_or_si256(part(0), part(1)), part(2))
    });
    let [first, second, third] = thirds;
    store(_mm256_permute2x128_si256::<0x20>(first, second), samples);
    store(
        _mm256_permute2x128_si256::<0x30>(third, first),
        &mut samples[32..],
    );
    store(
        _mm256_permute2x128_si256::<0x31>(second, third),
        &mut samples[64..],
    );
}

/// For each third of eight blocks' bytes, which bytes of the three pairs it takes, and where; -1 is none.
const THIRDS: [[[i8; 16]; 3]; 3] = {
    let mut orders = [[[-1; 16]; 3]; 3];
    let mut at = 0;
    while at < 48 {
        let (block, pair, byte) = (at / 6, at % 6 / 2, at % 2);
        orders[at / 16][pair][at % 16] = (2 * block + byte) as i8;
        at += 1;
    }
    orders
};

#[target_feature(enable = "avx2")]
fn both_halves(bytes: [i8; 16]) -> __m256i {
    // SAFETY: the array is as long as half a vector, which need not be aligned.
    let half = unsafe { _mm_loadu_si128(bytes.as_ptr().cast()) };
    _mm256_broadcastsi128_si256(half)
}

#[target_feature(enable = "avx2")]
fn store_fours([a, b]: [__m256i; 2], samples: &mut [u8]) {
    let (near, far) = (_mm256_unpacklo_epi16(a, b), _mm256_unpackhi_epi16(a, b));
    store_halves(near, far, samples, 32);
}

/// The lower halves of both, and the upper halves of both `distance` bytes further.
#[target_feature(enable = "avx2")]
fn store_halves(a: __m256i, b: __m256i, samples: &mut [u8], distance: usize) {
    store(_mm256_permute2x128_si256::<0x20>(a, b), samples);
    store(
        _mm256_permute2x128_si256::<0x31>(a, b),
        &mut samples[distance..],
    );
}

/// The same coefficient of [`BATCH`] blocks, times its divisor.
#[target_feature(enable = "avx2")]
fn coefficient(strip: Lanes<'_>, lane: usize, quantisation: &[i16; 64], index: usize) -> __m256i {
    let lanes: &[i16; BATCH] = strip.of(index)[lane..]
        .first_chunk()
        .expect("strips hold whole batches");
    // SAFETY: the array is as long as a vector, which need not be aligned.
    let values = unsafe { _mm256_loadu_si256(lanes.as_ptr().cast()) };
    _mm256_mullo_epi16(values, _mm256_set1_epi16(quantisation[index]))
}

#[target_feature(enable = "avx2")]
fn store(vector: __m256i, samples: &mut [u8]) {
    let samples: &mut [u8; 32] = samples
        .first_chunk_mut()
        .expect("rows have room for whole batches");
    // SAFETY: the array is as long as a vector, which need not be aligned.
    unsafe { _mm256_storeu_si256(samples.as_mut_ptr().cast(), vector) }
}
