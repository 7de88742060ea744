//! The mark: laid out before there are pixels, drawn when there are.
//!
//! Read in this order:
//! 1. [`shaping`]: characters become glyphs, in the order they are seen.
//! 2. [`drawing`]: a glyph is an [`outline`] of lines and curves or an [`emblem`] in colours; [`mod@typeset`]: with them a
//!    text has a known extent. The fonts remember both.
//! 3. [`layout`]: lines and a logo become a block, measured in ems, and the block is turned.
//! 4. [`placement`], [`tiling`]: the block gets its size and its places in the picture.
//! 5. [`coverage`], [`decal`]: outlines become coverage, and logo and emblems become pixels of their size.
//! 6. [`calm`]: the calmest place is found, if the recipe leaves it open.
//! 7. [`ink`], [`contrast`]: colour, halo and opacity, from the ground beneath and the contrast they reach on it.
//! 8. [`canvas`]: coverage and ink come to lie on the picture.
//! 9. [`steady`]: the same ink for all frames of an animation.

mod calm;
mod canvas;
mod contrast;
mod coverage;
mod decal;
mod drawing;
mod emblem;
mod ink;
mod layout;
mod outline;
mod placement;
mod shaping;
mod steady;
mod tiling;
mod typeset;

use std::ops::Range;

use planes::{Plane, Planes};
use schemas::{Contrast, Recipe, recipe::Position};

use crate::{
    InputError,
    fonts::Fonts,
    logo::{Logo, LogoHeader},
    picture::Picture,
    pixels::{Layout, Pixels, Region},
};
pub(crate) use canvas::{Canvas, Window};
pub(crate) use drawing::{Drawing, Undrawable};
pub(crate) use steady::Steady;
pub(crate) use typeset::{Typeset, typeset};

use canvas::Stamp;
use coverage::Coverage;
use decal::Decal;
use ink::Ink;
use layout::{Block, Content};
use placement::{Room, Scale};

/// What a pixel of coverage needs at most: letters, halo, the letters made solid, and an edge place, which every fourth
/// pixel of small letters is.
const COVERAGE_BYTES: usize = 3 + size_of::<contrast::EdgePlace>() / 4;
/// What a pixel of a mark with a logo or with emblems needs besides.
const DECAL_BYTES: usize = 4;

/// A mark that knows its size and the places it may take.
#[derive(Debug)]
pub(crate) enum Mark {
    /// Drawn once, in the calmest of these places. There is one at least.
    Single(Vec<Place>),
    /// Drawn all over the picture.
    Tiled(Pattern),
}

/// A mark whose place is found.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Settled<'m> {
    Single(&'m Place),
    Tiled(&'m Pattern),
}

/// A mark in its place, as it is drawn.
#[derive(Debug)]
struct Placed {
    coverage: Coverage,
    decal: Option<Decal>,
    corners: Vec<(i64, i64)>,
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
    /// Lays the mark of `recipe` and of `logo` out for a picture of `size`.
    pub(crate) fn lay_out(
        recipe: &Recipe,
        fonts: &Fonts,
        logo: Option<LogoHeader>,
        size: (u32, u32),
    ) -> Result<Self, InputError> {
        let text = recipe.wm_text.as_ref();
        let text = text.map(|text| fonts.typeset(text.as_str(), &recipe.wm_fonts));
        let text = text.transpose()?;
        if text.is_none() && logo.is_none() {
            return Err(InputError::NoMark);
        }
        let text = text.as_deref();
        let content = Content { text, logo };
        let room = Room::of(size);
        Ok(match recipe.wm_position {
            Position::Tile => Self::Tiled(Pattern::of(content, recipe, room)),
            Position::Auto => Self::Single(
                Position::PLACES
                    .map(|position| Place::of(content, recipe, room, position))
                    .into(),
            ),
            position => Self::Single(vec![Place::of(content, recipe, room, position)]),
        })
    }

    /// Bytes that drawing needs besides the picture: coverage of letters and halo, the edge, the logo, the corners of a
    /// pattern.
    pub(crate) fn working_bytes(&self) -> u64 {
        match self {
            Self::Single(places) => {
                let marks = places
                    .iter()
                    .map(|place| mark_bytes(&place.block, place.region.area()));
                marks.max().unwrap_or(0)
            }
            Self::Tiled(pattern) => {
                let (width, height) = pattern.extent;
                let corners = (pattern.corners.len() * size_of::<(i64, i64)>()) as u64;
                mark_bytes(&pattern.block, width as usize * height as usize) + corners
            }
        }
    }

    /// The rows of `picture` that a single mark will touch, before it is drawn.
    pub(crate) fn rows(&self, picture: &Pixels) -> Option<Range<u32>> {
        match self.settled_on(picture)? {
            Settled::Single(place) => {
                let Region { y, height, .. } = place.region;
                Some(y..y + height)
            }
            Settled::Tiled(_) => None,
        }
    }

    /// Draws the mark, and tells what contrast its letters reach; `None` if they leave no ink. Nothing outside its region
    /// is touched. The logo is the one that the mark was laid out for.
    pub(crate) fn draw(
        &self,
        picture: Picture,
        recipe: &Recipe,
        logo: Option<&Logo>,
    ) -> (Picture, Option<Contrast>) {
        match picture {
            Picture::Planes(mut planes) if planes.chroma().is_some() => {
                let contrast = self.draw_on(&mut planes, recipe, logo);
                (Picture::Planes(planes), contrast)
            }
            Picture::Planes(gray) => {
                let mut pixels = Picture::Planes(gray).into_pixels();
                let contrast = self.draw_on(&mut pixels, recipe, logo);
                (gray_as_planes(pixels), contrast)
            }
            Picture::Pixels(mut pixels) => {
                let contrast = self.draw_on(&mut pixels, recipe, logo);
                (Picture::Pixels(pixels), contrast)
            }
        }
    }

    /// The mark in its place, where that does not depend on the picture.
    pub(crate) fn settled(&self) -> Option<Settled<'_>> {
        match self {
            Self::Single(places) => match places.as_slice() {
                [only] => Some(Settled::Single(only)),
                _ => None,
            },
            Self::Tiled(pattern) => Some(Settled::Tiled(pattern)),
        }
    }

    /// The mark in its place on `canvas`, which shows all of the picture.
    pub(crate) fn settled_on(&self, canvas: &impl Canvas) -> Option<Settled<'_>> {
        match self {
            Self::Single(places) => calm::calmest(canvas, places).map(Settled::Single),
            Self::Tiled(pattern) => Some(Settled::Tiled(pattern)),
        }
    }

    fn draw_on(
        &self,
        canvas: &mut impl Canvas,
        recipe: &Recipe,
        logo: Option<&Logo>,
    ) -> Option<Contrast> {
        self.settled_on(canvas)?.draw_on(canvas, recipe, logo)
    }
}

