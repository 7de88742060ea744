//! Rows as PNG filters them (third edition, section 9): each byte less what its neighbours let expect.

use std::ops::Range;

use crate::pixels::Layout;

/// Rows of a picture, each of them with a byte before it that names its filter.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rows {
    count: usize,
    /// Bytes of a row.
    length: usize,
    /// Bytes of a pixel.
    channels: usize,
}

/// Filtered bytes that are others than they were, from the first of them on.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Changed {
    pub(super) at: usize,
    pub(super) bytes: Vec<u8>,
}

impl Rows {
    pub(super) const fn of((width, height): (u32, u32), layout: Layout) -> Self {
        Self {
            count: height as usize,
            length: width as usize * layout.channels(),
            channels: layout.channels(),
        }
    }

    pub(super) const fn filtered_bytes(self) -> usize {
        self.count * (1 + self.length)
    }

    /// The pixels; `None` if a filter has no name.
    pub(super) fn unfiltered(self, filtered: &[u8]) -> Option<Vec<u8>> {
        match self.channels {
            1 => self.unfiltered_by::<1>(filtered),
            2 => self.unfiltered_by::<2>(filtered),
            3 => self.unfiltered_by::<3>(filtered),
            _ => self.unfiltered_by::<4>(filtered),
        }
    }

    fn unfiltered_by<const N: usize>(self, filtered: &[u8]) -> Option<Vec<u8>> {
        let mut pixels = vec![0; self.count * self.length];
        let none = vec![0; self.length];
        let mut above = &none[..];
        let rows = pixels.chunks_exact_mut(self.length);
        for (row, filtered) in rows.zip(filtered.chunks_exact(1 + self.length)) {
            let (filter, filtered) = filtered.split_first()?;
            unfilter::<N>(*filter, filtered, above, row)?;
            above = row;
        }
        Some(pixels)
    }

    /// What becomes of the filtered bytes when the rows `touched` are those of `pixels`. Every row keeps its filter; the row
    /// behind them changes as well, because it expects what they were.
    pub(super) fn filtered_again(
        self,
        pixels: &[u8],
        touched: Range<usize>,
        filtered: &[u8],
    ) -> Changed {
        let touched = touched.start.min(self.count)..touched.end.saturating_add(1).min(self.count);
        let mut again = Vec::with_capacity(touched.len() * (1 + self.length));
        for y in touched.clone() {
            self.filter(pixels, y, filtered[y * (1 + self.length)], &mut again);
        }
        let at = touched.start * (1 + self.length);
        let before = &filtered[at..at + again.len()];
        let differ = |(one, other): (&u8, &u8)| one != other;
        let first = again.iter().zip(before).position(differ);
        let last = again.iter().zip(before).rposition(differ);
        let (first, end) = match (first, last) {
            (Some(first), Some(last)) => (first, last + 1),
            _ => (0, 0),
        };
        Changed {
            at: at + first,
            bytes: again[first..end].to_vec(),
        }
    }

    /// Appends a row as `filter` filters it. Above the first row and before the first pixel all is black.
    fn filter(self, pixels: &[u8], y: usize, filter: u8, to: &mut Vec<u8>) {
        let padded = |y: usize| {
            let row = &pixels[y * self.length..(y + 1) * self.length];
            [&[0; 4][..self.channels], row].concat()
        };
        let row = padded(y);
        let above = match y {
            0 => vec![0; row.len()],
            y => padded(y - 1),
        };
        let rows = (&row[..], &above[..], self.channels);
        to.push(filter);
        match filter {
            0 => to.extend_from_slice(&row[self.channels..]),
            1 => less(rows, to, |left, _, _| left),
            2 => less(rows, to, |_, above, _| above),
            3 => less(rows, to, |left, above, _| (left + above) / 2),
            _ => less(rows, to, paeth),
        }
    }
}

/// Appends each byte of a row less what is expected of those on the left, above, and in the corner between.
#[inline(always)]
fn less(
    (row, above, channels): (&[u8], &[u8], usize),
    to: &mut Vec<u8>,
    expected: impl Fn(i16, i16, i16) -> i16,
) {
    let bytes = row[channels..].iter().zip(row);
    let bytes = bytes.zip(above[channels..].iter().zip(above));
    to.extend(bytes.map(|((byte, left), (above, corner))| {
        let expected = expected((*left).into(), (*above).into(), (*corner).into());
        byte.wrapping_sub(expected as u8)
    }));
}

