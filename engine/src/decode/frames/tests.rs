//! Judged by `image`, but for WebP, whose disposal it gets wrong: there by what the frames were made of.

use std::io::Cursor;

use ::gif::{DisposalMethod, Encoder, Frame as GifFrame, Repeat};
use ::png::{BlendOp, DisposeOp};
use image::{AnimationDecoder, codecs::gif::GifDecoder, codecs::png::PngDecoder};

use super::*;
use crate::inspect;

const SIDE: u16 = 24;

/// Every frame as it is shown, and for how long.
fn shown(source: &[u8]) -> Vec<(Vec<u8>, u32)> {
    let limits = Limits::default();
    let header = inspect(Cursor::new(source), &limits).unwrap();
    let frames = Frames::of(source, &header, &limits).unwrap();
    let frames = frames.map(|frame| frame.map(|frame| (frame.pixels.bytes, frame.shown_ms)));
    frames.collect::<Result<_, _>>().unwrap()
}

fn by_image<'d>(decoder: impl AnimationDecoder<'d>) -> Vec<Vec<u8>> {
    let frames = decoder.into_frames();
    frames
        .map(|frame| frame.unwrap().into_buffer().into_raw())
        .collect()
}

/// Numbers that look like no pattern, the same on every run.
struct Dice(u32);

impl Dice {
    fn below(&mut self, end: u32) -> u32 {
        self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (self.0 >> 8) % end
    }

    /// A part of the screen.
    fn part(&mut self) -> (u16, u16, u16, u16) {
        let (width, height) = (
            1 + self.below(SIDE.into()) as u16,
            1 + self.below(SIDE.into()) as u16,
        );
        let left = self.below(u32::from(SIDE - width) + 1) as u16;
        let top = self.below(u32::from(SIDE - height) + 1) as u16;
        (left, top, width, height)
    }
}

/// A GIF of frames anywhere on the screen, with holes, of every disposal, with and without a palette of their own.
fn gif(seed: u32, count: usize) -> Vec<u8> {
    let mut dice = Dice(seed);
    let mut bytes = Vec::new();
    let global = [0, 0, 0, 200, 0, 0, 0, 200, 0, 0, 0, 200];
    let mut encoder = Encoder::new(&mut bytes, SIDE, SIDE, &global).unwrap();
    encoder.set_repeat(Repeat::Infinite).unwrap();
    for _ in 0..count {
        let (left, top, width, height) = dice.part();
        let area = usize::from(width) * usize::from(height);
        let indices: Vec<u8> = (0..area).map(|_| dice.below(4) as u8).collect();
        let own = dice.below(2) == 0;
        let frame = GifFrame {
            left,
            top,
            width,
            height,
            delay: dice.below(30) as u16,
            dispose: [
                DisposalMethod::Any,
                DisposalMethod::Keep,
                DisposalMethod::Background,
                DisposalMethod::Previous,
            ][dice.below(4) as usize],
            transparent: (dice.below(4) > 0).then_some(1),
            interlaced: false,
            palette: own.then(|| (0..12).map(|_| dice.below(256) as u8).collect()),
            buffer: indices.into(),
            ..GifFrame::default()
        };
        encoder.write_frame(&frame).unwrap();
    }
    drop(encoder);
    bytes
}

#[test]
fn a_gif_is_composed_as_it_was_meant() {
    for seed in 0..40 {
        let source = gif(seed, 12);
        let expected = by_image(GifDecoder::new(Cursor::new(&source)).unwrap());
        let seen = shown(&source);
        assert_eq!(seen.len(), 12);
        for (at, ((pixels, _), expected)) in seen.iter().zip(&expected).enumerate() {
            assert!(pixels == expected, "frame {at} of {seed}");
        }
    }
}

