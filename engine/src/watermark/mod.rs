//! The mark: laid out before there are pixels, drawn when there are.
//!
//! Read in this order:
//! 1. [`shaping`]: characters become glyphs, in the order they are seen.
//! 2. [`outline`], [`mod@typeset`]: glyphs become lines and curves of known extent, which the fonts remember.
//! 3. [`layout`]: lines become a block, measured in ems.
//! 4. [`placement`]: the block gets its size and its place in the picture.
//! 5. [`ink`]: colour, outline and opacity, from the ground beneath.
//! 6. [`mask`]: outlines become coverage.
//! 7. [`blend`]: coverage and ink become pixels; [`planar`]: and pixels become planes.

mod blend;
mod ink;
mod layout;
mod mask;
mod outline;
mod placement;
mod planar;
mod shaping;
mod typeset;

use planes::Planes;
use schemas::Recipe;

use crate::{
    fonts::{Fonts, MissingGlyph},
    picture::Picture,
    pixels::{Pixels, Region},
};
pub(crate) use outline::Outline;
pub(crate) use typeset::{Typeset, typeset};

use ink::{Ground, Ink};
use layout::Block;
use placement::Place;

/// A mark that knows its size and place.
#[derive(Debug)]
pub(crate) struct Mark {
    block: Block,
    place: Place,
}

impl Mark {
    /// Lays the recipe's mark out for a picture of `width` × `height`.
    pub(crate) fn lay_out(
        recipe: &Recipe,
        fonts: &Fonts,
        (width, height): (u32, u32),
    ) -> Result<Self, MissingGlyph> {
        let text = fonts.typeset(recipe.wm_text.as_str())?;
        let block = Block::of_text(&text, recipe.wm_position);
        let place = Place::of_block(&block, recipe, (width, height));
        Ok(Self { block, place })
    }

    /// Bytes that drawing needs besides the picture: coverage of letters and outline.
    pub(crate) const fn working_bytes(&self) -> u64 {
        2 * self.place.region.area() as u64
    }

    /// Draws the mark. Nothing outside its region is touched.
    pub(crate) fn draw(&self, picture: Picture, recipe: &Recipe) -> Picture {
        match picture {
            Picture::Planes(mut planes) if planes.chroma().is_some() => {
                self.draw_on_planes(&mut planes, recipe);
                Picture::Planes(planes)
            }
            gray_or_pixels => {
                let pixels = gray_or_pixels.into_pixels();
                Picture::Pixels(self.draw_on_pixels(pixels, self.place.region, recipe))
            }
        }
    }

    /// Makes pixels of the part beneath the mark alone.
    fn draw_on_planes(&self, planes: &mut Planes, recipe: &Recipe) {
        let Some(chroma) = planes.chroma() else {
            return;
        };
        let region = self.place.region;
        let part = planar::grown(region, planes, chroma.subsampling);
        let before = planar::pixels(planes, chroma, part);
        let within = Region {
            x: region.x - part.x,
            y: region.y - part.y,
            ..region
        };
        let after = self.draw_on_pixels(before.clone(), within, recipe);
        planar::take_over(planes, part, &before, &after);
    }

    fn draw_on_pixels(&self, picture: Pixels, region: Region, recipe: &Recipe) -> Pixels {
        let ground = Ground::beneath(&picture, region);
        let ink = Ink::for_ground(recipe, &ground);
        let coverage = mask::draw(&self.block, &self.place, ink.outline.is_some());
        let mut picture = if ink.is_neutral() {
            picture
        } else {
            picture.with_color()
        };
        blend::blend(&mut picture, region, &coverage, &ink);
        picture
    }
}
