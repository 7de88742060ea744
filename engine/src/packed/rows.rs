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

/// The filter of each row.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Filters(Vec<u8>);

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

    /// The pixels, in the place of the filtered bytes, and the filter of each row; `None` if one has no name.
    pub(super) fn unfiltered(self, filtered: Vec<u8>) -> Option<(Vec<u8>, Filters)> {
        match self.channels {
            1 => self.unfiltered_by::<1>(filtered),
            2 => self.unfiltered_by::<2>(filtered),
            3 => self.unfiltered_by::<3>(filtered),
            _ => self.unfiltered_by::<4>(filtered),
        }
    }

    fn unfiltered_by<const N: usize>(self, mut bytes: Vec<u8>) -> Option<(Vec<u8>, Filters)> {
        let mut filters = Vec::with_capacity(self.count);
        let (black, mut filtered) = (vec![0; self.length], vec![0; self.length]);
        for y in 0..self.count {
            let from = y * (1 + self.length);
            let filter = bytes[from];
            filters.push(filter);
            filtered.copy_from_slice(&bytes[from + 1..from + 1 + self.length]);
            let (done, rest) = bytes.split_at_mut(y * self.length);
            let above = match y {
                0 => &black[..],
                _ => &done[(y - 1) * self.length..],
            };
            unfilter::<N>(filter, &filtered, above, &mut rest[..self.length])?;
        }
        bytes.truncate(self.count * self.length);
        Some((bytes, Filters(filters)))
    }

    /// The rows that hold any of these filtered bytes.
    pub(super) const fn holding(self, filtered: &Range<usize>) -> Range<usize> {
        let length = 1 + self.length;
        filtered.start / length..filtered.end.div_ceil(length)
    }

    /// Where these rows are among the filtered bytes.
    pub(super) const fn places(self, rows: &Range<usize>) -> Range<usize> {
        let length = 1 + self.length;
        rows.start * length..rows.end * length
    }

    /// The rows that are filtered into other bytes when those in `touched` change: the one behind expects what they were.
    pub(super) fn reached(self, touched: &Range<u32>) -> Range<usize> {
        let end = touched.end.saturating_add(1) as usize;
        (touched.start as usize).min(self.count)..end.min(self.count)
    }

    /// These rows of `pixels`, each filtered as it was.
    pub(super) fn filtered(self, pixels: &[u8], rows: Range<usize>, filters: &Filters) -> Vec<u8> {
        let mut filtered = Vec::with_capacity(rows.len() * (1 + self.length));
        for y in rows {
            self.filter(pixels, y, filters.0[y], &mut filtered);
        }
        filtered
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

/// From the first byte that differs to behind the last one.
pub(super) fn differing(one: &[u8], other: &[u8]) -> Range<usize> {
    let differ = |(one, other): (&u8, &u8)| one != other;
    let first = one.iter().zip(other).position(differ);
    let last = one.iter().zip(other).rposition(differ);
    first.unwrap_or(0)..last.map_or(0, |last| last + 1)
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

    fn filters(rows: Rows, filter: impl Fn(usize) -> usize) -> Filters {
        Filters((0..rows.count).map(|y| filter(y) as u8).collect())
    }

    #[test]
    fn what_is_filtered_comes_back() {
        for layout in LAYOUTS {
            for (width, height) in [(1, 1), (1, 7), (7, 1), (9, 11)] {
                let rows = Rows::of((width, height), layout);
                let pixels = noise(rows.count * rows.length);
                let filters = filters(rows, |y| y % 5);
                let filtered = rows.filtered(&pixels, 0..rows.count, &filters);
                assert_eq!(filtered.len(), rows.filtered_bytes());
                assert_eq!(
                    rows.unfiltered(filtered),
                    Some((pixels, filters)),
                    "{rows:?}"
                );
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
        assert_eq!(
            rows.unfiltered(vec![4, 9]),
            Some((vec![9], Filters(vec![4])))
        );
        assert_eq!(rows.unfiltered(vec![5, 9]), None);
    }

    #[test]
    fn the_row_behind_the_touched_ones_changes_and_no_other() {
        for layout in LAYOUTS {
            let rows = Rows::of((5, 9), layout);
            let filters = filters(rows, |_| 4);
            let mut pixels = noise(rows.count * rows.length);
            let before = rows.filtered(&pixels, 0..9, &filters);
            for byte in &mut pixels[3 * rows.length..5 * rows.length] {
                *byte ^= 0x55;
            }
            let after = rows.filtered(&pixels, 0..9, &filters);
            assert_eq!(rows.reached(&(3..5)), 3..6);
            let changed = differing(&before, &after);
            assert_eq!(rows.holding(&changed), 3..6, "{layout:?}");
            assert_eq!(
                rows.places(&(3..6)),
                3 * (1 + rows.length)..6 * (1 + rows.length)
            );
        }
    }

    #[test]
    fn where_nothing_differs_there_is_no_byte() {
        assert_eq!(differing(&[1, 2, 3], &[1, 2, 3]), 0..0);
        assert_eq!(differing(&[1, 2, 3], &[1, 9, 3]), 1..2);
    }

    #[test]
    fn rows_reach_no_further_than_the_picture() {
        let rows = Rows::of((5, 9), Layout::Gray);
        assert_eq!(rows.reached(&(7..9)), 7..9);
        assert_eq!(rows.reached(&(20..u32::MAX)), 9..9);
    }
}
