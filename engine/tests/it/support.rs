//! Pictures that tests make for themselves, and recipes for them.

use std::{io::Cursor, ops::ControlFlow};

use engine::{Fonts, Limits, RenderError, Rendered, render};
use image::{DynamicImage, ImageFormat, Rgb, RgbImage};
use moxcms::ColorProfile;
use schemas::{
    OutputFormat, Recipe, Request,
    recipe::{Context, Date},
};

pub(crate) fn recipe(fields: &[(&str, &str)]) -> Recipe {
    let mut request = Request::default();
    for (field, value) in fields {
        request.set(field, value).unwrap();
    }
    let context = Context::new(Date::new(2026, 11, 20), OutputFormat::Jpeg);
    request.resolve(&context).unwrap()
}

pub(crate) fn rendered(source: &[u8], fields: &[(&str, &str)]) -> Result<Rendered, RenderError> {
    render(
        source,
        &recipe(fields),
        &Fonts::embedded(),
        &Limits::default(),
        &mut |_| ControlFlow::Continue(()),
    )
}

/// The profile of today's telephones, without the moment it was made at.
pub(crate) fn display_p3() -> Vec<u8> {
    let mut profile = ColorProfile::new_display_p3().encode().unwrap();
    profile[24..36].fill(0);
    profile
}

/// Hills under a sky: light above, dark below, with detail everywhere.
pub(crate) fn landscape(width: u32, height: u32) -> RgbImage {
    RgbImage::from_fn(width, height, |x, y| {
        let (u, v) = (x as f32 / width as f32, y as f32 / height as f32);
        let ridge = 0.55 + 0.08 * (u * 9.0).sin() + 0.03 * (u * 31.0).cos();
        let grain = ((x * 7919 + y * 104_729) % 23) as f32 - 11.0;
        if v < ridge {
            Rgb([150.0 + 90.0 * v, 185.0 + 60.0 * v, 235.0 - 20.0 * v]
                .map(|c| (c + grain / 4.0) as u8))
        } else {
            Rgb([70.0 - 40.0 * v, 95.0 - 45.0 * v, 60.0 - 30.0 * v].map(|c| (c + grain) as u8))
        }
    })
}

pub(crate) fn encoded(picture: impl Into<DynamicImage>, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    picture.into().write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

#[expect(clippy::disallowed_methods, reason = "our own results need no limits")]
pub(crate) fn decoded(bytes: &[u8]) -> DynamicImage {
    if OutputFormat::of_bytes(bytes) == Some(OutputFormat::Avif) {
        // By the engine's own decoder; whether others understand the file is told by the tests of its crate.
        let fields = [("wm_text", "\u{200d}"), ("wm_format", "png")];
        let fields = [&fields[..], &[("width", "16384")]].concat();
        return decoded(&rendered(bytes, &fields).unwrap().bytes);
    }
    image::load_from_memory(bytes).unwrap()
}
