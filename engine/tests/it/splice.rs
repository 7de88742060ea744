//! A JPEG that keeps its size: everything but the mark stays as it is.

use std::thread;

use image::{GrayImage, ImageFormat};
use img_parts::{Bytes, ImageICC, jpeg::Jpeg};
use jpeg_encoder::{ColorType, Encoder};
use planes::Plane;
use schemas::Written;
use turbo::Decoder;

use crate::{
    metadata::{exif, with_exif},
    photo::{Photo, components, encoded_with, sampling},
    support::{decoded, display_p3, encoded, landscape, rendered},
};

pub(crate) const KEEP: (&str, &str) = ("quality", "keep");
/// More than any result here has, which is reason enough for the long way.
pub(crate) const LONG_WAY: (&str, &str) = ("max_bytes", "20000000");

/// Pixels that a mark covers, whatever its colour: white letters on black show it.
fn covered((width, height): (u32, u32), fields: &[(&str, &str)]) -> GrayImage {
    let white = [
        ("wm_color", "#ffffff"),
        ("wm_opacity", "1"),
        ("wm_format", "png"),
    ];
    let black = encoded(GrayImage::new(width, height), ImageFormat::Png);
    let result = rendered(&black, &[fields, &white].concat()).unwrap();
    decoded(&result.bytes).to_luma8()
}

/// Whether any pixel is covered that a block of a plane shows.
fn is_covered(covered: &GrayImage, plane: &Plane, (x, y): (usize, usize)) -> bool {
    let (across, down) = (
        (covered.width() as usize).div_ceil(plane.width()),
        (covered.height() as usize).div_ceil(plane.height()),
    );
    let columns = x * across..((x + 8) * across).min(covered.width() as usize);
    let rows = y * down..((y + 8) * down).min(covered.height() as usize);
    rows.into_iter().any(|y| {
        let mut columns = columns.clone();
        columns.any(|x| covered.get_pixel(x as u32, y as u32).0[0] > 0)
    })
}

fn block(plane: &Plane, (x, y): (usize, usize)) -> Vec<u8> {
    let rows = plane.samples().chunks_exact(plane.width()).skip(y).take(8);
    let end = (x + 8).min(plane.width());
    rows.flat_map(|row| row[x..end].to_vec()).collect()
}

/// Uncovered blocks are the source's; the others may be what the long way makes of them, and some are.
fn assert_marked_and_kept(source: &[u8], fields: &[(&str, &str)]) {
    let orange = [fields, &[KEEP, ("wm_color", "#e08020")]].concat();
    let result = rendered(source, &orange).unwrap();
    assert_eq!(result.written, Written::Spliced, "{fields:?}");
    let long_way = rendered(source, &[&orange[..], &[LONG_WAY]].concat()).unwrap();
    assert_eq!(long_way.written, Written::AsSource);
    assert_eq!(result.contrast, long_way.contrast, "{fields:?}");
    assert!(result.contrast.is_some());

    let covered = covered((result.width, result.height), fields);
    let [before, after, anew] = [source, &result.bytes, &long_way.bytes].map(components);
    let mut drawn = 0;
    for ((before, after), anew) in before.iter().zip(&after).zip(&anew) {
        for y in (0..before.height()).step_by(8) {
            for x in (0..before.width()).step_by(8) {
                let [before_block, after_block, anew_block] =
                    [before, after, anew].map(|plane| block(plane, (x, y)));
                let is_kept = after_block == before_block;
                let is_drawn = after_block == anew_block && is_covered(&covered, before, (x, y));
                drawn += usize::from(is_drawn && !is_kept);
                assert!(is_kept || is_drawn, "{fields:?}: block at {x}, {y}");
            }
        }
    }
    assert!(drawn > 0, "{fields:?}: there is no mark");
}

#[test]
fn every_block_without_a_mark_is_the_sources() {
    for (across, down) in [(1, 1), (2, 1), (1, 2), (2, 2), (4, 1)] {
        for (width, height) in [(320, 240), (301, 203), (127, 257)] {
            let photo = Photo {
                sampling: sampling(across, down),
                ..Photo::of(width, height)
            };
            let source = photo.jpeg();
            for fields in [
                &[][..],
                &[("wm_position", "top-left"), ("wm_rotate", "-20")],
                &[("wm_position", "right"), ("wm_size", "12")],
                &[("wm_position", "tile"), ("wm_spacing", "20")],
            ] {
                assert_marked_and_kept(&source, fields);
            }
        }
    }
}

#[test]
fn sampling_that_is_never_written_is_kept() {
    let photo = Photo {
        sampling: sampling(4, 2),
        ..Photo::of(301, 203)
    };
    let source = photo.jpeg();
    let result = rendered(&source, &[KEEP]).unwrap();
    assert_eq!(result.written, Written::Spliced);
    let tables = |file| Decoder::open(file).unwrap().tables();
    assert_eq!(tables(&result.bytes), tables(&source));
}

#[test]
fn tables_of_its_own_change_nothing() {
    for quality in [30, 90] {
        let photo = Photo {
            quality,
            is_optimized: true,
            ..Photo::of(301, 203)
        };
        assert_marked_and_kept(&photo.jpeg(), &[]);
    }
}

#[test]
fn restart_markers_change_nothing() {
    for interval in [1, 7, 19, 100] {
        let with_markers =
            |encoder: &mut Encoder<&mut Vec<u8>>| encoder.set_restart_interval(interval);
        let source = encoded_with(&with_markers, ColorType::Rgb, &landscape(300, 200));
        assert_marked_and_kept(&source, &[]);
    }
}

