//! One small picture of every format and kind.

use std::io::Cursor;

use ::gif::{Encoder as GifEncoder, Frame};
use image::{DynamicImage, ImageFormat, Rgb, RgbImage};
use jpeg_encoder::{ColorType, Encoder};
use planes::{Plane, Planes};
use zune_core::{bit_depth::BitDepth, colorspace::ColorSpace, options::EncoderOptions};
use zune_jpegxl::JxlSimpleEncoder;

use crate::{Fate, File, boxes};

const WIDTH: u32 = 48;
const HEIGHT: u32 = 40;
const GOOD: &str = "a small picture can be encoded";

/// Sound pictures, some hundred bytes to some thousand each.
pub fn sound() -> Vec<File> {
    let file = |kind, name: &str, bytes| File::new(kind, name, Fate::Rendered, bytes);
    vec![
        file("JPEG", "a baseline picture", jpeg(false)),
        file("JPEG", "a progressive picture", jpeg(true)),
        file("PNG", "a picture", by_image(ImageFormat::Png)),
        file("PNG", "an animation", apng()),
        file("WebP", "a lossless picture", by_image(ImageFormat::WebP)),
        file("WebP", "a lossy picture", lossy_webp()),
        file("GIF", "a picture", by_image(ImageFormat::Gif)),
        file("GIF", "an animation", gif()),
        file("TIFF", "a picture", by_image(ImageFormat::Tiff)),
        file("BMP", "a picture", by_image(ImageFormat::Bmp)),
        file("AVIF", "a picture", avif()),
        file("JPEG XL", "a bare picture", jxl()),
        file("JPEG XL", "a picture in boxes", boxes::jxl(&jxl())),
    ]
}

/// Soft colours with some grain.
fn pixels() -> RgbImage {
    RgbImage::from_fn(WIDTH, HEIGHT, |x, y| {
        let grain = (x * 7919 + y * 104_729) % 23;
        Rgb([(x * 5 + grain) as u8, (y * 6) as u8, (90 + x + grain) as u8])
    })
}

fn by_image(format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    let picture = DynamicImage::ImageRgb8(pixels());
    picture.write_to(&mut bytes, format).expect(GOOD);
    bytes.into_inner()
}

/// In several scans, if it is progressive.
pub(crate) fn jpeg(progressive: bool) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = Encoder::new(&mut bytes, 80);
    encoder.set_progressive(progressive);
    let (width, height) = (WIDTH as u16, HEIGHT as u16);
    let encoded = encoder.encode(&pixels(), width, height, ColorType::Rgb);
    encoded.expect(GOOD);
    bytes
}

pub(crate) fn png() -> Vec<u8> {
    by_image(ImageFormat::Png)
}

pub(crate) fn tiff() -> Vec<u8> {
    by_image(ImageFormat::Tiff)
}

pub(crate) fn bmp() -> Vec<u8> {
    by_image(ImageFormat::Bmp)
}

fn apng() -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = ::png::Encoder::new(&mut bytes, WIDTH, HEIGHT);
    encoder.set_animated(3, 0).expect(GOOD);
    let mut writer = encoder.write_header().expect(GOOD);
    for gray in [10, 120, 240] {
        let frame = vec![gray; (WIDTH * HEIGHT) as usize];
        writer.write_image_data(&frame).expect(GOOD);
    }
    writer.finish().expect(GOOD);
    bytes
}

/// Frames of one grey each, all but the first smaller than the screen.
pub(crate) fn gif() -> Vec<u8> {
    let mut bytes = Vec::new();
    let palette: Vec<u8> = (0..=255).flat_map(|gray| [gray; 3]).collect();
    let (width, height) = (WIDTH as u16, HEIGHT as u16);
    let mut encoder = GifEncoder::new(&mut bytes, width, height, &palette).expect(GOOD);
    for (at, gray) in (0_u16..).zip([10, 120, 240]) {
        let (width, height) = (width - 5 * at, height - 5 * at);
        let indices = vec![gray; usize::from(width) * usize::from(height)];
        let frame = Frame::from_indexed_pixels(width, height, indices, None);
        encoder.write_frame(&frame).expect(GOOD);
    }
    drop(encoder);
    bytes
}

fn lossy_webp() -> Vec<u8> {
    let pixels = pixels();
    let pixels = webp::Pixels {
        width: WIDTH,
        height: HEIGHT,
        channels: webp::Channels::Rgb,
        bytes: &pixels,
    };
    let settings = webp::Settings {
        quality: 70,
        method: 2,
    };
    webp::encode(pixels, settings).expect(GOOD)
}

pub(crate) fn avif() -> Vec<u8> {
    let gray: Vec<u8> = pixels().pixels().map(|pixel| pixel.0[1]).collect();
    let planes = Planes::gray(Plane::new(WIDTH as usize, HEIGHT as usize, gray));
    let settings = avif::Settings {
        quality: 50,
        speed: 9,
    };
    avif::encode(&planes, None, avif::Metadata::default(), settings).expect(GOOD)
}

pub(crate) fn jxl() -> Vec<u8> {
    let (width, height) = (WIDTH as usize, HEIGHT as usize);
    let options = EncoderOptions::new(width, height, ColorSpace::RGB, BitDepth::Eight);
    let mut bytes = Vec::new();
    let encoded = JxlSimpleEncoder::new(&pixels(), options).encode(&mut bytes);
    encoded.expect(GOOD);
    bytes
}