/// Writes the pixels of a filtered row of pixels of `N` bytes into `row`; `None` if its filter has no name.
fn unfilter<const N: usize>(
    filter: u8,
    filtered: &[u8],
    above: &[u8],
    row: &mut [u8],
) -> Option<()> {
    match filter {
        0 => row.copy_from_slice(filtered),
        1 => each::<N>(filtered, above, row, |left, _, _| left),
        2 => {
            for ((to, byte), above) in row.iter_mut().zip(filtered).zip(above) {
                *to = byte.wrapping_add(*above);
            }
        }
        3 => each::<N>(filtered, above, row, |left, above, _| (left + above) / 2),
        4 => each::<N>(filtered, above, row, paeth),
        _ => return None,
    }
    Some(())
}

/// Adds to each byte what is expected of those on the left, above, and in the corner between.
#[inline(always)]
fn each<const N: usize>(
    filtered: &[u8],
    above: &[u8],
    row: &mut [u8],
    expected: impl Fn(i16, i16, i16) -> i16,
) {
    let (filtered, _) = filtered.as_chunks::<N>();
    let (above, _) = above.as_chunks::<N>();
    let (row, _) = row.as_chunks_mut::<N>();
    let (mut left, mut corner) = ([0; N], [0; N]);
    for ((to, filtered), above) in row.iter_mut().zip(filtered).zip(above) {
        let above = above.map(i16::from);
        for channel in 0..N {
            let expected = expected(left[channel], above[channel], corner[channel]);
            to[channel] = filtered[channel].wrapping_add(expected as u8);
            left[channel] = to[channel].into();
        }
        corner = above;
    }
}

/// Which of the three is nearest to left + above − corner; of equal ones, the first.
///
/// That is the corner where it lies in the middle third between the others, and else the one of them that is farther from
/// it: told without a jump, which noise would make the processor guess.
#[inline(always)]
fn paeth(left: i16, above: i16, corner: i16) -> i16 {
    let turn = 3 * corner - (left + above);
    let (low, high) = (left.min(above), left.max(above));
    let upwards = if high <= turn { low } else { corner };
    if turn <= low { high } else { upwards }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noise(length: usize) -> Vec<u8> {
        let mut state = 7_u32;
        let mut next = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 24) as u8
        };
        (0..length).map(|_| next()).collect()
    }

    const LAYOUTS: [Layout; 4] = [Layout::Gray, Layout::GrayAlpha, Layout::Rgb, Layout::Rgba];

    #[test]
    fn what_is_filtered_comes_back() {
        for layout in LAYOUTS {
            for (width, height) in [(1, 1), (1, 7), (7, 1), (9, 11)] {
                let rows = Rows::of((width, height), layout);
                let pixels = noise(rows.count * rows.length);
                let mut filtered = Vec::new();
                for y in 0..rows.count {
                    rows.filter(&pixels, y, (y % 5) as u8, &mut filtered);
                }
                assert_eq!(filtered.len(), rows.filtered_bytes());
                assert_eq!(rows.unfiltered(&filtered), Some(pixels), "{rows:?}");
            }
        }
    }

    /// The words of the standard, section 9.4.
    #[test]
    fn what_is_expected_is_the_nearest() {
        let nearest = |left: i16, above: i16, corner: i16| {
            let estimate = left + above - corner;
            let neighbours = [left, above, corner];
            neighbours
                .into_iter()
                .min_by_key(|near| (estimate - near).abs())
        };
        for left in (0..256).step_by(3) {
            for above in 0..256 {
                for corner in 0..256 {
                    let expected = nearest(left, above, corner).unwrap();
                    assert_eq!(
                        paeth(left, above, corner),
                        expected,
                        "{left} {above} {corner}"
                    );
                }
            }
        }
    }

    #[test]
    fn a_filter_without_a_name_is_refused() {
        let rows = Rows::of((1, 1), Layout::Gray);
        assert_eq!(rows.unfiltered(&[4, 9]), Some(vec![9]));
        assert_eq!(rows.unfiltered(&[5, 9]), None);
    }

    #[test]
    fn the_row_behind_the_touched_ones_changes_and_no_other() {
        for layout in LAYOUTS {
            let rows = Rows::of((5, 9), layout);
            let before = noise(rows.count * rows.length);
            let mut filtered = Vec::new();
            for y in 0..rows.count {
                rows.filter(&before, y, 4, &mut filtered);
            }
            let mut after = before;
            for byte in &mut after[3 * rows.length + 1..5 * rows.length] {
                *byte ^= 0x55;
            }
            let Changed { at, bytes } = rows.filtered_again(&after, 3..5, &filtered);
            filtered[at..at + bytes.len()].copy_from_slice(&bytes);
            assert_eq!(rows.unfiltered(&filtered), Some(after), "{layout:?}");
            let same = rows.unfiltered(&filtered).unwrap();
            let Changed { bytes, .. } = rows.filtered_again(&same, 0..9, &filtered);
            assert!(bytes.is_empty(), "nothing differs");
        }
    }
}
