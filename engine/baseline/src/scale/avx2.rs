//! Both passes of the filter, sixteen and more samples at once.
//!
//! Two samples and two weights become a sum of thirty-two bits in one instruction: rows in pairs from top to bottom, columns
//! in pairs from left to right. For the latter sixteen rows are turned into columns first, so that weights are the same for
//! all lanes of a vector.

#![expect(unsafe_code, reason = "vectors are loaded and stored through pointers")]

use std::arch::x86_64::{
    __m128i, __m256i, _mm_cvtsi32_si128, _mm_packus_epi16, _mm_setzero_si128, _mm_shuffle_epi32,
    _mm_storeu_si128, _mm_unpackhi_epi8, _mm_unpacklo_epi8, _mm256_add_epi32,
    _mm256_castsi256_si128, _mm256_extracti128_si256, _mm256_loadu_si256, _mm256_madd_epi16,
    _mm256_packs_epi32, _mm256_permute2x128_si256, _mm256_set1_epi32, _mm256_setzero_si256,
    _mm256_sra_epi32, _mm256_storeu_si256, _mm256_unpackhi_epi8, _mm256_unpackhi_epi32,
    _mm256_unpackhi_epi64, _mm256_unpacklo_epi8, _mm256_unpacklo_epi32, _mm256_unpacklo_epi64,
};

use super::{
    COLUMNS, ROWS,
    filter::{HORIZONTAL_SHIFT, VERTICAL_SHIFT},
    taps::Taps,
};
use crate::cpu::Avx2;

/// Two columns of all the rows that are filtered at once.
pub(super) type Turned = [[i16; 2]; ROWS];

/// Columns that are turned at once.
const TURNED_AT_ONCE: usize = 16;

/// Results that are made before they are turned back.
const RESULTS: usize = 16;

/// See [`scalar::filter_down`](super::scalar::filter_down).
pub(super) fn filter_down(
    _proof: Avx2,
    samples: &[u8],
    rows: &[[usize; 2]],
    weights: &[[i16; 2]],
    between: &mut [i16],
) {
    // SAFETY: there is a proof that the processor has what the function needs.
    unsafe { down(samples, rows, weights, between) }
}

/// See [`scalar::filter_across`](super::scalar::filter_across); this takes all rows at once.
pub(super) fn filter_across(
    _proof: Avx2,
    between: &[i16],
    turned: &mut [Turned],
    taps: &Taps,
    result: &mut [u8],
) {
    // SAFETY: there is a proof that the processor has what these functions need.
    unsafe {
        turn(between, turned);
        across(turned, taps, result);
    }
}

#[target_feature(enable = "avx2")]
fn down(samples: &[u8], rows: &[[usize; 2]], weights: &[[i16; 2]], between: &mut [i16]) {
    let (chunks, rest) = between.as_chunks_mut::<COLUMNS>();
    let width = chunks.len() * COLUMNS;
    assert!(rest.is_empty(), "rows are padded to whole chunks");
    assert!(
        rows.as_flattened()
            .iter()
            .all(|row| row + width <= samples.len()),
        "all rows are in the ring"
    );
    for (index, chunk) in chunks.iter_mut().enumerate() {
        let mut sums = [_mm256_set1_epi32(1 << (VERTICAL_SHIFT - 1)); 4];
        for (&[upper, lower], &weights) in rows.iter().zip(weights) {
            // SAFETY: `index * COLUMNS + COLUMNS` is at most `width`, and each row has that many samples from here on.
            let (upper, lower) = unsafe {
                let column = samples.as_ptr().add(index * COLUMNS);
                (
                    _mm256_loadu_si256(column.add(upper).cast()),
                    _mm256_loadu_si256(column.add(lower).cast()),
                )
            };
            add_weighted(&mut sums, upper, lower, both(weights));
        }
        store_narrow(sums, chunk);
    }
}

