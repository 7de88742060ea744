//! Animations that stay animations.

use std::io::Cursor;

use engine::{Format, InputError, Limits, RenderError, Rendered, inspect};
use gif::{DisposalMethod, Encoder, Frame, Repeat};
use image::{
    AnimationDecoder, ImageDecoder, RgbImage, RgbaImage, codecs::webp::WebPDecoder,
    metadata::LoopCount,
};

use crate::support::{decoded, display_p3, rendered};

const WIDTH: u16 = 160;
const HEIGHT: u16 = 120;
/// So many hundredths of a second, for each frame.
const DELAYS: [u16; 4] = [5, 0, 20, 300];

/// Frames of one grey each.
pub(crate) fn gif_of(grays: &[u8], repeat: Option<Repeat>) -> Vec<u8> {
    let mut bytes = Vec::new();
    let palette: Vec<u8> = (0..=255).flat_map(|gray| [gray; 3]).collect();
    let mut encoder = Encoder::new(&mut bytes, WIDTH, HEIGHT, &palette).unwrap();
    if let Some(repeat) = repeat {
        encoder.set_repeat(repeat).unwrap();
    }
    for (&gray, delay) in grays.iter().zip(DELAYS.into_iter().cycle()) {
        let indices = vec![gray; usize::from(WIDTH) * usize::from(HEIGHT)];
        let mut frame = Frame::from_indexed_pixels(WIDTH, HEIGHT, indices, None);
        frame.delay = delay;
        encoder.write_frame(&frame).unwrap();
    }
    drop(encoder);
    bytes
}

/// What a WebP shows, by `image`: our own results clear nothing, which is what it gets wrong.
fn shown(webp: &[u8]) -> Vec<(RgbaImage, u32)> {
    let decoder = WebPDecoder::new(Cursor::new(webp)).unwrap();
    let frame = |frame: image::Frame| {
        let (millis, _) = frame.delay().numer_denom_ms();
        (frame.into_buffer(), millis)
    };
    decoder
        .into_frames()
        .map(|shown| frame(shown.unwrap()))
        .collect()
}

pub(crate) fn as_webp(source: &[u8], fields: &[(&str, &str)]) -> Rendered {
    let fields = [&[("wm_format", "webp")], fields].concat();
    rendered(source, &fields).unwrap()
}

#[test]
fn an_animation_keeps_its_frames_and_their_pace() {
    let result = as_webp(
        &gif_of(&[10, 80, 160, 240], Some(Repeat::Infinite)),
        &[("width", "80")],
    );
    assert_eq!((result.width, result.height, result.frames), (80, 60, 4));
    let frames = shown(&result.bytes);
    let times: Vec<u32> = frames.iter().map(|(_, shown_ms)| *shown_ms).collect();
    assert_eq!(times, [50, 100, 200, 3000]);
    for ((frame, _), gray) in frames.iter().zip([10, 80, 160, 240]) {
        assert_eq!(frame.dimensions(), (80, 60));
        assert!(frame.get_pixel(5, 5)[1].abs_diff(gray) <= 3, "{gray}");
    }
}

#[test]
fn an_animation_is_shown_as_often_as_its_source() {
    let plays = |repeat| {
        let webp = as_webp(&gif_of(&[10, 80], repeat), &[]).bytes;
        match WebPDecoder::new(Cursor::new(&webp)).unwrap().loop_count() {
            LoopCount::Infinite => 0,
            LoopCount::Finite(plays) => plays.get(),
        }
    };
    assert_eq!(plays(None), 1);
    assert_eq!(plays(Some(Repeat::Finite(2))), 3);
    assert_eq!(plays(Some(Repeat::Infinite)), 0);
}

