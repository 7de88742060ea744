//! Glyphs become outlines with a known extent: all that a text says of its looks before it gets a size.

use std::sync::Arc;

use super::{
    outline::{Ink, Outline},
    shaping::{self, Line},
};
use crate::fonts::{Fonts, MissingGlyph};

/// A text whose lines are set, each by itself. Lengths are in ems.
#[derive(Debug)]
pub(crate) struct Typeset {
    pub(super) lines: Vec<TypesetLine>,
    /// From one baseline to the next.
    pub(super) spacing: f32,
    /// Height of a capital letter.
    pub(super) cap_height: f32,
}

#[derive(Debug)]
pub(super) struct TypesetLine {
    pub(super) glyphs: Vec<PlacedOutline>,
    /// `None` for a line of blanks.
    pub(super) ink: Option<Ink>,
}

/// An outline with its origin; y grows downwards.
#[derive(Clone, Debug)]
pub(super) struct PlacedOutline {
    pub(super) outline: Arc<Outline>,
    pub(super) x: f32,
    pub(super) y: f32,
}

/// Shapes and measures each line of `text`.
///
/// # Errors
/// The first character without a glyph.
pub(crate) fn typeset(text: &str, fonts: &Fonts) -> Result<Typeset, MissingGlyph> {
    let lines = shaping::shape(text, fonts)?;
    Ok(Typeset {
        spacing: line_spacing(&lines, fonts),
        cap_height: fonts.primary().metrics(&[]).scale(1.0).cap_height,
        lines: lines
            .iter()
            .map(|line| TypesetLine::of(line, fonts))
            .collect(),
    })
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

impl TypesetLine {
    fn of(line: &Line, fonts: &Fonts) -> Self {
        let glyphs: Vec<_> = line
            .glyphs
            .iter()
            .map(|glyph| PlacedOutline {
                outline: fonts.outline(glyph.face, glyph.id),
                x: glyph.x,
                y: -glyph.y,
            })
            .collect();
        let ink = glyphs
            .iter()
            .filter_map(PlacedOutline::ink)
            .reduce(Ink::union);
        Self { glyphs, ink }
    }
}

impl PlacedOutline {
    pub(super) fn ink(&self) -> Option<Ink> {
        Some(self.outline.ink?.moved(self.x, self.y))
    }

    pub(super) fn moved(&self, x: f32, y: f32) -> Self {
        Self {
            outline: Arc::clone(&self.outline),
            x: self.x + x,
            y: self.y + y,
        }
    }
}
