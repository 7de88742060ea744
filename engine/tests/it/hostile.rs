//! Bytes of strangers: no panic, no limit passed, whatever they are.

use std::{io::Cursor, ops::ControlFlow, sync::LazyLock};

use crate::support::{encoded, landscape, recipe, rendered};
use engine::{Fonts, InputError, Inspection, Limits, check, inspect, render};
use image::ImageFormat;
use proptest::prelude::{Just, ProptestConfig, Strategy, any, prop, prop_oneof, proptest};

/// Small, so that a lie about dimensions is refused and not worked on.
const LIMITS: Limits = Limits {
    pixels_max: 100_000,
    side_max: 2000,
    decoded_bytes_max: 32 * 1024 * 1024,
    frames_max: 20,
    animation_pixels_max: 1_000_000,
};

static PICTURES: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    let formats = [
        ImageFormat::Jpeg,
        ImageFormat::Png,
        ImageFormat::WebP,
        ImageFormat::Gif,
        ImageFormat::Tiff,
        ImageFormat::Bmp,
    ];
    let mut pictures: Vec<_> = formats
        .map(|format| encoded(landscape(48, 40), format))
        .into();
    pictures.push(progressive_jpeg());
    pictures.push(result_as("webp"));
    pictures.push(result_as("avif"));
    pictures.push(crate::tiff::palette_file(true));
    pictures.push(crate::jxl::bare(&landscape(48, 40).into()));
    pictures.push(crate::jxl::in_boxes(&landscape(48, 40).into()));
    pictures.extend(ANIMATIONS.iter().cloned());
    pictures
});

fn progressive_jpeg() -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = jpeg_encoder::Encoder::new(&mut bytes, 80);
    encoder.set_progressive(true);
    encoder
        .encode(&landscape(48, 40), 48, 40, jpeg_encoder::ColorType::Rgb)
        .unwrap();
    bytes
}

fn result_as(format: &str) -> Vec<u8> {
    let source = encoded(landscape(48, 40), ImageFormat::Png);
    crate::support::rendered(&source, &[("wm_format", format)])
        .unwrap()
        .bytes
}

static ANIMATIONS: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    let gif = gif_of(&[10, 120, 240, 30]);
    let webp = crate::support::rendered(&gif, &[("wm_format", "webp")]);
    vec![gif, webp.unwrap().bytes, apng_of(&[10, 120, 240])]
});

/// Frames of one grey each, all but the first smaller than the screen.
fn gif_of(grays: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let palette: Vec<u8> = (0..=255).flat_map(|gray| [gray; 3]).collect();
    let mut encoder = gif::Encoder::new(&mut bytes, 48, 40, &palette).unwrap();
    for (at, &gray) in grays.iter().enumerate() {
        let place = 5 * at as u16;
        let (width, height) = (48 - place, 40 - place);
        let indices = vec![gray; usize::from(width) * usize::from(height)];
        let mut frame = gif::Frame::from_indexed_pixels(width, height, indices, Some(250));
        (frame.left, frame.top, frame.delay) = (place, place, 4);
        frame.dispose = [
            gif::DisposalMethod::Previous,
            gif::DisposalMethod::Background,
        ][at % 2];
        encoder.write_frame(&frame).unwrap();
    }
    drop(encoder);
    bytes
}

fn apng_of(grays: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, 48, 40);
    encoder.set_animated(grays.len() as u32, 0).unwrap();
    let mut writer = encoder.write_header().unwrap();
    for (at, &gray) in (0_u32..).zip(grays) {
        let (width, height) = (48 - 5 * at, 40 - 5 * at);
        writer.set_frame_dimension(width, height).unwrap();
        writer.set_frame_position(5 * at, 5 * at).unwrap();
        writer
            .write_image_data(&vec![gray; (width * height) as usize])
            .unwrap();
    }
    writer.finish().unwrap();
    bytes
}