#[test]
fn every_frame_has_the_same_mark_at_the_same_place() {
    for position in ["bottom-right", "tile", "auto"] {
        let fields = [
            ("wm_position", position),
            ("wm_size", "20"),
            ("quality", "100"),
        ];
        let source = gif_of(&[20, 230, 120, 20], Some(Repeat::Infinite));
        let frames = shown(&as_webp(&source, &fields).bytes);
        let letters = |at: usize| -> Vec<(u32, u32)> {
            // The ground is of one grey, and what is darker are letters: on the whole it is light.
            let ground = frames[at].0.get_pixel(80, 2)[1].min(frames[at].0.get_pixel(2, 60)[1]);
            let pixels = frames[at].0.enumerate_pixels();
            let dark = pixels.filter(|(_, _, pixel)| u32::from(pixel[1]) + 8 < u32::from(ground));
            dark.map(|(x, y, _)| (x, y)).collect()
        };
        let on_light = letters(1);
        assert!(on_light.len() > 20, "{position}: {}", on_light.len());
        let same = letters(2).iter().filter(|at| on_light.contains(at)).count();
        let most = on_light.len() * 8 / 10;
        assert!(same >= most, "{position}: {same} of {}", on_light.len());
        let [first, last] = [0, 3].map(|at| frames[at].0.as_raw());
        let difference = first
            .iter()
            .zip(last)
            .map(|(one, other)| one.abs_diff(*other))
            .max();
        assert!(difference <= Some(6), "{position}: {difference:?}");
    }
}

#[test]
fn the_ink_of_all_frames_is_not_that_of_the_first() {
    // A film that begins in black and goes on in white.
    let source = gif_of(&[0, 255, 255, 255], None);
    let frames = shown(&as_webp(&source, &[("quality", "100")]).bytes);
    let darkest = |at: usize| frames[at].0.pixels().map(|pixel| pixel[1]).min();
    assert!(
        darkest(1) < Some(130),
        "letters are dark on white: {:?}",
        darkest(1)
    );
    let lightest = frames[0].0.pixels().map(|pixel| pixel[1]).max();
    assert!(
        lightest > Some(120),
        "their halo is seen on black: {lightest:?}"
    );
}

#[test]
fn a_mark_can_be_read_on_every_frame() {
    let mut dice = 7_u32;
    let mut noise = |_| {
        dice = dice.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        if dice >> 31 == 0 { 0 } else { 255_u8 }
    };
    let mut bytes = Vec::new();
    let palette: Vec<u8> = (0..=255).flat_map(|gray| [gray; 3]).collect();
    let mut encoder = Encoder::new(&mut bytes, WIDTH, HEIGHT, &palette).unwrap();
    let area = usize::from(WIDTH) * usize::from(HEIGHT);
    let mut frames = vec![vec![200; area], vec![0; area], vec![255; area]];
    // What shows through changes from pixel to pixel.
    frames.push((0..area).map(&mut noise).collect());
    for indices in frames {
        let frame = Frame::from_indexed_pixels(WIDTH, HEIGHT, indices, None);
        encoder.write_frame(&frame).unwrap();
    }
    drop(encoder);
    let contrast = as_webp(&bytes, &[("wm_size", "20")]).contrast.unwrap();
    assert!(contrast.ratio() >= 4.5, "{contrast:?}");
}

#[test]
fn other_formats_show_the_first_frame() {
    let animated = gif_of(&[70, 250, 250], Some(Repeat::Infinite));
    let still = gif_of(&[70], None);
    for format in ["jpeg", "png", "avif"] {
        let fields = [("wm_format", format)];
        let result = rendered(&animated, &fields).unwrap();
        assert_eq!(result.frames, 1);
        assert!(
            result.bytes == rendered(&still, &fields).unwrap().bytes,
            "{format}"
        );
    }
}

#[test]
fn a_single_frame_stays_a_still() {
    let result = as_webp(&gif_of(&[70], Some(Repeat::Infinite)), &[]);
    assert!(
        !WebPDecoder::new(Cursor::new(&result.bytes))
            .unwrap()
            .has_animation()
    );
    assert_eq!(result.frames, 1);
}

