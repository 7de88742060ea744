//! Pictures that are made rather than shipped, and what is to become of them.

use anyhow::Context as _;
use jpeg_encoder::{ColorType, Encoder, SamplingFactor};
use schemas::{Context, OutputFormat, Recipe, Request, recipe::Date};

/// A baseline JPEG of `side`×`side` pixels: soft gradients with a little grain, as a photo has.
pub(crate) fn jpeg(side: u16) -> anyhow::Result<Vec<u8>> {
    let size = usize::from(side);
    let mut pixels = Vec::with_capacity(size * size * 3);
    let mut grain = 0x9e37_79b9_u32;
    for y in 0..size {
        for x in 0..size {
            // Xorshift (Marsaglia 2003): the same picture every time.
            grain ^= grain << 13;
            grain ^= grain >> 17;
            grain ^= grain << 5;
            let noise = (grain & 7) as usize;
            pixels.extend(
                [
                    x * 240 / size + noise,
                    y * 240 / size + noise,
                    (x + y) * 120 / size + noise,
                ]
                .map(|v| v as u8),
            );
        }
    }
    let mut jpeg = Vec::new();
    let mut encoder = Encoder::new(&mut jpeg, 80);
    encoder.set_sampling_factor(SamplingFactor::F_2_2);
    encoder
        .encode(&pixels, side, side, ColorType::Rgb)
        .context("the picture is small enough")?;
    Ok(jpeg)
}

/// What an upload without any field gets.
pub(crate) fn recipe() -> anyhow::Result<Recipe> {
    let context = Context::new(Date::new(2026, 11, 20), OutputFormat::Jpeg);
    Request::default()
        .resolve(&context)
        .context("defaults are valid")
}
