//! Which fonts a text may use, and in which order its characters ask them.

use std::iter;

use super::{FaceId, Fonts, face::Face};

/// The fonts that a text may use: those inside the binary, then others in their order.
#[derive(Clone, Debug)]
pub(crate) struct Stack<'f> {
    fonts: &'f Fonts,
    /// Those inside the binary.
    own: Vec<FaceId>,
    others: Vec<FaceId>,
}

/// How a cluster is meant to be shown, as far as it says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Presentation {
    /// Letters, and signs that are to look like them.
    Text,
    /// An emoji that does not say: as text where the fonts inside the binary know it, else in colour.
    Emoji,
    /// An emoji that is to have colours.
    Color,
}

impl<'f> Stack<'f> {
    pub(super) const fn new(fonts: &'f Fonts, own: Vec<FaceId>, others: Vec<FaceId>) -> Self {
        Self { fonts, own, others }
    }

    /// The faces in the order in which a cluster asks them. One that has been asked may be asked again.
    pub(crate) fn ids(&self, presentation: Presentation) -> impl Iterator<Item = FaceId> + '_ {
        let colored = |wanted: bool| {
            let others = self.others.iter().filter(move |_| wanted);
            others.filter(|id| self.face(**id).has_color())
        };
        let first = colored(presentation == Presentation::Color);
        let then = colored(presentation == Presentation::Emoji);
        iter::empty()
            .chain(first)
            .chain(&self.own)
            .chain(then)
            .chain(&self.others)
            .copied()
    }

    pub(crate) fn face(&self, id: FaceId) -> &'f Face {
        self.fonts.face(id)
    }
}
