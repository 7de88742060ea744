//! Bytes from pixels, and what is told beside them.
//!
//! Read in this order:
//! 1. [`encode`] and [`fit`]: a picture is written, and again where it is too large.
//! 2. [`quality`], [`coarseness`], [`original`] and [`search`]: what is asked for, what the source has, and what fits.
//! 3. [`writer`], and a module for each format.

mod avif;
mod coarseness;
mod fit;
mod jpeg;
mod original;
mod png;
mod quality;
mod search;
mod webp;
mod writer;

use planes::Subsampling;
use schemas::{
    OutputFormat, Recipe,
    recipe::{Quality, Side},
};

pub(crate) use fit::{Encoded, at_quality};
pub(crate) use jpeg::segments as app1;
pub(crate) use original::Original;
pub(crate) use png::file as png_file;
pub(crate) use quality::keeps_divisors;
pub(crate) use writer::webp_settings;

use crate::{
    InputError,
    metadata::{Credits, Metadata},
    picture::Picture,
    profile::Profile,
};
use writer::Writer;

/// What libaom keeps of a picture besides it: frames with borders, one of them at twice the size, what each block costs.
const AVIF_WORKING_FACTOR: u64 = 8;

/// The longest side that `format` can hold.
pub(crate) const fn side_max(format: OutputFormat) -> u32 {
    match format {
        OutputFormat::Webp => ::webp::SIDE_MAX,
        OutputFormat::Jpeg | OutputFormat::Avif | OutputFormat::Png => Side::MAX.pixels(),
    }
}

/// Bytes that encoding `picture_bytes` of pixels may need besides them: what is written so far, twice while it grows, and
/// libwebp's planes, tokens and statistics. A JPEG that is progressive, or counted before it is written, is held as
/// coefficients.
pub(crate) const fn working_bytes(recipe: &Recipe, size: (u32, u32), picture_bytes: u64) -> u64 {
    match recipe.wm_format {
        OutputFormat::Jpeg if recipe.progressive || jpeg::is_optimizable(size) => {
            picture_bytes / 2 + picture_bytes * 2
        }
        OutputFormat::Jpeg => picture_bytes / 2,
        OutputFormat::Png => picture_bytes * 2,
        OutputFormat::Webp => picture_bytes * 3 / 2,
        OutputFormat::Avif => picture_bytes * AVIF_WORKING_FACTOR,
    }
}

/// How much chroma the result takes of a picture that has planes.
pub(crate) fn chroma(recipe: &Recipe, original: &Original<'_>) -> Subsampling {
    let kept = match (recipe.wm_format, recipe.quality) {
        (OutputFormat::Png, _) => Some(Subsampling::NONE),
        (OutputFormat::Jpeg, Quality::Keep) => original.subsampling(),
        (OutputFormat::Jpeg | OutputFormat::Webp | OutputFormat::Avif, _) => None,
    };
    kept.unwrap_or(Subsampling::BOTH_HALVED)
}

/// The picture as `format` can hold it: JPEG has no alpha and shows the picture on white paper.
pub(crate) fn prepared(picture: Picture, format: OutputFormat) -> Picture {
    match (format, picture) {
        (OutputFormat::Jpeg, Picture::Pixels(pixels)) => Picture::Pixels(pixels.flattened_on(255)),
        (OutputFormat::Webp, Picture::Pixels(pixels)) => Picture::Pixels(pixels.with_color()),
        (OutputFormat::Png, picture) => Picture::Pixels(picture.into_pixels()),
        (OutputFormat::Jpeg | OutputFormat::Webp | OutputFormat::Avif, picture) => picture,
    }
}

/// What is written beside the picture.
pub(crate) fn metadata<'p>(
    picture: &Picture,
    profile: Option<&'p Profile>,
    credits: &Credits,
) -> Metadata<'p> {
    credits.beside(profile.and_then(|profile| profile.describing(picture.has_color())))
}

/// Writes a picture that was [`prepared`] for the recipe's format.
pub(crate) fn encode(
    picture: &Picture,
    profile: Option<&Profile>,
    credits: &Credits,
    recipe: &Recipe,
    original: &Original<'_>,
) -> Result<Encoded, InputError> {
    let metadata = metadata(picture, profile, credits);
    let writer = Writer {
        picture,
        metadata: &metadata,
        recipe,
    };
    fit::encoded(&writer, original)
}
