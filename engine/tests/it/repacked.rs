//! PNGs that stay packed as they are, but for the rows beneath their mark; and those that cannot.

use std::ops::ControlFlow;

use engine::{Fonts, InputError, Limits, RenderError, Rendered, render};
use image::{DynamicImage, ImageFormat, RgbImage};
use img_parts::{
    Bytes, ImageEXIF, ImageICC,
    png::{Png, PngChunk},
};
use png::{BitDepth, ColorType, DeflateCompression, Encoder, Filter};
use proptest::prelude::{Just, ProptestConfig, Strategy, any, prop, prop_oneof, proptest};
use schemas::Written;

use crate::{
    metadata::exif,
    support::{decoded, display_p3, encoded, landscape, recipe, rendered},
};

const AS_PNG: (&str, &str) = ("wm_format", "png");
/// Who sets a limit gets everything packed anew.
const ANEW: (&str, &str) = ("max_bytes", "100000000");

const COLORS: [ColorType; 4] = [
    ColorType::Grayscale,
    ColorType::GrayscaleAlpha,
    ColorType::Rgb,
    ColorType::Rgba,
];
const FILTERS: [Filter; 6] = [
    Filter::NoFilter,
    Filter::Sub,
    Filter::Up,
    Filter::Avg,
    Filter::Paeth,
    Filter::Adaptive,
];

/// A landscape with noise in it, so that it takes as many bytes as photographs do.
fn grainy(width: u32, height: u32) -> RgbImage {
    let mut picture = landscape(width, height);
    let mut state = 1_u32;
    for sample in picture.iter_mut() {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        *sample = sample.saturating_add((state >> 28) as u8);
    }
    picture
}

fn pixels(color: ColorType, width: u32, height: u32) -> Vec<u8> {
    let picture = DynamicImage::from(grainy(width, height));
    let veiled = |samples: Vec<u8>, channels: usize| {
        let rows = samples.chunks_exact(channels).zip(0_u32..);
        let veiled = |(pixel, at): (&[u8], u32)| [pixel, &[255 - (at % 7) as u8]].concat();
        rows.flat_map(veiled).collect()
    };
    match color {
        ColorType::Grayscale => picture.to_luma8().into_raw(),
        ColorType::GrayscaleAlpha => veiled(picture.to_luma8().into_raw(), 1),
        ColorType::Rgb => picture.to_rgb8().into_raw(),
        _ => veiled(picture.to_rgb8().into_raw(), 3),
    }
}

/// A landscape as other encoders would write it.
fn source(
    color: ColorType,
    (width, height): (u32, u32),
    filter: Filter,
    compression: DeflateCompression,
) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = Encoder::new(&mut bytes, width, height);
    encoder.set_color(color);
    encoder.set_depth(BitDepth::Eight);
    encoder.set_deflate_compression(compression);
    encoder.set_filter(filter);
    let mut writer = encoder.write_header().unwrap();
    writer
        .write_image_data(&pixels(color, width, height))
        .unwrap();
    writer.finish().unwrap();
    bytes
}

fn plain() -> Vec<u8> {
    source(
        ColorType::Rgb,
        (400, 300),
        Filter::Paeth,
        DeflateCompression::Level(9),
    )
}

/// The packed pixels of a file.
fn packed(bytes: &[u8]) -> Vec<u8> {
    let png = Png::from_bytes(Bytes::copy_from_slice(bytes)).unwrap();
    let contents = png.chunks().iter().filter(|chunk| chunk.kind() == *b"IDAT");
    contents
        .flat_map(|chunk| chunk.contents().to_vec())
        .collect()
}

/// Whether the packed pixels are alike in their first half. The mark is at the bottom; the third byte tells whether a block
/// is the last one.
fn stays_packed(source: &[u8], result: &Rendered) -> bool {
    let (before, after) = (packed(source), packed(&result.bytes));
    let half = before.len() / 2;
    half > 3 && after.len() > half && before[3..half] == after[3..half]
}

/// A file with other chunks.
fn with_chunks(source: &[u8], change: impl FnOnce(&mut Vec<PngChunk>)) -> Vec<u8> {
    let mut png = Png::from_bytes(Bytes::copy_from_slice(source)).unwrap();
    change(png.chunks_mut());
    png.encoder().bytes().to_vec()
}

