//! A mark that stands still while the picture beneath it moves: one place, one colour and one opacity for all frames.
//!
//! An ink that every frame chose for itself would flicker, and one that the first frame chose could not be read on the
//! others, because films begin in black. So all frames are looked at before one is drawn on.

use schemas::{
    Contrast, Recipe,
    recipe::{Color, Opacity},
};

use super::{
    Canvas, Mark, Placed, contrast,
    contrast::EdgePlace,
    ink::{Grounds, Ink},
};
use crate::{logo::Logo, pixels::Pixels};

/// A mark that looks for the ink that can be read on all frames.
#[derive(Debug)]
pub(crate) struct Survey<'r> {
    recipe: &'r Recipe,
    placed: Option<Placed>,
    edge: Vec<EdgePlace>,
    /// One for each place where the mark is drawn.
    grounds: Vec<Grounds>,
}

/// A mark that has its place and its ink.
#[derive(Debug)]
pub(crate) struct Steady {
    placed: Option<Placed>,
    edge: Vec<EdgePlace>,
    inks: Vec<Ink>,
}

impl Mark {
    /// Bytes that finding and keeping the inks needs.
    pub(crate) fn survey_bytes(&self) -> u64 {
        let places = match self {
            Self::Single(_) => 1,
            Self::Tiled(pattern) => pattern.corners.len(),
        };
        (places * (size_of::<Grounds>() + size_of::<Ink>() + size_of::<(i64, i64)>())) as u64
    }

    /// The mark where the still of this animation has it: at the calmest place of its `first` frame.
    pub(crate) fn survey<'r>(
        &self,
        first: &Pixels,
        recipe: &'r Recipe,
        logo: Option<&Logo>,
    ) -> Survey<'r> {
        let settled = self.settled_on(first);
        let placed = settled.map(|mark| mark.placed(recipe, logo));
        let places = placed
            .as_ref()
            .map_or(0, |placed| placed.stamps(first.size()).count());
        let coverage = placed.as_ref().map(|placed| &placed.coverage);
        Survey {
            recipe,
            edge: coverage.map(contrast::edge_places).unwrap_or_default(),
            grounds: vec![Grounds::default(); places],
            placed,
        }
    }
}

impl Survey<'_> {
    /// Whether it depends on the frames what the ink is like.
    pub(crate) fn has_a_choice(&self) -> bool {
        let recipe = self.recipe;
        let is_open = recipe.wm_color == Color::Auto || recipe.wm_opacity == Opacity::Auto;
        is_open && !self.edge.is_empty()
    }

    /// Looks at a frame.
    pub(crate) fn see(&mut self, mut frame: Pixels) {
        let Some(placed) = &self.placed else {
            return;
        };
        placed.lay_logo(&mut frame);
        for (grounds, stamp) in self.grounds.iter_mut().zip(placed.stamps(frame.size())) {
            grounds.see(self.recipe, &frame, &stamp, &self.edge);
        }
    }

    /// The mark with the ink that suits what was seen.
    pub(crate) fn settled(self) -> Steady {
        let inks = self.grounds.iter().map(|grounds| grounds.ink(self.recipe));
        Steady {
            inks: inks.collect(),
            placed: self.placed,
            edge: self.edge,
        }
    }
}

impl Steady {
    /// A frame with the mark on it, and what contrast its letters reach there.
    pub(crate) fn drawn(&self, mut frame: Pixels) -> (Pixels, Option<Contrast>) {
        let Some(placed) = &self.placed else {
            return (frame, None);
        };
        placed.lay_logo(&mut frame);
        let size = frame.size();
        for (ink, stamp) in self.inks.iter().zip(placed.stamps(size)) {
            frame.lay(&stamp, ink);
        }
        let reached = contrast::reached(&frame, placed.stamps(size), &self.edge);
        (frame, reached)
    }
}
