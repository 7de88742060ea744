//! Why there is no picture.

use schemas::{OutputFormat, Step};

use crate::{Format, LogoError, MissingFont, MissingGlyph, TextError};

/// Why a picture cannot be worked on, now or later: the input is at fault.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InputError {
    #[error(
        "the bytes are no image of an accepted format: JPEG, PNG, WebP, AVIF, GIF, TIFF, BMP and JPEG XL are"
    )]
    UnknownFormat,
    #[error("{format} is not supported; JPEG, PNG, WebP, AVIF, GIF, TIFF, BMP and JPEG XL are")]
    UnsupportedFormat { format: &'static str },
    #[error("image has {pixels} pixels ({width}×{height}), the limit is {pixels_max}")]
    TooManyPixels {
        width: u32,
        height: u32,
        pixels: u64,
        pixels_max: u64,
    },
    #[error("image is {side} pixels on one side, the limit is {side_max}")]
    SideTooLong { side: u32, side_max: u32 },
    #[error("the picture needs about {bytes} bytes of memory, the limit is {bytes_max}")]
    TooManyBytes { bytes: u64, bytes_max: u64 },
    #[error("the animation has {frames} frames, the limit is {frames_max}")]
    TooManyFrames { frames: u32, frames_max: u32 },
    #[error(
        "the animation has {pixels} pixels in its {frames} frames of {width}×{height}, the limit is {pixels_max}"
    )]
    TooManyAnimationPixels {
        width: u32,
        height: u32,
        frames: u32,
        pixels: u64,
        pixels_max: u64,
    },
    #[error("the {format} has {parts} {what} or more, the limit is {parts_max}")]
    TooManyParts {
        format: Format,
        what: &'static str,
        parts: u64,
        parts_max: u64,
    },
    #[error("{format} cannot be decoded: {reason}")]
    Broken { format: Format, reason: String },
    #[error(transparent)]
    MissingGlyph(#[from] MissingGlyph),
    #[error(transparent)]
    MissingFont(#[from] MissingFont),
    #[error("wm_logo: {0}")]
    Logo(#[from] LogoError),
    #[error("there is neither a text nor a logo to mark the picture with")]
    NoMark,
    #[error("result cannot be written as {format:?}: {reason}")]
    NotEncodable {
        format: OutputFormat,
        reason: String,
    },
    #[error("result needs {bytes} bytes at the least, the limit is {bytes_max}")]
    ResultTooLarge { bytes: u64, bytes_max: u64 },
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
            Self::UnsupportedFormat { .. } => "unsupported_format",
            Self::TooManyPixels { .. } => "too_many_pixels",
            Self::SideTooLong { .. } => "side_too_long",
            Self::TooManyBytes { .. } => "too_many_bytes",
            Self::TooManyFrames { .. } => "too_many_frames",
            Self::TooManyAnimationPixels { .. } => "too_many_animation_pixels",
            Self::Broken { .. } | Self::TooManyParts { .. } => "broken_image",
            Self::MissingGlyph(_) => "missing_glyph",
            Self::MissingFont(_) => "missing_font",
            Self::Logo(error) => error.code(),
            Self::NoMark => "no_mark",
            Self::NotEncodable { .. } => "not_encodable",
            Self::ResultTooLarge { .. } => "result_too_large",
        }
    }

    /// Why a file with these first bytes is not taken, by name where it is a picture that others can read.
    pub fn unknown(first_bytes: &[u8]) -> Self {
        let format = match first_bytes {
            [_, _, _, _, b'f', b't', b'y', b'p', b'h' | b'm', ..] => "HEIC",
            [b'I', b'I', 43, 0, ..] | [b'M', b'M', 0, 43, ..] => "BigTIFF",
            _ if is_drawing(first_bytes) => "SVG",
            _ => return Self::UnknownFormat,
        };
        Self::UnsupportedFormat { format }
    }

    /// What was measured and what is allowed, where a limit was passed.
    pub const fn measured_and_limit(&self) -> Option<(u64, u64)> {
        match self {
            Self::TooManyPixels {
                pixels, pixels_max, ..
            }
            | Self::TooManyAnimationPixels {
                pixels, pixels_max, ..
            } => Some((*pixels, *pixels_max)),
            Self::TooManyParts {
                parts, parts_max, ..
            } => Some((*parts, *parts_max)),
            Self::TooManyFrames { frames, frames_max } => {
                Some((*frames as u64, *frames_max as u64))
            }
            Self::SideTooLong { side, side_max } => Some((*side as u64, *side_max as u64)),
            Self::TooManyBytes { bytes, bytes_max } | Self::ResultTooLarge { bytes, bytes_max } => {
                Some((*bytes, *bytes_max))
            }
            Self::Logo(error) => error.measured_and_limit(),
            _ => None,
        }
    }
}

/// SVG is a program for a browser rather than a picture. Of other XML nobody would say that it is a photo.
fn is_drawing(first_bytes: &[u8]) -> bool {
    let text = first_bytes.strip_prefix(b"\xef\xbb\xbf");
    let text = text.unwrap_or(first_bytes).trim_ascii_start();
    [&b"<svg"[..], b"<?xml", b"<!DOC", b"<!--"]
        .iter()
        .any(|beginning| text.starts_with(beginning))
}

impl From<TextError> for InputError {
    fn from(error: TextError) -> Self {
        match error {
            TextError::Glyph(glyph) => Self::MissingGlyph(glyph),
            TextError::Font(font) => Self::MissingFont(font),
        }
    }
}
