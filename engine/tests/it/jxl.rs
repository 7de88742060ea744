//! JPEG XL, bare and in boxes.

use std::io::Cursor;

use engine::{Format, InputError, Inspection, Limits, RenderError, inspect};
use image::{DynamicImage, GenericImageView as _, RgbaImage};
use zune_core::{bit_depth::BitDepth, colorspace::ColorSpace, options::EncoderOptions};
use zune_jpegxl::JxlSimpleEncoder;

use crate::support::{decoded, landscape, rendered};

/// A file of the picture itself, without loss.
pub(crate) fn bare(picture: &DynamicImage) -> Vec<u8> {
    let (colors, depth, samples) = match picture {
        DynamicImage::ImageLuma8(_) => (ColorSpace::Luma, BitDepth::Eight, picture.as_bytes()),
        DynamicImage::ImageRgb8(_) => (ColorSpace::RGB, BitDepth::Eight, picture.as_bytes()),
        DynamicImage::ImageRgba8(_) => (ColorSpace::RGBA, BitDepth::Eight, picture.as_bytes()),
        DynamicImage::ImageRgb16(_) => (ColorSpace::RGB, BitDepth::Sixteen, picture.as_bytes()),
        other => panic!("{:?} is not written", other.color()),
    };
    let (width, height) = picture.dimensions();
    let options = EncoderOptions::new(width as usize, height as usize, colors, depth);
    let mut bytes = Vec::new();
    JxlSimpleEncoder::new(samples, options)
        .encode(&mut bytes)
        .unwrap();
    bytes
}

fn part(name: &[u8; 4], content: &[u8]) -> Vec<u8> {
    let length = 8 + content.len() as u32;
    [&length.to_be_bytes()[..], name, content].concat()
}

fn boxed(parts: &[Vec<u8>]) -> Vec<u8> {
    let signature = part(b"JXL ", b"\r\n\x87\n");
    let kind = part(b"ftyp", b"jxl \0\0\0\0jxl ");
    [signature, kind, parts.concat()].concat()
}

/// The picture in two parts, with a block of EXIF between them that asks for a turn and names an author.
pub(crate) fn in_boxes(picture: &DynamicImage) -> Vec<u8> {
    let codestream = bare(picture);
    let (first, rest) = codestream.split_at(3);
    let exif = b"\0\0\0\0II*\0\x08\0\0\0\x02\0\
        \x12\x01\x03\0\x01\0\0\0\x06\0\0\0\
        \x3b\x01\x02\0\x04\0\0\0Ada\0\0\0\0\0";
    boxed(&[
        part(b"jxlp", &[b"\0\0\0\0", first].concat()),
        part(b"Exif", exif),
        part(b"jxlp", &[b"\x80\0\0\x01", rest].concat()),
    ])
}

/// What a header says of a picture with red, green, blue and alpha.
#[derive(Clone, Copy)]
struct Said<'f> {
    orientation: u64,
    alpha: &'f [(u32, u64)],
    colors: &'f [(u32, u64)],
}

/// What the encoder says.
const PLAIN: Said<'_> = Said {
    orientation: 1,
    alpha: &[(1, 1)],
    colors: &[(1, 1)],
};

/// The picture under a header that says something else of it. Written anew, for its fields have no places of their own.
fn saying(said: Said<'_>, picture: &RgbaImage) -> Vec<u8> {
    let mut file = bare(&DynamicImage::ImageRgba8(picture.clone()));
    let [width, height] = [picture.width(), picture.height()].map(u64::from);
    let sides = [
        (16, 0x0aff),
        (1, 0),
        (2, 0),
        (9, height - 1),
        (3, 0),
        (2, 0),
        (9, width - 1),
    ];
    let turn = [(1, 1), (3, said.orientation - 1), (1, 0), (1, 0), (1, 0)];
    // Depth of eight bits, one channel more; no XYB; no extensions.
    let header = |said: Said<'_>, turn: &[(u32, u64)], tones: &[(u32, u64)]| {
        let depth = [(1, 0), (2, 0), (1, 1), (2, 1)];
        let parts: [&[(u32, u64)]; 9] = [
            &sides,
            &[(1, 0)],
            turn,
            &depth,
            said.alpha,
            &[(1, 0)],
            said.colors,
            tones,
            &[(2, 0), (1, 1)],
        ];
        bits(&parts.concat())
    };
    let written = header(PLAIN, &[(1, 0)], &[]);
    assert_eq!(file[..written.len()], written);
    file.splice(..written.len(), header(said, &turn, &[(1, 1)]));
    file
}

