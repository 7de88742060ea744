//! The letters that travel inside the binary.

use std::fmt;

use swash::FontRef;

use crate::watermark;

/// In the order in which a character looks for its glyph. The first is the one whose capitals give the mark its size.
const EMBEDDED: [&[u8]; 3] = [
    include_bytes!("../fonts/Inter-SemiBold.otf"),
    include_bytes!("../fonts/NotoSansArabic-Bold.ttf"),
    include_bytes!("../fonts/NotoSansHebrew-Bold.ttf"),
];

/// The fonts a mark is drawn with: loaded once, passed in as a value.
pub struct Fonts {
    faces: Vec<FontRef<'static>>,
}

/// A character that no font has a glyph for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no font has a glyph for {character:?} (U+{:04X})", u32::from(*character))]
pub struct MissingGlyph {
    /// The first such character.
    pub character: char,
}

/// A font's place among the fonts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FaceId(usize);

impl Fonts {
    /// The fonts inside the binary: Inter, and Noto Sans for Arabic and Hebrew. Nothing is parsed or copied.
    pub fn embedded() -> Self {
        let faces = EMBEDDED.map(|bytes| {
            FontRef::from_index(bytes, 0).expect("the tests draw with each embedded font")
        });
        Self {
            faces: faces.into(),
        }
    }

    /// Whether every character of `text` can be drawn.
    ///
    /// # Errors
    /// The first character without a glyph.
    pub fn check(&self, text: &str) -> Result<(), MissingGlyph> {
        watermark::check(text, self)
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
