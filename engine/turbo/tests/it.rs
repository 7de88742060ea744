//! What the crate promises of files of every kind; an independent encoder writes them.

use std::sync::LazyLock;

use jpeg_encoder::{ColorType, Encoder, SamplingFactor};
use planes::{Chroma, Plane, Planes, Subsampling};
use proptest::prelude::{ProptestConfig, any, prop, proptest};
use turbo::{
    Colors, Component, Decoder, Error, Limits, Options, PixelColors, Quantisation, Scale,
    encode_pixels, encode_planes,
};

const LIMITS: Limits = Limits {
    scans_max: 100,
    memory_bytes_max: 64 * 1024 * 1024,
};

const SAMPLINGS: [(SamplingFactor, usize, usize); 8] = [
    (SamplingFactor::F_1_1, 1, 1),
    (SamplingFactor::F_2_1, 2, 1),
    (SamplingFactor::F_1_2, 1, 2),
    (SamplingFactor::F_2_2, 2, 2),
    (SamplingFactor::F_4_1, 4, 1),
    (SamplingFactor::F_4_2, 4, 2),
    (SamplingFactor::F_1_4, 1, 4),
    (SamplingFactor::F_2_4, 2, 4),
];

const OPTIONS: Options<'_> = Options {
    quantisation: Quantisation::Quality(90),
    progressive: false,
    optimized: false,
    profile: None,
    app1: &[],
};

/// Slow waves, so that every size of them looks alike.
fn wave(u: f64, v: f64) -> f64 {
    128.0 + 60.0 * (u * 5.0).sin() + 40.0 * (v * 4.0).cos()
}

fn waves(width: usize, height: usize, of: impl Fn(f64) -> Vec<u8>) -> Vec<u8> {
    let at = |x: usize, side: usize| (x as f64 + 0.5) / side as f64;
    (0..width * height)
        .flat_map(|i| of(wave(at(i % width, width), at(i / width, height))))
        .collect()
}

fn gray(value: f64) -> Vec<u8> {
    vec![value as u8]
}

fn rgb(value: f64) -> Vec<u8> {
    vec![value as u8, 255 - value as u8, 128]
}

/// A file by the other encoder.
fn file(width: usize, height: usize, set_up: impl Fn(&mut Encoder<&mut Vec<u8>>)) -> Vec<u8> {
    file_of(width, height, ColorType::Rgb, rgb, set_up)
}

fn file_of(
    width: usize,
    height: usize,
    colors: ColorType,
    of: impl Fn(f64) -> Vec<u8>,
    set_up: impl Fn(&mut Encoder<&mut Vec<u8>>),
) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = Encoder::new(&mut bytes, 95);
    set_up(&mut encoder);
    let pixels = waves(width, height, of);
    encoder
        .encode(&pixels, width as u16, height as u16, colors)
        .expect("the picture is a good one");
    bytes
}

fn components(bytes: &[u8], scale: Scale) -> Result<Vec<Component>, Error> {
    Decoder::open(bytes)?.components(scale, LIMITS)
}

/// The largest difference of a sample from `expected` at its centre.
fn error_of(component: &Component, expected: impl Fn(f64) -> f64) -> f64 {
    let width = component.plane.width();
    let differences = component
        .plane
        .samples()
        .iter()
        .enumerate()
        .map(|(i, &sample)| {
            let u = ((i % width) as f64 + 0.5) / component.extent.0;
            let v = ((i / width) as f64 + 0.5) / component.extent.1;
            (f64::from(sample) - expected(wave(u.min(1.0), v.min(1.0)))).abs()
        });
    differences.fold(0.0, f64::max)
}

fn luma(value: f64) -> f64 {
    0.299 * value + 0.587 * (255.0 - value) + 0.114 * 128.0
}