/// The same pixels in chunks of so many bytes, with an empty one between, and bytes behind their end.
fn in_parts(source: &[u8], part: usize) -> Vec<u8> {
    let mut all = packed(source);
    all.extend_from_slice(b"behind the end");
    let idat = |content: &[u8]| PngChunk::new(*b"IDAT", Bytes::copy_from_slice(content));
    with_chunks(source, |chunks| {
        let first = chunks
            .iter()
            .position(|chunk| chunk.kind() == *b"IDAT")
            .unwrap();
        chunks.retain(|chunk| chunk.kind() != *b"IDAT");
        let mut parts: Vec<_> = all.chunks(part).map(idat).collect();
        parts.insert(parts.len() / 2, idat(&[]));
        chunks.splice(first..first, parts);
    })
}

/// The result that stayed packed has the pixels of the one that was packed anew.
#[track_caller]
fn assert_same_picture(source: &[u8], fields: &[(&str, &str)]) -> Rendered {
    let fields = [fields, &[AS_PNG]].concat();
    let result = rendered(source, &fields).unwrap();
    let anew = rendered(source, &[&fields[..], &[ANEW]].concat()).unwrap();
    assert_eq!(decoded(&result.bytes), decoded(&anew.bytes));
    assert_eq!(result.contrast, anew.contrast);
    assert_eq!(result.written, Written::Lossless);
    assert_eq!(
        strictly_decoded(&result.bytes),
        strictly_decoded(&anew.bytes)
    );
    result
}

/// The pixels as a reader finds them that looks at the checksum as well.
fn strictly_decoded(bytes: &[u8]) -> Vec<u8> {
    let mut options = png::DecodeOptions::default();
    options.set_ignore_adler32(false);
    let decoder = png::Decoder::new_with_options(std::io::Cursor::new(bytes), options);
    let mut reader = decoder.read_info().unwrap();
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    reader.next_frame(&mut pixels).unwrap();
    reader.finish().unwrap();
    pixels
}

#[test]
fn every_kind_of_picture_stays_packed_and_gets_its_mark() {
    for color in COLORS {
        for filter in FILTERS {
            for compression in [
                DeflateCompression::FdeflateUltraFast,
                DeflateCompression::Level(1),
                DeflateCompression::Level(9),
            ] {
                let source = source(color, (400, 300), filter, compression);
                let result = assert_same_picture(&source, &[]);
                let kind = format!("{color:?} {filter:?} {compression:?}");
                assert!(stays_packed(&source, &result), "{kind}");
                assert!(result.bytes.len() < source.len() + 3000, "{kind}");
            }
        }
        let stored = source(
            color,
            (400, 300),
            Filter::NoFilter,
            DeflateCompression::NoCompression,
        );
        assert!(
            stays_packed(&stored, &assert_same_picture(&stored, &[])),
            "{color:?}"
        );
    }
}

#[test]
fn outside_of_the_mark_every_pixel_is_the_sources() {
    let source = plain();
    let result = rendered(&source, &[AS_PNG]).unwrap();
    let (before, after) = (decoded(&source).to_rgb8(), decoded(&result.bytes).to_rgb8());
    let differing = before
        .enumerate_pixels()
        .filter(|(x, y, pixel)| after.get_pixel(*x, *y) != *pixel);
    let differing: Vec<_> = differing.map(|(x, y, _)| (x, y)).collect();
    assert!(differing.len() > 100);
    assert!(differing.iter().all(|(x, y)| *x > 200 && *y > 250));
}

#[test]
fn every_place_and_every_kind_of_mark_can_stay() {
    let source = plain();
    for fields in [
        [("wm_position", "top-left"), ("wm_size", "3")],
        [("wm_position", "auto"), ("wm_size", "3")],
        [("wm_position", "center"), ("wm_rotate", "30")],
        [("wm_color", "#ff8000"), ("wm_opacity", "0.3")],
    ] {
        let result = assert_same_picture(&source, &fields);
        let grown = result.bytes.len().abs_diff(source.len());
        assert!(grown < source.len() / 50, "{fields:?}: {grown} bytes");
        let anew = rendered(&source, &[&fields[..], &[AS_PNG, ANEW]].concat()).unwrap();
        assert!(
            anew.bytes.len().abs_diff(source.len()) > 2 * grown,
            "{fields:?}"
        );
    }
}