#[test]
fn an_animated_webp_stays_one() {
    let source = as_webp(&gif_of(&[10, 120, 240], Some(Repeat::Infinite)), &[]).bytes;
    let header = inspect(Cursor::new(&source), &Limits::default()).unwrap();
    assert_eq!((header.format, header.frames), (Format::Webp, 3));
    let result = as_webp(&source, &[("wm_position", "top"), ("width", "100")]);
    let grays = shown(&result.bytes)
        .into_iter()
        .map(|(frame, _)| frame.get_pixel(2, 40)[1]);
    for (gray, expected) in grays.zip([10, 120, 240]) {
        assert!(gray.abs_diff(expected) <= 4, "{gray} for {expected}");
    }
}

#[test]
fn an_animated_png_becomes_a_webp_with_its_transparency() {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, 40, 30);
    encoder.set_color(png::ColorType::Rgba);
    encoder.set_depth(png::BitDepth::Sixteen);
    encoder.set_animated(2, 5).unwrap();
    let mut writer = encoder.write_header().unwrap();
    for color in [[200_u8, 0, 0, 255], [0, 200, 0, 0]] {
        let pixel = color.map(|byte| [byte; 2]).concat();
        writer.write_image_data(&pixel.repeat(40 * 30)).unwrap();
    }
    writer.finish().unwrap();
    let result = as_webp(&bytes, &[]);
    let frames = shown(&result.bytes);
    assert_eq!(result.frames, 2);
    let corner = |at: usize| frames[at].0.get_pixel(1, 1).0;
    assert!(corner(0)[0].abs_diff(200) < 6 && corner(0)[3] == 255);
    assert_eq!(corner(1)[3], 0);
}

#[test]
fn transparent_frames_are_cleared_and_marked() {
    let mut bytes = Vec::new();
    let mut encoder = Encoder::new(&mut bytes, WIDTH, HEIGHT, &[0, 0, 0, 250, 0, 0]).unwrap();
    for left in [0, 60] {
        let mut frame = Frame::from_indexed_pixels(40, 40, vec![1; 1600], Some(0));
        (frame.left, frame.dispose) = (left, DisposalMethod::Background);
        encoder.write_frame(&frame).unwrap();
    }
    drop(encoder);
    let frames = shown(&as_webp(&bytes, &[]).bytes);
    let alpha = |at: usize, x: u32| frames[at].0.get_pixel(x, 20)[3];
    assert_eq!([alpha(0, 20), alpha(0, 80)], [255, 0]);
    assert_eq!([alpha(1, 20), alpha(1, 80)], [0, 255]);
    for (frame, _) in &frames {
        let marked = frame
            .enumerate_pixels()
            .filter(|(_, y, pixel)| *y > 60 && pixel[3] > 0);
        assert!(marked.count() > 20);
    }
}

#[test]
fn an_animation_is_turned_and_described_as_a_still_is() {
    let plain = as_webp(&gif_of(&[10, 120], None), &[("copyright", "© Ada")]).bytes;
    let names = |webp: &[u8]| -> Vec<String> {
        let mut names = Vec::new();
        let mut at = 12;
        while at < webp.len() {
            names.push(String::from_utf8(webp[at..at + 4].to_vec()).unwrap());
            let length = u32::from_le_bytes(webp[at + 4..at + 8].try_into().unwrap()) as usize;
            at += 8 + length.next_multiple_of(2);
        }
        names
    };
    assert_eq!(
        names(&plain),
        ["VP8X", "ANIM", "ANMF", "ANMF", "EXIF", "XMP "]
    );

    // A source that lies on its side, in the colours of a telephone.
    let turned = b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0";
    let mut chunks = plain[12..].to_vec();
    chunks.truncate(chunks.windows(4).position(|name| name == b"EXIF").unwrap());
    chunks[8] = 0x02 | 0x08 | 0x20;
    chunks.splice(18..18, chunk(b"ICCP", &display_p3()));
    chunks.extend(chunk(b"EXIF", turned));
    let source = chunk(b"RIFF", &[b"WEBP".to_vec(), chunks].concat());
    let result = as_webp(&source, &[]);
    assert_eq!((result.width, result.height), (120, 160));
    assert_eq!(
        names(&result.bytes),
        ["VP8X", "ICCP", "ANIM", "ANMF", "ANMF"]
    );
    let profile = WebPDecoder::new(Cursor::new(&result.bytes))
        .unwrap()
        .icc_profile();
    assert_eq!(profile.unwrap(), Some(display_p3()));
}

