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
    Format, Limits,
    decode::{self, Opened, Stored},
    encode::{Encoded, Original, png_file},
    metadata::Metadata,
    picture::Picture,
    pixels::{Layout, Pixels},
    profile::Profile,
    watermark::Mark,
};
use rows::Rows;

/// What this way keeps at once, as many times as the picture: it filtered and unfiltered, and the file before and after.
const WORKING_FACTOR: u64 = 4;

/// A PNG's pixels as they are packed.
#[derive(Debug)]
pub(crate) struct Packed<'s> {
    stream: Stream<'s>,
    size: (u32, u32),
    layout: Layout,
}

/// A packed picture, and the rows of it that a mark will touch.
#[derive(Debug)]
pub(crate) struct Beneath<'s> {
    packed: Packed<'s>,
    rows: Range<u32>,
}

/// The picture, if it is one that may stay packed for a result of `size`, and how it is packed, if it still may when its
/// pixels are known.
pub(crate) fn opened<'s>(
    original: &Original<'s>,
    size: (u32, u32),
    recipe: &Recipe,
    limits: &Limits,
) -> Option<(Opened, Option<Packed<'s>>)> {
    let header = original.header;
    let stays = header.format == Format::Png
        && recipe.wm_format == OutputFormat::Png
        && recipe.max_bytes.is_none()
        && header.orientation.is_as_stored()
        && size == (header.width, header.height);
    let bytes = header.picture_bytes.saturating_mul(WORKING_FACTOR);
    if !stays || limits.check_bytes(bytes).is_err() {
        return None;
    }
    let (layout, profile) = described(original.bytes, size)?;
    let rows = Rows::of(size, layout);
    let stream = Stream::open(chunks::pixels(original.bytes)?, rows.filtered_bytes()).ok()?;
    let pixels = Pixels::new(size.0, size.1, layout, rows.unfiltered(stream.bytes())?);
    let pixels = pixels.without_idle_alpha();
    let packed = (pixels.layout == layout).then_some(Packed {
        stream,
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
    /// The same, for a mark that is about to be drawn on `ground`; `None` for one that is drawn all over it.
    pub(crate) fn beneath(self, mark: &Mark, ground: &Picture) -> Option<Beneath<'s>> {
        let Picture::Pixels(pixels) = ground else {
            return None;
        };
        let rows = mark.rows(pixels)?;
        Some(Beneath { packed: self, rows })
    }
}

impl Beneath<'_> {
    /// The file of the marked picture; `None` if it is of another kind now, or if so much of it changed that little would
    /// stay.
    pub(crate) fn with(self, picture: &Picture, metadata: &Metadata<'_>) -> Option<Encoded> {
        let Self {
            packed,
            rows: touched,
        } = self;
        let Picture::Pixels(pixels) = picture else {
            return None;
        };
        if (pixels.width, pixels.height) != packed.size || pixels.layout != packed.layout {
            return None;
        }
        let rows = Rows::of(packed.size, packed.layout);
        let touched = touched.start as usize..touched.end as usize;
        let changed = rows.filtered_again(&pixels.bytes, touched, packed.stream.bytes());
        if 2 * changed.bytes.len() > rows.filtered_bytes() {
            return None;
        }
        let stream = packed.stream;
        let pack = |before| stream.with(changed.at, &changed.bytes, before);
        let bytes = png_file(pixels, metadata, pack).ok()?;
        Some(Encoded {
            bytes,
            written: Written::Lossless,
        })
    }
}