#[test]
fn small_and_narrow_pictures_are_marked_alike() {
    for color in COLORS {
        for size in [
            (1, 1),
            (2, 1),
            (1, 2),
            (1, 40),
            (40, 1),
            (3, 5),
            (37, 29),
            (90, 7),
        ] {
            for compression in [
                DeflateCompression::FdeflateUltraFast,
                DeflateCompression::Level(6),
            ] {
                assert_same_picture(&source(color, size, Filter::Adaptive, compression), &[]);
            }
        }
    }
}

#[test]
fn pixels_in_many_chunks_are_one_stream() {
    let whole = plain();
    let expected = rendered(&whole, &[AS_PNG]).unwrap();
    for part in [1, 2, 1000, 8192, usize::MAX] {
        let parts = in_parts(&whole, part);
        assert_eq!(rendered(&parts, &[AS_PNG]).unwrap(), expected, "{part}");
    }
}

#[test]
fn a_picture_without_a_visible_mark_is_packed_as_it_was() {
    let source = plain();
    let result = rendered(&source, &[AS_PNG, ("wm_text", "\u{200d}")]).unwrap();
    assert_eq!(packed(&result.bytes), packed(&source));
}

#[test]
fn a_profile_goes_with_a_picture_that_stays_packed() {
    let mut png = Png::from_bytes(plain().into()).unwrap();
    png.set_icc_profile(Some(display_p3().into()));
    let source = png.encoder().bytes().to_vec();
    let result = assert_same_picture(&source, &[]);
    assert!(stays_packed(&source, &result));
    let written = Png::from_bytes(result.bytes.into()).unwrap();
    assert_eq!(written.icc_profile(), Some(display_p3().into()));
}

#[test]
fn credits_are_written_and_everything_else_is_dropped() {
    let mut png = Png::from_bytes(plain().into()).unwrap();
    png.set_exif(Some(exif(1, "Ada", "2026:11:20 10:11:12").into()));
    let text = Bytes::from_static(b"Comment\0SECRET");
    png.chunks_mut()
        .insert(1, PngChunk::new(*b"tEXt", text.clone()));
    let end = png.chunks().len() - 1;
    png.chunks_mut().insert(end, PngChunk::new(*b"tEXt", text));
    let source = png.encoder().bytes().to_vec();
    let result = assert_same_picture(&source, &[]);
    assert!(stays_packed(&source, &result));
    let has = |text: &[u8]| result.bytes.windows(text.len()).any(|part| part == text);
    assert!(has(b"Ada") && !has(b"SECRET"));
}

/// Each of these goes the long way, and what comes out is right.
#[test]
fn what_cannot_stay_is_packed_anew() {
    let rgb = plain();
    assert!(!stays_packed(
        &rgb,
        &rendered(&rgb, &[AS_PNG, ANEW]).unwrap()
    ));
    let gray = source(
        ColorType::Grayscale,
        (400, 300),
        Filter::Sub,
        DeflateCompression::Level(9),
    );
    let turned = {
        let mut png = Png::from_bytes(rgb.clone().into()).unwrap();
        png.set_exif(Some(exif(3, "", "").into()));
        png.encoder().bytes().to_vec()
    };
    let heavy = {
        let mut profile = display_p3();
        profile.resize(100_000, 0);
        profile[..4].copy_from_slice(&100_000_u32.to_be_bytes());
        let mut png = Png::from_bytes(rgb.clone().into()).unwrap();
        png.set_icc_profile(Some(profile.into()));
        png.encoder().bytes().to_vec()
    };
    let see_through = with_chunks(&rgb, |chunks| {
        let color = Bytes::from_static(&[0, 1, 0, 2, 0, 3]);
        chunks.insert(1, PngChunk::new(*b"tRNS", color));
    });
    let opaque = {
        let picture = DynamicImage::from(grainy(400, 300)).to_rgba8();
        encoded(picture, ImageFormat::Png)
    };
    for (name, source, fields) in [
        ("another size", &rgb, &[("width", "399")][..]),
        ("tiles", &rgb, &[("wm_position", "tile")]),
        ("colour on grey", &gray, &[("wm_color", "#ff0000")]),
        ("turned", &turned, &[]),
        ("a heavy profile", &heavy, &[]),
        ("a transparent colour", &see_through, &[]),
        ("idle alpha", &opaque, &[]),
    ] {
        let result = assert_same_picture(source, fields);
        assert!(!stays_packed(source, &result), "{name}");
    }
}

