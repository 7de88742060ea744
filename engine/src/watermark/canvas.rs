//! What a mark is drawn on, whatever a picture is kept as.

mod pixels;
mod planes;
mod window;

use std::ops::Range;

use super::{coverage::Coverage, decal::Decal, ink::Ink};
use crate::pixels::Region;
pub(crate) use window::Window;

/// A picture that a mark can measure and change. Coordinates are pixels of the picture and within it.
pub(crate) trait Canvas {
    /// Width and height in pixels.
    fn size(&self) -> (u32, u32);

    /// Red, green and blue of a pixel as it shows; on white, where it is transparent.
    fn shown(&self, x: u32, y: u32) -> [u8; 3];

    /// A pixel's luma as BT.601 weighs it.
    fn luma(&self, x: u32, y: u32) -> u8;

    /// Makes room for colour in a grey picture.
    fn take_color(&mut self);

    /// Lays a stamp over the picture. Nothing outside of it changes, but for pixels that share a chroma sample with it.
    /// A grey picture takes neutral ink only.
    fn lay(&mut self, stamp: &Stamp<'_>, ink: &Ink);

    /// Lays the logo of a stamp over the picture, by the same rules.
    fn lay_logo(&mut self, stamp: &Stamp<'_>, decal: &Decal);
}

/// Coverage as it comes to lie on a picture.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stamp<'c> {
    coverage: &'c Coverage,
    /// The part of the picture it lies on.
    pub(super) region: Region,
    /// What is cut off on the left and above, where it begins outside of the picture.
    cut: (usize, usize),
}

/// What lies over one pixel.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Veil {
    /// How much of what shows are letters, 0 to 1.
    pub(super) letters: f32,
    /// The same of the halo.
    pub(super) halo: f32,
}

impl<'c> Stamp<'c> {
    /// A stamp with its upper left corner at `left`, `top`, cut at the picture's edges; `None` if it lies beside it.
    pub(super) fn at(
        (left, top): (i64, i64),
        coverage: &'c Coverage,
        (width, height): (u32, u32),
    ) -> Option<Self> {
        let (x, cut_left, region_width) = overlap(left, coverage.width, width)?;
        let (y, cut_above, region_height) = overlap(top, coverage.height, height)?;
        Some(Self {
            coverage,
            region: Region {
                x,
                y,
                width: region_width,
                height: region_height,
            },
            cut: (cut_left, cut_above),
        })
    }

    /// The pixels of the coverage that a row of the region shows.
    pub(super) fn places(&self, y: usize) -> Range<usize> {
        let from = (self.cut.1 + y) * self.coverage.width + self.cut.0;
        from..from + self.region.width as usize
    }

    /// Coverage of a row of the region: letters and halo.
    pub(super) fn row(&self, y: usize) -> (&'c [u8], &'c [u8]) {
        let columns = self.places(y);
        (
            &self.coverage.letters[columns.clone()],
            &self.coverage.halo[columns],
        )
    }

    /// How much letters and halo cover of a pixel of the coverage.
    pub(super) fn covered(&self, (x, y): (usize, usize)) -> (u8, u8) {
        let at = y * self.coverage.width + x;
        (self.coverage.letters[at], self.coverage.halo[at])
    }

    /// Where in the picture a pixel of the coverage comes to lie; `None` if it is cut off.
    pub(super) fn seen(&self, (x, y): (usize, usize)) -> Option<(u32, u32)> {
        let x = x
            .checked_sub(self.cut.0)
            .filter(|x| *x < self.region.width as usize)?;
        let y = y
            .checked_sub(self.cut.1)
            .filter(|y| *y < self.region.height as usize)?;
        Some((self.region.x + x as u32, self.region.y + y as u32))
    }
}

/// Where a length that begins at `from` overlaps a side: its first pixel there, what is cut before it, and what is left.
fn overlap(from: i64, length: usize, side: u32) -> Option<(u32, usize, u32)> {
    let end = (from + length as i64).min(side.into());
    let begin = from.max(0);
    (begin < end).then_some((begin as u32, (begin - from) as usize, (end - begin) as u32))
}

impl Veil {
    /// How much of the ground is hidden, 0 to 1.
    pub(super) fn alpha(self) -> f32 {
        self.letters + self.halo
    }

    /// A channel of the veil alone, as strong as it is: to be added to what the ground keeps.
    pub(super) fn tint(self, letters: f32, halo: f32) -> f32 {
        letters * self.letters + halo * self.halo
    }
}
