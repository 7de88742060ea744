//! The mark: laid out before there are pixels, drawn when there are.
//!
//! Read in this order:
//! 1. [`shaping`]: characters become glyphs, in the order they are seen.
//! 2. [`outline`], [`mod@typeset`]: glyphs become lines and curves of known extent, which the fonts remember.
//! 3. [`layout`]: lines become a block, measured in ems, and the block is turned.
//! 4. [`placement`], [`tiling`]: the block gets its size and its places in the picture.
//! 5. [`coverage`]: outlines become coverage.
//! 6. [`calm`]: the calmest place is found, if the recipe leaves it open.
//! 7. [`ink`], [`contrast`]: colour, halo and opacity, from the ground beneath and the contrast they reach on it.
//! 8. [`canvas`]: coverage and ink come to lie on the picture.

mod calm;
mod canvas;
mod contrast;
mod coverage;
mod ink;
mod layout;
mod outline;
mod placement;
mod shaping;
mod tiling;
mod typeset;

use planes::{Plane, Planes};
use schemas::{Contrast, Recipe, recipe::Position};

use crate::{
    fonts::{Fonts, MissingGlyph},
    picture::Picture,
    pixels::{Layout, Pixels, Region},
};
pub(crate) use canvas::Canvas;
pub(crate) use outline::Outline;
pub(crate) use typeset::{Typeset, typeset};

use canvas::Stamp;
use coverage::Coverage;
use ink::Ink;
use layout::Block;
use placement::{Room, Scale};

/// What a pixel of coverage needs at most: letters, halo, the letters made solid, and an edge place, which every fourth
/// pixel of small letters is.
const COVERAGE_BYTES: usize = 3 + size_of::<contrast::EdgePlace>() / 4;

/// A mark that knows its size and the places it may take.
#[derive(Debug)]
pub(crate) enum Mark {
    /// Drawn once, in the calmest of these places. There is one at least.
    Single(Vec<Place>),
    /// Drawn all over the picture.
    Tiled(Pattern),
}

/// A block and the part of the picture that it may touch at one of the nine places.
#[derive(Debug)]
pub(crate) struct Place {
    position: Position,
    block: Block,
    scale: Scale,
    region: Region,
}

/// A block and where it is repeated.
#[derive(Debug)]
pub(crate) struct Pattern {
    block: Block,
    scale: Scale,
    extent: (u32, u32),
    corners: Vec<(i64, i64)>,
}

impl Mark {
    /// Lays the recipe's mark out for a picture of `width` × `height`.
    pub(crate) fn lay_out(
        recipe: &Recipe,
        fonts: &Fonts,
        size: (u32, u32),
    ) -> Result<Self, MissingGlyph> {
        let text = fonts.typeset(recipe.wm_text.as_str())?;
        let room = Room::of(size);
        Ok(match recipe.wm_position {
            Position::Tile => Self::Tiled(Pattern::of_text(&text, recipe, room)),
            Position::Auto => Self::Single(
                Position::PLACES
                    .map(|position| Place::of_text(&text, recipe, room, position))
                    .into(),
            ),
            position => Self::Single(vec![Place::of_text(&text, recipe, room, position)]),
        })
    }

    /// Bytes that drawing needs besides the picture: coverage of letters and halo, the edge, the corners of a pattern.
    pub(crate) fn working_bytes(&self) -> u64 {
        let (area, corners) = match self {
            Self::Single(places) => {
                let areas = places.iter().map(|place| place.region.area());
                (areas.max().unwrap_or(0), 0)
            }
            Self::Tiled(pattern) => {
                let (width, height) = pattern.extent;
                (width as usize * height as usize, pattern.corners.len())
            }
        };
        (area * COVERAGE_BYTES + corners * size_of::<(i64, i64)>()) as u64
    }

    /// Draws the mark, and tells what contrast it reaches; `None` if it leaves no ink. Nothing outside its region is
    /// touched.
    pub(crate) fn draw(&self, picture: Picture, recipe: &Recipe) -> (Picture, Option<Contrast>) {
        match picture {
            Picture::Planes(mut planes) if planes.chroma().is_some() => {
                let contrast = self.draw_on(&mut planes, recipe);
                (Picture::Planes(planes), contrast)
            }
            Picture::Planes(gray) => {
                let mut pixels = Picture::Planes(gray).into_pixels();
                let contrast = self.draw_on(&mut pixels, recipe);
                (gray_as_planes(pixels), contrast)
            }
            Picture::Pixels(mut pixels) => {
                let contrast = self.draw_on(&mut pixels, recipe);
                (Picture::Pixels(pixels), contrast)
            }
        }
    }

    fn draw_on(&self, canvas: &mut impl Canvas, recipe: &Recipe) -> Option<Contrast> {
        match self {
            Self::Single(places) => {
                let place = calm::calmest(canvas, places)?;
                let Region { x, y, .. } = place.region;
                repeat(canvas, recipe, &place.coverage(), &[(x.into(), y.into())])
            }
            Self::Tiled(pattern) => repeat(canvas, recipe, &pattern.coverage(), &pattern.corners),
        }
    }
}

/// A grey picture stays in the plane that it came in, until the mark brings colour.
fn gray_as_planes(pixels: Pixels) -> Picture {
    if pixels.layout != Layout::Gray {
        return Picture::Pixels(pixels);
    }
    let (width, height) = (pixels.width as usize, pixels.height as usize);
    Picture::Planes(Planes::gray(Plane::new(width, height, pixels.bytes)))
}

/// Draws coverage at each of `corners`, in the ink that suits the ground there.
fn repeat(
    canvas: &mut impl Canvas,
    recipe: &Recipe,
    coverage: &Coverage,
    corners: &[(i64, i64)],
) -> Option<Contrast> {
    let edge = contrast::edge_places(coverage);
    let size = canvas.size();
    let stamps = || {
        corners
            .iter()
            .filter_map(|corner| Stamp::at(*corner, coverage, size))
    };
    for stamp in stamps() {
        let ink = Ink::legible(recipe, canvas, &stamp, &edge);
        if !ink.is_neutral() {
            canvas.take_color();
        }
        canvas.lay(&stamp, &ink);
    }
    contrast::reached(canvas, stamps(), &edge)
}

impl Place {
    fn of_text(text: &Typeset, recipe: &Recipe, room: Room, position: Position) -> Self {
        let column = layout::Column::of(recipe.wm_align, position);
        let block = Block::of_text(text, column, recipe.wm_rotate);
        let scale = room.scale(&block, recipe);
        Self {
            position,
            region: room.region(position, room.extent(&block, scale)),
            block,
            scale,
        }
    }

    fn coverage(&self) -> Coverage {
        let extent = (self.region.width, self.region.height);
        Coverage::of_block(&self.block, self.scale, extent)
    }
}

impl Pattern {
    fn of_text(text: &Typeset, recipe: &Recipe, room: Room) -> Self {
        let column = layout::Column::of(recipe.wm_align, Position::Tile);
        let block = Block::of_text(text, column, recipe.wm_rotate);
        let scale = room.scale(&block, recipe);
        let extent = room.extent(&block, scale);
        let gap = room.share(recipe.wm_spacing.fraction());
        Self {
            corners: tiling::corners(&block, scale, gap, room, extent),
            block,
            scale,
            extent,
        }
    }

    fn coverage(&self) -> Coverage {
        Coverage::of_block(&self.block, self.scale, self.extent)
    }
}

#[cfg(test)]
mod tests;