#[test]
fn what_memory_is_allowed_changes_no_byte() {
    const MIB: u64 = 1024 * 1024;
    let source = encoded(landscape(2000, 1400), ImageFormat::Png);
    let fields = [AS_PNG, ("width", "2000"), ("height", "1400")];
    let expected = rendered(&source, &fields).unwrap();
    assert!(stays_packed(&source, &expected));
    let mut refused = 0;
    for decoded_bytes_max in (20 * MIB..44 * MIB).step_by(4 * MIB as usize) {
        let limits = Limits {
            decoded_bytes_max,
            ..Limits::default()
        };
        let result = render(
            &source,
            &recipe(&fields),
            &Fonts::embedded(),
            &limits,
            &mut |_| ControlFlow::Continue(()),
        );
        match result {
            Ok(result) => assert!(result.bytes == expected.bytes, "{decoded_bytes_max}"),
            Err(RenderError::Input(InputError::TooManyBytes { .. })) => refused += 1,
            Err(other) => panic!("{other}"),
        }
    }
    assert!((1..6).contains(&refused), "{refused}");
}

#[test]
fn a_checksum_that_is_wrong_sends_a_picture_the_long_way() {
    let source = plain();
    let mut wrong = packed(&source);
    *wrong.last_mut().unwrap() ^= 1;
    let source = with_chunks(&source, |chunks| {
        let pixels = chunks.iter_mut().find(|chunk| chunk.kind() == *b"IDAT");
        *pixels.unwrap() = PngChunk::new(*b"IDAT", wrong.into());
    });
    let result = assert_same_picture(&source, &[]);
    assert!(!stays_packed(&source, &result));
    let mut broken = plain();
    let end = broken.len();
    broken[end - 16] ^= 1; // the checksum of the chunk itself
    assert!(matches!(
        rendered(&broken, &[AS_PNG]),
        Err(RenderError::Input(_))
    ));
}

#[test]
fn a_marked_png_is_hardly_larger_than_its_original_however_that_was_packed() {
    for filter in [Filter::NoFilter, Filter::Adaptive] {
        let source = source(
            ColorType::Rgb,
            (800, 600),
            filter,
            DeflateCompression::Level(9),
        );
        let result = rendered(&source, &[AS_PNG]).unwrap();
        assert!(result.bytes.len() < source.len() + source.len() / 33);
        assert_eq!(
            result,
            rendered(&source, &[AS_PNG]).unwrap(),
            "twice the same"
        );
    }
}

/// An animation's default image is what is shown where animations are not.
#[test]
fn of_an_animation_the_default_image_is_marked() {
    let still = plain();
    let moving = with_chunks(&still, |chunks| {
        let control = [2_u32.to_be_bytes(), 0_u32.to_be_bytes()].concat();
        chunks.insert(1, PngChunk::new(*b"acTL", control.into()));
        let (mut frame, mut pixels) = (vec![0; 26], vec![0, 0, 0, 1]);
        frame[4..8].copy_from_slice(&400_u32.to_be_bytes());
        frame[8..12].copy_from_slice(&300_u32.to_be_bytes());
        let end = chunks.len() - 1;
        chunks.insert(end, PngChunk::new(*b"fcTL", frame.into()));
        pixels.extend_from_slice(&packed(&still));
        chunks.insert(end + 1, PngChunk::new(*b"fdAT", pixels.into()));
    });
    let result = assert_same_picture(&moving, &[]);
    let expected = rendered(&still, &[AS_PNG]).unwrap();
    assert_eq!(decoded(&result.bytes), decoded(&expected.bytes));
}

