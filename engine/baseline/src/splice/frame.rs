//! Which MCUs are copied, which are drawn on, and which follow those.

use std::ops::Range;

use super::Region;
use crate::{channel::Grid, header::Header};

/// The picture in MCUs.
#[derive(Clone, Debug)]
pub(super) struct Frame {
    mcus_across: usize,
    mcus_total: usize,
    /// MCUs from one restart marker to the next; all of them when there are none.
    restart_interval: usize,
    /// Columns and rows of the MCUs that are drawn on.
    pub(super) columns: Range<usize>,
    pub(super) rows: Range<usize>,
}

/// Consecutive MCUs of one kind, in one row unless they are copied, without a restart marker between them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stretch {
    pub(super) kind: Kind,
    /// The column of the first.
    pub(super) column: usize,
    pub(super) count: usize,
    /// The restart marker before the first, counted from zero.
    pub(super) restart: Option<usize>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Copied,
    Drawn,
    /// Its DC coefficients are differences to an MCU that is drawn on.
    After,
}

impl Frame {
    pub(super) fn new(header: &Header<'_>, region: Region) -> Self {
        let grid = Grid::new(header);
        let (mcu_width, mcu_height) = grid.mcu_size();
        let columns = mcus(region.x, region.width, header.width, mcu_width);
        let rows = mcus(region.y, region.height, header.height, mcu_height);
        let mcus_total = grid.mcus_across * grid.mcus_down;
        Self {
            mcus_across: grid.mcus_across,
            mcus_total,
            restart_interval: header.restart_interval.unwrap_or(mcus_total),
            columns,
            rows,
        }
    }

    pub(super) fn has_mark(&self) -> bool {
        !self.columns.is_empty() && !self.rows.is_empty()
    }

    pub(super) fn mcus_drawn(&self) -> usize {
        self.columns.len() * self.rows.len()
    }

    /// More stretches than there are: in each row one of each kind, and another wherever a restart marker stands.
    pub(super) fn pieces_max(&self) -> usize {
        3 * (self.rows.len() + 1) + self.mcus_total.div_ceil(self.restart_interval)
    }

    /// All MCUs in the order of the file.
    pub(super) fn stretches(&self) -> impl Iterator<Item = Stretch> + '_ {
        let mut first = 0;
        std::iter::from_fn(move || {
            (first < self.mcus_total).then(|| {
                let stretch = self.stretch(first);
                first += stretch.count;
                stretch
            })
        })
    }

    fn stretch(&self, first: usize) -> Stretch {
        let (kind, end) = self.kind_and_end(first);
        let segment = first / self.restart_interval;
        let is_first = first.is_multiple_of(self.restart_interval);
        let end = end.min((segment + 1) * self.restart_interval);
        Stretch {
            kind,
            column: first % self.mcus_across,
            count: end.min(self.mcus_total) - first,
            restart: is_first.then(|| segment.checked_sub(1)).flatten(),
        }
    }

    /// What the MCU is, and where the next of another kind may be.
    fn kind_and_end(&self, first: usize) -> (Kind, usize) {
        let row_begin = first - first % self.mcus_across;
        if self.is_drawn(first) {
            (Kind::Drawn, row_begin + self.columns.end)
        } else if first.checked_sub(1).is_some_and(|last| self.is_drawn(last)) {
            (Kind::After, first + 1)
        } else {
            (Kind::Copied, self.next_drawn(first))
        }
    }

    fn is_drawn(&self, mcu: usize) -> bool {
        let (row, column) = (mcu / self.mcus_across, mcu % self.mcus_across);
        self.rows.contains(&row) && self.columns.contains(&column)
    }

    /// The first MCU behind `mcu` that is drawn on.
    fn next_drawn(&self, mcu: usize) -> usize {
        if !self.has_mark() {
            return self.mcus_total;
        }
        let (row, column) = (mcu / self.mcus_across, mcu % self.mcus_across);
        let is_passed = column >= self.columns.end;
        let row = self.rows.start.max(row + usize::from(is_passed));
        if self.rows.contains(&row) {
            row * self.mcus_across + self.columns.start
        } else {
            self.mcus_total
        }
    }
}

/// The MCUs that `length` pixels from `begin` touch on a side of the picture.
fn mcus(begin: usize, length: usize, side: usize, mcu_side: usize) -> Range<usize> {
    let end = begin.saturating_add(length).min(side);
    if begin >= end {
        return 0..0;
    }
    begin / mcu_side..end.div_ceil(mcu_side)
}
