//! The letters a mark is drawn with: those that travel inside the binary, and those of other font files.
//!
//! A character looks for its glyph in the fonts inside the binary first, so that other files change nothing about a text
//! that can do without them. What such a file adds is named in the recipe by the file's digest: see
//! [ADR 17](../../docs/adr/0017-font-files-are-named-by-content.md).

mod face;
mod memo;
mod stack;

use std::{fmt, mem::size_of_val, ops::Range, sync::Arc};

use schemas::{Digest, Recipe, recipe::FontFiles};

pub(crate) use face::{Face, WEIGHT};
pub use face::{FontError, FontFile};
pub(crate) use stack::{Presentation, Stack};

use crate::watermark::{self, Drawing, Typeset, Undrawable};
use memo::{Memo, Weigh};

/// In the order in which a character looks for its glyph. The first is the one whose capitals give the mark its size.
const EMBEDDED: [&[u8]; 3] = [
    include_bytes!("../fonts/Inter-SemiBold.otf"),
    include_bytes!("../fonts/NotoSansArabic-Bold.ttf"),
    include_bytes!("../fonts/NotoSansHebrew-Bold.ttf"),
];

/// Typeset texts that are remembered, with their outlines. A fleet draws few texts very often, each of a few kilobytes; one
/// with the photo's name in it is drawn once.
const TEXTS_BYTES_MAX: usize = 8 * 1024 * 1024;
/// Outlines that are remembered: some kilobytes each in Chinese, one in Latin.
const DRAWINGS_BYTES_MAX: usize = 4 * 1024 * 1024;

/// The fonts a mark is drawn with: loaded once, passed in as a value.
pub struct Fonts {
    faces: Vec<Arc<Face>>,
    /// Which faces are of which file, besides those inside the binary.
    files: Vec<(Digest, Range<usize>)>,
    texts: Memo<TextKey, Arc<Typeset>>,
    drawings: Memo<(FaceId, u16), Drawing>,
}

/// A character that no font has a glyph for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no font has a glyph for {character:?} (U+{:04X})", u32::from(*character))]
pub struct MissingGlyph {
    /// The first such character.
    pub character: char,
}

/// A font file that a recipe names and that is not here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the text needs the font file {sha256}, which is not among the fonts here")]
pub struct MissingFont {
    /// The digest of its bytes.
    pub sha256: Digest,
}

