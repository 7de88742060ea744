//! The two passes of the filter, and the rows that wait between them.

use super::{
    ROWS, Ring, Shape, scalar,
    taps::{Taps, WEIGHT_BITS},
};

/// Fractional bits that are kept between the passes: 255 and the overshoot at hard edges fill sixteen bits.
const BETWEEN_BITS: u32 = 6;
pub(super) const VERTICAL_SHIFT: u32 = WEIGHT_BITS - BETWEEN_BITS;
pub(super) const HORIZONTAL_SHIFT: u32 = WEIGHT_BITS + BETWEEN_BITS;

/// The weights of both directions, and up to [`ROWS`] rows that have been filtered in one of them.
#[derive(Debug)]
pub(super) struct Filter {
    across: Taps,
    down: Taps,
    source_rows: usize,
    result_rows: usize,
    between: Vec<i16>,
    stride: usize,
    waiting: usize,
    /// Rows that have been filtered in one direction at least.
    begun: usize,
}

impl Filter {
    pub(super) fn new(shape: &Shape, stride: usize) -> Self {
        Self {
            across: Taps::new(&shape.across),
            down: Taps::new(&shape.down),
            source_rows: shape.down.samples,
            result_rows: shape.down.results,
            between: vec![0; ROWS * stride],
            stride,
            waiting: 0,
            begun: 0,
        }
    }

    /// Makes the rows of the result whose source rows are all there, and says how many were made into `result`.
    pub(super) fn advance(&mut self, ring: &Ring, result: &mut [u8]) -> usize {
        let width = self.across.results();
        let mut finished = 0;
        while self.is_next_ready(ring) {
            self.filter_down(ring);
            if self.waiting == ROWS || self.begun == self.result_rows {
                let rows = &mut result[finished * width..][..self.waiting * width];
                self.filter_across(rows);
                finished += self.waiting;
                self.waiting = 0;
            }
        }
        finished
    }

    fn is_next_ready(&self, ring: &Ring) -> bool {
        self.begun < self.result_rows && {
            let end = self.down.first(self.begun) + 2 * self.down.pairs();
            end.min(self.source_rows) <= ring.received
        }
    }

    fn filter_down(&mut self, ring: &Ring) {
        let first = self.down.first(self.begun);
        let weights = self.down.weights(self.begun);
        let between = &mut self.between[self.waiting * self.stride..][..self.stride];
        scalar::filter_down(ring, first, weights, between);
        self.begun += 1;
        self.waiting += 1;
    }

    fn filter_across(&self, result: &mut [u8]) {
        let rows = self.between.chunks_exact(self.stride);
        for (row, result) in rows.zip(result.chunks_exact_mut(self.across.results())) {
            scalar::filter_across(row, &self.across, result);
        }
    }
}
