//! Font files, and the faces in them.

use std::{borrow::Cow, fmt, sync::Arc};

use schemas::Digest;
use skrifa::{MetadataProvider as _, Tag, raw::TableProvider as _};
use swash::{CacheKey, Charmap, FontRef, proxy::CharmapProxy};

/// Faces of a collection that are looked at. The largest ones hold a few dozen.
const FACES_MAX: usize = 64;

/// The weight of the engine's own letters, on the axis of a variable font. Its default may be a hairline.
pub(crate) const WEIGHT: [(&str, f32); 1] = [("wght", 600.0)];

/// A font file that marks can be drawn with, read and looked through.
#[derive(Debug)]
pub struct FontFile {
    pub(super) sha256: Digest,
    pub(super) faces: Vec<Face>,
}

/// Why bytes are no font file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FontError {
    #[error("it is no TrueType or OpenType font, and no collection of them")]
    UnknownFormat,
    #[error("none of its fonts has a character map, widths and glyphs that can be drawn")]
    NoGlyphs,
}

/// A font, ready to be asked for glyphs.
pub(crate) struct Face {
    bytes: Arc<Cow<'static, [u8]>>,
    index: u32,
    offset: u32,
    key: CacheKey,
    charmap: CharmapProxy,
    has_color: bool,
    has_drawings: bool,
}

impl FontFile {
    /// Looks `bytes` through. They stay in memory as long as the fonts do.
    ///
    /// # Errors
    /// When nothing could be drawn with them.
    pub fn parse(bytes: impl Into<Cow<'static, [u8]>>) -> Result<Self, FontError> {
        let bytes = bytes.into();
        let count = match skrifa::raw::FileRef::new(&bytes) {
            Ok(skrifa::raw::FileRef::Font(_)) => 1,
            Ok(skrifa::raw::FileRef::Collection(fonts)) => fonts.len() as usize,
            Err(_) => return Err(FontError::UnknownFormat),
        };
        let sha256 = Digest::of(&bytes);
        let bytes = Arc::new(bytes);
        let faces: Vec<_> = (0..count.min(FACES_MAX))
            .filter_map(|index| Face::read(&bytes, index))
            .collect();
        if faces.is_empty() {
            return Err(FontError::NoGlyphs);
        }
        Ok(Self { sha256, faces })
    }

    /// What a recipe calls it by.
    pub const fn sha256(&self) -> Digest {
        self.sha256
    }
}

impl Face {
    /// The whole file that it is of.
    pub(super) fn file(&self) -> &[u8] {
        &self.bytes
    }

    /// The font of a file that travels inside the binary.
    pub(super) fn embedded(bytes: &'static [u8]) -> Self {
        let bytes = Arc::new(Cow::Borrowed(bytes));
        Self::read(&bytes, 0).expect("the tests draw with each embedded font")
    }

    fn read(bytes: &Arc<Cow<'static, [u8]>>, index: usize) -> Option<Self> {
        let font = FontRef::from_index(bytes, index)?;
        let index = u32::try_from(index).ok()?;
        let tables = skrifa::FontRef::from_index(bytes, index).ok()?;
        let has_drawings = tables.data_for_tag(Tag::new(b"SVG ")).is_some();
        let has_color = has_drawings
            || !tables.bitmap_strikes().is_empty()
            || !tables.color_palettes().is_empty();
        let has_outlines = tables.outline_glyphs().format().is_some();
        let has_characters = tables.charmap().mappings().next().is_some();
        let is_drawable = has_characters && (has_outlines || has_color);
        (is_drawable && is_measured(&font, &tables)).then(|| Self {
            bytes: Arc::clone(bytes),
            index,
            offset: font.offset,
            key: font.key,
            charmap: CharmapProxy::from_font(&font),
            has_color,
            has_drawings,
        })
    }

    /// For shaping and outlines.
    pub(crate) fn font(&self) -> FontRef<'_> {
        FontRef {
            data: &self.bytes,
            offset: self.offset,
            key: self.key,
        }
    }

    /// For colours.
    pub(crate) fn tables(&self) -> Option<skrifa::FontRef<'_>> {
        skrifa::FontRef::from_index(&self.bytes, self.index).ok()
    }

    pub(crate) fn charmap(&self) -> Charmap<'_> {
        self.charmap.materialize(&self.font())
    }

    /// Whether any of its glyphs has colours of its own.
    pub(crate) const fn has_color(&self) -> bool {
        self.has_color
    }

    /// Whether any of its glyphs is a drawing in SVG, which is not read: a glyph without another look only seems blank.
    pub(crate) const fn has_drawings(&self) -> bool {
        self.has_drawings
    }
}

/// Whether a font has what shaping counts on without looking: an em, glyphs, and widths.
fn is_measured(font: &FontRef<'_>, tables: &skrifa::FontRef<'_>) -> bool {
    let metrics = font.metrics(&[]);
    let has_widths = tables
        .hhea()
        .is_ok_and(|hhea| hhea.number_of_h_metrics() > 0);
    has_widths && metrics.units_per_em > 0 && metrics.glyph_count > 0
}

impl fmt::Debug for Face {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Face")
            .field("bytes", &self.bytes.len())
            .field("index", &self.index)
            .field("has_color", &self.has_color)
            .finish_non_exhaustive()
    }
}
