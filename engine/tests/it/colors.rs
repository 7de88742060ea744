//! Colours mean the same before and after.

use image::{GrayImage, ImageFormat, Luma, Rgb, RgbImage};
use img_parts::{Bytes, DynImage, ImageICC};
use jpeg_encoder::{ColorType, Encoder};
use moxcms::{ColorProfile, Layout, TransformOptions};

use crate::support::{decoded, display_p3, encoded, rendered};

/// A joiner draws nothing.
const UNMARKED: (&str, &str) = ("wm_text", "\u{200d}");
const RED: [u8; 3] = [200, 60, 50];

/// The same profile, with so much behind its tags that it is not worth carrying.
fn heavy(mut profile: Vec<u8>) -> Vec<u8> {
    profile.resize(100_000, 0);
    let length = profile.len() as u32;
    profile[..4].copy_from_slice(&length.to_be_bytes());
    profile
}

fn described(source: Vec<u8>, profile: Vec<u8>) -> Vec<u8> {
    let mut picture = DynImage::from_bytes(source.into()).unwrap().unwrap();
    picture.set_icc_profile(Some(Bytes::from(profile)));
    picture.encoder().bytes().to_vec()
}

fn red(format: ImageFormat) -> Vec<u8> {
    encoded(RgbImage::from_pixel(320, 240, Rgb(RED)), format)
}

/// The colour in the middle of a small result, and its profile.
fn result(source: &[u8], format: &str) -> ([u8; 3], Option<Vec<u8>>) {
    let fields = [UNMARKED, ("wm_format", format), ("width", "100")];
    let bytes = rendered(source, &fields).unwrap().bytes;
    let written = DynImage::from_bytes(bytes.clone().into()).unwrap().unwrap();
    let profile = written.icc_profile().map(|profile| profile.to_vec());
    (decoded(&bytes).to_rgb8().get_pixel(50, 30).0, profile)
}

#[track_caller]
fn assert_near(color: [u8; 3], expected: [u8; 3]) {
    let near = color
        .iter()
        .zip(expected)
        .all(|(one, other)| one.abs_diff(other) <= 6);
    assert!(near, "{color:?} instead of {expected:?}");
}

#[test]
fn a_light_profile_goes_with_its_colours() {
    for from in [ImageFormat::Jpeg, ImageFormat::Png, ImageFormat::WebP] {
        let source = described(red(from), display_p3());
        for to in ["jpeg", "png", "webp"] {
            let (color, profile) = result(&source, to);
            assert_near(color, RED);
            assert_eq!(profile, Some(display_p3()), "{from:?} to {to}");
        }
    }
}

#[test]
fn colours_of_a_heavy_profile_become_those_of_srgb() {
    let to_srgb = ColorProfile::new_display_p3()
        .create_transform_8bit(
            Layout::Rgb,
            &ColorProfile::new_srgb(),
            Layout::Rgb,
            TransformOptions::default(),
        )
        .unwrap();
    let mut expected = [0; 3];
    to_srgb.transform(&RED, &mut expected).unwrap();
    assert!(expected[0] > RED[0] + 10, "P3's red is redder");
    for from in [ImageFormat::Jpeg, ImageFormat::Png, ImageFormat::WebP] {
        let source = described(red(from), heavy(display_p3()));
        for to in ["jpeg", "png", "webp"] {
            let (color, profile) = result(&source, to);
            assert_near(color, expected);
            assert_eq!(profile, None, "{from:?} to {to}");
        }
    }
}

#[test]
fn webp_takes_grey_without_its_profile() {
    let linear = ColorProfile::new_gray_with_gamma(1.0).encode().unwrap();
    for from in [ImageFormat::Jpeg, ImageFormat::Png] {
        let picture = GrayImage::from_pixel(320, 240, Luma([128]));
        let source = described(encoded(picture, from), linear.clone());
        assert_eq!(result(&source, "jpeg"), ([128; 3], Some(linear.clone())));
        let (color, profile) = result(&source, "webp");
        // Half of the light, in sRGB's curve.
        assert_near(color, [188; 3]);
        assert_eq!(profile, None);
    }
}

#[test]
fn a_profile_of_another_colour_space_or_a_broken_one_is_as_none() {
    let gray = ColorProfile::new_gray_with_gamma(2.2).encode().unwrap();
    let mut broken = vec![7; 3000];
    broken[..4].copy_from_slice(&3000_u32.to_be_bytes());
    broken[16..20].copy_from_slice(b"RGB ");
    broken[36..40].copy_from_slice(b"acsp");
    for profile in [gray, broken, paint(), b"no profile".to_vec()] {
        let (color, profile) = result(&described(red(ImageFormat::Jpeg), profile), "webp");
        assert_near(color, RED);
        assert_eq!(profile, None);
    }
}

/// A profile of inks that print a green which no formula would guess, but for the last one, which is black.
fn paint() -> Vec<u8> {
    // L* 60, a* -40, b* 30, in eight bits.
    const GREEN: [u8; 3] = [153, 88, 158];
    const BLACK: [u8; 3] = [0, 128, 128];
    let identity = |channels| (0..channels).flat_map(|_| 0..=255_u8);
    let mut table = b"mft1\0\0\0\0\x04\x03\x02\0".to_vec();
    for at in 0..9 {
        let one = if at % 4 == 0 { 0x1_0000_u32 } else { 0 };
        table.extend(one.to_be_bytes());
    }
    table.extend(identity(4));
    table.extend([GREEN, BLACK].concat().repeat(8));
    table.extend(identity(3));
    let tag = [&1_u32.to_be_bytes()[..], b"A2B0", &144_u32.to_be_bytes()].concat();
    let mut profile = vec![0; 128];
    profile[8] = 2;
    profile[12..24].copy_from_slice(b"prtrCMYKLab ");
    profile[36..40].copy_from_slice(b"acsp");
    // The illuminant, D50.
    profile[68..80].copy_from_slice(&[0, 0, 0xf6, 0xd6, 0, 1, 0, 0, 0, 0, 0xd3, 0x2d]);
    profile.extend(tag);
    profile.extend((table.len() as u32).to_be_bytes());
    profile.extend(table);
    let length = profile.len() as u32;
    profile[..4].copy_from_slice(&length.to_be_bytes());
    profile
}

#[test]
fn ink_prints_what_its_profile_says() {
    for kind in [ColorType::Cmyk, ColorType::CmykAsYcck] {
        let mut source = Vec::new();
        Encoder::new(&mut source, 95)
            .encode(&[255, 0, 0, 0].repeat(320 * 240), 320, 240, kind)
            .unwrap();
        for to in ["jpeg", "png", "webp"] {
            let (cyan, _) = result(&source, to);
            assert_near(cyan, [0, 255, 255]);
            let (green, profile) = result(&described(source.clone(), paint()), to);
            assert_near(green, [79, 161, 90]);
            assert_eq!(profile, None);
        }
    }
}
