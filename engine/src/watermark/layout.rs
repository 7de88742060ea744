//! Lines become a block, measured in ems, so that its size can be chosen later without shaping again.

use schemas::recipe::Position;
use swash::scale::ScaleContext;

use super::shaping::{Glyph, Line};
use crate::fonts::{FaceId, Fonts};

/// Outlines are measured at this size, because some are scaled in whole fractions of a pixel.
const MEASURED_AT: f32 = 1000.0;

/// The mark's lines, one below the other, with origins relative to the upper left corner of their ink; y grows downwards.
#[derive(Debug)]
pub(super) struct Block {
    pub(super) glyphs: Vec<Glyph>,
    /// Width of the ink.
    pub(super) width: f32,
    /// Height of the ink.
    pub(super) height: f32,
    /// Height of a capital letter.
    pub(super) cap_height: f32,
}

/// A rectangle of ink; y grows upwards.
#[derive(Clone, Copy, Debug)]
struct Ink {
    left: f32,
    right: f32,
    bottom: f32,
    top: f32,
}

/// On which side the lines of a block are even.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Column {
    Left,
    Middle,
    Right,
}

impl Block {
    /// Puts `lines` below each other, even on the side where `position` puts the mark.
    pub(super) fn of_lines(lines: &[Line], position: Position, fonts: &Fonts) -> Self {
        let spacing = line_spacing(lines, fonts);
        let inks = measure(lines, fonts);
        let width = inks.iter().flatten().map(Ink::width).fold(0.0, f32::max);
        let mut glyphs = Vec::new();
        let (mut top, mut bottom) = (f32::INFINITY, f32::NEG_INFINITY);
        for (number, (line, ink)) in lines.iter().zip(&inks).enumerate() {
            let Some(ink) = ink else { continue };
            let baseline = number as f32 * spacing;
            let left = Column::of(position).indent(width - ink.width()) - ink.left;
            top = top.min(baseline - ink.top);
            bottom = bottom.max(baseline - ink.bottom);
            glyphs.extend(line.glyphs.iter().map(|glyph| Glyph {
                x: left + glyph.x,
                y: baseline - glyph.y,
                ..*glyph
            }));
        }
        for glyph in &mut glyphs {
            glyph.y -= top;
        }
        Self {
            glyphs,
            width,
            height: (bottom - top).max(0.0),
            cap_height: fonts.primary().metrics(&[]).scale(1.0).cap_height,
        }
    }
}

/// The distance of baselines that suits the tallest font in use.
fn line_spacing(lines: &[Line], fonts: &Fonts) -> f32 {
    let faces = lines.iter().flat_map(|line| &line.glyphs);
    let spacings = faces.map(|glyph| {
        let metrics = fonts.face(glyph.face).metrics(&[]).scale(1.0);
        metrics.ascent + metrics.descent + metrics.leading
    });
    spacings.fold(0.0, f32::max)
}

/// The ink of each line; a line of blanks has none.
fn measure(lines: &[Line], fonts: &Fonts) -> Vec<Option<Ink>> {
    let mut context = ScaleContext::new();
    let mut measure_glyph = |glyph: &Glyph| {
        let bounds = bounds_of(glyph.face, glyph.id, fonts, &mut context)?;
        Some(bounds.moved(glyph.x, glyph.y))
    };
    lines
        .iter()
        .map(|line| {
            let inks = line.glyphs.iter().filter_map(&mut measure_glyph);
            inks.reduce(Ink::union)
        })
        .collect()
}

fn bounds_of(face: FaceId, id: u16, fonts: &Fonts, context: &mut ScaleContext) -> Option<Ink> {
    let mut scaler = context.builder(fonts.face(face)).size(MEASURED_AT).build();
    let outline = scaler.scale_outline(id)?;
    if outline.is_empty() {
        return None;
    }
    let bounds = outline.bounds();
    Some(Ink {
        left: bounds.min.x / MEASURED_AT,
        right: bounds.max.x / MEASURED_AT,
        bottom: bounds.min.y / MEASURED_AT,
        top: bounds.max.y / MEASURED_AT,
    })
}

impl Ink {
    fn width(&self) -> f32 {
        self.right - self.left
    }

    fn moved(self, x: f32, y: f32) -> Self {
        Self {
            left: self.left + x,
            right: self.right + x,
            bottom: self.bottom + y,
            top: self.top + y,
        }
    }

    fn union(self, other: Self) -> Self {
        Self {
            left: self.left.min(other.left),
            right: self.right.max(other.right),
            bottom: self.bottom.min(other.bottom),
            top: self.top.max(other.top),
        }
    }
}

impl Column {
    pub(super) const fn of(position: Position) -> Self {
        match position {
            Position::TopLeft | Position::Left | Position::BottomLeft => Self::Left,
            Position::Top | Position::Center | Position::Bottom => Self::Middle,
            Position::TopRight | Position::Right | Position::BottomRight => Self::Right,
        }
    }

    /// What is left of something that has `room` to both sides together.
    pub(super) fn indent(self, room: f32) -> f32 {
        match self {
            Self::Left => 0.0,
            Self::Middle => room / 2.0,
            Self::Right => room,
        }
    }
}