/// Numbers of so many bits, the lowest first.
fn bits(fields: &[(u32, u64)]) -> Vec<u8> {
    let bits = fields
        .iter()
        .flat_map(|&(bits, value)| (0..bits).map(move |bit| (value >> bit) as u8 & 1));
    let bits: Vec<_> = bits.collect();
    bits.chunks(8)
        .map(|byte| byte.iter().rev().fold(0, |all, bit| all << 1 | bit))
        .collect()
}

fn shown(source: &[u8]) -> DynamicImage {
    let fields = [("wm_text", "\u{200d}"), ("wm_format", "png")];
    decoded(&rendered(source, &fields).unwrap().bytes)
}

fn inspected(source: &[u8]) -> Inspection {
    inspect(Cursor::new(source), &Limits::default()).unwrap()
}

/// A picture that no turn leaves as it is, with something to see through.
fn glass(width: u32, height: u32) -> RgbaImage {
    let mut picture = DynamicImage::from(landscape(width, height)).to_rgba8();
    for (x, _, pixel) in picture.enumerate_pixels_mut() {
        pixel[3] = 255 - (x % 200) as u8;
    }
    picture
}

#[test]
fn what_is_stored_without_loss_is_shown_to_the_bit() {
    for (width, height) in [(2, 2), (3, 5), (257, 31), (300, 600)] {
        let colored = DynamicImage::from(landscape(width, height));
        let gray = DynamicImage::from(colored.to_luma8());
        let glass = DynamicImage::from(glass(width, height));
        for picture in [colored, gray, glass] {
            for file in [bare(&picture), in_boxes(&picture)] {
                let same = shown(&file).to_rgba8() == picture.to_rgba8();
                assert!(same, "{width}×{height} of {:?}", picture.color());
            }
        }
    }
}

#[test]
fn boxes_may_be_long_or_reach_to_the_end() {
    let picture = DynamicImage::from(landscape(30, 20));
    let codestream = bare(&picture);
    let length = 16 + codestream.len() as u64;
    let long = [b"\0\0\0\x01jxlc", &length.to_be_bytes()[..], &codestream].concat();
    let open = [b"\0\0\0\0jxlc", &codestream[..]].concat();
    for last in [long, open] {
        let file = boxed(&[part(b"free", b"nothing"), last]);
        assert_eq!(shown(&file).to_rgb8(), picture.to_rgb8());
    }
}

#[test]
fn sixteen_bits_become_the_nearest_eight() {
    let picture = DynamicImage::from(landscape(40, 30));
    let mut deep = picture.to_rgb16();
    deep.iter_mut()
        .for_each(|sample| *sample = sample.saturating_add(100));
    let file = bare(&DynamicImage::from(deep));
    assert_eq!(shown(&file).to_rgb8(), picture.to_rgb8());
}

#[test]
fn a_header_tells_the_picture_and_its_author() {
    let picture = DynamicImage::from(landscape(70, 50));
    for file in [bare(&picture), in_boxes(&picture)] {
        let header = inspected(&file);
        assert_eq!(
            (header.format, header.displayed(), header.frames),
            (Format::Jxl, (70, 50), 1)
        );
    }
    assert_eq!(inspected(&in_boxes(&picture)).exif.artist, "Ada");
}