#[test]
fn every_sampling_and_size_is_decoded_as_it_is_stored() {
    for (sampling, across, down) in SAMPLINGS {
        for (width, height) in [(1, 1), (2, 3), (8, 8), (17, 9), (33, 40), (131, 67)] {
            let bytes = file(width, height, |encoder| {
                encoder.set_sampling_factor(sampling);
            });
            let decoder = Decoder::open(&bytes).unwrap();
            assert_eq!(decoder.header().colors, Colors::LumaChroma);
            let planes = decoder.components(Scale::Full, LIMITS).unwrap();
            let sides = |component: &Component| (component.plane.width(), component.plane.height());
            assert_eq!(sides(&planes[0]), (width, height));
            assert_eq!(planes[0].extent, (width as f64, height as f64));
            for chroma in &planes[1..] {
                assert_eq!(
                    sides(chroma),
                    (width.div_ceil(across), height.div_ceil(down))
                );
                let extent = (width as f64 / across as f64, height as f64 / down as f64);
                assert_eq!(chroma.extent, extent);
            }
            let error = error_of(&planes[0], luma);
            assert!(error < 9.0, "{sampling:?} {width}×{height}: {error}");
        }
    }
}

#[test]
fn a_scaled_picture_measures_a_fraction_and_looks_alike() {
    for (scale, parts) in [(Scale::Half, 2), (Scale::Quarter, 4), (Scale::Eighth, 8)] {
        for (width, height) in [(1, 1), (160, 120), (161, 123), (163, 127)] {
            let bytes = file(width, height, |encoder| {
                encoder.set_sampling_factor(SamplingFactor::F_2_2);
            });
            let planes = components(&bytes, scale).unwrap();
            let extent = (width as f64 / parts as f64, height as f64 / parts as f64);
            assert_eq!(planes[0].extent, extent);
            assert_eq!(planes[0].plane.width(), width.div_ceil(parts));
            assert_eq!(planes[0].plane.height(), height.div_ceil(parts));
            if width > 1 {
                let error = error_of(&planes[0], luma);
                assert!(error < 9.0, "{scale:?} {width}×{height}: {error}");
            }
        }
    }
}

#[test]
fn what_planes_are_written_come_back() {
    let plane = |width, height| Plane::new(width, height, waves(width, height, gray));
    for subsampling in [(1, 1), (2, 1), (1, 2), (2, 2), (4, 1)] {
        let (across, down) = subsampling;
        let subsampling = Subsampling { across, down };
        for (width, height) in [(1, 1), (15, 17), (64, 48), (99, 101)] {
            let (chroma_width, chroma_height) = subsampling.of(width, height);
            let chroma = Chroma {
                subsampling,
                blue: plane(chroma_width, chroma_height),
                red: plane(chroma_width, chroma_height),
            };
            let picture = Planes::new(plane(width, height), chroma);
            for (progressive, optimized) in [(false, false), (false, true), (true, true)] {
                let options = Options {
                    quantisation: Quantisation::Quality(98),
                    progressive,
                    optimized,
                    ..OPTIONS
                };
                let bytes = encode_planes(&picture, &options).unwrap();
                let back = components(&bytes, Scale::Full).unwrap();
                let chroma = picture.chroma().unwrap();
                for (plane, component) in [picture.luma(), &chroma.blue, &chroma.red]
                    .iter()
                    .zip(&back)
                {
                    let differences = plane.samples().iter().zip(component.plane.samples());
                    let worst = differences.map(|(one, other)| one.abs_diff(*other)).max();
                    assert!(
                        worst < Some(7),
                        "{subsampling:?} {width}×{height}: {worst:?}"
                    );
                }
            }
        }
    }
}

#[test]
fn a_gray_picture_has_one_component() {
    let bytes = encode_pixels(&waves(37, 21, gray), (37, 21), PixelColors::Gray, &OPTIONS).unwrap();
    let decoder = Decoder::open(&bytes).unwrap();
    assert_eq!(decoder.header().colors, Colors::Gray);
    let planes = decoder.components(Scale::Full, LIMITS).unwrap();
    assert_eq!(planes.len(), 1);
    assert!(error_of(&planes[0], |value| value) < 6.0);
}

