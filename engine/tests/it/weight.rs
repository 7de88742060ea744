//! How many bytes a result has, and how it comes to them.

use engine::{InputError, RenderError, Rendered};
use image::{ImageFormat, RgbImage};
use jpeg_encoder::{ColorType, Encoder, SamplingFactor};
use planes::Subsampling;
use schemas::Written;
use turbo::{Decoder, Tables};

use crate::support::{decoded, encoded, landscape, rendered};

fn jpeg(picture: &RgbImage, quality: u8, sampling: SamplingFactor) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = Encoder::new(&mut bytes, quality);
    encoder.set_sampling_factor(sampling);
    let (width, height) = (picture.width() as u16, picture.height() as u16);
    let encoded = encoder.encode(picture.as_raw(), width, height, ColorType::Rgb);
    encoded.expect("the picture is a good one");
    bytes
}

/// With no bit to spare: the same picture at a higher quality is larger.
fn tight_jpeg(picture: &RgbImage, quality: u8) -> Vec<u8> {
    baseline::tightened(&jpeg(picture, quality, SamplingFactor::F_2_2)).unwrap()
}

fn quantised(bytes: &[u8]) -> (Tables, Subsampling) {
    Decoder::open(bytes).unwrap().tables().unwrap()
}

fn is_progressive(bytes: &[u8]) -> bool {
    bytes.windows(4).any(|marker| marker == [0xff, 0xc2, 0, 17])
}

/// The mean difference of a sample in the upper half, which the mark does not touch.
fn distance(one: &RgbImage, other: &RgbImage) -> f64 {
    let half = one.as_raw().len() / 2;
    let pairs = one.as_raw()[..half].iter().zip(other.as_raw());
    let sum: u64 = pairs.map(|(a, b)| u64::from(a.abs_diff(*b))).sum();
    sum as f64 / half as f64
}

#[test]
fn a_smooth_picture_has_tables_of_its_own() {
    // The counts that the table for luma of ITU-T T.81, annex K.3, begins with.
    const COMMON: &[u8] = &[0x10, 0, 2, 1, 3, 3, 2, 4, 3, 5, 5, 4, 4, 0, 0, 1, 0x7d];
    let smooth = RgbImage::from_fn(800, 600, |x, y| {
        image::Rgb([(x / 4) as u8, (y / 4) as u8, 90])
    });
    for (picture, is_common) in [(smooth, false), (landscape(800, 600), true)] {
        let source = encoded(picture, ImageFormat::Png);
        let jpeg = rendered(&source, &[("wm_format", "jpeg")]).unwrap().bytes;
        let found = jpeg.windows(COMMON.len()).any(|window| window == COMMON);
        assert_eq!(found, is_common);
    }
}

#[test]
fn a_kept_quality_is_that_of_the_sources_tables_and_sampling() {
    for (quality, sampling) in [
        (35, SamplingFactor::F_2_2),
        (75, SamplingFactor::F_2_1),
        (92, SamplingFactor::F_1_1),
    ] {
        let source = jpeg(&landscape(600, 400), quality, sampling);
        for (width, written) in [("600", Written::Spliced), ("300", Written::AsSource)] {
            let result = rendered(&source, &[("quality", "keep"), ("width", width)]).unwrap();
            assert_eq!(result.written, written);
            assert_eq!(
                quantised(&result.bytes),
                quantised(&source),
                "{quality} {width}"
            );
        }
    }
}

/// Quantised once more by the same tables, a block is what it was, but for the rounding of its samples.
#[test]
fn what_is_kept_hardly_changes() {
    let source = jpeg(&landscape(600, 400), 60, SamplingFactor::F_2_2);
    let before = decoded(&source).to_rgb8();
    let of = |quality| {
        // Progressive, so that nothing is copied.
        let fields = [("quality", quality), ("progressive", "true")];
        let result = rendered(&source, &fields).unwrap();
        distance(&before, &decoded(&result.bytes).to_rgb8())
    };
    let (kept, anew) = (of("keep"), of("61"));
    assert!(kept < 0.1, "{kept}");
    assert!(kept * 5.0 < anew, "{kept} and {anew}");
}