impl Settled<'_> {
    /// What may be touched of a picture of the size that the mark was laid out for.
    pub(crate) const fn region(self, (width, height): (u32, u32)) -> Region {
        match self {
            Self::Single(place) => place.region,
            Self::Tiled(_) => Region {
                x: 0,
                y: 0,
                width,
                height,
            },
        }
    }

    /// See [`Mark::draw`]. Only the mark's region is looked at.
    pub(crate) fn draw_on(
        self,
        canvas: &mut impl Canvas,
        recipe: &Recipe,
        logo: Option<&Logo>,
    ) -> Option<Contrast> {
        let placed = self.placed(recipe, logo);
        placed.lay_logo(canvas);
        repeat(canvas, recipe, &placed.coverage, &placed.corners)
    }

    fn placed(self, recipe: &Recipe, logo: Option<&Logo>) -> Placed {
        match self {
            Self::Single(place) => {
                let Region { x, y, .. } = place.region;
                Placed {
                    coverage: place.coverage(),
                    decal: place.decal(recipe, logo),
                    corners: vec![(x.into(), y.into())],
                }
            }
            Self::Tiled(pattern) => Placed {
                coverage: pattern.coverage(),
                decal: pattern.decal(recipe, logo),
                corners: pattern.corners.clone(),
            },
        }
    }
}

impl Placed {
    /// Draws the logo at each of the corners. Letters and logo share no pixel, so that either may come first.
    fn lay_logo(&self, canvas: &mut impl Canvas) {
        let Some(decal) = &self.decal else {
            return;
        };
        if !decal.is_neutral() {
            canvas.take_color();
        }
        for stamp in self.stamps(canvas.size()) {
            canvas.lay_logo(&stamp, decal);
        }
    }

    /// The mark's places on a picture of `size`.
    fn stamps(&self, size: (u32, u32)) -> impl Iterator<Item = Stamp<'_>> {
        let corners = self.corners.iter();
        corners.filter_map(move |corner| Stamp::at(*corner, &self.coverage, size))
    }
}

fn mark_bytes(block: &Block, area: usize) -> u64 {
    let mut bytes = (area * COVERAGE_BYTES) as u64;
    if block.has_pictures() {
        bytes += (area * DECAL_BYTES) as u64;
    }
    if let Some(logo) = block.logo {
        bytes += logo.header.working_bytes();
    }
    if !block.emblems.is_empty() {
        bytes += emblem::WORKING_BYTES_MAX;
    }
    bytes
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
    fn of(content: Content<'_>, recipe: &Recipe, room: Room, position: Position) -> Self {
        let column = layout::Column::of(recipe.wm_align, position);
        let block = Block::of(content, column, recipe);
        let scale = room.scale(&block, recipe);
        Self {
            position,
            region: room.region(position, room.extent(&block, scale)),
            block,
            scale,
        }
    }

    fn coverage(&self) -> Coverage {
        Coverage::of_block(&self.block, self.scale, self.extent())
    }

    fn decal(&self, recipe: &Recipe, logo: Option<&Logo>) -> Option<Decal> {
        let (extent, opacity) = (self.extent(), recipe.wm_opacity);
        Decal::of_block(&self.block, self.scale, extent, logo, opacity)
    }

    const fn extent(&self) -> (u32, u32) {
        (self.region.width, self.region.height)
    }
}

impl Pattern {
    fn of(content: Content<'_>, recipe: &Recipe, room: Room) -> Self {
        let column = layout::Column::of(recipe.wm_align, Position::Tile);
        let block = Block::of(content, column, recipe);
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

    fn decal(&self, recipe: &Recipe, logo: Option<&Logo>) -> Option<Decal> {
        let (extent, opacity) = (self.extent, recipe.wm_opacity);
        Decal::of_block(&self.block, self.scale, extent, logo, opacity)
    }
}

#[cfg(test)]
mod tests;
