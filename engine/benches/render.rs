//! Milliseconds per step, and the whole against the straightforward way with `image`: `cargo bench -p engine`.
//!
//! Only the ratios are worth quoting; the pictures are made here, so figures of different machines can be compared.

#![expect(clippy::print_stdout, reason = "this is its output")]

use std::{
    collections::BTreeMap,
    hint::black_box,
    io::Cursor,
    ops::ControlFlow,
    time::{Duration, Instant},
};

use engine::{Fonts, Limits, render};
use image::{DynamicImage, ImageFormat, Rgb, RgbImage, imageops::FilterType};
use schemas::{
    OutputFormat, Recipe, Request, Step,
    recipe::{Context, Date},
};

const ROUNDS: usize = 9;

struct Job {
    name: &'static str,
    source: Vec<u8>,
    format: OutputFormat,
    quality: &'static str,
    image_format: ImageFormat,
}

fn main() {
    let jobs = [
        Job {
            name: "J1: 12 MP JPEG to 1920×1080 JPEG",
            source: encoded(photo(4000, 3000), ImageFormat::Jpeg),
            format: OutputFormat::Jpeg,
            quality: "auto",
            image_format: ImageFormat::Jpeg,
        },
        Job {
            name: "J2: 1920×1080 JPEG as it is, but for the mark",
            source: encoded(photo(1920, 1080), ImageFormat::Jpeg),
            format: OutputFormat::Jpeg,
            quality: "keep",
            image_format: ImageFormat::Jpeg,
        },
        Job {
            name: "J3: 12 MP JPEG to 1920×1080 WebP",
            source: encoded(photo(4000, 3000), ImageFormat::Jpeg),
            format: OutputFormat::Webp,
            quality: "auto",
            image_format: ImageFormat::WebP,
        },
        Job {
            name: "J5: 1920×1080 PNG to PNG",
            source: encoded(photo(1920, 1080), ImageFormat::Png),
            format: OutputFormat::Png,
            quality: "auto",
            image_format: ImageFormat::Png,
        },
    ];
    let fonts = Fonts::embedded();
    for job in &jobs {
        measure(job, &fonts);
    }
}

/// Takes turns, so that a slow moment of the machine meets both.
fn measure(job: &Job, fonts: &Fonts) {
    let recipe = recipe(job);
    let mut steps: BTreeMap<Step, Vec<Duration>> = BTreeMap::new();
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let begun = Instant::now();
        let taken = render_once(job, &recipe, fonts);
        ours.push(begun.elapsed());
        for (step, took) in taken {
            steps.entry(step).or_default().push(took);
        }
        let begun = Instant::now();
        black_box(straightforward(job));
        theirs.push(begun.elapsed());
    }
    println!("{}", job.name);
    for (step, taken) in steps {
        println!("  {:<10} {:>8.1} ms", step.as_str(), median(taken));
    }
    let (ours, theirs) = (median(ours), median(theirs));
    println!("  {:<10} {ours:>8.1} ms", "total");
    println!(
        "  {:<10} {theirs:>8.1} ms, {:.2} × ours",
        "image",
        theirs / ours
    );
}

fn render_once(job: &Job, recipe: &Recipe, fonts: &Fonts) -> Vec<(Step, Duration)> {
    let mut begun: Vec<(Step, Instant)> = Vec::new();
    let result = render(
        &job.source,
        recipe,
        fonts,
        &Limits::default(),
        &mut |step| {
            begun.push((step, Instant::now()));
            ControlFlow::Continue(())
        },
    );
    black_box(result.expect("the picture is a good one"));
    let ends = begun
        .iter()
        .skip(1)
        .map(|(_, at)| *at)
        .chain([Instant::now()]);
    begun
        .iter()
        .zip(ends)
        .map(|((step, at), end)| (*step, end.duration_since(*at)))
        .collect()
}

/// What one would write first: decode, resize and encode with `image`, without a mark.
#[expect(clippy::disallowed_methods, reason = "the picture is our own")]
fn straightforward(job: &Job) -> Vec<u8> {
    let picture = image::load_from_memory(&job.source).expect("the picture is a good one");
    let small = if picture.width() > 1920 || picture.height() > 1080 {
        picture.resize(1920, 1080, FilterType::Lanczos3)
    } else {
        picture
    };
    encoded(small, job.image_format)
}

fn median(mut taken: Vec<Duration>) -> f64 {
    taken.sort();
    taken[taken.len() / 2].as_secs_f64() * 1000.0
}

fn photo(width: u32, height: u32) -> RgbImage {
    RgbImage::from_fn(width, height, |x, y| {
        let (u, v) = (x as f32 / width as f32, y as f32 / height as f32);
        let grain = (x.wrapping_mul(7919) ^ y.wrapping_mul(104_729)) % 17;
        let wave = 40.0 * (u * 40.0).sin() * (v * 30.0).cos();
        Rgb([
            120.0 + 90.0 * u + wave,
            110.0 + 80.0 * v,
            160.0 - 60.0 * u + wave,
        ]
        .map(|c| c as u8 + grain as u8))
    })
}

fn encoded(picture: impl Into<DynamicImage>, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    picture
        .into()
        .write_to(&mut bytes, format)
        .expect("memory takes every byte");
    bytes.into_inner()
}

fn recipe(job: &Job) -> Recipe {
    let context = Context::new(Date::new(2026, 11, 20), job.format);
    let mut request = Request::default();
    request
        .set("quality", job.quality)
        .expect("there is such a quality");
    request.resolve(&context).expect("the recipe is a good one")
}
