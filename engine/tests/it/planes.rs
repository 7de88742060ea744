//! JPEG on its way through planes: as good as the long way, whatever its sampling, size and orientation.

use crate::{
    metadata::{exif, with_exif},
    support::{decoded, rendered},
};
use image::{DynamicImage, Rgb, RgbImage, imageops::FilterType};
use jpeg_encoder::{ColorType, Encoder, SamplingFactor};

/// A mark without ink, because these tests look at the picture.
const UNMARKED: (&str, &str) = ("wm_text", "\u{200d}");

const SAMPLINGS: [SamplingFactor; 8] = [
    SamplingFactor::F_1_1,
    SamplingFactor::F_2_1,
    SamplingFactor::F_1_2,
    SamplingFactor::F_2_2,
    SamplingFactor::F_4_1,
    SamplingFactor::F_4_2,
    SamplingFactor::F_1_4,
    SamplingFactor::F_2_4,
];

/// Output format, and whether the source is progressive.
const WAYS: [(&str, bool); 4] = [
    ("png", false),
    ("jpeg", false),
    ("png", true),
    ("jpeg", true),
];

/// Rings and a tilted ramp of colours: every direction, no symmetry, nothing that chroma of a quarter could not hold.
fn rings(width: u32, height: u32) -> RgbImage {
    RgbImage::from_fn(width, height, |x, y| {
        let (u, v) = (x as f32 / width as f32, y as f32 / height as f32);
        let ring = 30.0 * ((u * u + v * v).sqrt() * 40.0).sin();
        Rgb([60.0 + 120.0 * u, 80.0 + 100.0 * v, 190.0 - 110.0 * u].map(|c| (c + ring) as u8))
    })
}

/// Baseline files are decoded by the engine itself, progressive ones by libjpeg-turbo.
fn jpeg(picture: &RgbImage, sampling: SamplingFactor, progressive: bool) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = Encoder::new(&mut bytes, 97);
    encoder.set_sampling_factor(sampling);
    encoder.set_progressive(progressive);
    let (width, height) = (picture.width() as u16, picture.height() as u16);
    encoder
        .encode(picture, width, height, ColorType::Rgb)
        .unwrap();
    bytes
}

/// Peak signal to noise in decibels, over all channels.
fn psnr(one: &RgbImage, other: &RgbImage) -> f64 {
    assert_eq!(one.dimensions(), other.dimensions());
    let squares = one
        .iter()
        .zip(other.iter())
        .map(|(one, other)| f64::from(one.abs_diff(*other)).powi(2));
    let mean = squares.sum::<f64>() / one.len() as f64;
    10.0 * (255.0 * 255.0 / mean.max(1e-9)).log10()
}

/// The long way: every pixel scaled in float.
fn the_long_way(picture: &DynamicImage, width: u32, height: u32) -> RgbImage {
    let full = DynamicImage::ImageRgb32F(picture.to_rgb32f());
    full.resize_exact(width, height, FilterType::Lanczos3)
        .to_rgb8()
}

/// Turns a stored picture as it is displayed, `number` being EXIF's.
fn turned(picture: &DynamicImage, number: u16) -> DynamicImage {
    match number {
        2 => picture.fliph(),
        3 => picture.rotate180(),
        4 => picture.flipv(),
        5 => picture.rotate90().fliph(),
        6 => picture.rotate90(),
        7 => picture.rotate270().fliph(),
        8 => picture.rotate270(),
        _ => picture.clone(),
    }
}

fn rendered_unmarked(source: &[u8], format: &str, width: u32) -> RgbImage {
    let width = width.to_string();
    let fields = [
        UNMARKED,
        ("width", &width),
        ("wm_format", format),
        ("quality", "97"),
    ];
    decoded(&rendered(source, &fields).unwrap().bytes).to_rgb8()
}

#[test]
fn what_is_scaled_while_decoding_looks_like_the_long_way() {
    for (width, height, target) in [
        (800, 600, 310),
        (801, 603, 300),
        (803, 601, 150),
        (1601, 1203, 150),
    ] {
        for (format, progressive) in WAYS {
            let source = jpeg(&rings(width, height), SamplingFactor::F_2_2, progressive);
            let result = rendered_unmarked(&source, format, target);
            let expected = the_long_way(&decoded(&source), result.width(), result.height());
            let reached = psnr(&result, &expected);
            assert!(
                reached > 38.0,
                "{width}×{height} to {target} as {format}, progressive {progressive}: {reached:.1} dB"
            );
        }
    }
}

#[test]
fn every_sampling_size_and_orientation_comes_out_upright_and_in_place() {
    for (at, sampling) in SAMPLINGS.into_iter().enumerate() {
        for (width, height) in [(96, 64), (97, 65), (131, 79)] {
            for number in 1..=8 {
                let (format, progressive) = WAYS[(at + usize::from(number)) % WAYS.len()];
                for side_max in [200, 61] {
                    let picture = rings(width, height);
                    let source = jpeg(&picture, sampling, progressive);
                    let source = with_exif(source, exif(number, "", ""));
                    let result = rendered_unmarked(&source, format, side_max);
                    let upright = turned(&picture.into(), number);
                    let expected = the_long_way(&upright, result.width(), result.height());
                    let reached = psnr(&result, &expected);
                    assert!(
                        reached > 30.0,
                        "{sampling:?} {width}×{height} turned {number} as {format}: {reached:.1} dB"
                    );
                }
            }
        }
    }
}

#[test]
fn ink_becomes_the_colour_it_prints() {
    let cmyk = |ink: [u8; 4]| {
        let mut bytes = Vec::new();
        Encoder::new(&mut bytes, 95)
            .encode(&ink.repeat(64 * 48), 64, 48, ColorType::CmykAsYcck)
            .unwrap();
        let result = rendered(&bytes, &[UNMARKED, ("wm_format", "png")]).unwrap();
        decoded(&result.bytes).to_rgb8().get_pixel(20, 20).0
    };
    for (ink, expected) in [
        ([0, 0, 0, 0], [255; 3]),
        ([255, 0, 0, 0], [0, 255, 255]),
        ([0, 0, 255, 128], [127, 127, 0]),
    ] {
        let color = cmyk(ink);
        let near = color
            .iter()
            .zip(expected)
            .all(|(one, other)| one.abs_diff(other) < 12);
        assert!(near, "{ink:?} printed {color:?}");
    }
}