/// An APNG of frames anywhere on the picture; the first one fills it, as it has to.
fn apng(seed: u32, count: u32, separate_still: bool) -> Vec<u8> {
    let mut dice = Dice(seed);
    let mut bytes = Vec::new();
    let side = u32::from(SIDE);
    let mut encoder = ::png::Encoder::new(&mut bytes, side, side);
    encoder.set_color(::png::ColorType::Rgba);
    encoder.set_animated(count, 2).unwrap();
    encoder.set_sep_def_img(separate_still).unwrap();
    let mut writer = encoder.write_header().unwrap();
    let noise = |dice: &mut Dice, area: u32| -> Vec<u8> {
        let pixel = |dice: &mut Dice| {
            let alpha = [0, 255, 255, dice.below(256)][dice.below(4) as usize];
            [dice.below(256), dice.below(256), dice.below(256), alpha].map(|byte| byte as u8)
        };
        (0..area).flat_map(|_| pixel(dice)).collect()
    };
    if separate_still {
        let still = noise(&mut dice, side * side);
        writer.write_image_data(&still).unwrap();
    }
    let mut disposal = DisposeOp::None;
    for at in 0..count {
        let (left, top, width, height) = if at == 0 {
            (0, 0, SIDE, SIDE)
        } else {
            dice.part()
        };
        // `image` says that the first frame must not be taken back, and takes one that follows a cleared one back to what
        // was there before that was cleared.
        let may_be_taken_back = at > 0 && disposal != DisposeOp::Background;
        let disposals = [DisposeOp::None, DisposeOp::Background, DisposeOp::Previous];
        disposal = disposals[dice.below(if may_be_taken_back { 3 } else { 2 }) as usize];
        let blend = [BlendOp::Over, BlendOp::Source][dice.below(2) as usize];
        writer.reset_frame_position().unwrap();
        writer
            .set_frame_dimension(width.into(), height.into())
            .unwrap();
        writer.set_frame_position(left.into(), top.into()).unwrap();
        writer.set_dispose_op(disposal).unwrap();
        writer.set_blend_op(blend).unwrap();
        writer.set_frame_delay(1 + at as u16, 16).unwrap();
        let pixels = noise(&mut dice, u32::from(width) * u32::from(height));
        writer.write_image_data(&pixels).unwrap();
    }
    writer.finish().unwrap();
    bytes
}

#[test]
fn an_apng_is_composed_as_it_was_meant() {
    for seed in 0..40 {
        let source = apng(seed, 8, seed % 3 == 0);
        let expected = by_image(
            PngDecoder::new(Cursor::new(&source))
                .unwrap()
                .apng()
                .unwrap(),
        );
        let seen = shown(&source);
        assert_eq!(seen.len(), 8);
        for (at, ((pixels, shown_ms), expected)) in seen.iter().zip(&expected).enumerate() {
            assert_eq!(*shown_ms, ((at as u32 + 1) * 1000 + 8) / 16);
            // What is half seen it rounds down, step by step.
            let near = pixels
                .as_chunks::<4>()
                .0
                .iter()
                .zip(expected.as_chunks::<4>().0);
            let near = near.filter(|(one, _)| one[3] > 60).all(|(one, other)| {
                one.iter()
                    .zip(other)
                    .all(|(one, other)| one.abs_diff(*other) <= 4)
            });
            assert!(near, "frame {at} of {seed}");
        }
    }
}

/// A lossless WebP of one colour.
fn flat(color: [u8; 4], width: u32, height: u32) -> Vec<u8> {
    let mut bytes = Vec::new();
    let picture = color.repeat((width * height) as usize);
    image::codecs::webp::WebPEncoder::new_lossless(&mut bytes)
        .encode(&picture, width, height, image::ExtendedColorType::Rgba8)
        .unwrap();
    bytes
}

fn chunk(name: &[u8; 4], content: &[u8]) -> Vec<u8> {
    let length = (content.len() as u32).to_le_bytes();
    let padding = vec![0; content.len() % 2];
    [&name[..], &length, content, &padding].concat()
}

/// A frame of one colour: place, size, last byte of its head, colour.
type Flat = ([u32; 4], u8, [u8; 4]);

fn webp(frames: &[Flat]) -> Vec<u8> {
    let side = [SIDE as u8 - 1, 0, 0];
    let mut file = [
        b"WEBP".to_vec(),
        chunk(b"VP8X", &[&[0x12, 0, 0, 0], &side[..], &side].concat()),
    ]
    .concat();
    file.extend(chunk(b"ANIM", &[0, 0, 0, 0, 7, 0]));
    for ([x, y, width, height], flags, color) in frames {
        let mut head = Vec::new();
        for number in [x / 2, y / 2, width - 1, height - 1, 40] {
            head.extend(&number.to_le_bytes()[..3]);
        }
        head.push(*flags);
        let still = flat(*color, *width, *height);
        file.extend(chunk(b"ANMF", &[&head, &still[12..]].concat()));
    }
    chunk(b"RIFF", &file)
}

const RED: [u8; 4] = [200, 0, 0, 255];
const GREEN: [u8; 4] = [0, 200, 0, 255];
const NOTHING: [u8; 4] = [0; 4];

