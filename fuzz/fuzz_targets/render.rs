//! Whole pictures to whole results. The limits are small, so that a lie about dimensions is refused and not worked on.
#![no_main]

use std::{ops::ControlFlow, sync::LazyLock};

use engine::{Fonts, Limits, render};
use libfuzzer_sys::fuzz_target;
use schemas::{
    OutputFormat, Recipe, Request,
    recipe::{Context, Date},
};

const LIMITS: Limits = Limits {
    pixels_max: 100_000,
    side_max: 2000,
    decoded_bytes_max: 32 * 1024 * 1024,
    frames_max: 10,
    animation_pixels_max: 300_000,
};

static FONTS: LazyLock<Fonts> = LazyLock::new(Fonts::embedded);
/// A still in the format whose source may stay as it is, and what moves.
static RECIPES: LazyLock<[Recipe; 3]> = LazyLock::new(|| ["jpeg", "png", "webp"].map(recipe));

fn recipe(format: &str) -> Recipe {
    let mut request = Request::default();
    for (field, value) in [("width", "40"), ("wm_text", "x"), ("wm_format", format)] {
        request.set(field, value).expect("the field is valid");
    }
    let context = Context::new(Date::new(2026, 11, 20), OutputFormat::Jpeg);
    request.resolve(&context).expect("the fields are valid")
}

fuzz_target!(|bytes: &[u8]| {
    for recipe in &*RECIPES {
        let on_step = &mut |_| ControlFlow::Continue(());
        if let Ok(result) = render(bytes, recipe, &*FONTS, &LIMITS, on_step) {
            let (width, height) = (recipe.width.pixels(), recipe.height.pixels());
            assert!((1..=width).contains(&result.width) && (1..=height).contains(&result.height));
            assert!((1..=LIMITS.frames_max).contains(&result.frames));
            assert_eq!(OutputFormat::of_bytes(&result.bytes), Some(recipe.wm_format));
            assert!(result.bytes.len() as u64 <= LIMITS.decoded_bytes_max);
        }
    }
});
