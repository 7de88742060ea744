//! A mark on a part of a picture, as it would be drawn on all of it.

use planes::Planes;

use super::{Canvas, Stamp};
use crate::{
    pixels::Region,
    watermark::{decal::Decal, ink::Ink},
};

/// A part of a picture that knows where it lies. Coordinates are those of the whole picture, and within the part.
///
/// The part begins at a chroma sample, and ends at one or at the picture's edge.
#[derive(Debug)]
pub(crate) struct Window<'p> {
    planes: &'p mut Planes,
    left: u32,
    top: u32,
    picture: (u32, u32),
    lacks_color: bool,
}

impl<'p> Window<'p> {
    /// `planes`, of which the upper left corner is at `origin` in a picture of the size `picture`.
    pub(crate) fn of(planes: &'p mut Planes, origin: (usize, usize), picture: (u32, u32)) -> Self {
        Self {
            planes,
            left: origin.0 as u32,
            top: origin.1 as u32,
            picture,
            lacks_color: false,
        }
    }

    /// Whether colour was asked for in vain, so that what was drawn since is not what should have been.
    pub(crate) const fn lacks_color(&self) -> bool {
        self.lacks_color
    }

    fn within<'c>(&self, stamp: &Stamp<'c>) -> Stamp<'c> {
        Stamp {
            region: Region {
                x: stamp.region.x - self.left,
                y: stamp.region.y - self.top,
                ..stamp.region
            },
            ..*stamp
        }
    }
}

impl Canvas for Window<'_> {
    fn size(&self) -> (u32, u32) {
        self.picture
    }

    fn shown(&self, x: u32, y: u32) -> [u8; 3] {
        self.planes.shown(x - self.left, y - self.top)
    }

    fn luma(&self, x: u32, y: u32) -> u8 {
        Canvas::luma(self.planes, x - self.left, y - self.top)
    }

    /// A part of a grey picture cannot have colour by itself.
    fn take_color(&mut self) {
        self.lacks_color |= self.planes.chroma().is_none();
    }

    fn lay(&mut self, stamp: &Stamp<'_>, ink: &Ink) {
        self.planes.lay(&self.within(stamp), ink);
    }

    fn lay_logo(&mut self, stamp: &Stamp<'_>, decal: &Decal) {
        self.planes.lay_logo(&self.within(stamp), decal);
    }
}
