//! What a glyph is drawn as: an outline in the mark's ink, or an emblem in colours of its own.

use std::{mem::size_of_val, sync::Arc};

use super::{
    emblem::Emblem,
    outline::{Ink, Outline},
};
use crate::fonts::Face;

/// What a glyph is drawn as. A copy is another handle on the same.
#[derive(Clone, Debug)]
pub(crate) enum Drawing {
    Outline(Arc<Outline>),
    Emblem(Arc<Emblem>),
}

/// A glyph whose font says how it is drawn in a way that cannot be followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Undrawable;

impl Drawing {
    /// Colours come first: a font that has them for a glyph has its outline only for who cannot draw them.
    pub(crate) fn of_glyph(face: &Arc<Face>, glyph: u16) -> Result<Self, Undrawable> {
        if let Some(emblem) = Emblem::of_glyph(face, glyph)? {
            return Ok(Self::Emblem(Arc::new(emblem)));
        }
        let outline = Outline::of_glyph(face.font(), glyph);
        if outline.ink.is_none() && face.has_drawings() {
            return Err(Undrawable);
        }
        Ok(Self::Outline(Arc::new(outline)))
    }

    /// Its rectangle in ems from its origin; `None` for a glyph that leaves no ink.
    pub(super) fn ink(&self) -> Option<Ink> {
        match self {
            Self::Outline(outline) => outline.ink,
            Self::Emblem(emblem) => Some(emblem.ink),
        }
    }

    /// Bytes on the heap. An emblem's pixels are its font's, and made when it is drawn.
    pub(crate) fn weight_bytes(&self) -> usize {
        match self {
            Self::Outline(outline) => outline.weight_bytes(),
            Self::Emblem(emblem) => size_of_val(&**emblem),
        }
    }
}
