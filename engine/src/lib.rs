//! Pixels in, pixels out.
//!
//! Nothing here does I/O of its own, reads a clock or the environment: fonts are a value that is passed in, steps are
//! told to the caller, who times them and may stop the work. The same bytes, recipe and fonts give the same bytes out.
//!
//! Read in this order:
//! 1. [`render`]: the list of [`steps`].
//! 2. [`mod@inspect`]: what the header says, and whether it is within the limits.
//! 3. [`decode`], [`orient`], [`resize`], [`watermark`], [`encode`]: a step each.
//!    [`animation`] goes through them frame by frame.
//! 4. [`splice`] and [`packed`]: shorter ways for a JPEG and a PNG that keep their size.
//! 5. [`plan`] and [`budget`]: what becomes of a picture, and what that needs at its height, known before it begins.
//! 6. [`picture`], [`pixels`], [`color`] and [`profile`]: the picture that goes from step to step, and what its colours
//!    mean.
//! 7. [`metadata`]: what is written beside the picture.
//! 8. [`fonts`], [`logo`]: what a mark is drawn with, letters and a picture.

mod animation;
mod budget;
mod color;
mod decode;
mod encode;
pub mod fonts;
pub mod inspect;
pub mod logo;
mod metadata;
mod orient;
mod packed;
mod picture;
mod pixels;
mod plan;
mod profile;
mod resize;
mod splice;
mod steps;
mod watermark;

use std::{io::Cursor, ops::ControlFlow};

pub use fonts::{FontError, FontFile, Fonts, MissingFont, MissingGlyph, TextError};
pub use inspect::{Format, Inspection, inspect};
pub use logo::{Logo, LogoError, LogoHeader};
pub use orient::Orientation;
use schemas::{Contrast, OutputFormat, Recipe, Step, Written};

use animation::Film;
use encode::{Encoded, Original};
use metadata::Credits;
use plan::Plan;
use steps::Steps;

/// What the engine takes on, checked from the header before there are pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Width × height of the source. 100 megapixels: the largest sensors of today's cameras.
    pub pixels_max: u64,
    /// Longest side of the source. 16384: what JPEG and GPUs agree on.
    pub side_max: u32,
    /// Bytes that decoding and working on the source may need at once, estimated from its header.
    pub decoded_bytes_max: u64,
    /// Frames of an animation. 1000: a minute and a half at the pace of most GIFs.
    pub frames_max: u32,
    /// Width × height × frames of an animation. 200 megapixels: every one of them is decoded, marked and written, and what
    /// is written is held until the last.
    pub animation_pixels_max: u64,
}

/// What marks are drawn with.
#[derive(Clone, Copy, Debug)]
pub struct Material<'m> {
    /// The letters.
    pub fonts: &'m Fonts,
    /// The logo, if the mark has one.
    pub logo: Option<&'m Logo>,
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
    /// Pictures that it shows one after the other; 1 unless it is an animation.
    pub frames: u32,
    /// How it came to its size.
    pub written: Written,
    /// What the edge of the mark's letters reaches of WCAG's contrast; `None` if it has none, or they leave no ink.
    pub contrast: Option<Contrast>,
}

/// Why a picture cannot be worked on, now or later: the input is at fault.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InputError {
    #[error(
        "the bytes are no image of an accepted format: JPEG, PNG, WebP, AVIF, GIF, TIFF and BMP are"
    )]
    UnknownFormat,
    #[error("{format} is not supported; JPEG, PNG, WebP, AVIF, GIF, TIFF and BMP are")]
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
            Self::Broken { .. } => "broken_image",
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
            [0xff, 0x0a, ..] | [0, 0, 0, 12, b'J', b'X', b'L', b' ', ..] => "JPEG XL",
            [_, _, _, _, b'f', b't', b'y', b'p', b'h' | b'm', ..] => "HEIC",
            [b'I', b'I', 43, 0, ..] | [b'M', b'M', 0, 43, ..] => "BigTIFF",
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

impl From<TextError> for InputError {
    fn from(error: TextError) -> Self {
        match error {
            TextError::Glyph(glyph) => Self::MissingGlyph(glyph),
            TextError::Font(font) => Self::MissingFont(font),
        }
    }
}

impl<'m> From<&'m Fonts> for Material<'m> {
    fn from(fonts: &'m Fonts) -> Self {
        Self { fonts, logo: None }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            pixels_max: 100_000_000,
            side_max: 16_384,
            decoded_bytes_max: 512 * 1024 * 1024,
            frames_max: 1000,
            animation_pixels_max: 200_000_000,
        }
    }
}

impl Limits {
    pub(crate) fn check_dimensions(&self, width: u32, height: u32) -> Result<(), InputError> {
        let side = width.max(height);
        if side > self.side_max {
            return Err(InputError::SideTooLong {
                side,
                side_max: self.side_max,
            });
        }
        let pixels = u64::from(width) * u64::from(height);
        if pixels > self.pixels_max {
            return Err(InputError::TooManyPixels {
                width,
                height,
                pixels,
                pixels_max: self.pixels_max,
            });
        }
        Ok(())
    }

