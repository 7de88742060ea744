//! The mark: laid out before there are pixels, drawn when there are.
//!
//! Read in this order:
//! 1. [`shaping`]: characters become glyphs, in the order they are seen.
//! 2. [`layout`]: lines become a block, measured in ems.
//! 3. [`placement`]: the block gets its size and its place in the picture.
//! 4. [`ink`]: colour, outline and opacity, from the ground beneath.
//! 5. [`mask`]: glyphs become coverage.
//! 6. [`blend`]: coverage and ink become pixels.

mod blend;
mod ink;
mod layout;
mod mask;
mod placement;
mod shaping;

use schemas::Recipe;

use crate::{
    fonts::{Fonts, MissingGlyph},
    pixels::Pixels,
};
use ink::{Ground, Ink};
use layout::Block;
use placement::Place;

/// A mark that knows its size and place.
#[derive(Debug)]
pub(crate) struct Mark<'f> {
    fonts: &'f Fonts,
    block: Block,
    place: Place,
}

/// Whether `text` can be drawn.
pub(crate) fn check(text: &str, fonts: &Fonts) -> Result<(), MissingGlyph> {
    shaping::shape(text, fonts).map(|_| ())
}

impl<'f> Mark<'f> {
    /// Lays the recipe's mark out for a picture of `width` × `height`.
    pub(crate) fn lay_out(
        recipe: &Recipe,
        fonts: &'f Fonts,
        (width, height): (u32, u32),
    ) -> Result<Self, MissingGlyph> {
        let lines = shaping::shape(recipe.wm_text.as_str(), fonts)?;
        let block = Block::of_lines(&lines, recipe.wm_position, fonts);
        let place = Place::of_block(&block, recipe, (width, height));
        Ok(Self {
            fonts,
            block,
            place,
        })
    }

    /// Bytes that drawing needs besides the picture: coverage of letters and outline.
    pub(crate) const fn working_bytes(&self) -> u64 {
        2 * self.place.region.area() as u64
    }

    /// Draws the mark. Nothing outside its region is touched.
    pub(crate) fn draw(&self, picture: Pixels, recipe: &Recipe) -> Pixels {
        let ground = Ground::beneath(&picture, self.place.region);
        let ink = Ink::for_ground(recipe, &ground);
        let coverage = mask::draw(&self.block, &self.place, ink.outline.is_some(), self.fonts);
        let mut picture = if ink.is_neutral() {
            picture
        } else {
            picture.with_color()
        };
        blend::blend(&mut picture, self.place.region, &coverage, &ink);
        picture
    }
}