/// Adds thirty-two samples of two rows to sums of four columns each: 0, 4, 8 and 12, with those 16 further.
#[target_feature(enable = "avx2")]
fn add_weighted(sums: &mut [__m256i; 4], upper: __m256i, lower: __m256i, weights: __m256i) {
    let zero = _mm256_setzero_si256();
    let near = _mm256_unpacklo_epi8(upper, lower);
    let far = _mm256_unpackhi_epi8(upper, lower);
    let pairs = [
        _mm256_unpacklo_epi8(near, zero),
        _mm256_unpackhi_epi8(near, zero),
        _mm256_unpacklo_epi8(far, zero),
        _mm256_unpackhi_epi8(far, zero),
    ];
    for index in 0..4 {
        let product = _mm256_madd_epi16(pairs[index], weights);
        sums[index] = _mm256_add_epi32(sums[index], product);
    }
}

#[target_feature(enable = "avx2")]
fn store_narrow([a, b, c, d]: [__m256i; 4], chunk: &mut [i16; COLUMNS]) {
    let shift = _mm_cvtsi32_si128(VERTICAL_SHIFT as i32);
    let near = _mm256_packs_epi32(_mm256_sra_epi32(a, shift), _mm256_sra_epi32(b, shift));
    let far = _mm256_packs_epi32(_mm256_sra_epi32(c, shift), _mm256_sra_epi32(d, shift));
    let first = _mm256_permute2x128_si256::<0x20>(near, far);
    let second = _mm256_permute2x128_si256::<0x31>(near, far);
    // SAFETY: the array is as long as two vectors, which need not be aligned.
    unsafe {
        let to = chunk.as_mut_ptr().cast::<__m256i>();
        _mm256_storeu_si256(to, first);
        _mm256_storeu_si256(to.add(1), second);
    }
}

/// Turns [`ROWS`] rows of `between` into pairs of columns.
#[target_feature(enable = "avx2")]
fn turn(between: &[i16], turned: &mut [Turned]) {
    let stride = between.len() / ROWS;
    for (index, pairs) in turned
        .as_chunks_mut::<{ TURNED_AT_ONCE / 2 }>()
        .0
        .iter_mut()
        .enumerate()
    {
        for half in 0..2 {
            let mut rows = [_mm256_setzero_si256(); 8];
            for (row, vector) in rows.iter_mut().enumerate() {
                let from = &between[(half * 8 + row) * stride + index * TURNED_AT_ONCE..];
                *vector = load(from.first_chunk().expect("rows are padded to whole chunks"));
            }
            let columns = transposed(rows);
            for (pair, column) in pairs.iter_mut().zip(columns) {
                store(column, &mut pair.as_chunks_mut().0[half]);
            }
        }
    }
}

/// Eight rows of eight pairs to eight columns.
#[target_feature(enable = "avx2")]
fn transposed([a, b, c, d, e, f, g, h]: [__m256i; 8]) -> [__m256i; 8] {
    let [a, b, c, d] = transposed_quarters([a, b, c, d]);
    let [e, f, g, h] = transposed_quarters([e, f, g, h]);
    [
        _mm256_permute2x128_si256::<0x20>(a, e),
        _mm256_permute2x128_si256::<0x20>(b, f),
        _mm256_permute2x128_si256::<0x20>(c, g),
        _mm256_permute2x128_si256::<0x20>(d, h),
        _mm256_permute2x128_si256::<0x31>(a, e),
        _mm256_permute2x128_si256::<0x31>(b, f),
        _mm256_permute2x128_si256::<0x31>(c, g),
        _mm256_permute2x128_si256::<0x31>(d, h),
    ]
}

/// Four rows to four columns, in each half of the vectors by itself.
#[target_feature(enable = "avx2")]
fn transposed_quarters([a, b, c, d]: [__m256i; 4]) -> [__m256i; 4] {
    let (ab, cd) = (_mm256_unpacklo_epi32(a, b), _mm256_unpacklo_epi32(c, d));
    let (far_ab, far_cd) = (_mm256_unpackhi_epi32(a, b), _mm256_unpackhi_epi32(c, d));
    [
        _mm256_unpacklo_epi64(ab, cd),
        _mm256_unpackhi_epi64(ab, cd),
        _mm256_unpacklo_epi64(far_ab, far_cd),
        _mm256_unpackhi_epi64(far_ab, far_cd),
    ]
}

