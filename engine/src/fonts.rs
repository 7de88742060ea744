//! The letters that travel inside the binary.

mod memo;

use std::{convert::Infallible, fmt, sync::Arc};

use swash::FontRef;

use crate::watermark::{self, Outline, Typeset};
use memo::Memo;

/// In the order in which a character looks for its glyph. The first is the one whose capitals give the mark its size.
const EMBEDDED: [&[u8]; 3] = [
    include_bytes!("../fonts/Inter-SemiBold.otf"),
    include_bytes!("../fonts/NotoSansArabic-Bold.ttf"),
    include_bytes!("../fonts/NotoSansHebrew-Bold.ttf"),
];

/// Texts that are remembered typeset. A fleet draws few texts very often; one with the photo's name in it is drawn once.
const TEXTS_MAX: usize = 128;
/// The longest text that is remembered, in bytes: every text that a recipe can hold, at four bytes a character.
const TEXT_BYTES_MAX: usize = 1024;
/// Glyphs whose outlines are remembered, each about a kilobyte. Western and Arabic texts together use a few hundred.
const OUTLINES_MAX: usize = 1024;

/// The fonts a mark is drawn with: loaded once, passed in as a value.
pub struct Fonts {
    faces: Vec<FontRef<'static>>,
    texts: Memo<String, Arc<Typeset>>,
    outlines: Memo<(FaceId, u16), Arc<Outline>>,
}

/// A character that no font has a glyph for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no font has a glyph for {character:?} (U+{:04X})", u32::from(*character))]
pub struct MissingGlyph {
    /// The first such character.
    pub character: char,
}

/// A font's place among the fonts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct FaceId(usize);

impl Fonts {
    /// The fonts inside the binary: Inter, and Noto Sans for Arabic and Hebrew. Nothing is parsed or copied.
    pub fn embedded() -> Self {
        let faces = EMBEDDED.map(|bytes| {
            FontRef::from_index(bytes, 0).expect("the tests draw with each embedded font")
        });
        Self {
            faces: faces.into(),
            texts: Memo::new(TEXTS_MAX),
            outlines: Memo::new(OUTLINES_MAX),
        }
    }

    /// Whether every character of `text` can be drawn.
    ///
    /// # Errors
    /// The first character without a glyph.
    pub fn check(&self, text: &str) -> Result<(), MissingGlyph> {
        self.typeset(text).map(|_| ())
    }

    /// The lines of `text` as outlines, remembered.
    pub(crate) fn typeset(&self, text: &str) -> Result<Arc<Typeset>, MissingGlyph> {
        let work_out = || watermark::typeset(text, self).map(Arc::new);
        if text.len() > TEXT_BYTES_MAX {
            return work_out();
        }
        self.texts.get_or_try(text, work_out)
    }

    /// The outline of a glyph, remembered.
    pub(crate) fn outline(&self, face: FaceId, glyph: u16) -> Arc<Outline> {
        let work_out = || Ok::<_, Infallible>(Outline::of_glyph(self.face(face), glyph).into());
        let Ok(outline) = self.outlines.get_or_try(&(face, glyph), work_out);
        outline
    }

    pub(crate) fn face(&self, id: FaceId) -> FontRef<'static> {
        self.faces[id.0]
    }

    /// The font that gives the mark its size.
    pub(crate) fn primary(&self) -> FontRef<'static> {
        self.faces[0]
    }

    pub(crate) fn ids(&self) -> impl Iterator<Item = FaceId> + use<> {
        (0..self.faces.len()).map(FaceId)
    }
}

impl fmt::Debug for Fonts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fonts")
            .field("faces", &self.faces.len())
            .finish()
    }
}
