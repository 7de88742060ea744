//! What a splice is not made for takes the long way, and comes out or fails as if there were no other.

use std::ops::ControlFlow;

use engine::{Fonts, InputError, Limits, RenderError, Rendered, render};
use image::ImageFormat;
use jpeg_encoder::{ColorType, Encoder};
use proptest::prelude::*;
use schemas::{Step, Written};

use crate::{
    metadata::{exif, with_exif},
    photo::{Photo, components, encoded_with, sampling},
    splice::{KEEP, LONG_WAY},
    support::{decoded, encoded, recipe, rendered},
};

const STEPS: [Step; 4] = [Step::Decode, Step::Resize, Step::Watermark, Step::Encode];

#[track_caller]
fn assert_long_way(source: &[u8], fields: &[(&str, &str)]) {
    let result = rendered(source, fields).unwrap();
    assert_ne!(result.written, Written::Spliced, "{fields:?}");
    assert_eq!(decoded(&result.bytes).width(), result.width);
}

#[test]
fn another_wish_takes_the_long_way() {
    let source = Photo::of(300, 200).jpeg();
    assert_long_way(&source, &[("quality", "80")]);
    for wish in [
        ("width", "299"),
        ("progressive", "true"),
        ("max_bytes", "1000000"),
        ("wm_format", "png"),
        ("wm_format", "webp"),
    ] {
        assert_long_way(&source, &[KEEP, wish]);
    }
}

#[test]
fn another_kind_of_file_takes_the_long_way() {
    let photo = Photo::of(300, 200);
    let as_it_is = |_: &mut Encoder<&mut Vec<u8>>| {};
    let progressive = |encoder: &mut Encoder<&mut Vec<u8>>| encoder.set_progressive(true);
    // With tables of its own, this encoder writes a scan for each component.
    let scans = |encoder: &mut Encoder<&mut Vec<u8>>| encoder.set_optimized_huffman_tables(true);
    for source in [
        encoded_with(&progressive, ColorType::Rgb, &photo.picture),
        encoded_with(&scans, ColorType::Rgb, &photo.picture),
        encoded_with(&as_it_is, ColorType::Cmyk, &vec![90; 300 * 200 * 4]),
        encoded_with(&as_it_is, ColorType::CmykAsYcck, &vec![90; 300 * 200 * 4]),
        with_exif(photo.jpeg(), exif(2, "", "")),
        with_exif(photo.jpeg(), exif(6, "", "")),
        encoded(photo.picture.clone(), ImageFormat::Png),
    ] {
        assert_long_way(&source, &[KEEP, ("wm_format", "jpeg")]);
    }
}

#[test]
fn a_grey_picture_takes_the_long_way_to_colour() {
    let photo = Photo {
        is_gray: true,
        ..Photo::of(300, 200)
    };
    let source = photo.jpeg();
    let coloured = rendered(&source, &[KEEP, ("wm_color", "#ff8000")]).unwrap();
    assert_eq!(coloured.written, Written::AsSource);
    assert_eq!(components(&coloured.bytes).len(), 3);
}

#[test]
fn a_pattern_over_a_large_picture_takes_the_way_that_needs_less() {
    let photo = Photo {
        sampling: sampling(1, 1),
        ..Photo::of(3200, 3000)
    };
    let box_of_it = [("width", "3200"), ("height", "3200")];
    let source = photo.jpeg();
    let written = |position| {
        let fields = [&box_of_it[..], &[KEEP, ("wm_position", position)]].concat();
        rendered(&source, &fields).unwrap().written
    };
    assert_eq!(written("tile"), Written::AsSource);
    assert_eq!(written("left"), Written::Spliced);
}

