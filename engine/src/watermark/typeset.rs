//! Glyphs become outlines with a known extent: all that a text says of its looks before it gets a size.

use std::{mem::size_of_val, sync::Arc};

use super::{
    drawing::Drawing,
    emblem::Emblem,
    outline::{Ink, Outline},
    shaping::{self, Glyph, Line},
};
use crate::fonts::{FaceId, Fonts, MissingGlyph, Stack};

/// A text whose lines are set, each by itself. Lengths are in ems.
#[derive(Debug)]
pub(crate) struct Typeset {
    pub(super) lines: Vec<TypesetLine>,
    /// From one baseline to the next.
    pub(super) spacing: f32,
    /// Height of a capital letter.
    pub(super) cap_height: f32,
    /// The faces that its glyphs are of, each once.
    pub(crate) faces: Vec<FaceId>,
}

#[derive(Debug)]
pub(super) struct TypesetLine {
    pub(super) glyphs: Vec<PlacedOutline>,
    pub(super) emblems: Vec<PlacedEmblem>,
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

/// An emblem with its origin; y grows downwards.
#[derive(Clone, Debug)]
pub(super) struct PlacedEmblem {
    pub(super) emblem: Arc<Emblem>,
    pub(super) x: f32,
    pub(super) y: f32,
}

/// Shapes and measures each line of `text`, with the fonts of `stack`.
///
/// # Errors
/// The first character without a glyph.
pub(crate) fn typeset(
    text: &str,
    fonts: &Fonts,
    stack: &Stack<'_>,
) -> Result<Typeset, MissingGlyph> {
    let lines = shaping::shape(text, stack)?;
    let faces = faces(&lines);
    Ok(Typeset {
        spacing: line_spacing(&faces, fonts),
        cap_height: fonts.primary().font().metrics(&[]).scale(1.0).cap_height,
        lines: lines
            .iter()
            .map(|line| TypesetLine::of(line, fonts))
            .collect::<Result<_, _>>()?,
        faces,
    })
}

fn faces(lines: &[Line]) -> Vec<FaceId> {
    let glyphs = lines.iter().flat_map(|line| &line.glyphs);
    let mut faces: Vec<_> = glyphs.map(|glyph| glyph.face).collect();
    faces.sort_unstable();
    faces.dedup();
    faces
}

/// The distance of baselines that suits the tallest font in use.
fn line_spacing(faces: &[FaceId], fonts: &Fonts) -> f32 {
    let spacings = faces.iter().map(|face| {
        let metrics = fonts.face(*face).font().metrics(&[]).scale(1.0);
        metrics.ascent + metrics.descent + metrics.leading
    });
    spacings.fold(0.0, f32::max)
}

impl Typeset {
    /// Bytes on the heap, those of its outlines included: they live as long as it does.
    pub(crate) fn weight_bytes(&self) -> usize {
        let lines = self.lines.iter().map(TypesetLine::weight_bytes);
        lines.sum::<usize>() + size_of_val(&*self.lines) + size_of_val(&*self.faces)
    }
}

impl TypesetLine {
    fn of(line: &Line, fonts: &Fonts) -> Result<Self, MissingGlyph> {
        let (mut glyphs, mut emblems, mut ink) = (Vec::new(), Vec::new(), None::<Ink>);
        for &Glyph {
            face,
            id,
            x,
            y,
            character,
        } in &line.glyphs
        {
            let drawing = match fonts.drawing(face, id) {
                Ok(drawing) => drawing,
                Err(_) if shaping::is_invisible(character) => continue,
                Err(_) => return Err(MissingGlyph { character }),
            };
            let placed = drawing.ink().map(|ink| ink.moved(x, -y));
            ink = ink.into_iter().chain(placed).reduce(Ink::union);
            match drawing {
                Drawing::Outline(outline) => glyphs.push(PlacedOutline { outline, x, y: -y }),
                Drawing::Emblem(emblem) => emblems.push(PlacedEmblem { emblem, x, y: -y }),
            }
        }
        Ok(Self {
            glyphs,
            emblems,
            ink,
        })
    }

    fn weight_bytes(&self) -> usize {
        let outlines = self.glyphs.iter().map(|glyph| glyph.outline.weight_bytes());
        let emblems = self
            .emblems
            .iter()
            .map(|placed| size_of_val(&*placed.emblem));
        let placed = size_of_val(&*self.glyphs) + size_of_val(&*self.emblems);
        outlines.chain(emblems).sum::<usize>() + placed
    }
}

impl PlacedEmblem {
    pub(super) fn ink(&self) -> Ink {
        self.emblem.ink.moved(self.x, self.y)
    }

    pub(super) fn moved(&self, x: f32, y: f32) -> Self {
        Self {
            emblem: Arc::clone(&self.emblem),
            x: self.x + x,
            y: self.y + y,
        }
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
