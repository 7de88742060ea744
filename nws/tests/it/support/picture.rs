//! Photos that the tests make, each of its own bytes.

use jpeg_encoder::{ColorType, Encoder};

/// A JPEG of `width`×`height`, different for every `seed`.
pub(crate) fn jpeg(width: u16, height: u16, seed: u8) -> Vec<u8> {
    let (columns, rows) = (u32::from(width), u32::from(height));
    let pixel = |x: u32, y: u32| [(x * 255 / columns) as u8, (y * 255 / rows) as u8, seed];
    let pixels: Vec<u8> = (0..rows)
        .flat_map(|y| (0..columns).flat_map(move |x| pixel(x, y)))
        .collect();
    let mut jpeg = Vec::new();
    Encoder::new(&mut jpeg, 90)
        .encode(&pixels, width, height, ColorType::Rgb)
        .unwrap();
    jpeg
}

/// A JPEG whose header is sound and whose pixels are cut off.
pub(crate) fn broken_jpeg() -> Vec<u8> {
    let mut jpeg = jpeg(640, 480, 0);
    jpeg.truncate(jpeg.len() / 2);
    jpeg
}
