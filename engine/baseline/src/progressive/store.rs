//! The coefficients of a component, until the last scan has come.

use crate::{
    coefficients::{LANES, Lanes, Layout},
    dct::Size,
};

/// Strips of blocks like those of a picture of one scan, but all of them.
#[derive(Debug)]
pub(super) struct Store {
    coefficients: Vec<i16>,
    /// Which coefficients of a block are not zero, as far as scans have told, those that are not kept included.
    histories: Vec<u64>,
    layout: &'static Layout,
    columns: usize,
    strips_across: usize,
    strip_len: usize,
    /// Places in the file that hold coefficients which are kept, and some between them.
    near: u64,
}

/// Up to [`LANES`] blocks side by side, to be written to.
pub(super) struct Strip<'s> {
    coefficients: &'s mut [i16],
    pub(super) histories: &'s mut [u64],
    layout: &'static Layout,
    pub(super) near: u64,
}

impl Store {
    /// For as many columns and rows of blocks.
    pub(super) fn new((columns, rows): (usize, usize), size: Size) -> Self {
        let strips = columns.div_ceil(LANES) * rows;
        let layout = Layout::of(size);
        Self {
            coefficients: vec![0; strips * strip_len(size)],
            histories: vec![0; strips * LANES],
            layout,
            columns,
            strips_across: columns.div_ceil(LANES),
            strip_len: strip_len(size),
            near: u64::MAX >> (63 - layout.last_kept()),
        }
    }

    /// What a store of this shape takes of memory.
    pub(super) fn bytes((columns, rows): (usize, usize), size: Size) -> u64 {
        let strips = columns.div_ceil(LANES) * rows;
        let strip_bytes = strip_len(size) * size_of::<i16>() + LANES * size_of::<u64>();
        (strips * strip_bytes) as u64
    }

    /// Columns and rows of blocks.
    pub(super) fn blocks(&self) -> (usize, usize) {
        let strips = self.histories.len() / LANES;
        (self.columns, strips / self.strips_across)
    }

    /// The blocks of a row from the column `first` on, to be read.
    pub(super) fn lanes(&self, row: usize, first: usize) -> Lanes<'_> {
        let strip = self.strip_at(row, first);
        Lanes::new(&self.coefficients[strip * self.strip_len..][..self.strip_len])
    }

    /// The same to be written to.
    pub(super) fn strip(&mut self, row: usize, first: usize) -> Strip<'_> {
        let strip = self.strip_at(row, first);
        Strip {
            coefficients: &mut self.coefficients[strip * self.strip_len..][..self.strip_len],
            histories: &mut self.histories[strip * LANES..][..LANES],
            layout: self.layout,
            near: self.near,
        }
    }

    /// The DC coefficient of a block.
    #[inline(always)]
    pub(super) fn level(&mut self, row: usize, column: usize) -> &mut i16 {
        let strip = self.strip_at(row, column);
        &mut self.coefficients[strip * self.strip_len + column % LANES]
    }

    #[inline(always)]
    fn strip_at(&self, row: usize, column: usize) -> usize {
        row * self.strips_across + column / LANES
    }
}

/// With a place for what is dropped.
const fn strip_len(size: Size) -> usize {
    (size.coefficients() + 1) * LANES
}

impl Strip<'_> {
    #[inline(always)]
    pub(super) fn set(&mut self, place: usize, lane: usize, value: i16) {
        self.coefficients[self.layout.offset(place) + lane] = value;
    }

    /// Adds `step` to the magnitude of what is there.
    #[inline(always)]
    pub(super) fn grow(&mut self, place: usize, lane: usize, step: i16) {
        let value = &mut self.coefficients[self.layout.offset(place) + lane];
        let sign = *value >> 15 | 1;
        *value = value.wrapping_add(step * sign);
    }
}