/// Samples of other depths become eight bits, and palettes become colours.
#[test]
fn other_depths_and_palettes_become_eight_bits() {
    let write = |color, depth, row: &[u8], palette: Option<(&[u8], &[u8])>| {
        let mut bytes = Vec::new();
        let mut encoder = Encoder::new(&mut bytes, 8, 1);
        encoder.set_color(color);
        encoder.set_depth(depth);
        if let Some((colors, alphas)) = palette {
            encoder.set_palette(colors.to_vec());
            encoder.set_trns(alphas.to_vec());
        }
        encoder
            .write_header()
            .unwrap()
            .write_image_data(row)
            .unwrap();
        let fields = [AS_PNG, ("wm_text", "\u{200d}")];
        decoded(&rendered(&bytes, &fields).unwrap().bytes)
            .into_rgba8()
            .into_raw()
    };
    let gray = |samples: [u8; 8]| samples.map(|gray| [gray, gray, gray, 255]).concat();
    use BitDepth::{Eight, Four, One, Sixteen, Two};
    use ColorType::{Grayscale, Indexed};
    assert_eq!(
        write(Grayscale, One, &[0b1010_0110], None),
        gray([255, 0, 255, 0, 0, 255, 255, 0])
    );
    assert_eq!(
        write(Grayscale, Two, &[0b0001_1011, 0b1110_0100], None),
        gray([0, 85, 170, 255, 255, 170, 85, 0])
    );
    assert_eq!(
        write(Grayscale, Four, &[0x01, 0x23, 0x9a, 0xef], None),
        gray([0, 17, 34, 51, 153, 170, 238, 255])
    );
    let sixteen: Vec<u8> = (0..8).flat_map(|i| [i * 30, 200]).collect();
    assert_eq!(
        write(Grayscale, Sixteen, &sixteen, None),
        gray([0, 30, 60, 90, 120, 150, 180, 210])
    );
    let colors = [[10, 20, 30], [40, 50, 60], [70, 80, 90]];
    let palette = Some((colors.as_flattened(), &[255, 128][..]));
    let expected = |order: [usize; 8]| {
        let rgba = order.map(|at| [&colors[at][..], &[[255, 128, 255][at]]].concat());
        rgba.concat()
    };
    let order = [0, 1, 2, 1, 0, 2, 2, 1];
    let bytes = order.map(|at| at as u8);
    assert_eq!(write(Indexed, Eight, &bytes, palette), expected(order));
    let halves: Vec<u8> = bytes.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect();
    assert_eq!(write(Indexed, Four, &halves, palette), expected(order));
}

/// A file with some bytes changed, but with chunks that are whole: their checksums would tell.
fn damaged() -> impl Strategy<Value = Vec<u8>> {
    let places = prop_oneof![0_usize..60, any::<usize>()];
    let changes = prop::collection::vec((places, any::<u8>()), 0..4);
    let level = prop_oneof![Just(0), Just(1), Just(9)];
    (0..COLORS.len(), 0..FILTERS.len(), level, changes).prop_map(
        |(color, filter, level, changes)| {
            let compression = match level {
                0 => DeflateCompression::NoCompression,
                level => DeflateCompression::Level(level),
            };
            let source = source(COLORS[color], (31, 40), FILTERS[filter], compression);
            with_chunks(&source, |chunks| {
                let pixels = chunks
                    .iter_mut()
                    .find(|chunk| chunk.kind() == *b"IDAT")
                    .unwrap();
                let mut content = pixels.contents().to_vec();
                for (place, value) in changes {
                    let place = place % content.len();
                    content[place] = value;
                }
                *pixels = PngChunk::new(*b"IDAT", content.into());
            })
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn both_ways_take_and_refuse_the_same_files(bytes in damaged()) {
        let short = rendered(&bytes, &[AS_PNG]);
        let long = rendered(&bytes, &[AS_PNG, ANEW]);
        match (short, long) {
            (Ok(short), Ok(long)) => assert_eq!(decoded(&short.bytes), decoded(&long.bytes)),
            (short, long) => assert_eq!(short.map(|_| ()), long.map(|_| ())),
        }
    }
}
