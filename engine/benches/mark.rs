//! What a mark costs: `cargo bench -p engine --bench mark`. Only the ratios are worth quoting.

#![expect(clippy::print_stdout, reason = "this is its output")]

use std::{
    hint::black_box,
    io::Cursor,
    ops::ControlFlow,
    time::{Duration, Instant},
};

use engine::{Fonts, Limits, render};
use image::{DynamicImage, ImageFormat, Rgb, RgbImage};
use schemas::{
    OutputFormat, Recipe, Request, Step,
    recipe::{Context, Date},
};

const ROUNDS: usize = 200;
const TEXT: &str = "Photograph by Zoë\n© 2026 שלום مرحبا";

fn main() {
    check_cold_and_warm();
    for (name, fields) in [
        ("the default mark", &[][..]),
        ("two lines", &[("wm_text", TEXT)]),
        ("in orange", &[("wm_color", "#ff8000")]),
        ("in the calmest place", &[("wm_position", "auto")]),
        ("turned", &[("wm_rotate", "-30")]),
        ("tiled", &[("wm_position", "tile")]),
    ] {
        mark_step(name, fields);
    }
}

/// What the fonts remember of a text spares who asks again.
fn check_cold_and_warm() {
    let warm_fonts = Fonts::embedded();
    let (mut cold, mut warm) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let cold_fonts = Fonts::embedded();
        cold.push(timed(|| cold_fonts.check(TEXT)));
        warm.push(timed(|| warm_fonts.check(TEXT)));
    }
    let (cold, warm) = (median(cold), median(warm));
    println!(
        "check of a text: {cold:.2} µs cold, {warm:.2} µs warm, {:.0} ×",
        cold / warm
    );
}

/// The step of a picture of 1920×1080 that draws the mark.
fn mark_step(name: &str, fields: &[(&str, &str)]) {
    let (source, recipe, fonts) = (photo(1920, 1080), recipe(fields), Fonts::embedded());
    let taken = (0..ROUNDS / 10).map(|_| step_of(&source, &recipe, &fonts));
    println!(
        "mark on 1920×1080, {name}: {:.0} µs",
        median(taken.collect())
    );
}

fn step_of(source: &[u8], recipe: &Recipe, fonts: &Fonts) -> Duration {
    let (mut begun, mut took) = (Instant::now(), Duration::ZERO);
    let result = render(source, recipe, fonts, &Limits::default(), &mut |step| {
        match step {
            Step::Watermark => begun = Instant::now(),
            Step::Encode => took = begun.elapsed(),
            _ => {}
        }
        ControlFlow::Continue(())
    });
    black_box(result.expect("the picture is a good one"));
    took
}

fn timed<T>(work: impl FnOnce() -> T) -> Duration {
    let begun = Instant::now();
    black_box(work());
    begun.elapsed()
}

/// In microseconds.
fn median(mut taken: Vec<Duration>) -> f64 {
    taken.sort();
    taken[taken.len() / 2].as_secs_f64() * 1e6
}

fn photo(width: u32, height: u32) -> Vec<u8> {
    let picture = RgbImage::from_fn(width, height, |x, y| {
        let grain = (x.wrapping_mul(7919) ^ y.wrapping_mul(104_729)) % 17;
        Rgb([(x * 200 / width) as u8, (y * 200 / height) as u8, 90].map(|c| c + grain as u8))
    });
    let mut bytes = Cursor::new(Vec::new());
    DynamicImage::from(picture)
        .write_to(&mut bytes, ImageFormat::Jpeg)
        .expect("memory takes every byte");
    bytes.into_inner()
}

fn recipe(fields: &[(&str, &str)]) -> Recipe {
    let mut request = Request::default();
    for (field, value) in fields {
        request
            .set(field, value)
            .expect("the benchmark's fields are good ones");
    }
    let context = Context::new(Date::new(2026, 11, 20), OutputFormat::Jpeg);
    request.resolve(&context).expect("so is the whole of them")
}
