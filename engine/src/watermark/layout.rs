//! Lines become a block, measured in ems, so that its size can be chosen later without setting it again.

use schemas::recipe::{Align, Position, Rotation};
use swash::zeno::{Angle, Point, Transform};

use super::{
    outline::Ink,
    typeset::{PlacedOutline, Typeset},
};

/// The mark's lines, one below the other. Lengths are in ems; y grows downwards.
#[derive(Debug)]
pub(super) struct Block {
    /// Upright, with origins relative to the upper left corner of their ink.
    pub(super) glyphs: Vec<PlacedOutline>,
    /// Width and height of the upright ink.
    pub(super) upright: (f32, f32),
    /// Turns the upright ink and moves it, so that its upper left corner is at the origin again.
    pub(super) turn: Transform,
    /// Width of the turned ink.
    pub(super) width: f32,
    /// Height of the turned ink.
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
    /// Puts the lines of `text` below each other and turns them.
    pub(super) fn of_text(text: &Typeset, column: Column, rotation: Rotation) -> Self {
        let (glyphs, upright) = stacked(text, column);
        let turn = turn(rotation);
        let inks = glyphs.iter().filter_map(PlacedOutline::ink);
        let turned = inks.map(|ink| turned(ink, &turn)).reduce(Ink::union);
        let ink = turned.unwrap_or(Ink::NONE);
        Self {
            glyphs,
            upright,
            turn: turn.then_translate(-ink.left, -ink.top),
            width: ink.width(),
            height: ink.height(),
            cap_height: text.cap_height,
        }
    }
}

/// The glyphs of all lines, from the upper left corner of their ink, and its width and height.
fn stacked(text: &Typeset, column: Column) -> (Vec<PlacedOutline>, (f32, f32)) {
    let inks = text.lines.iter().filter_map(|line| line.ink);
    let width = inks.map(|ink| ink.width()).fold(0.0, f32::max);
    let mut glyphs = Vec::new();
    let (mut top, mut bottom) = (f32::INFINITY, f32::NEG_INFINITY);
    for (number, line) in text.lines.iter().enumerate() {
        let Some(ink) = line.ink else { continue };
        let baseline = number as f32 * text.spacing;
        let left = column.indent(width - ink.width()) - ink.left;
        top = top.min(baseline + ink.top);
        bottom = bottom.max(baseline + ink.bottom);
        glyphs.extend(line.glyphs.iter().map(|glyph| glyph.moved(left, baseline)));
    }
    for glyph in &mut glyphs {
        glyph.y -= top;
    }
    (glyphs, (width, (bottom - top).max(0.0)))
}

/// Clockwise, as y grows downwards.
fn turn(rotation: Rotation) -> Transform {
    if rotation == Rotation::NONE {
        return Transform::IDENTITY;
    }
    Transform::rotation(Angle::from_degrees(rotation.degrees()))
}

/// The upright rectangle around a turned one.
fn turned(ink: Ink, turn: &Transform) -> Ink {
    let corners = [
        (ink.left, ink.top),
        (ink.right, ink.top),
        (ink.left, ink.bottom),
        (ink.right, ink.bottom),
    ];
    let points = corners.map(|(x, y)| {
        let Point { x, y } = turn.transform_point(Point::new(x, y));
        Ink {
            left: x,
            right: x,
            top: y,
            bottom: y,
        }
    });
    points.into_iter().reduce(Ink::union).unwrap_or(ink)
}

impl Column {
    /// As the recipe says, else on the side where the mark stands.
    pub(super) const fn of(align: Align, position: Position) -> Self {
        match (align, position) {
            (Align::Left, _) => Self::Left,
            (Align::Center, _) => Self::Middle,
            (Align::Right, _) => Self::Right,
            (Align::Auto, Position::TopLeft | Position::Left | Position::BottomLeft) => Self::Left,
            (Align::Auto, Position::TopRight | Position::Right | Position::BottomRight) => {
                Self::Right
            }
            (Align::Auto, _) => Self::Middle,
        }
    }

    /// What a line that leaves `room` keeps free to its left.
    fn indent(self, room: f32) -> f32 {
        match self {
            Self::Left => 0.0,
            Self::Middle => room / 2.0,
            Self::Right => room,
        }
    }
}
