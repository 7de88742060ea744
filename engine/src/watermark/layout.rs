//! Lines become a block, measured in ems, so that its size can be chosen later without setting it again.

use schemas::recipe::Position;

use super::typeset::{PlacedOutline, Typeset};

/// The mark's lines, one below the other, with origins relative to the upper left corner of their ink; y grows downwards.
#[derive(Debug)]
pub(super) struct Block {
    pub(super) glyphs: Vec<PlacedOutline>,
    /// Width of the ink.
    pub(super) width: f32,
    /// Height of the ink.
    pub(super) height: f32,
    /// Height of a capital letter.
    pub(super) cap_height: f32,
}

/// On which side the lines of a block are even.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Column {
    Left,
    Middle,
    Right,
}

impl Block {
    /// Puts the lines of `text` below each other, even on the side where `position` puts the mark.
    pub(super) fn of_text(text: &Typeset, position: Position) -> Self {
        let inks = text.lines.iter().filter_map(|line| line.ink);
        let width = inks.map(|ink| ink.width()).fold(0.0, f32::max);
        let mut glyphs = Vec::new();
        let (mut top, mut bottom) = (f32::INFINITY, f32::NEG_INFINITY);
        for (number, line) in text.lines.iter().enumerate() {
            let Some(ink) = line.ink else { continue };
            let baseline = number as f32 * text.spacing;
            let left = Column::of(position).indent(width - ink.width()) - ink.left;
            top = top.min(baseline + ink.top);
            bottom = bottom.max(baseline + ink.bottom);
            glyphs.extend(line.glyphs.iter().map(|glyph| glyph.moved(left, baseline)));
        }
        for glyph in &mut glyphs {
            glyph.y -= top;
        }
        Self {
            glyphs,
            width,
            height: (bottom - top).max(0.0),
            cap_height: text.cap_height,
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