#[test]
fn what_has_no_tables_to_keep_is_written_by_its_area() {
    let source = encoded(landscape(100, 80), ImageFormat::Png);
    let written = |format| {
        let fields = [("quality", "keep"), ("wm_format", format)];
        rendered(&source, &fields).unwrap().written
    };
    assert_eq!(written("jpeg"), Written::AtQuality(80));
    assert_eq!(written("webp"), Written::AtQuality(75));
    assert_eq!(written("png"), Written::Lossless);
}

#[test]
fn a_progressive_result_is_the_same_picture_in_another_order() {
    let source = encoded(landscape(600, 400), ImageFormat::Png);
    let of = |progressive| rendered(&source, &[("progressive", progressive)]).unwrap();
    let (whole, coarse_first) = (of("false"), of("true"));
    assert!(!is_progressive(&whole.bytes) && is_progressive(&coarse_first.bytes));
    assert_eq!(decoded(&whole.bytes), decoded(&coarse_first.bytes));
}

#[test]
fn a_result_has_no_more_bytes_than_are_allowed() {
    let source = encoded(landscape(500, 400), ImageFormat::Png);
    for format in ["jpeg", "webp", "avif"] {
        let free = rendered(&source, &[("wm_format", format)]).unwrap();
        let bytes_max = free.bytes.len() * 2 / 3;
        let (fields, text) = ([("wm_format", format)], bytes_max.to_string());
        let fields = [&fields[..], &[("max_bytes", text.as_str())]].concat();
        let result = rendered(&source, &fields).unwrap();
        assert!(result.bytes.len() <= bytes_max, "{format}");
        assert!(
            result.bytes.len() * 10 > bytes_max * 8,
            "{format}: too little is left"
        );
        assert!(quality(&result) < quality(&free), "{format}");
    }
}

fn quality(result: &Rendered) -> u8 {
    match result.written {
        Written::AtQuality(quality) => quality,
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_is_small_enough_is_written_as_if_nobody_had_asked() {
    let source = encoded(landscape(300, 200), ImageFormat::Png);
    let allowed = rendered(&source, &[("max_bytes", "1000000")]).unwrap();
    assert_eq!(allowed, rendered(&source, &[]).unwrap());
}

#[test]
fn what_cannot_be_so_small_is_refused_with_what_it_needs() {
    let source = encoded(landscape(300, 200), ImageFormat::Png);
    for format in ["jpeg", "webp", "avif", "png"] {
        let refused = rendered(&source, &[("wm_format", format), ("max_bytes", "200")]);
        let Err(RenderError::Input(error @ InputError::ResultTooLarge { .. })) = refused else {
            panic!("{format}: {refused:?}");
        };
        let (measured, limit) = error.measured_and_limit().unwrap();
        assert!(measured > 200 && limit == 200, "{error}");
    }
}

#[test]
fn a_marked_picture_is_no_larger_than_its_original() {
    let picture = landscape(600, 400);
    for quality in [20, 50, 79] {
        let source = tight_jpeg(&picture, quality);
        let result = rendered(&source, &[]).unwrap();
        assert!(result.bytes.len() <= source.len(), "{quality}");
        assert_ne!(result.written, Written::AtQuality(80));
        let asked = rendered(&source, &[("quality", "80")]).unwrap();
        assert!(
            asked.bytes.len() > source.len(),
            "who asks for more gets more"
        );
    }
    for format in ["webp", "avif"] {
        let fields = [("wm_format", format), ("quality", "30")];
        let source = rendered(&encoded(picture.clone(), ImageFormat::Png), &fields);
        let source = source.unwrap().bytes;
        let result = rendered(&source, &[("wm_format", format)]).unwrap();
        assert!(result.bytes.len() <= source.len(), "{format}");
    }
}

#[test]
fn a_kept_picture_of_another_size_or_format_is_not_held_against_its_original() {
    let source = jpeg(&landscape(600, 400), 20, SamplingFactor::F_2_2);
    for fields in [[("width", "590")], [("wm_format", "webp")]] {
        let result = rendered(&source, &fields).unwrap();
        assert!(quality(&result) >= 75, "{fields:?}");
    }
}

#[test]
fn a_picture_that_cannot_be_smaller_than_its_original_is_still_a_picture() {
    let source = jpeg(&landscape(2, 2), 10, SamplingFactor::F_2_2);
    let result = rendered(&source, &[]).unwrap();
    assert_eq!((result.width, result.height), (2, 2));
}
