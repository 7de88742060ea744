//! A splice changes what was drawn on, and nothing else.

use baseline::{Region, Unspliced};
use jpeg_encoder::{ColorType, Encoder};
use planes::{Plane, Planes, Subsampling};
use proptest::prelude::*;

use crate::support::{SAMPLINGS, Source, oracle, splice, subsampling};

const fn region(x: usize, y: usize, width: usize, height: usize) -> Region {
    Region {
        x,
        y,
        width,
        height,
    }
}

/// Each corner, the middle, a strip from edge to edge, a pixel, everything.
fn places(width: usize, height: usize) -> [Region; 9] {
    let (w, h) = (width.div_ceil(4), height.div_ceil(5));
    [
        region(0, 0, w, h),
        region(width - w, 0, w, h),
        region(0, height - h, w, h),
        region(width - w, height - h, w, h),
        region((width - w) / 2, (height - h) / 2, w, h),
        region(0, height / 3, width, h),
        region(width / 3, 0, w, height),
        region(width / 2, height / 2, 1, 1),
        region(0, 0, width, height),
    ]
}

fn planes_of(picture: &Planes) -> Vec<(&Plane, Subsampling)> {
    let luma = (picture.luma(), Subsampling::NONE);
    let chroma = picture.chroma().into_iter();
    let chroma = chroma.flat_map(|c| [(&c.blue, c.subsampling), (&c.red, c.subsampling)]);
    [luma].into_iter().chain(chroma).collect()
}

/// Lightens stripes of a plane and leaves the gaps between them, in the picture's coordinates.
fn stripe(plane: &mut Plane, each: Subsampling, (left, top): (usize, usize), region: Region) {
    let width = plane.width();
    for (index, sample) in plane.samples_mut().iter_mut().enumerate() {
        let x = left + index % width * each.across;
        let y = top + index / width * each.down;
        let is_inside = x >= region.x
            && y >= region.y
            && x < region.x + region.width
            && y < region.y + region.height;
        if is_inside && (x / 12 + y / 9).is_multiple_of(3) {
            *sample = 255 - (255 - *sample) / 3;
        }
    }
}

fn mark(picture: &mut Planes, origin: (usize, usize), region: Region) {
    stripe(picture.luma_mut(), Subsampling::NONE, origin, region);
    if let Some(chroma) = picture.chroma_mut() {
        stripe(&mut chroma.blue, chroma.subsampling, origin, region);
        stripe(&mut chroma.red, chroma.subsampling, origin, region);
    }
}

fn marked(file: &[u8], region: Region) -> Result<Vec<u8>, Unspliced> {
    splice(file, region, &mut |planes, origin| {
        mark(planes, origin, region);
    })
}

/// `drawn` where it differs from `source`, by blocks of what was drawn on; else `source`.
fn merged(source: &Plane, drawn: &Plane, coded: &Plane) -> Plane {
    let (width, height) = (source.width(), source.height());
    let block = |plane: &Plane, x: usize, y: usize| -> Vec<u8> {
        let (x, y) = (x / 8 * 8, y / 8 * 8);
        let rows = y..(y + 8).min(height);
        let end = (x + 8).min(width);
        rows.flat_map(|y| plane.samples()[y * width..][x..end].to_vec())
            .collect()
    };
    let sample = |index: usize| {
        let (x, y) = (index % width, index / width);
        let is_drawn = block(source, x, y) != block(drawn, x, y);
        (if is_drawn { coded } else { source }).samples()[index]
    };
    Plane::new(width, height, (0..width * height).map(sample).collect())
}

/// Outside the mark the source's samples, inside what decoding, drawing and encoding give.
fn assert_spliced(file: &[u8], source: Source, region: Region) {
    let result = marked(file, region).unwrap();
    let before = oracle(file, &source);
    let mut drawn = before.clone();
    mark(&mut drawn, (0, 0), region);
    let coded = oracle(&source.encoded_from(&drawn), &source);
    let after = oracle(&result, &source);
    let [before, drawn, coded, after] = [&before, &drawn, &coded, &after].map(planes_of);
    for (((before, drawn), coded), after) in before.iter().zip(drawn).zip(coded).zip(after) {
        let expected = merged(before.0, drawn.0, coded.0);
        assert!(*after.0 == expected, "{region:?}, {source:?}");
    }
}

#[test]
fn every_sampling_and_place_changes_only_what_is_drawn_on() {
    for subsampling in SAMPLINGS {
        for (width, height) in [(1, 1), (8, 8), (97, 61), (160, 96), (201, 33)] {
            let source = Source {
                subsampling,
                ..Source::new(width, height)
            };
            let file = source.encoded();
            for region in places(width.into(), height.into()) {
                assert_spliced(&file, source, region);
            }
        }
    }
}

#[test]
fn a_grey_picture_changes_only_where_it_is_drawn_on() {
    let source = Source {
        gray: true,
        ..Source::new(121, 75)
    };
    for region in places(121, 75) {
        assert_spliced(&source.encoded(), source, region);
    }
}

#[test]
fn every_quality_is_coded_as_libjpeg_would() {
    for quality in 1..=100 {
        let source = Source {
            quality,
            ..Source::new(97, 61)
        };
        assert_spliced(&source.encoded(), source, region(20, 10, 60, 40));
    }
}

