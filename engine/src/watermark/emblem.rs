//! A glyph in colours of its own, as emoji are: a bitmap of its font, or a picture that the font paints.
//!
//! 1. [`strike`]: bitmaps, `CBDT` and `sbix`.
//! 2. [`paint`]: layers of shapes and gradients, `COLR` of both versions; [`brush`] and [`blend`] are its colours.
//!
//! It takes neither the mark's colour nor a halo, only its opacity, as a logo does.

mod blend;
mod brush;
mod paint;
mod strike;

use std::sync::Arc;

use skrifa::GlyphId;

use super::{drawing::Undrawable, outline::Ink};
use crate::{fonts::Face, pixels::Pixels};

/// What drawing an emblem takes at most besides what is drawn: the layers and clips of one that is painted, and as much for
/// the decoder of a bitmap.
pub(super) const WORKING_BYTES_MAX: u64 = paint::BYTES_MAX;
/// How far from its origin an emblem reaches at most, in ems: a font that says more is broken.
const REACH_MAX: f32 = 8.0;

/// A glyph in colours of its own.
#[derive(Debug)]
pub(crate) struct Emblem {
    face: Arc<Face>,
    glyph: GlyphId,
    kind: Kind,
    /// Its rectangle in ems from its origin; y grows downwards.
    pub(super) ink: Ink,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Painted,
    Strike,
}

impl Emblem {
    /// The glyph's emblem, if its font has colours for it. It is drawn once in little, so that what cannot be drawn is known
    /// before anybody relies on it.
    pub(super) fn of_glyph(face: &Arc<Face>, glyph: u16) -> Result<Option<Self>, Undrawable> {
        if !face.has_color() {
            return Ok(None);
        }
        let (tables, glyph) = (face.tables().ok_or(Undrawable)?, GlyphId::from(glyph));
        let (kind, ink) = if let Some(painting) = paint::Painting::find(&tables, glyph) {
            (Kind::Painted, painting.ink().ok_or(Undrawable)?)
        } else if let Some(strike) = strike::Strike::find(&tables, glyph) {
            strike.decode().ok_or(Undrawable)?;
            (Kind::Strike, strike.ink())
        } else {
            return Ok(None);
        };
        if !is_sound(ink) {
            return Err(Undrawable);
        }
        Ok(Some(Self {
            face: Arc::clone(face),
            glyph,
            kind,
            ink,
        }))
    }

    /// Its pixels with straight alpha, about as many as it has to fill at `em` pixels; `None` if there is nothing to see.
    pub(super) fn pixels(&self, em: f32) -> Option<Pixels> {
        let tables = self.face.tables()?;
        match self.kind {
            Kind::Painted => paint::Painting::find(&tables, self.glyph)?.pixels(self.ink, em),
            Kind::Strike => strike::Strike::find(&tables, self.glyph)?.decode(),
        }
    }
}

fn is_sound(ink: Ink) -> bool {
    let Ink {
        left,
        right,
        top,
        bottom,
    } = ink;
    let near = [left, right, top, bottom]
        .iter()
        .all(|side| side.abs() <= REACH_MAX);
    near && left < right && top < bottom
}