#[test]
fn a_picture_is_turned_once_as_its_own_header_says() {
    let stored = glass(30, 20);
    let upright = |orientation: u64| {
        let picture = DynamicImage::from(stored.clone());
        match orientation {
            1 => picture,
            2 => picture.fliph(),
            3 => picture.rotate180(),
            4 => picture.flipv(),
            5 => picture.rotate90().fliph(),
            6 => picture.rotate90(),
            7 => picture.rotate270().fliph(),
            _ => picture.rotate270(),
        }
    };
    for orientation in 1..=8 {
        let said = Said {
            orientation,
            ..PLAIN
        };
        let file = saying(said, &stored);
        let expected = upright(orientation).to_rgba8();
        assert_eq!(inspected(&file).displayed(), expected.dimensions());
        let same = shown(&file).to_rgba8() == expected;
        assert!(same, "orientation {orientation}");
    }
}

/// Of RGB with the whites of daylight: its primaries, those of sRGB if there are none, and its curve, by the numbers of
/// ITU-T H.273.
fn colors(primaries: Option<u64>, curve: u64) -> Vec<(u32, u64)> {
    let number = |number: u64| vec![(2, 2), (4, number - 2)];
    let begin = [(1, 0), (1, 0), (2, 0), (2, 1)];
    let primaries = primaries.map_or(vec![(2, 1)], number);
    let relative = (2, 1);
    [
        &begin[..],
        &primaries,
        &[(1, 0)],
        &number(curve),
        &[relative],
    ]
    .concat()
}

#[test]
fn colours_of_another_gamut_go_on_with_their_profile() {
    let picture = glass(30, 20);
    let said = Said {
        colors: &colors(Some(11), 13),
        ..PLAIN
    };
    let file = saying(said, &picture);
    assert_eq!(shown(&file).to_rgba8(), picture);
    let fields = [("wm_text", "\u{200d}"), ("wm_format", "png")];
    let result = rendered(&file, &fields).unwrap().bytes;
    let is_described = |file: &[u8]| file.windows(4).any(|chunk| chunk == b"iCCP");
    assert!(is_described(&result));
    let plain = rendered(&bare(&picture.into()), &fields).unwrap().bytes;
    assert!(!is_described(&plain));
}

#[test]
fn light_that_is_counted_evenly_becomes_that_of_srgb() {
    let linear = RgbaImage::from_pixel(9, 9, image::Rgba([55, 13, 188, 255]));
    let said = Said {
        colors: &colors(None, 8),
        ..PLAIN
    };
    let shown = shown(&saying(said, &linear)).to_rgb8();
    assert_eq!(shown.get_pixel(4, 4).0, [128, 64, 223]);
}

#[test]
fn colours_that_were_multiplied_by_alpha_are_divided_by_it() {
    let stored = RgbaImage::from_pixel(9, 9, image::Rgba([100, 50, 0, 128]));
    let associated = [(1, 0), (2, 0), (1, 0), (2, 0), (2, 0), (2, 0), (1, 1)];
    let said = Said {
        alpha: &associated,
        ..PLAIN
    };
    let shown = shown(&saying(said, &stored)).to_rgba8();
    assert_eq!(shown.get_pixel(4, 4).0, [199, 100, 0, 128]);
}

#[test]
fn what_is_too_large_is_refused_by_its_header() {
    let header = |height: u64, width: u64| {
        let sides = [
            (1, 0),
            (2, 3),
            (30, height - 1),
            (3, 0),
            (2, 3),
            (30, width - 1),
        ];
        let rest = [(1, 1), (1, 1), (8, 0)];
        let bytes = bits(&[&[(16, 0x0aff)], &sides[..], &rest].concat());
        inspect(Cursor::new(bytes), &Limits::default()).unwrap_err()
    };
    assert!(matches!(header(1 << 30, 1), InputError::SideTooLong { .. }));
    assert!(matches!(
        header(16_384, 16_384),
        InputError::TooManyPixels { .. }
    ));
    assert!(matches!(
        header(9000, 9000),
        InputError::TooManyBytes { .. }
    ));
}

#[test]
fn a_cut_picture_is_an_error_wherever_it_is_cut() {
    let picture = DynamicImage::from(landscape(60, 40));
    for file in [bare(&picture), in_boxes(&picture)] {
        for length in (0..file.len()).step_by(7).chain([file.len() - 1]) {
            let refused = rendered(&file[..length], &[]).unwrap_err();
            assert!(
                matches!(refused, RenderError::Input(_)),
                "{length}: {refused}"
            );
        }
    }
}