/// Why a text cannot be set.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    #[error(transparent)]
    Glyph(#[from] MissingGlyph),
    #[error(transparent)]
    Font(#[from] MissingFont),
}

/// A font's place among the fonts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct FaceId(usize);

/// What is remembered typeset: a text, and the files it may use, or all of them.
#[derive(PartialEq, Eq, Hash)]
struct TextKey {
    text: String,
    files: Option<FontFiles>,
}

impl Fonts {
    /// The fonts inside the binary: Inter, and Noto Sans for Arabic and Hebrew. Nothing is copied.
    pub fn embedded() -> Self {
        Self::with_files(Vec::new())
    }

    /// The fonts inside the binary, then those of `files` in their order. A file that comes twice is there once.
    pub fn with_files(files: Vec<FontFile>) -> Self {
        let mut fonts = Self {
            faces: EMBEDDED.map(|bytes| Arc::new(Face::embedded(bytes))).into(),
            files: Vec::with_capacity(files.len()),
            texts: Memo::new(TEXTS_BYTES_MAX),
            drawings: Memo::new(DRAWINGS_BYTES_MAX),
        };
        for FontFile { sha256, faces } in files {
            if fonts.faces_of(sha256).is_none() {
                let from = fonts.faces.len();
                fonts.faces.extend(faces.into_iter().map(Arc::new));
                fonts.files.push((sha256, from..fonts.faces.len()));
            }
        }
        fonts
    }

    /// Whether every character of `text` can be drawn.
    ///
    /// # Errors
    /// The first character without a glyph.
    pub fn check(&self, text: &str) -> Result<(), MissingGlyph> {
        self.typeset_with_all(text).map(|_| ())
    }

    /// `recipe` with the font files that its text needs, so that whoever has those comes to the same letters.
    ///
    /// # Errors
    /// The first character without a glyph.
    pub fn named_in(&self, recipe: Recipe) -> Result<Recipe, MissingGlyph> {
        let wm_fonts = match &recipe.wm_text {
            Some(text) if !self.files.is_empty() => self.files_for(text.as_str())?,
            _ => FontFiles::default(),
        };
        Ok(Recipe { wm_fonts, ..recipe })
    }

    /// Whether all of `files` are here.
    ///
    /// # Errors
    /// The first that is not.
    pub fn require(&self, files: &FontFiles) -> Result<(), MissingFont> {
        self.stack(files).map(|_| ())
    }

    /// The files besides the fonts inside the binary, in their order.
    pub fn files(&self) -> impl Iterator<Item = Digest> + '_ {
        self.files.iter().map(|(sha256, _)| *sha256)
    }

    /// The bytes of these files, in the same order.
    pub fn file_bytes(&self) -> impl Iterator<Item = &[u8]> {
        let first_faces = self.files.iter().map(|(_, faces)| &self.faces[faces.start]);
        first_faces.map(|face| face.file())
    }

    /// The files whose glyphs `text` gets when it may use all of them.
    ///
    /// With these alone every cluster gets the same glyphs: it takes the first font that has all of them, and the fonts that
    /// are left out had them for no cluster.
    fn files_for(&self, text: &str) -> Result<FontFiles, MissingGlyph> {
        let typeset = self.typeset_with_all(text)?;
        let needed = |(_, faces): &&(Digest, Range<usize>)| {
            typeset.faces.iter().any(|face| faces.contains(&face.0))
        };
        let digests: Vec<_> = self
            .files
            .iter()
            .filter(needed)
            .map(|file| file.0)
            .collect();
        let files = digests.try_into();
        Ok(files.expect("a recipe's text is short, and each file is there once"))
    }

    fn typeset_with_all(&self, text: &str) -> Result<Arc<Typeset>, MissingGlyph> {
        let key = TextKey {
            text: text.to_owned(),
            files: self.files.is_empty().then(FontFiles::default),
        };
        self.texts.get_or_try(key, || {
            let others = (EMBEDDED.len()..self.faces.len()).map(FaceId);
            let stack = Stack::new(self, Self::own(), others.collect());
            watermark::typeset(text, self, &stack).map(Arc::new)
        })
    }

    /// The lines of `text` as outlines, remembered. It uses the fonts inside the binary and `files`, and no others.
    pub(crate) fn typeset(&self, text: &str, files: &FontFiles) -> Result<Arc<Typeset>, TextError> {
        let stack = self.stack(files)?;
        let key = TextKey {
            text: text.to_owned(),
            files: Some(files.clone()),
        };
        let work_out = || watermark::typeset(text, self, &stack).map(Arc::new);
        Ok(self.texts.get_or_try(key, work_out)?)
    }

    /// What a glyph is drawn as, remembered.
    pub(crate) fn drawing(&self, id: FaceId, glyph: u16) -> Result<Drawing, Undrawable> {
        let work_out = || Drawing::of_glyph(&self.faces[id.0], glyph);
        self.drawings.get_or_try((id, glyph), work_out)
    }

    pub(crate) fn face(&self, id: FaceId) -> &Face {
        &self.faces[id.0]
    }

    /// The font that gives the mark its size.
    pub(crate) fn primary(&self) -> &Face {
        &self.faces[0]
    }

    /// The faces of `files` behind those inside the binary.
    pub(crate) fn stack(&self, files: &FontFiles) -> Result<Stack<'_>, MissingFont> {
        let mut others = Vec::new();
        for &sha256 in files.digests() {
            let faces = self.faces_of(sha256).ok_or(MissingFont { sha256 })?;
            others.extend(faces.map(FaceId));
        }
        Ok(Stack::new(self, Self::own(), others))
    }

    fn own() -> Vec<FaceId> {
        (0..EMBEDDED.len()).map(FaceId).collect()
    }

    fn faces_of(&self, sha256: Digest) -> Option<Range<usize>> {
        let mut files = self.files.iter();
        files
            .find(|file| file.0 == sha256)
            .map(|file| file.1.clone())
    }
}

impl fmt::Debug for Fonts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fonts")
            .field("faces", &self.faces.len())
            .field("files", &self.files.len())
            .finish_non_exhaustive()
    }
}

impl Weigh for TextKey {
    fn weight_bytes(&self) -> usize {
        let files = self.files.as_ref().map(FontFiles::digests);
        self.text.len() + files.map_or(0, size_of_val)
    }
}

impl Weigh for (FaceId, u16) {
    fn weight_bytes(&self) -> usize {
        0
    }
}

impl Weigh for Arc<Typeset> {
    fn weight_bytes(&self) -> usize {
        Typeset::weight_bytes(self)
    }
}

impl Weigh for Drawing {
    fn weight_bytes(&self) -> usize {
        Self::weight_bytes(self)
    }
}

#[cfg(test)]
mod tests;