fn chunk(name: &[u8; 4], content: &[u8]) -> Vec<u8> {
    let length = (content.len() as u32).to_le_bytes();
    let padding = vec![0; content.len() % 2];
    [&name[..], &length, content, &padding].concat()
}

/// Frames of colours that no encoder can foretell.
pub(crate) fn noise_gif() -> Vec<u8> {
    let noise = |frame: u32| -> Vec<u8> {
        let area = u32::from(WIDTH) * u32::from(HEIGHT);
        let mixed = |at: u32| {
            let spread = at.wrapping_mul(2_654_435_761);
            (spread ^ spread >> 15).wrapping_mul(0x2c1b_3c6d)
        };
        let pixels = frame * area..(frame + 1) * area;
        pixels.map(|at| (mixed(at) >> 24) as u8).collect()
    };
    let mut bytes = Vec::new();
    let palette: Vec<u8> = (0..=255_u8)
        .flat_map(|at| [at, at.rotate_left(3), at.wrapping_mul(91)])
        .collect();
    let mut encoder = Encoder::new(&mut bytes, WIDTH, HEIGHT, &palette).unwrap();
    for frame in 0..4 {
        let frame = Frame::from_indexed_pixels(WIDTH, HEIGHT, noise(frame), None);
        encoder.write_frame(&frame).unwrap();
    }
    drop(encoder);
    bytes
}

#[test]
fn an_animation_that_was_only_marked_is_no_larger_than_it_may_be() {
    let bytes = noise_gif();
    let free = as_webp(&bytes, &[("quality", "90")]).bytes.len();
    let half = (free / 2).to_string();
    let result = as_webp(&bytes, &[("quality", "90"), ("max_bytes", &half)]);
    assert!(
        result.bytes.len() <= free / 2,
        "{} of {free}",
        result.bytes.len()
    );
    assert_eq!(shown(&result.bytes).len(), 4);
    let fields = [("wm_format", "webp"), ("max_bytes", "1000")];
    let refused = rendered(&bytes, &fields).unwrap_err();
    assert!(
        matches!(
            refused,
            RenderError::Input(InputError::ResultTooLarge { .. })
        ),
        "{refused}"
    );
}

#[test]
fn the_same_animation_gives_the_same_bytes() {
    let source = gif_of(&[10, 120, 240], None);
    let fields = [("width", "99"), ("wm_position", "tile")];
    assert_eq!(as_webp(&source, &fields), as_webp(&source, &fields));
}

/// A still of the animation has its mark where the animation has it.
#[test]
fn the_first_frame_of_an_animation_looks_like_its_still() {
    let source = gif_of(&[100, 100], None);
    let fields = [("quality", "100"), ("wm_position", "auto")];
    let moving: RgbImage =
        image::DynamicImage::from(shown(&as_webp(&source, &fields).bytes)[0].0.clone()).to_rgb8();
    let fields = [("wm_format", "png"), ("wm_position", "auto")];
    let still = decoded(&rendered(&source, &fields).unwrap().bytes).to_rgb8();
    let differences = moving.as_raw().iter().zip(still.as_raw());
    let sum: u64 = differences
        .map(|(one, other)| u64::from(one.abs_diff(*other)))
        .sum();
    let mean = sum as f64 / still.as_raw().len() as f64;
    assert!(mean < 1.0, "{mean}");
}
