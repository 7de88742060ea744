//! A shorter way for a PNG that keeps its size: it stays packed as it is, but for the rows beneath the mark.
//!
//! To pack the pixels of a PNG takes longer than all the rest. Here the source's own filters and the source's own symbols
//! stay, before and behind the rows that the mark changed; the file is about as large as its source, however that was made.
//!
//! Such a picture goes through the same steps as any other. What they do to it that this way cannot follow, such as colour
//! on a grey picture, sends it back to be packed anew. Read in this order:
//! 1. [`opened`]: the picture, and what is kept besides.
//! 2. [`Beneath::with`]: the same file with other rows.
//! 3. [`chunks`]: where a file's pixels are, and [`rows`]: how they are filtered.

mod chunks;
mod rows;

use std::ops::Range;

use deflate::Stream;
use png::{BitDepth, ColorType, Info};
use schemas::{OutputFormat, Recipe, Written};

use crate::{
    Format, Inspection,
    decode::{self, Opened, Stored},
    encode::{Encoded, Original, png_file},
    metadata::Metadata,
    picture::Picture,
    pixels::{Layout, Pixels},
    profile::Profile,
    watermark::Mark,
};
use rows::{Filters, Rows};

/// What this way keeps at once, as many times as the picture: its pixels, what is packed before and after, and half of it
/// filtered, twice.
const WORKING_FACTOR: u64 = 4;

/// Pictures that would need more take the long way. This is what a job may have unless configured otherwise, and a number of
/// its own: bytes of a result must not depend on what is configured where it is made.
const WORKING_BYTES_MAX: u64 = 512 * 1024 * 1024;

/// A PNG's pixels as they are packed.
#[derive(Debug)]
pub(crate) struct Packed<'s> {
    stream: Stream<'s>,
    filters: Filters,
    size: (u32, u32),
    layout: Layout,
}

/// A packed picture, and what a mark is about to change in it.
#[derive(Debug)]
pub(crate) struct Beneath<'s> {
    packed: Packed<'s>,
    /// Rows that are filtered into other bytes.
    reached: Range<usize>,
    /// Filtered rows as they were, those and some around them, and the place of the first byte.
    old: (usize, Vec<u8>),
}

/// Bytes that are held at once on this way; none, where a header or a recipe tells that it is not taken.
pub(crate) fn working_bytes(header: &Inspection, size: (u32, u32), recipe: &Recipe) -> u64 {
    let stays = header.format == Format::Png
        && recipe.wm_format == OutputFormat::Png
        && recipe.max_bytes.is_none()
        && header.orientation.is_as_stored()
        && size == (header.width, header.height);
    let bytes = header.picture_bytes.saturating_mul(WORKING_FACTOR);
    if stays && bytes <= WORKING_BYTES_MAX {
        bytes
    } else {
        0
    }
}

/// The picture, if it is one that may stay packed for a result of `size`, and how it is packed, if it still may when its
/// pixels are known.
pub(crate) fn opened<'s>(
    original: &Original<'s>,
    size: (u32, u32),
    recipe: &Recipe,
) -> Option<(Opened, Option<Packed<'s>>)> {
    if working_bytes(original.header, size, recipe) == 0 {
        return None;
    }
    let (layout, profile) = described(original.bytes, size)?;
    let rows = Rows::of(size, layout);
    let zlib = chunks::pixels(original.bytes)?;
    let (stream, filtered) = Stream::open(zlib, rows.filtered_bytes()).ok()?;
    let (pixels, filters) = rows.unfiltered(filtered)?;
    let pixels = Pixels::new(size.0, size.1, layout, pixels).without_idle_alpha();
    let packed = (pixels.layout == layout).then_some(Packed {
        stream,
        filters,
        size,
        layout,
    });
    let stored = Stored::Pixels {
        pixels,
        extent: (size.0.into(), size.1.into()),
    };
    Some((Opened { stored, profile }, packed))
}

/// The layout and the profile that the chunks before the pixels describe, where the pixels are stored in that layout and
/// the result takes the profile as it is.
fn described(source: &[u8], size: (u32, u32)) -> Option<(Layout, Option<Profile>)> {
    let reader = decode::png_reader(source).ok()?;
    let info = reader.info();
    let layout = layout(info)?;
    let profile = info.icc_profile.as_ref();
    let profile = profile.and_then(|bytes| Profile::parse(bytes.to_vec()));
    let is_carried = profile.as_ref().is_none_or(Profile::is_carried);
    (is_carried && (info.width, info.height) == size).then_some((layout, profile))
}

/// Eight bits a channel, row after row, nothing but the picture.
fn layout(info: &Info<'_>) -> Option<Layout> {
    let is_plain = info.bit_depth == BitDepth::Eight
        && !info.interlaced
        && info.trns.is_none()
        && info.animation_control.is_none();
    match info.color_type {
        _ if !is_plain => None,
        ColorType::Grayscale => Some(Layout::Gray),
        ColorType::GrayscaleAlpha => Some(Layout::GrayAlpha),
        ColorType::Rgb => Some(Layout::Rgb),
        ColorType::Rgba => Some(Layout::Rgba),
        ColorType::Indexed => None,
    }
}

impl<'s> Packed<'s> {
    /// The same, for a mark that is about to be drawn on `ground`; `None` for one that is drawn all over it, of which little
    /// would stay.
    pub(crate) fn beneath(self, mark: &Mark, ground: &Picture) -> Option<Beneath<'s>> {
        let (pixels, rows) = (self.pixels_of(ground)?, self.rows());
        let reached = rows.reached(&mark.rows(pixels)?);
        let places = rows.places(&reached);
        if 2 * places.len() > rows.filtered_bytes() {
            return None;
        }
        let around = rows.holding(&self.stream.needed(places));
        let old_from = rows.places(&around).start;
        let old = rows.filtered(&pixels.bytes, around, &self.filters);
        Some(Beneath {
            packed: self,
            reached,
            old: (old_from, old),
        })
    }

    /// The pixels of `picture`, if they are of the kind that is packed.
    fn pixels_of<'p>(&self, picture: &'p Picture) -> Option<&'p Pixels> {
        let is_alike = |pixels: &Pixels| {
            (pixels.width, pixels.height) == self.size && pixels.layout == self.layout
        };
        match picture {
            Picture::Pixels(pixels) if is_alike(pixels) => Some(pixels),
            Picture::Pixels(_) | Picture::Planes(_) => None,
        }
    }

    const fn rows(&self) -> Rows {
        Rows::of(self.size, self.layout)
    }
}

impl Beneath<'_> {
    /// The file of the marked picture; `None` if it is of another kind now.
    pub(crate) fn with(self, picture: &Picture, metadata: &Metadata<'_>) -> Option<Encoded> {
        let Self {
            packed,
            reached,
            old,
        } = self;
        let (pixels, rows) = (packed.pixels_of(picture)?, packed.rows());
        let from = rows.places(&reached).start;
        let new = rows.filtered(&pixels.bytes, reached, &packed.filters);
        let changed = rows::differing(&new, &old.1[from - old.0..]);
        let at = from + changed.start;
        let pack = |before| packed.stream.with(at, &new[changed], old, before);
        let bytes = png_file(pixels, metadata, pack).ok()?;
        Some(Encoded {
            bytes,
            written: Written::Lossless,
        })
    }
}
