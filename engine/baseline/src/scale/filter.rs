//! The two passes of the filter, and the rows that wait between them.

#[cfg(target_arch = "x86_64")]
use super::avx2;
use super::{
    ROWS, Ring, Shape, scalar,
    taps::{Taps, WEIGHT_BITS},
};
use crate::cpu::Kernels;

/// Fractional bits that are kept between the passes: 255 and the overshoot at hard edges fill sixteen bits.
const BETWEEN_BITS: u32 = 6;
pub(super) const VERTICAL_SHIFT: u32 = WEIGHT_BITS - BETWEEN_BITS;
pub(super) const HORIZONTAL_SHIFT: u32 = WEIGHT_BITS + BETWEEN_BITS;

/// The weights of both directions, and up to [`ROWS`] rows that have been filtered in one of them.
#[derive(Debug)]
pub(super) struct Filter {
    kernels: Kernels,
    across: Taps,
    down: Taps,
    source_rows: usize,
    result_rows: usize,
    between: Vec<i16>,
    /// The same as columns, for kernels that want them so.
    turned: Vec<[[i16; 2]; ROWS]>,
    stride: usize,
    /// Where the rows for one result begin in the ring, in pairs.
    rows: Vec<[usize; 2]>,
    waiting: usize,
    /// Rows that have been filtered in one direction at least.
    begun: usize,
}

impl Filter {
    pub(super) fn new(kernels: Kernels, shape: &Shape, stride: usize) -> Self {
        Self {
            kernels,
            across: Taps::new(&shape.across),
            down: Taps::new(&shape.down),
            source_rows: shape.down.samples,
            result_rows: shape.down.results,
            between: vec![0; ROWS * stride],
            turned: vec![[[0; 2]; ROWS]; stride / 2],
            stride,
            rows: Vec::new(),
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
        // A row behind the last one received weighs nothing, whatever the ring holds there.
        let offsets = |row| [ring.offset(row), ring.offset(row + 1)];
        self.rows.clear();
        self.rows
            .extend((first..).step_by(2).take(weights.len()).map(offsets));
        let between = &mut self.between[self.waiting * self.stride..][..self.stride];
        match self.kernels {
            Kernels::Scalar => scalar::filter_down(&ring.samples, &self.rows, weights, between),
            #[cfg(target_arch = "x86_64")]
            Kernels::Avx2(avx2) => {
                avx2::filter_down(avx2, &ring.samples, &self.rows, weights, between);
            }
        }
        self.begun += 1;
        self.waiting += 1;
    }

    fn filter_across(&mut self, result: &mut [u8]) {
        match self.kernels {
            Kernels::Scalar => scalar::filter_across(&self.between, &self.across, result),
            #[cfg(target_arch = "x86_64")]
            Kernels::Avx2(avx2) => {
                let turned = &mut self.turned;
                avx2::filter_across(avx2, &self.between, turned, &self.across, result);
            }
        }
    }
}
