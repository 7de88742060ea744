//! Lines become a block, measured in ems, so that its size can be chosen later without setting it again. A logo is the
//! first line of its mark.

use schemas::{
    Recipe,
    recipe::{Align, Position, Rotation},
};
use swash::zeno::{Angle, Point, Transform};

use super::{
    outline::Ink,
    typeset::{PlacedEmblem, PlacedOutline, Typeset},
};
use crate::logo::LogoHeader;

/// Room between a logo and the letters below it, in cap heights: about what lies between two lines.
const GAP: f32 = 0.7;

/// What a mark shows: a text, a logo, or both.
#[derive(Clone, Copy, Debug)]
pub(super) struct Content<'c> {
    pub(super) text: Option<&'c Typeset>,
    pub(super) logo: Option<LogoHeader>,
}

/// The mark's lines, one below the other. Lengths are in ems; y grows downwards.
#[derive(Debug)]
pub(super) struct Block {
    /// Upright, with origins relative to the upper left corner of their ink.
    pub(super) glyphs: Vec<PlacedOutline>,
    /// Those of its letters that have colours of their own.
    pub(super) emblems: Vec<PlacedEmblem>,
    pub(super) logo: Option<PlacedLogo>,
    /// Width and height of the upright ink.
    pub(super) upright: (f32, f32),
    /// Turns the upright ink and moves it, so that its upper left corner is at the origin again.
    pub(super) turn: Transform,
    pub(super) rotation: Rotation,
    /// Width of the turned ink.
    pub(super) width: f32,
    /// Height of the turned ink.
    pub(super) height: f32,
    /// Height of a capital letter. A mark without letters measures in those it might have.
    pub(super) cap_height: f32,
}

/// Where a logo stands, upright.
#[derive(Clone, Copy, Debug)]
pub(super) struct PlacedLogo {
    pub(super) header: LogoHeader,
    pub(super) x: f32,
    pub(super) y: f32,
    pub(super) width: f32,
    pub(super) height: f32,
}

/// Glyphs from the upper left corner of their ink, and its width and height.
#[derive(Default)]
struct Stacked {
    glyphs: Vec<PlacedOutline>,
    emblems: Vec<PlacedEmblem>,
    width: f32,
    height: f32,
}

/// On which side the lines of a block are even.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Column {
    Left,
    Middle,
    Right,
}

impl Block {
    /// Puts logo and lines below each other and turns them.
    pub(super) fn of(content: Content<'_>, column: Column, recipe: &Recipe) -> Self {
        let cap_height = content.text.map_or(1.0, |text| text.cap_height);
        let letters = content.text.map(|text| Stacked::of_text(text, column));
        let mut stacked = letters.unwrap_or_default();
        let logo = content.logo.map(|header| {
            let height = cap_height * logo_in_cap_heights(recipe);
            stacked.put_below(header, height, GAP * cap_height, column)
        });
        let Stacked {
            glyphs,
            emblems,
            width,
            height,
        } = stacked;
        let rotation = recipe.wm_rotate;
        let turn = turn(rotation);
        let inks = glyphs.iter().filter_map(PlacedOutline::ink);
        let inks = inks.chain(emblems.iter().map(PlacedEmblem::ink));
        let inks = inks.chain(logo.map(PlacedLogo::ink));
        let turned = inks.map(|ink| turned(ink, &turn)).reduce(Ink::union);
        let ink = turned.unwrap_or(Ink::NONE);
        Self {
            glyphs,
            emblems,
            logo,
            upright: (width, height),
            turn: turn.then_translate(-ink.left, -ink.top),
            rotation,
            width: ink.width(),
            height: ink.height(),
            cap_height,
        }
    }
}

impl Block {
    /// Whether it shows a text, in whatever colours.
    pub(super) fn has_letters(&self) -> bool {
        !self.glyphs.is_empty() || !self.emblems.is_empty()
    }

    /// Whether anything of it is no letter in the mark's ink.
    pub(super) fn has_pictures(&self) -> bool {
        self.logo.is_some() || !self.emblems.is_empty()
    }
}

/// Both sizes are shares of the picture, so their ratio is known before the picture is.
fn logo_in_cap_heights(recipe: &Recipe) -> f32 {
    (recipe.wm_logo_size.fraction() / recipe.wm_size.fraction()) as f32
}

impl Stacked {
    /// The glyphs of all lines.
    fn of_text(text: &Typeset, column: Column) -> Self {
        let inks = text.lines.iter().filter_map(|line| line.ink);
        let width = inks.map(|ink| ink.width()).fold(0.0, f32::max);
        let (mut glyphs, mut emblems) = (Vec::new(), Vec::new());
        let (mut top, mut bottom) = (f32::INFINITY, f32::NEG_INFINITY);
        for (number, line) in text.lines.iter().enumerate() {
            let Some(ink) = line.ink else { continue };
            let baseline = number as f32 * text.spacing;
            let left = column.indent(width - ink.width()) - ink.left;
            top = top.min(baseline + ink.top);
            bottom = bottom.max(baseline + ink.bottom);
            glyphs.extend(line.glyphs.iter().map(|glyph| glyph.moved(left, baseline)));
            emblems.extend(
                line.emblems
                    .iter()
                    .map(|emblem| emblem.moved(left, baseline)),
            );
        }
        for glyph in &mut glyphs {
            glyph.y -= top;
        }
        for emblem in &mut emblems {
            emblem.y -= top;
        }
        Self {
            glyphs,
            emblems,
            width,
            height: (bottom - top).max(0.0),
        }
    }

    fn has_letters(&self) -> bool {
        !self.glyphs.is_empty() || !self.emblems.is_empty()
    }

    /// Puts the glyphs below a logo of this height.
    fn put_below(
        &mut self,
        header: LogoHeader,
        height: f32,
        gap: f32,
        column: Column,
    ) -> PlacedLogo {
        let logo_width = (f64::from(height) * header.ratio()) as f32;
        let width = self.width.max(logo_width);
        let letters_left = column.indent(width - self.width);
        if self.has_letters() {
            let (right, down) = (letters_left, height + gap);
            let glyphs = self.glyphs.iter().map(|glyph| glyph.moved(right, down));
            self.glyphs = glyphs.collect();
            let emblems = self.emblems.iter().map(|emblem| emblem.moved(right, down));
            self.emblems = emblems.collect();
            self.height += gap;
        }
        self.height += height;
        self.width = width;
        PlacedLogo {
            header,
            x: column.indent(width - logo_width),
            y: 0.0,
            width: logo_width,
            height,
        }
    }
}

impl PlacedLogo {
    pub(super) fn ink(self) -> Ink {
        Ink {
            left: self.x,
            right: self.x + self.width,
            top: self.y,
            bottom: self.y + self.height,
        }
    }
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