    pub(crate) fn check_animation(&self, header: &Inspection) -> Result<(), InputError> {
        let &Inspection {
            width,
            height,
            frames,
            ..
        } = header;
        if frames > self.frames_max {
            return Err(InputError::TooManyFrames {
                frames,
                frames_max: self.frames_max,
            });
        }
        let pixels = header.animation_pixels();
        if pixels > self.animation_pixels_max {
            return Err(InputError::TooManyAnimationPixels {
                width,
                height,
                frames,
                pixels,
                pixels_max: self.animation_pixels_max,
            });
        }
        Ok(())
    }

    pub(crate) const fn check_bytes(&self, bytes: u64) -> Result<(), InputError> {
        if bytes > self.decoded_bytes_max {
            return Err(InputError::TooManyBytes {
                bytes,
                bytes_max: self.decoded_bytes_max,
            });
        }
        Ok(())
    }
}

/// Whether [`render`] will take on a picture of this header with this recipe, as far as that can be told without its
/// pixels: who takes photos in can refuse at once.
///
/// # Errors
/// A character without a glyph, or more memory or more frames than the limits allow.
pub fn check(
    header: &Inspection,
    recipe: &Recipe,
    fonts: &Fonts,
    logo: Option<LogoHeader>,
    limits: &Limits,
) -> Result<(), InputError> {
    Plan::of(header, recipe, fonts, logo, limits).map(|_| ())
}

/// Fits `source` into the recipe's box, marks it with what `material` holds and encodes it.
///
/// `on_step` hears of each of [`Step::Decode`], [`Step::Resize`], [`Step::Watermark`] and [`Step::Encode`] before it
/// begins; `ControlFlow::Break` stops the work there. Of an animation it hears again between
/// two frames which step it is in.
///
/// # Errors
/// [`RenderError::Input`] when the source is over a limit or broken, or the mark cannot be drawn;
/// [`RenderError::Stopped`] when the caller said so.
pub fn render<'m>(
    source: &[u8],
    recipe: &Recipe,
    material: impl Into<Material<'m>>,
    limits: &Limits,
    on_step: &mut dyn FnMut(Step) -> ControlFlow<()>,
) -> Result<Rendered, RenderError> {
    rendered(source, recipe, material.into(), limits, on_step)
}

fn rendered(
    source: &[u8],
    recipe: &Recipe,
    Material { fonts, logo }: Material<'_>,
    limits: &Limits,
    on_step: &mut dyn FnMut(Step) -> ControlFlow<()>,
) -> Result<Rendered, RenderError> {
    let header = inspect(Cursor::new(source), limits)?;
    let plan = Plan::of(&header, recipe, fonts, logo.map(Logo::header), limits)?;
    let original = Original {
        bytes: source,
        header: &header,
    };
    let mut steps = Steps::of(on_step);
    if animation::is_wanted(&header, recipe) {
        let film = Film {
            original,
            recipe,
            plan: &plan,
            logo,
            limits,
        };
        return film.rendered(&mut steps);
    }
    let work = splice::Work {
        original: &original,
        recipe,
        plan: &plan,
        logo,
    };

    steps.begin(Step::Decode)?;
    if let Some((encoded, contrast)) = splice::spliced(work, &mut steps)? {
        return Ok(Rendered::of(encoded, recipe, plan.size, contrast));
    }
    let target = plan.target(&original, recipe);
    let (opened, packed) = match packed::opened(&original, plan.size, recipe, limits) {
        Some(opened) => opened,
        None => (decode::decode(source, &header, &target, limits)?, None),
    };
    let decode::Opened { stored, profile } = opened;

    steps.begin(Step::Resize)?;
    let target = target.described_by(profile.as_ref());
    let small = resize::resized(stored, &target);
    let upright = orient::upright(small, header.orientation);

    steps.begin(Step::Watermark)?;
    let (described, profile) = profile::settled(upright, profile, recipe.wm_format);
    let ground = encode::prepared(described, recipe.wm_format);
    let packed = packed.and_then(|packed| packed.beneath(&plan.mark, &ground));
    let (picture, contrast) = plan.mark.draw(ground, recipe, logo);

    steps.begin(Step::Encode)?;
    let credits = Credits::of(&header.exif, recipe);
    let repacked = packed.and_then(|packed| {
        let metadata = encode::metadata(&picture, profile.as_ref(), &credits);
        packed.with(&picture, &metadata)
    });
    let encoded = match repacked {
        Some(encoded) => encoded,
        None => encode::encode(&picture, profile.as_ref(), &credits, recipe, &original)?,
    };
    let size = (picture.width(), picture.height());
    Ok(Rendered::of(encoded, recipe, size, contrast))
}

impl Rendered {
    fn of(
        Encoded { bytes, written }: Encoded,
        recipe: &Recipe,
        (width, height): (u32, u32),
        contrast: Option<Contrast>,
    ) -> Self {
        Self {
            bytes,
            format: recipe.wm_format,
            width,
            height,
            frames: 1,
            written,
            contrast,
        }
    }
}

#[cfg(test)]
mod tests {
    use schemas::{
        OutputFormat, Recipe, Request,
        recipe::{Context, Date},
    };

    pub(crate) fn context() -> Context {
        Context::new(Date::new(2026, 11, 20), OutputFormat::Jpeg)
    }

    /// The default recipe, but for `fields`.
    pub(crate) fn recipe(fields: &[(&str, &str)]) -> Recipe {
        let mut request = Request::default();
        for (field, value) in fields {
            request.set(field, value).unwrap();
        }
        request.resolve(&context()).unwrap()
    }
}
