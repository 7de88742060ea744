//! Photos that the tests make, each of its own bytes.

use gif::Frame;
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

/// A GIF of so many frames, each of one grey and shown for a tenth of a second.
pub(crate) fn animated_gif(width: u16, height: u16, frames: u8) -> Vec<u8> {
    let palette: Vec<u8> = (0..=255).flat_map(|gray| [gray; 3]).collect();
    let mut bytes = Vec::new();
    let mut encoder = gif::Encoder::new(&mut bytes, width, height, &palette).unwrap();
    for at in 0..frames {
        let indices = vec![at * (255 / frames); usize::from(width) * usize::from(height)];
        let mut frame = Frame::from_indexed_pixels(width, height, indices, None);
        frame.delay = 10;
        encoder.write_frame(&frame).unwrap();
    }
    drop(encoder);
    bytes
}

/// A JPEG whose header is sound and whose pixels are cut off.
pub(crate) fn broken_jpeg() -> Vec<u8> {
    let mut jpeg = jpeg(640, 480, 0);
    jpeg.truncate(jpeg.len() / 2);
    jpeg
}
