//! Pixels in, pixels out.
//!
//! Nothing here does I/O of its own, reads a clock or the environment: fonts are a value that is passed in, steps are
//! told to the caller, who times them and may stop the work. The same bytes, recipe and fonts give the same bytes out.
//!
//! Read in this order:
//! 1. [`render`]: the list of steps.
//! 2. [`inspect`]: what the header says, and whether it is within the limits.
//! 3. [`decode`], [`orient`], [`resize`], [`watermark`], [`encode`]: a step each.
//! 4. [`fonts`]: the letters that travel inside the binary.

pub mod fonts;
pub mod inspect;

use std::ops::ControlFlow;

pub use fonts::{Fonts, MissingGlyph};
pub use inspect::{Format, Inspection, inspect};
use schemas::{OutputFormat, Recipe, Step};

/// What the engine takes on, checked from the header before there are pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Width × height of the source. 100 megapixels: the largest sensors of today's cameras.
    pub pixels_max: u64,
    /// Longest side of the source. 16384: what JPEG and GPUs agree on.
    pub side_max: u32,
    /// Bytes that decoding and working on the source may need at once, estimated from its header.
    pub decoded_bytes_max: u64,
}

/// A finished picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rendered {
    /// The encoded file.
    pub bytes: Vec<u8>,
    /// Its format.
    pub format: OutputFormat,
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
}

/// Why a picture cannot be worked on, now or later: the input is at fault.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InputError {
    #[error("the bytes are no image of an accepted format: JPEG, PNG, WebP and GIF are")]
    UnknownFormat,
    #[error("image has {pixels} pixels ({width}×{height}), the limit is {pixels_max}")]
    TooManyPixels {
        width: u32,
        height: u32,
        pixels: u64,
        pixels_max: u64,
    },
    #[error("image is {side} pixels on one side, the limit is {side_max}")]
    SideTooLong { side: u32, side_max: u32 },
    #[error("decoding needs about {bytes} bytes, the limit is {bytes_max}")]
    TooManyBytes { bytes: u64, bytes_max: u64 },
    #[error("{format} cannot be decoded: {reason}")]
    Broken { format: Format, reason: String },
    #[error(transparent)]
    MissingGlyph(#[from] MissingGlyph),
    #[error("result cannot be written as {format:?}: {reason}")]
    NotEncodable {
        format: OutputFormat,
        reason: String,
    },
}

/// Why there is no picture.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RenderError {
    #[error(transparent)]
    Input(#[from] InputError),
    #[error("stopped by the caller before {before:?}")]
    Stopped { before: Step },
}

impl InputError {
    /// A word for programs, the same in JSON, metrics and logs.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::UnknownFormat => "unknown_format",
            Self::TooManyPixels { .. } => "too_many_pixels",
            Self::SideTooLong { .. } => "side_too_long",
            Self::TooManyBytes { .. } => "too_many_bytes",
            Self::Broken { .. } => "broken_image",
            Self::MissingGlyph(_) => "missing_glyph",
            Self::NotEncodable { .. } => "not_encodable",
        }
    }

    /// What was measured and what is allowed, where a limit was passed.
    pub const fn measured_and_limit(&self) -> Option<(u64, u64)> {
        match *self {
            Self::TooManyPixels {
                pixels, pixels_max, ..
            } => Some((pixels, pixels_max)),
            Self::SideTooLong { side, side_max } => Some((side as u64, side_max as u64)),
            Self::TooManyBytes { bytes, bytes_max } => Some((bytes, bytes_max)),
            _ => None,
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            pixels_max: 100_000_000,
            side_max: 16_384,
            decoded_bytes_max: 512 * 1024 * 1024,
        }
    }
}

/// Fits `source` into the recipe's box, marks it and encodes it.
///
/// `on_step` hears of each of [`Step::Decode`], [`Step::Resize`], [`Step::Watermark`] and [`Step::Encode`] before it
/// begins; `ControlFlow::Break` stops the work there.
///
/// # Errors
/// [`RenderError::Input`] when the source is over a limit or broken, or the mark cannot be drawn;
/// [`RenderError::Stopped`] when the caller said so.
pub fn render(
    source: &[u8],
    recipe: &Recipe,
    fonts: &Fonts,
    limits: &Limits,
    on_step: &mut dyn FnMut(Step) -> ControlFlow<()>,
) -> Result<Rendered, RenderError> {
    let _ = (source, recipe, fonts, limits, on_step);
    todo!("the engine's own commit brings this")
}
