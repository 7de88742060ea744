//! The block gets its size and its place in the picture.

use schemas::{Recipe, recipe::Position};

use super::layout::{Block, Column};
use crate::pixels::Region;

/// Distance of the mark from the picture's edges, as a fraction of √(width·height).
const MARGIN: f32 = 0.025;
/// How far the outline reaches beyond the letters, as a fraction of their cap height.
const OUTLINE: f32 = 0.06;

/// Size and place of the mark, in pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Place {
    /// Pixels an em.
    pub(super) size: f32,
    /// How far the outline reaches beyond the letters.
    pub(super) outline: f32,
    /// The part of the picture that the mark may touch.
    pub(super) region: Region,
}

impl Place {
    /// As large as the recipe says; smaller where the text would not fit between the margins, because a mark that is cut
    /// off cannot be read.
    pub(super) fn of_block(block: &Block, recipe: &Recipe, (width, height): (u32, u32)) -> Self {
        let unit = (f64::from(width) * f64::from(height)).sqrt();
        let margin = MARGIN * unit as f32;
        let room = |side: u32| (side as f32 - 2.0 * margin).max(1.0);
        let wanted = (recipe.wm_size.fraction() * unit) as f32 / block.cap_height;
        let outlines = 2.0 * OUTLINE * block.cap_height;
        let size = wanted
            .min(room(width) / (block.width + outlines))
            .min(room(height) / (block.height + outlines));
        let region_width = pixels((block.width + outlines) * size, width);
        let region_height = pixels((block.height + outlines) * size, height);
        let (column, row) = (Column::of(recipe.wm_position), row(recipe.wm_position));
        Self {
            size,
            outline: OUTLINE * block.cap_height * size,
            region: Region {
                x: offset(column, width, region_width, margin),
                y: offset(row, height, region_height, margin),
                width: region_width,
                height: region_height,
            },
        }
    }
}

/// Top, middle and bottom are to height what left, middle and right are to width.
const fn row(position: Position) -> Column {
    match position {
        Position::TopLeft | Position::Top | Position::TopRight => Column::Left,
        Position::Left | Position::Center | Position::Right => Column::Middle,
        Position::BottomLeft | Position::Bottom | Position::BottomRight => Column::Right,
    }
}

/// Whole pixels that hold `length`, with one to spare for the part of a pixel a glyph begins at.
fn pixels(length: f32, max: u32) -> u32 {
    (length.ceil() as u32 + 1).min(max)
}

fn offset(column: Column, side: u32, length: u32, margin: f32) -> u32 {
    let margin = (margin as u32).min((side - length) / 2);
    let room = side - length - 2 * margin;
    margin + column.indent(room as f32) as u32
}