/// A good file with some bytes changed, mostly in its header, and perhaps cut.
fn mutated(pictures: &'static LazyLock<Vec<Vec<u8>>>) -> impl Strategy<Value = Vec<u8>> {
    let places = prop_oneof![3 => 0_usize..200, 1 => any::<usize>()];
    let values = prop_oneof![any::<u8>(), Just(0), Just(0xff)];
    let changes = prop::collection::vec((places, values), 1..8);
    let cut = prop::option::weighted(0.2, any::<usize>());
    (0..pictures.len(), changes, cut).prop_map(move |(picture, changes, cut)| {
        let mut bytes = pictures[picture].clone();
        for (place, value) in changes {
            let place = place % bytes.len();
            bytes[place] = value;
        }
        if let Some(cut) = cut {
            bytes.truncate(cut % (bytes.len() + 1));
        }
        bytes
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_damaged_file_is_a_picture_or_a_reason(bytes in mutated(&PICTURES)) {
        let result = render(
            &bytes,
            &recipe(&[("width", "30")]),
            &Fonts::embedded(),
            &LIMITS,
            &mut |_| ControlFlow::Continue(()),
        );
        if let Ok(result) = result {
            assert!(result.width <= 30);
        }
    }

    #[test]
    fn a_damaged_animation_is_an_animation_or_a_reason(bytes in mutated(&ANIMATIONS)) {
        let result = render(
            &bytes,
            &recipe(&[("width", "30"), ("wm_format", "webp")]),
            &Fonts::embedded(),
            &LIMITS,
            &mut |_| ControlFlow::Continue(()),
        );
        if let Ok(result) = result {
            assert!(result.width <= 30 && result.frames <= LIMITS.frames_max);
        }
    }

    #[test]
    fn what_inspect_lets_pass_is_within_the_limits(bytes in mutated(&PICTURES)) {
        if let Ok(header) = inspect(Cursor::new(&bytes), &LIMITS) {
            assert!(header.width.max(header.height) <= LIMITS.side_max);
            assert!(u64::from(header.width) * u64::from(header.height) <= LIMITS.pixels_max);
            assert!(header.decode_bytes <= LIMITS.decoded_bytes_max);
            assert!(header.width > 0 && header.height > 0);
        }
    }

    #[test]
    fn noise_is_no_picture(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        assert!(inspect(Cursor::new(&bytes), &LIMITS).is_err());
    }
}

#[test]
fn a_bomb_is_refused_by_its_header() {
    let bomb = |width: u32, height: u32| {
        let mut bytes = encoded(landscape(1, 1), ImageFormat::Png);
        bytes[16..20].copy_from_slice(&width.to_be_bytes());
        bytes[20..24].copy_from_slice(&height.to_be_bytes());
        inspect(Cursor::new(bytes), &Limits::default()).unwrap_err()
    };
    assert!(matches!(
        bomb(u32::MAX, u32::MAX),
        InputError::SideTooLong { .. }
    ));
    assert!(matches!(
        bomb(16_384, 16_384),
        InputError::TooManyPixels { .. }
    ));
    assert!(matches!(bomb(0, 5), InputError::Broken { .. }));
}

/// Formats whose sides have 32 bits announce more bytes than can be counted.
#[test]
fn a_bomb_beyond_counting_is_refused_by_its_side() {
    let side = u32::MAX.to_le_bytes();
    let mut tiff = encoded(landscape(1, 1), ImageFormat::Tiff);
    for tag in [[0, 1], [1, 1]] {
        let fields = tiff.windows(4);
        let at = fields
            .enumerate()
            .position(|(at, field)| {
                at >= 8 && field[..2] == tag && matches!(field[2..], [3 | 4, 0])
            })
            .unwrap();
        tiff[at + 2] = 4;
        tiff[at + 8..at + 12].copy_from_slice(&side);
    }
    let png = encoded(landscape(1, 1), ImageFormat::Png);
    let mut avif = rendered(&png, &[("wm_format", "avif")]).unwrap().bytes;
    let extents = avif.windows(4).position(|name| name == b"ispe").unwrap();
    avif[extents + 8..extents + 16].copy_from_slice(&[side, side].concat());
    for bomb in [tiff, avif] {
        let refused = inspect(Cursor::new(bomb), &Limits::default()).unwrap_err();
        assert!(
            matches!(refused, InputError::SideTooLong { side: u32::MAX, .. }),
            "{refused}"
        );
    }
}

/// The largest photo that is promised: 100 megapixels fit as baseline JPEG, and as progressive JPEG while its coefficients
/// do.
#[test]
fn a_hundred_megapixels_fit_while_their_coefficients_do() {
    let header_of = |mut jpeg: Vec<u8>, sampling: u8| {
        let frame = jpeg
            .windows(2)
            .position(|marker| matches!(marker, [0xff, 0xc0 | 0xc2]))
            .unwrap();
        jpeg[frame + 5..frame + 7].copy_from_slice(&8660_u16.to_be_bytes());
        jpeg[frame + 7..frame + 9].copy_from_slice(&11_547_u16.to_be_bytes());
        jpeg[frame + 11] = sampling;
        inspect(Cursor::new(jpeg), &Limits::default())
    };
    let fits = |header: &Inspection, side: &str| {
        let recipe = recipe(&[("width", side), ("height", side)]);
        check(
            header,
            &recipe,
            &Fonts::embedded(),
            None,
            &Limits::default(),
        )
        .is_ok()
    };
    let baseline = header_of(encoded(landscape(8, 8), ImageFormat::Jpeg), 0x22).unwrap();
    assert!(fits(&baseline, "1920") && fits(&baseline, "16384"));
    let halved = header_of(progressive_jpeg(), 0x22).unwrap();
    assert!(fits(&halved, "1920") && !fits(&halved, "16384"));
    let whole = header_of(progressive_jpeg(), 0x11);
    assert!(matches!(whole, Err(InputError::TooManyBytes { .. })));
}