#[test]
fn ink_comes_as_it_is_stored() {
    let ink = |value: f64| vec![value as u8, 10, 200, 90];
    for colors in [ColorType::Cmyk, ColorType::CmykAsYcck] {
        let bytes = file_of(40, 24, colors, ink, |_| {});
        let decoder = Decoder::open(&bytes).unwrap();
        assert_eq!(decoder.header().colors, Colors::Cmyk { inverted: true });
        let pixels = decoder.pixels(Scale::Full, LIMITS).unwrap();
        assert_eq!(
            (pixels.width, pixels.height, pixels.extent),
            (40, 24, (40.0, 24.0))
        );
        let (pixels, _) = pixels.bytes.as_chunks::<4>();
        let stored = [10_u8, 200, 90].map(|ink| 255 - ink);
        for pixel in pixels {
            let near = pixel[1..]
                .iter()
                .zip(stored)
                .all(|(one, other)| one.abs_diff(other) < 12);
            assert!(near, "{colors:?}: {pixel:?}");
        }
    }
}

/// Files that a decoder meets: one scan and many, with and without restart markers.
static FILES: LazyLock<Vec<(&'static str, Vec<u8>)>> = LazyLock::new(files_of_every_kind);

fn files_of_every_kind() -> Vec<(&'static str, Vec<u8>)> {
    let sampled =
        |sampling| move |encoder: &mut Encoder<&mut Vec<u8>>| encoder.set_sampling_factor(sampling);
    vec![
        ("4:2:0", file(300, 200, sampled(SamplingFactor::F_2_2))),
        ("4:4:4", file(300, 200, sampled(SamplingFactor::F_1_1))),
        (
            "restarts",
            file(300, 200, |encoder| encoder.set_restart_interval(7)),
        ),
        (
            "progressive",
            file(300, 200, |encoder| encoder.set_progressive(true)),
        ),
        (
            "optimized",
            file(300, 200, |encoder| {
                encoder.set_optimized_huffman_tables(true);
            }),
        ),
        ("gray", file_of(300, 200, ColorType::Luma, gray, |_| {})),
    ]
}

#[test]
fn a_file_that_is_cut_anywhere_is_an_error() {
    for (name, bytes) in FILES.iter() {
        let scan = bytes
            .windows(2)
            .position(|pair| pair == [0xff, 0xda])
            .unwrap();
        for end in (scan..bytes.len() - 3).step_by(97).chain([bytes.len() - 3]) {
            for scale in [Scale::Full, Scale::Half] {
                let result = components(&bytes[..end], scale);
                assert!(result.is_err(), "{name} cut at {end} of {}", bytes.len());
            }
        }
    }
}

#[test]
fn a_file_without_its_end_marker_is_whole() {
    for (name, bytes) in FILES.iter() {
        let result = components(&bytes[..bytes.len() - 2], Scale::Full);
        assert_eq!(result, components(bytes, Scale::Full), "{name}");
    }
}

#[test]
fn a_file_that_came_apart_between_restarts_is_an_error() {
    let bytes = file(300, 200, |encoder| encoder.set_restart_interval(7));
    let restarts: Vec<_> = bytes
        .windows(2)
        .enumerate()
        .filter_map(|(at, pair)| matches!(pair, [0xff, 0xd0..=0xd7]).then_some(at))
        .collect();
    let mut missing = bytes.clone();
    missing.drain(restarts[3]..restarts[4]);
    assert!(components(&missing, Scale::Full).is_err());
}

#[test]
fn coefficients_are_held_within_the_limit() {
    let bytes = file(300, 200, |encoder| encoder.set_progressive(true));
    let with = |memory_bytes_max| {
        let limits = Limits {
            memory_bytes_max,
            ..LIMITS
        };
        Decoder::open(&bytes)
            .unwrap()
            .components(Scale::Full, limits)
    };
    let coefficient_bytes = 2 * 3 * 304 * 200;
    assert!(with(coefficient_bytes - 1).is_err());
    assert!(with(coefficient_bytes + 100_000).is_ok());
}

#[test]
fn more_scans_than_the_limit_are_refused() {
    let bytes = file(300, 200, |encoder| encoder.set_progressive_scans(10));
    let with = |scans_max| {
        let limits = Limits {
            scans_max,
            ..LIMITS
        };
        Decoder::open(&bytes)
            .unwrap()
            .components(Scale::Full, limits)
    };
    assert_eq!(with(3).unwrap_err().to_string(), "it has more than 3 scans");
    assert!(with(200).is_ok());
}

#[test]
fn a_profile_and_exif_are_carried() {
    let profile: Vec<u8> = (0..150_000_u32).map(|i| (i / 7) as u8).collect();
    let options = Options {
        profile: Some(&profile),
        app1: &[b"Exif\0\0MM", b"more"],
        ..OPTIONS
    };
    let bytes = encode_pixels(&[9; 3], (1, 1), PixelColors::Rgb, &options).unwrap();
    assert!(bytes.windows(8).any(|window| window == b"Exif\0\0MM"));
    assert!(bytes.windows(4).any(|window| window == b"more"));
    assert_eq!(
        Decoder::open(&bytes).unwrap().profile().unwrap(),
        Some(profile)
    );
    let without = encode_pixels(&[9; 3], (1, 1), PixelColors::Rgb, &OPTIONS).unwrap();
    assert_eq!(Decoder::open(&without).unwrap().profile().unwrap(), None);
}

#[test]
fn a_file_can_be_written_by_the_tables_of_another() {
    for (sampling, across, down) in SAMPLINGS {
        let original = file(40, 30, |encoder| encoder.set_sampling_factor(sampling));
        let (tables, subsampling) = Decoder::open(&original).unwrap().tables().unwrap();
        assert_eq!(subsampling, Subsampling { across, down });
        let options = Options {
            quantisation: Quantisation::Tables(&tables),
            ..OPTIONS
        };
        let written = encode_pixels(&[9; 3], (1, 1), PixelColors::Rgb, &options).unwrap();
        let (same, _) = Decoder::open(&written).unwrap().tables().unwrap();
        assert_eq!(same, tables);
        let other = encode_pixels(&[9; 3], (1, 1), PixelColors::Rgb, &OPTIONS).unwrap();
        assert_ne!(Decoder::open(&other).unwrap().tables().unwrap().0, tables);
    }
}

#[test]
fn colour_is_written_by_the_luma_table_of_a_grey_file() {
    let grey = encode_pixels(&[9], (1, 1), PixelColors::Gray, &OPTIONS).unwrap();
    let (tables, subsampling) = Decoder::open(&grey).unwrap().tables().unwrap();
    assert_eq!(subsampling, Subsampling::NONE);
    let options = Options {
        quantisation: Quantisation::Tables(&tables),
        ..OPTIONS
    };
    let colored = encode_pixels(&[9; 3], (1, 1), PixelColors::Rgb, &options).unwrap();
    assert_eq!(Decoder::open(&colored).unwrap().tables().unwrap().0, tables);
}

#[test]
fn tables_are_told_only_of_luma_and_chroma() {
    let ink = file_of(8, 8, ColorType::Cmyk, |value| vec![value as u8; 4], |_| {});
    assert_eq!(Decoder::open(&ink).unwrap().tables(), None);
}

#[test]
fn twelve_bits_and_too_long_sides_are_refused_with_a_reason() {
    let mut twelve = file(16, 16, |_| {});
    let frame = twelve
        .windows(2)
        .position(|pair| pair == [0xff, 0xc0])
        .unwrap();
    twelve[frame + 1] = 0xc1;
    twelve[frame + 4] = 12;
    assert_eq!(
        Decoder::open(&twelve).unwrap_err(),
        Error::Precision { bits: 12 }
    );
    let line = Planes::gray(Plane::new(65_536, 1, vec![0; 65_536]));
    let refused = encode_planes(&line, &OPTIONS).unwrap_err();
    assert_eq!(
        refused,
        Error::TooLarge {
            width: 65_536,
            height: 1
        }
    );
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn damage_is_a_picture_or_a_reason(
        kind in 0_usize..6,
        changes in prop::collection::vec((any::<usize>(), any::<u8>()), 1..6),
        half in any::<bool>(),
    ) {
        let mut bytes = FILES[kind].1.clone();
        for (place, value) in changes {
            let place = place % bytes.len();
            bytes[place] = value;
        }
        let scale = if half { Scale::Half } else { Scale::Full };
        if let Ok(planes) = components(&bytes, scale) {
            assert!(!planes.is_empty());
        }
    }
}