#[target_feature(enable = "avx2")]
fn across(turned: &[Turned], taps: &Taps, result: &mut [u8]) {
    let width = taps.results();
    for column in (0..width).step_by(RESULTS) {
        let count = RESULTS.min(width - column);
        let mut columns = [_mm_setzero_si128(); RESULTS];
        for (index, vector) in columns.iter_mut().enumerate().take(count) {
            let pairs = &turned[taps.first(column + index) / 2..];
            *vector = weighted(pairs, taps.weights(column + index));
        }
        let rows = transposed_bytes(columns);
        for (to, row) in result.chunks_exact_mut(width).zip(rows) {
            store_bytes(row, &mut to[column..column + count]);
        }
    }
}

/// One sample of all rows.
#[target_feature(enable = "avx2")]
fn weighted(pairs: &[Turned], weights: &[[i16; 2]]) -> __m128i {
    let rounding = _mm256_set1_epi32(1 << (HORIZONTAL_SHIFT - 1));
    let (mut upper, mut lower) = (rounding, rounding);
    for (pair, &weights) in pairs.iter().zip(weights) {
        let (rows, _) = pair.as_chunks();
        let weights = both(weights);
        upper = _mm256_add_epi32(upper, _mm256_madd_epi16(load_pairs(&rows[0]), weights));
        lower = _mm256_add_epi32(lower, _mm256_madd_epi16(load_pairs(&rows[1]), weights));
    }
    let shift = _mm_cvtsi32_si128(HORIZONTAL_SHIFT as i32);
    let narrow = _mm256_packs_epi32(
        _mm256_sra_epi32(upper, shift),
        _mm256_sra_epi32(lower, shift),
    );
    let bytes = _mm_packus_epi16(
        _mm256_castsi256_si128(narrow),
        _mm256_extracti128_si256::<1>(narrow),
    );
    // Packing has put rows 8 to 11 before rows 4 to 7.
    _mm_shuffle_epi32::<0b11_01_10_00>(bytes)
}

/// Sixteen columns of bytes to sixteen rows.
#[target_feature(enable = "avx2")]
fn transposed_bytes(mut vectors: [__m128i; 16]) -> [__m128i; 16] {
    // Each round moves the vectors' order by one bit into the bytes' order.
    for _round in 0..4 {
        let before = vectors;
        for index in 0..8 {
            vectors[2 * index] = _mm_unpacklo_epi8(before[index], before[index + 8]);
            vectors[2 * index + 1] = _mm_unpackhi_epi8(before[index], before[index + 8]);
        }
    }
    vectors
}

#[target_feature(enable = "avx2")]
fn store_bytes(row: __m128i, to: &mut [u8]) {
    let mut bytes = [0_u8; 16];
    let whole = to.first_chunk_mut();
    let is_whole = whole.is_some();
    let target = whole.unwrap_or(&mut bytes);
    // SAFETY: the array is as long as the vector, which need not be aligned.
    unsafe { _mm_storeu_si128(target.as_mut_ptr().cast(), row) };
    if !is_whole {
        to.copy_from_slice(&bytes[..to.len()]);
    }
}

#[target_feature(enable = "avx2")]
fn both([first, second]: [i16; 2]) -> __m256i {
    _mm256_set1_epi32(i32::from(first) & 0xffff | i32::from(second) << 16)
}

#[target_feature(enable = "avx2")]
fn load(from: &[i16; 16]) -> __m256i {
    // SAFETY: the array is as long as a vector, which need not be aligned.
    unsafe { _mm256_loadu_si256(from.as_ptr().cast()) }
}

#[target_feature(enable = "avx2")]
fn load_pairs(from: &[[i16; 2]; 8]) -> __m256i {
    // SAFETY: the array is as long as a vector, which need not be aligned.
    unsafe { _mm256_loadu_si256(from.as_ptr().cast()) }
}

#[target_feature(enable = "avx2")]
fn store(vector: __m256i, to: &mut [[i16; 2]; 8]) {
    // SAFETY: the array is as long as a vector, which need not be aligned.
    unsafe { _mm256_storeu_si256(to.as_mut_ptr().cast(), vector) }
}