#[test]
fn a_grey_picture_is_marked_in_its_plane() {
    let photo = Photo {
        is_gray: true,
        ..Photo::of(301, 203)
    };
    let source = photo.jpeg();
    let result = rendered(&source, &[KEEP]).unwrap();
    assert_eq!(result.written, Written::Spliced);
    let long_way = rendered(&source, &[KEEP, LONG_WAY]).unwrap();
    assert_eq!(result.contrast, long_way.contrast);
    assert_eq!(components(&result.bytes).len(), 1);
    // The sky has no mark.
    let rows = 301 * 96;
    let [before, after] = [&source, &result.bytes].map(|file| components(file).remove(0));
    assert_eq!(before.samples()[..rows], after.samples()[..rows]);
    assert_ne!(before, after);
}

#[test]
fn the_calmest_place_is_that_of_the_long_way() {
    for (width, height) in [(600, 400), (400, 600)] {
        let source = Photo::of(width, height).jpeg();
        let at = |position| rendered(&source, &[KEEP, ("wm_position", position)]).unwrap();
        let chosen = at("auto");
        assert_eq!(chosen.written, Written::Spliced);
        let png = |position| {
            let fields = [("wm_format", "png"), ("wm_position", position)];
            rendered(&source, &fields).unwrap().bytes
        };
        let places = ["top-left", "top", "top-right", "left", "center", "right"];
        let places = [&places[..], &["bottom-left", "bottom", "bottom-right"]].concat();
        let auto = png("auto");
        let place = places.into_iter().find(|place| png(place) == auto).unwrap();
        assert_eq!(chosen.bytes, at(place).bytes, "{place}");
    }
}

#[test]
fn a_mark_without_ink_leaves_every_byte_of_the_picture() {
    let source = Photo::of(200, 100).jpeg();
    let result = rendered(&source, &[KEEP, ("wm_text", "\u{200d}")]).unwrap();
    assert_eq!((result.written, result.contrast), (Written::Spliced, None));
    assert_eq!(result.bytes, source);
}

#[test]
fn tiny_pictures_are_marked_and_kept() {
    for side in [1, 2, 7, 8, 9, 17] {
        let source = Photo::of(side, 18 - side).jpeg();
        let result = rendered(&source, &[KEEP]).unwrap();
        assert_eq!(result.written, Written::Spliced);
        assert_eq!((result.width, result.height), (side, 18 - side));
        assert_eq!(components(&result.bytes).len(), 3);
    }
}

fn described(source: &[u8], profile: &[u8]) -> Vec<u8> {
    let mut jpeg = Jpeg::from_bytes(Bytes::copy_from_slice(source)).unwrap();
    jpeg.set_icc_profile(Some(Bytes::copy_from_slice(profile)));
    jpeg.encoder().bytes().to_vec()
}

fn profile_of(file: &[u8]) -> Option<Vec<u8>> {
    let jpeg = Jpeg::from_bytes(Bytes::copy_from_slice(file)).unwrap();
    jpeg.icc_profile().map(|profile| profile.to_vec())
}

#[test]
fn a_profile_goes_along_as_it_does_on_the_long_way() {
    let mut heavy = display_p3();
    heavy.resize(100_000, 0);
    heavy[..4].copy_from_slice(&100_000_u32.to_be_bytes());
    let source = Photo::of(300, 200).jpeg();
    for (profile, written, carried) in [
        (display_p3(), Written::Spliced, Some(display_p3())),
        (heavy, Written::AsSource, None),
        (b"no profile".to_vec(), Written::Spliced, None),
    ] {
        let source = described(&source, &profile);
        let result = rendered(&source, &[KEEP]).unwrap();
        let long_way = rendered(&source, &[KEEP, LONG_WAY]).unwrap();
        assert_eq!(result.written, written);
        assert_eq!(profile_of(&result.bytes), carried);
        assert_eq!(profile_of(&long_way.bytes), carried);
    }
}

/// What is told of a picture is told alike on both ways.
#[test]
fn credits_stand_where_the_long_way_writes_them() {
    let source = with_exif(Photo::of(300, 200).jpeg(), exif(1, "Ada", ""));
    let source = described(&source, &display_p3());
    let fields = [KEEP, ("copyright", "© NWS")];
    let told = |fields: &[(&str, &str)]| {
        let bytes = rendered(&source, fields).unwrap().bytes;
        let jpeg = Jpeg::from_bytes(bytes.into()).unwrap();
        let segments = jpeg.segments().iter();
        let told = segments.filter(|segment| matches!(segment.marker(), 0xe0..=0xef));
        told.map(|segment| (segment.marker(), segment.contents().clone()))
            .skip(1)
            .collect::<Vec<_>>()
    };
    let spliced = told(&fields);
    assert_eq!(spliced, told(&[&fields[..], &[LONG_WAY]].concat()));
    assert_eq!(spliced.len(), 3);
}

#[test]
fn the_same_bytes_come_out_on_every_thread() {
    let source = Photo::of(301, 203).jpeg();
    let first = rendered(&source, &[KEEP]).unwrap();
    thread::scope(|scope| {
        let others: Vec<_> = (0..4)
            .map(|_| scope.spawn(|| rendered(&source, &[KEEP]).unwrap()))
            .collect();
        for other in others {
            assert_eq!(other.join().unwrap(), first);
        }
    });
}