#[test]
fn a_picture_of_many_windows_of_bytes_is_spliced() {
    let source = Source {
        quality: 100,
        ..Source::new(2003, 601)
    };
    let file = source.encoded();
    for region in [region(1700, 500, 250, 80), region(3, 3, 40, 40)] {
        assert_spliced(&file, source, region);
    }
}

#[test]
fn a_mark_that_draws_nothing_leaves_every_byte() {
    for subsampling in SAMPLINGS {
        for optimized in [false, true] {
            let source = Source {
                subsampling,
                optimized,
                ..Source::new(203, 117)
            };
            let file = source.encoded();
            for region in places(203, 117) {
                let same = splice(&file, region, &mut |_, _| {}).unwrap();
                assert!(same == file, "{region:?}, {source:?}");
            }
        }
    }
}

#[test]
fn a_mark_outside_the_picture_is_not_drawn() {
    let file = Source::new(64, 48).encoded();
    for region in [
        region(64, 0, 9, 9),
        region(0, 48, 9, 9),
        region(5, 5, 0, 9),
        region(usize::MAX, 1, usize::MAX, 1),
    ] {
        let same = splice(&file, region, &mut |_, _| panic!("drawn"));
        assert!(same.unwrap() == file, "{region:?}");
    }
}

#[test]
fn the_mark_gets_whole_mcus_of_the_picture() {
    let file = Source::new(100, 50).encoded();
    let mut seen = None;
    splice(&file, region(33, 20, 62, 99), &mut |planes, origin| {
        seen = Some((planes.width(), planes.height(), origin));
    })
    .unwrap();
    assert_eq!(seen, Some((64, 34, (32, 16))));
}

#[test]
fn restart_markers_do_not_matter() {
    let (width, height) = (333, 125);
    for subsampling in [subsampling(1, 1), subsampling(2, 1), subsampling(2, 2)] {
        let with_interval = |restart_interval| Source {
            subsampling,
            restart_interval,
            ..Source::new(width, height)
        };
        // More than there are MCUs: none is written.
        let source = with_interval(60_000);
        let without = source.encoded();
        for region in places(width.into(), height.into()) {
            let expected = oracle(&marked(&without, region).unwrap(), &source);
            for interval in [1, 2, 3, 7, 21, 22, 42, 64, 100] {
                let spliced = marked(&with_interval(interval).encoded(), region).unwrap();
                assert!(
                    oracle(&spliced, &source) == expected,
                    "{interval}, {region:?}"
                );
            }
        }
    }
}

#[test]
fn a_mark_may_need_codes_that_the_file_has_not() {
    // One colour all over: optimised tables have codes for that and for nothing else.
    for gray in [false, true] {
        let source = Source {
            gray,
            optimized: true,
            ..Source::new(164, 148)
        };
        let mut flat = source.planes();
        flat.luma_mut().samples_mut().fill(90);
        let file = source.encoded_from(&flat);
        for region in places(164, 148) {
            assert_spliced(&file, source, region);
        }
    }
}

#[test]
fn a_photo_with_tables_of_its_own_changes_only_where_it_is_drawn_on() {
    for subsampling in SAMPLINGS {
        for quality in [30, 70, 95] {
            let source = Source {
                quality,
                subsampling,
                optimized: true,
                ..Source::new(201, 133)
            };
            let file = source.encoded();
            for region in places(201, 133) {
                assert_spliced(&file, source, region);
            }
        }
    }
}

#[test]
fn restart_markers_do_not_matter_when_codes_are_missing() {
    let (width, height) = (203, 90);
    let source = Source {
        gray: true,
        ..Source::new(width, height)
    };
    // Flat blocks, each of another grey: codes for all differences, and for nothing else.
    let gray = |index: usize| {
        let (x, y) = (index % usize::from(width), index / usize::from(width));
        ((x / 8 * 7919) ^ (y / 8 * 104_729)) as u8
    };
    let samples = usize::from(width) * usize::from(height);
    let flat: Vec<u8> = (0..samples).map(gray).collect();
    let file = |restart_interval| {
        let mut file = Vec::new();
        let mut encoder = Encoder::new(&mut file, 85);
        encoder.set_optimized_huffman_tables(true);
        encoder.set_restart_interval(restart_interval);
        encoder
            .encode(&flat, width, height, ColorType::Luma)
            .unwrap();
        file
    };
    for region in places(width.into(), height.into()) {
        let expected = oracle(&marked(&file(60_000), region).unwrap(), &source);
        for interval in [1, 2, 7, 26, 100] {
            let spliced = marked(&file(interval), region).unwrap();
            assert!(
                oracle(&spliced, &source) == expected,
                "{interval}, {region:?}"
            );
        }
    }
}

proptest! {
    #[test]
    fn any_picture_changes_only_where_it_is_drawn_on(
        (width, height) in (1..300_u16, 1..150_u16),
        (x, y, across, down) in (0..320_usize, 0..160_usize, 0..320_usize, 0..160_usize),
        quality in 1..=100_u8,
        sampling in 0..SAMPLINGS.len(),
        optimized: bool,
    ) {
        let subsampling = SAMPLINGS[sampling];
        let source = Source { quality, subsampling, optimized, ..Source::new(width, height) };
        assert_spliced(&source.encoded(), source, region(x, y, across, down));
    }
}
