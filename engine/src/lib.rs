//! Pixels in, pixels out.
//!
//! Nothing here does I/O of its own, reads a clock or the environment: fonts are a value that is passed in, steps are
//! told to the caller, who times them and may stop the work. The same bytes, recipe and fonts give the same bytes out.
//!
//! Read in this order:
//! 1. [`render`]: which way a picture takes.
//! 2. [`mod@inspect`]: what the header says, and whether it is within the [`limits`].
//! 3. [`plan`], [`budget`] and [`work`]: what becomes of a picture, and what that needs at its height, known before it
//!    begins.
//! 4. [`long_way`]: the [`steps`] that any picture can go through, [`decode`], [`orient`], [`resize`], [`watermark`] and
//!    [`encode`].
//! 5. [`splice`] and [`packed`]: shorter ways for a JPEG and a PNG that keep their size; [`animation`]: frame by frame.
//! 6. [`picture`], [`pixels`], [`color`] and [`profile`]: the picture that goes from step to step, and what its colours
//!    mean.
//! 7. [`metadata`]: what is written beside the picture.
//! 8. [`fonts`], [`logo`]: what a mark is drawn with, letters and a picture.
//! 9. [`error`]: why there is no picture.

mod animation;
mod budget;
mod color;
mod decode;
mod encode;
mod error;
pub mod fonts;
pub mod inspect;
mod limits;
pub mod logo;
mod long_way;
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
mod work;

use std::{io::Cursor, ops::ControlFlow};

pub use error::{InputError, RenderError};
pub use fonts::{FontError, FontFile, Fonts, MissingFont, MissingGlyph, TextError};
pub use inspect::{Format, Inspection, inspect};
pub use limits::{Limits, METADATA_BYTES_MAX, PROFILE_BYTES_MAX};
pub use logo::{Logo, LogoError, LogoHeader};
pub use orient::Orientation;
use schemas::{Contrast, OutputFormat, Recipe, Step, Written};

use encode::{Encoded, Original};
use plan::Plan;
use steps::Steps;
use work::Work;

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

impl<'m> From<&'m Fonts> for Material<'m> {
    fn from(fonts: &'m Fonts) -> Self {
        Self { fonts, logo: None }
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
    let work = Work {
        original: Original {
            bytes: source,
            header: &header,
        },
        recipe,
        plan: &plan,
        logo,
        limits,
    };
    let mut steps = Steps::of(on_step);
    if animation::is_wanted(&header, recipe) {
        return animation::rendered(work, &mut steps);
    }
    match splice::spliced(work, &mut steps)? {
        Some(spliced) => Ok(spliced),
        None => long_way::rendered(work, &mut steps),
    }
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