#[test]
fn a_webp_is_composed_as_it_was_meant() {
    let whole = [0, 0, 24, 24];
    let source = webp(&[
        (whole, 0x02, RED),
        // Laid over, then cleared.
        ([4, 4, 6, 6], 0x01, GREEN),
        // Nothing is laid over, which shows what was cleared, and only that.
        (whole, 0x00, NOTHING),
        // Nothing instead of red.
        ([20, 20, 4, 4], 0x02, NOTHING),
        // Half of green over red and over nothing.
        ([18, 18, 6, 6], 0x00, [0, 200, 0, 128]),
    ]);
    let frames = shown(&source);
    assert_eq!(frames.len(), 5);
    let pixel = |frame: usize, x: usize, y: usize| {
        let at = 4 * (y * usize::from(SIDE) + x);
        <[u8; 4]>::try_from(&frames[frame].0[at..at + 4]).unwrap()
    };
    for (frame, x, y, expected) in [
        (0, 5, 5, RED),
        (1, 5, 5, GREEN),
        (1, 3, 5, RED),
        (1, 10, 5, RED),
        (2, 5, 5, NOTHING),
        (2, 10, 5, RED),
        (3, 5, 5, NOTHING),
        (3, 21, 21, NOTHING),
        (3, 19, 21, RED),
        (4, 19, 19, [100, 100, 0, 255]),
        (4, 21, 21, [0, 200, 0, 128]),
    ] {
        assert_eq!(pixel(frame, x, y), expected, "frame {frame} at {x}, {y}");
    }
}

#[test]
fn what_is_shown_too_briefly_is_shown_as_long_as_browsers_show_it() {
    let times = |source: &[u8]| -> Vec<u32> { shown(source).iter().map(|frame| frame.1).collect() };
    let mut bytes = Vec::new();
    let mut encoder = Encoder::new(&mut bytes, 2, 1, &[0, 0, 0, 9, 9, 9]).unwrap();
    for delay in [0, 1, 2, 65_535] {
        let mut frame = GifFrame::from_indexed_pixels(2, 1, [0_u8, 1].to_vec(), None);
        frame.delay = delay;
        encoder.write_frame(&frame).unwrap();
    }
    drop(encoder);
    assert_eq!(times(&bytes), [100, 100, 20, 655_350]);
}

#[test]
fn a_frame_that_reaches_beyond_the_screen_is_cut() {
    let mut bytes = Vec::new();
    let mut encoder = Encoder::new(&mut bytes, 3, 2, &[0, 0, 0, 9, 9, 9]).unwrap();
    for (left, top) in [(2, 1), (7, 0), (0, 9)] {
        let mut frame = GifFrame::from_indexed_pixels(2, 2, vec![1; 4], None);
        (frame.left, frame.top) = (left, top);
        encoder.write_frame(&frame).unwrap();
    }
    drop(encoder);
    let seen = shown(&bytes);
    let alphas = |frame: &[u8]| -> Vec<u8> {
        frame
            .as_chunks::<4>()
            .0
            .iter()
            .map(|pixel| pixel[3])
            .collect()
    };
    for (frame, _) in &seen {
        assert_eq!(alphas(frame), [0, 0, 0, 0, 0, 255]);
    }
}

/// A still of the animation is decoded by the same hands.
#[test]
fn the_first_frame_of_a_webp_is_what_it_shows_first() {
    let limits = Limits::default();
    for frames in [1, 2] {
        let source = webp(&[([4, 4, 6, 6], 0, RED), ([0, 0, 24, 24], 0, GREEN)][..frames]);
        let header = inspect(Cursor::new(&source), &limits).unwrap();
        let first = first_of_webp(&source, &header, &limits).unwrap().pixels;
        assert!(first.bytes == shown(&source)[0].0);
        assert!(is_animated_webp(&source) && !is_animated_webp(&flat(RED, 24, 24)));
    }
    let mut lying = webp(&[([0, 0, 24, 24], 0, RED)]);
    let signature = lying.iter().position(|byte| *byte == 0x2f).unwrap();
    lying[signature + 1..signature + 4].fill(0xff);
    let header = inspect(Cursor::new(&lying), &limits).unwrap();
    let refused = first_of_webp(&lying, &header, &limits).unwrap_err();
    assert!(
        refused.contains("not as large") || refused.contains("pixels"),
        "{refused}"
    );
}

#[test]
fn a_webp_frame_that_lies_is_an_error() {
    let whole = [0, 0, 24, 24];
    let limits = Limits::default();
    let beyond = webp(&[(whole, 0, RED), ([12, 12, 14, 4], 0, RED)]);
    let mut larger = webp(&[(whole, 0, RED), (whole, 0, GREEN)]);
    let signature = larger.iter().rposition(|byte| *byte == 0x2f).unwrap();
    larger[signature + 1] = 0xff;
    for source in [beyond, larger] {
        let header = inspect(Cursor::new(&source), &limits).unwrap();
        let last = Frames::of(&source, &header, &limits).unwrap().last();
        assert!(
            matches!(last, Some(Err(InputError::Broken { .. }))),
            "{last:?}"
        );
    }
}
