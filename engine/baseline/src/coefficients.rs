//! Coefficients of neighbouring blocks, in the order in which they are transformed.
//!
//! All blocks' first coefficients stand side by side, then all blocks' second ones: sixteen blocks are transformed by
//! vectors of sixteen lanes, without a transposition between rows and columns.

use crate::{dct::Size, tables::ZIGZAG};

/// Blocks side by side.
pub(crate) const LANES: usize = 32;

/// Sixty-four coefficients and one place for those that are dropped, rounded up so that a position can be masked.
const CAPACITY: usize = 4096;

/// A strip of up to [`LANES`] blocks, aligned as vectors like it.
#[derive(Debug)]
#[repr(C, align(64))]
pub(crate) struct Coefficients([i16; CAPACITY]);

/// Where a coefficient belongs, by its place in the file. Places behind the last are where damaged files and
/// end-of-block symbols point to.
#[derive(Debug)]
pub(crate) struct Layout([u16; 256]);

impl Coefficients {
    pub(crate) fn new() -> Box<Self> {
        Box::new(Self([0; CAPACITY]))
    }

    /// Forgets the blocks before, of which only those that fit `size` were kept.
    pub(crate) fn clear(&mut self, size: Size) {
        self.0[..size.coefficients() * LANES].fill(0);
    }

    /// To be read.
    #[inline(always)]
    pub(crate) fn lanes(&self) -> Lanes<'_> {
        Lanes::new(&self.0)
    }

    #[inline(always)]
    pub(crate) fn set(&mut self, layout: &Layout, place: usize, lane: usize, value: i16) {
        let offset = layout.offset(place);
        self.0[(offset + lane) & (CAPACITY - 1)] = value;
    }
}

/// A strip of blocks to be read, wherever it is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Lanes<'c>(&'c [i16]);

impl<'c> Lanes<'c> {
    /// As many coefficients as the strip is long, of [`LANES`] blocks each.
    pub(crate) const fn new(coefficients: &'c [i16]) -> Self {
        Self(coefficients)
    }

    /// The same coefficient of all blocks.
    #[inline(always)]
    pub(crate) fn of(self, coefficient: usize) -> &'c [i16; LANES] {
        let lanes = &self.0[coefficient * LANES..][..LANES];
        lanes.first_chunk().expect("the slice is as long")
    }
}

impl Layout {
    /// Where the coefficient of a place is in a strip; that of the first block.
    #[inline(always)]
    pub(crate) fn offset(&self, place: usize) -> usize {
        self.0[place & 255].into()
    }

    /// The last place whose coefficient is kept.
    pub(crate) fn last_kept(&self) -> usize {
        let dropped = self.0[255];
        let kept = self.0.iter().rposition(|&offset| offset != dropped);
        kept.expect("the first coefficient is always kept")
    }

    /// The lowest frequencies are kept, as many as there are samples; the others share a place that nobody reads.
    pub(crate) const fn of(size: Size) -> &'static Self {
        const FULL: Layout = Layout::new(Size::Full);
        const THREE_QUARTERS: Layout = Layout::new(Size::ThreeQuarters);
        const HALF: Layout = Layout::new(Size::Half);
        const QUARTER: Layout = Layout::new(Size::Quarter);
        const EIGHTH: Layout = Layout::new(Size::Eighth);
        match size {
            Size::Full => &FULL,
            Size::ThreeQuarters => &THREE_QUARTERS,
            Size::Half => &HALF,
            Size::Quarter => &QUARTER,
            Size::Eighth => &EIGHTH,
        }
    }

    const fn new(size: Size) -> Self {
        let side = size.side();
        let mut offsets = [(size.coefficients() * LANES) as u16; 256];
        let mut place = 0;
        while place < 64 {
            let (row, column) = (ZIGZAG[place] as usize / 8, ZIGZAG[place] as usize % 8);
            if row < side && column < side {
                offsets[place] = ((row * side + column) * LANES) as u16;
            }
            place += 1;
        }
        Self(offsets)
    }
}