#[test]
fn an_open_quality_keeps_what_is_coarse_enough() {
    let of = |quality, is_gray| {
        let photo = Photo {
            quality,
            is_gray,
            ..Photo::of(600, 400)
        };
        rendered(&photo.with_a_long_comment(), &[]).unwrap().written
    };
    for is_gray in [false, true] {
        assert_eq!(of(80, is_gray), Written::Spliced);
        assert_eq!(of(81, is_gray), Written::AtQuality(80));
    }
}

/// Nothing is worth a larger file where nobody asked for one.
#[test]
fn an_open_quality_is_no_larger_than_its_original() {
    let photo = Photo {
        is_optimized: true,
        quality: 60,
        ..Photo::of(600, 400)
    };
    let source = photo.jpeg();
    let kept = rendered(&source, &[KEEP]).unwrap();
    assert_eq!(kept.written, Written::Spliced);
    assert!(
        kept.bytes.len() > source.len(),
        "the mark has to be written"
    );
    let open = rendered(&source, &[]).unwrap();
    assert!(open.bytes.len() <= source.len());
    assert_ne!(open.written, Written::Spliced);
    let with_room = rendered(&photo.with_a_long_comment(), &[]).unwrap();
    assert_eq!(with_room, kept);
}

fn rendered_until(
    source: &[u8],
    fields: &[(&str, &str)],
    stop: Option<Step>,
) -> (Vec<Step>, Result<Rendered, RenderError>) {
    let mut told = Vec::new();
    let result = render(
        source,
        &recipe(fields),
        &Fonts::embedded(),
        &Limits::default(),
        &mut |step| {
            told.push(step);
            if Some(step) == stop {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        },
    );
    (told, result)
}

#[test]
fn every_way_tells_its_steps_once_and_stops_before_each() {
    let colour = Photo::of(300, 200).jpeg();
    let gray = Photo {
        is_gray: true,
        ..Photo::of(300, 200)
    };
    let optimized = Photo {
        is_optimized: true,
        ..Photo::of(300, 200)
    };
    for (source, fields) in [
        (&colour, [KEEP, ("wm_position", "auto")]),
        (&gray.jpeg(), [KEEP, ("wm_color", "#ff8000")]),
        (&optimized.jpeg(), [("quality", "auto"), ("wm_rotate", "9")]),
    ] {
        let (told, result) = rendered_until(source, &fields, None);
        assert!(result.is_ok());
        assert_eq!(told, STEPS, "{fields:?}");
        for (at, step) in STEPS.into_iter().enumerate() {
            let (told, result) = rendered_until(source, &fields, Some(step));
            assert_eq!(told, STEPS[..=at]);
            assert_eq!(result, Err(RenderError::Stopped { before: step }));
        }
    }
}

#[test]
fn damage_is_called_what_the_long_way_calls_it() {
    let source = Photo::of(300, 200).jpeg();
    let mut flipped = source.clone();
    let middle = source.len() * 3 / 4;
    flipped[middle..middle + 40].fill(0xff);
    for broken in [&source[..source.len() / 2], &source[..700], &flipped] {
        let error = rendered(broken, &[KEEP]).unwrap_err();
        assert_eq!(Err(error.clone()), rendered(broken, &[KEEP, LONG_WAY]));
        assert!(
            matches!(error, RenderError::Input(InputError::Broken { .. })),
            "{error}"
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    /// What comes out is a picture that others can read, and nothing makes it panic.
    #[test]
    fn a_changed_file_is_spliced_whole_or_takes_the_long_way(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        in_header: bool,
        is_gray: bool,
    ) {
        let photo = Photo { is_gray, ..Photo::of(61, 47) };
        let mut source = photo.jpeg();
        let end = if in_header { source.len().min(650) } else { source.len() };
        for (place, value) in changes {
            source[place.index(end)] = value;
        }
        match rendered(&source, &[KEEP, ("wm_size", "10")]) {
            Ok(result) if result.written == Written::Spliced => {
                let planes = components(&result.bytes);
                prop_assert_eq!(planes[0].width(), result.width as usize);
            }
            _ => {}
        }
    }
}
