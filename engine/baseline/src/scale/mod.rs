//! Rows of samples to rows of the result: Lanczos3 in both directions, without ever holding the plane.
//!
//! Rows come into a ring that is just tall enough for the filter. First from top to bottom, where neighbours in memory are
//! neighbours in the plane and vectors are full; then from left to right, sixteen rows at a time.

#[cfg(target_arch = "x86_64")]
mod avx2;
mod filter;
mod scalar;
mod taps;

use planes::Plane;

use filter::Filter;
pub(crate) use taps::Axis;

use crate::cpu::Kernels;

/// Rows that are filtered from left to right at once.
const ROWS: usize = 16;
/// Columns that are filtered from top to bottom at once.
const COLUMNS: usize = 32;

/// The shape of a plane on its way through a [`Scaler`].
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shape {
    pub(crate) across: Axis,
    pub(crate) down: Axis,
    /// Samples that are written of a row, some of them behind the plane's right edge.
    pub(crate) written: usize,
    /// Rows that come at once.
    pub(crate) rows_at_once: usize,
}

/// Takes a plane row by row, and makes another one of it.
#[derive(Debug)]
pub(crate) struct Scaler {
    shape: Shape,
    ring: Ring,
    /// `None` when the result is the plane itself.
    filter: Option<Filter>,
    result: Vec<u8>,
    finished: usize,
}

/// The last rows received.
#[derive(Debug)]
struct Ring {
    samples: Vec<u8>,
    stride: usize,
    rows: usize,
    received: usize,
}

impl Shape {
    /// Bytes that a [`Scaler`] of this shape holds besides its result.
    pub(crate) fn working_bytes(&self) -> u64 {
        let ring = self.stride() * self.ring_rows();
        let between = 2 * ROWS * self.stride() * size_of::<i16>();
        let taps = |axis: &Axis| axis.results * (axis.pairs_max() * size_of::<[i16; 2]>() + 24);
        (ring + between + taps(&self.across) + taps(&self.down)) as u64
    }

    fn is_identity(&self) -> bool {
        self.across.is_identity() && self.down.is_identity()
    }

    /// Taps may reach behind the last sample, with no weight there.
    fn stride(&self) -> usize {
        let reached = self.across.samples + 2 * self.across.pairs_max();
        self.written.max(reached).next_multiple_of(COLUMNS)
    }

    /// The rows of one result, and those that come while it waits for its last.
    fn ring_rows(&self) -> usize {
        (2 * self.down.pairs_max() + self.rows_at_once).next_multiple_of(self.rows_at_once)
    }
}

impl Scaler {
    pub(crate) fn new(kernels: Kernels, shape: Shape) -> Self {
        let (stride, rows) = (shape.stride(), shape.ring_rows());
        Self {
            ring: Ring {
                samples: vec![0; stride * rows],
                stride,
                rows,
                received: 0,
            },
            filter: (!shape.is_identity()).then(|| Filter::new(kernels, &shape, stride)),
            result: vec![0; shape.across.results * shape.down.results],
            finished: 0,
            shape,
        }
    }

    /// Where the next rows go, as many as come at once, and how far apart they begin.
    pub(crate) fn slot(&mut self) -> (&mut [u8], usize) {
        let first = self.ring.offset(self.ring.received);
        let bytes = self.shape.rows_at_once * self.ring.stride;
        (&mut self.ring.samples[first..][..bytes], self.ring.stride)
    }

    /// Takes the rows that were written to the slot, and makes what can be made of them.
    pub(crate) fn push(&mut self) {
        self.ring.received += self.shape.rows_at_once;
        let width = self.shape.across.results;
        let rest = &mut self.result[self.finished * width..];
        self.finished += match &mut self.filter {
            Some(filter) => filter.advance(&self.ring, rest),
            None => self.ring.copy_rows(self.finished, width, rest),
        };
    }

    /// The result, once the last rows have been pushed.
    pub(crate) fn finish(self) -> Plane {
        let (width, height) = (self.shape.across.results, self.shape.down.results);
        assert_eq!(self.finished, height, "all rows are made of all rows");
        Plane::new(width, height, self.result)
    }
}

impl Ring {
    fn offset(&self, row: usize) -> usize {
        row % self.rows * self.stride
    }

    fn row(&self, row: usize) -> &[u8] {
        &self.samples[self.offset(row)..][..self.stride]
    }

    /// Copies the rows received from `first` on, as many as there is room for.
    fn copy_rows(&self, first: usize, width: usize, room: &mut [u8]) -> usize {
        let rows = first..self.received;
        let copied = rows.zip(room.chunks_exact_mut(width));
        copied
            .map(|(row, to)| to.copy_from_slice(&self.row(row)[..width]))
            .count()
    }
}
