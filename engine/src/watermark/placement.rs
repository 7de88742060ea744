//! The block gets its size and its place in the picture.

use schemas::{Recipe, recipe::Position};

use super::layout::Block;
use crate::pixels::Region;

/// Distance of the mark from the picture's edges, as a fraction of √(width·height).
const MARGIN: f32 = 0.025;
/// How far the halo reaches beyond the letters, as a fraction of their cap height.
const HALO: f32 = 0.05;
/// The thinnest halo, in pixels: thinner ones share each of their pixels with a letter or with the ground.
const HALO_MIN: f32 = 1.25;
/// The widest halo, in pixels. It is a thin line that parts the letters from the ground, also beside large letters.
const HALO_MAX: f32 = 4.0;
/// The smallest letters, in pixels of cap height, that are drawn where there is room: smaller ones are dots to the eye.
const CAP_HEIGHT_MIN: f32 = 6.0;

/// How large the mark is drawn, in pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Scale {
    /// Pixels an em.
    pub(super) em: f32,
    /// How far the halo reaches beyond the letters.
    pub(super) halo: f32,
}

/// A picture's measures, as the mark sees them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Room {
    pub(super) width: u32,
    pub(super) height: u32,
    /// √(width·height): portrait, landscape and panorama of one area have marks of one size.
    unit: f32,
    margin: f32,
}

impl Room {
    pub(super) fn of((width, height): (u32, u32)) -> Self {
        let unit = (f64::from(width) * f64::from(height)).sqrt() as f32;
        Self {
            width,
            height,
            unit,
            margin: MARGIN * unit,
        }
    }

    /// A fraction of √(width·height), in pixels.
    pub(super) fn share(&self, fraction: f64) -> f32 {
        (f64::from(self.unit) * fraction) as f32
    }

    /// As large as the recipe says; smaller where the mark would not fit between the margins, because one that is cut off
    /// cannot be read.
    pub(super) fn scale(&self, block: &Block, recipe: &Recipe) -> Scale {
        let asked_for = self.share(recipe.wm_size.fraction());
        let cap_height = if block.has_letters() {
            asked_for.max(CAP_HEIGHT_MIN)
        } else {
            asked_for
        };
        let halo = (HALO * cap_height).clamp(HALO_MIN, HALO_MAX);
        let reach = 2.0 * Scale { em: 0.0, halo }.reach() as f32;
        let room = |side: u32| (side as f32 - 2.0 * self.margin - reach - 1.0).max(0.5);
        let em = (cap_height / block.cap_height)
            .min(room(self.width) / block.width.max(f32::EPSILON))
            .min(room(self.height) / block.height.max(f32::EPSILON));
        Scale { em, halo }
    }

    /// Width and height of what the mark may touch.
    pub(super) fn extent(&self, block: &Block, scale: Scale) -> (u32, u32) {
        let pixels = |length: f32, max: u32| {
            ((length * scale.em).ceil() as u32 + 2 * scale.reach()).min(max)
        };
        (
            pixels(block.width, self.width),
            pixels(block.height, self.height),
        )
    }

    /// The part of the picture that a mark of this extent may touch at one of the nine places.
    pub(super) fn region(&self, position: Position, (width, height): (u32, u32)) -> Region {
        Region {
            x: self.offset(across(position), self.width, width),
            y: self.offset(down(position), self.height, height),
            width,
            height,
        }
    }

    fn offset(&self, at: End, side: u32, length: u32) -> u32 {
        let spare = side - length;
        let margin = (self.margin as u32).min(spare / 2);
        match at {
            End::Near => margin,
            End::Middle => spare / 2,
            End::Far => spare - margin,
        }
    }
}

impl Scale {
    /// Whole pixels that hold the halo.
    pub(super) fn reach(self) -> u32 {
        self.halo.ceil() as u32 + 1
    }
}

/// Where along a side something lies.
#[derive(Clone, Copy)]
enum End {
    Near,
    Middle,
    Far,
}

const fn across(position: Position) -> End {
    match position {
        Position::TopLeft | Position::Left | Position::BottomLeft => End::Near,
        Position::TopRight | Position::Right | Position::BottomRight => End::Far,
        _ => End::Middle,
    }
}

const fn down(position: Position) -> End {
    match position {
        Position::TopLeft | Position::Top | Position::TopRight => End::Near,
        Position::BottomLeft | Position::Bottom | Position::BottomRight => End::Far,
        _ => End::Middle,
    }
}
