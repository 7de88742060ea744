use libwebp_sys::{
    WebPAnimDecoderDelete, WebPAnimDecoderGetInfo, WebPAnimDecoderGetNext, WebPAnimDecoderNew,
    WebPAnimInfo, WebPData,
};

use super::*;

const SETTINGS: Settings = Settings {
    quality: 90,
    method: 2,
};
const SIDE: usize = 96;

/// What libwebp's own decoder shows: how often, and each frame with the moment at which it ends.
struct Shown {
    plays: u32,
    frames: Vec<(Vec<u8>, i32)>,
}

fn shown(file: &[u8]) -> Shown {
    let data = WebPData {
        bytes: file.as_ptr(),
        size: file.len(),
    };
    // SAFETY: the file outlives the decoder, which is deleted once; a frame is read before the next one is asked for, and
    // has the four bytes a pixel of the canvas that the information announces.
    unsafe {
        let decoder = WebPAnimDecoderNew(&raw const data, std::ptr::null());
        assert!(!decoder.is_null(), "no animation");
        let mut info: WebPAnimInfo = std::mem::zeroed();
        assert_ne!(WebPAnimDecoderGetInfo(decoder, &raw mut info), 0);
        let length = 4 * info.canvas_width as usize * info.canvas_height as usize;
        let frames = (0..info.frame_count).map(|_| {
            let (mut pixels, mut moment) = (std::ptr::null_mut(), 0);
            let read = WebPAnimDecoderGetNext(decoder, &raw mut pixels, &raw mut moment);
            assert_ne!(read, 0);
            (std::slice::from_raw_parts(pixels, length).to_vec(), moment)
        });
        let frames = frames.collect();
        WebPAnimDecoderDelete(decoder);
        Shown {
            plays: info.loop_count,
            frames,
        }
    }
}

/// A ramp with a square on it.
fn frame(left: usize, top: usize, color: [u8; 4]) -> Vec<u8> {
    let pixel = |at: usize| {
        let (x, y) = (at % SIDE, at / SIDE);
        if (left..left + 12).contains(&x) && (top..top + 12).contains(&y) {
            color
        } else {
            [60 + x as u8, 60 + y as u8, 120, 255]
        }
    };
    (0..SIDE * SIDE).flat_map(pixel).collect()
}

fn written(frames: &[(Vec<u8>, u32)], plays: u16, beside: Beside<'_>) -> Vec<u8> {
    let mut animation = Animation::new(SIDE as u32, SIDE as u32, SETTINGS).unwrap();
    for (frame, shown_ms) in frames {
        animation.add(frame.clone(), *shown_ms).unwrap();
    }
    animation.finish(plays, beside).unwrap()
}

/// Mean difference of what can be seen.
fn difference(one: &[u8], other: &[u8]) -> f64 {
    let seen = |rgba: &[u8]| -> Vec<f64> {
        let (pixels, _) = rgba.as_chunks::<4>();
        let over_black =
            |pixel: &[u8; 4]| pixel.map(|byte| f64::from(byte) * f64::from(pixel[3]) / 255.0);
        pixels.iter().flat_map(over_black).collect()
    };
    let (one, other) = (seen(one), seen(other));
    let sum: f64 = one
        .iter()
        .zip(&other)
        .map(|(one, other)| (one - other).abs())
        .sum();
    sum / one.len() as f64
}

const RED: [u8; 4] = [220, 30, 30, 255];
const GONE: [u8; 4] = [0; 4];
const VEIL: [u8; 4] = [30, 30, 220, 120];

#[test]
fn every_frame_shows_what_it_was_given_for_as_long_as_it_was_said() {
    let frames = [
        (frame(0, 0, RED), 40),
        (frame(21, 3, RED), 100),
        (frame(21, 3, GONE), 70),
        (frame(21, 3, VEIL), 30),
        (frame(35, 35, VEIL), 500),
        (frame(35, 35, VEIL), 20),
        (frame(1, 33, RED), SHOWN_MS_MAX),
    ];
    let shown = shown(&written(&frames, 3, Beside::default()));
    assert_eq!(shown.plays, 3);
    assert_eq!(shown.frames.len(), frames.len());
    let mut moment = 0;
    for (at, ((wanted, shown_ms), (seen, end))) in frames.iter().zip(&shown.frames).enumerate() {
        moment += *shown_ms as i32;
        assert_eq!(*end, moment, "frame {at}");
        let difference = difference(wanted, seen);
        assert!(difference < 3.0, "frame {at} is {difference} off");
    }
}

#[test]
fn what_does_not_change_is_not_written_again() {
    let frames = [
        (frame(4, 4, RED), 40),
        (frame(8, 4, RED), 40),
        (frame(30, 40, RED), 40),
    ];
    let file = written(&frames, 0, Beside::default());
    let whole = crate::encode(
        Pixels {
            width: SIDE as u32,
            height: SIDE as u32,
            channels: Channels::Rgba,
            bytes: &frames[0].0,
        },
        SETTINGS,
    );
    let whole = whole.unwrap().len();
    assert!(
        file.len() < 2 * whole + 1000,
        "{} beside {whole}",
        file.len()
    );
    let shown = shown(&file);
    // Between the two places that the last frame changes, nothing moves.
    let column = |frame: &[u8]| -> Vec<u8> {
        let rows = frame.chunks_exact(4 * SIDE).take(20);
        rows.flat_map(|row| row[4 * 32..4 * 44].to_vec()).collect()
    };
    assert_eq!(column(&shown.frames[0].0), column(&shown.frames[2].0));
}

#[test]
fn what_has_gone_leaves_no_trace() {
    let on_white = |left: usize| {
        let mut picture = frame(left, 15, RED);
        let pixels = picture.as_chunks_mut::<4>().0.iter_mut();
        pixels
            .filter(|pixel| **pixel != RED)
            .for_each(|pixel| *pixel = [250; 4]);
        picture
            .as_chunks_mut::<4>()
            .0
            .iter_mut()
            .for_each(|pixel| pixel[3] = 255);
        picture
    };
    let frames: Vec<_> = (0..SIDE).map(|left| (on_white(left), 40)).collect();
    let shown = shown(&written(&frames, 0, Beside::default()));
    let last = &shown.frames[SIDE - 10].0;
    let gone = last.chunks_exact(4 * SIDE).flat_map(|row| &row[..4 * 26]);
    let trace = gone
        .enumerate()
        .filter(|(at, _)| at % 4 < 3)
        .map(|(_, byte)| byte.abs_diff(250));
    let trace = trace.max().unwrap();
    assert!(trace <= 6, "a trace of {trace}");
}

/// libwebp's own encoder leaves such a fade out while something else moves fast.
#[test]
fn a_slow_fade_beside_a_fast_movement_is_shown() {
    let faded = |step: usize| {
        let mut picture = frame(step * 3 % 30, 0, RED);
        let rows = picture.chunks_exact_mut(4 * SIDE).skip(24);
        for row in rows {
            row.as_chunks_mut::<4>().0.iter_mut().for_each(|pixel| {
                *pixel = [40 + 3 * step as u8; 4];
                pixel[3] = 255;
            });
        }
        picture
    };
    let frames: Vec<_> = (0..40).map(|step| (faded(step), 40)).collect();
    let shown = shown(&written(&frames, 0, Beside::default()));
    for ((wanted, _), (seen, _)) in frames.iter().zip(&shown.frames) {
        assert!(difference(wanted, seen) < 3.0);
    }
}

#[test]
fn what_is_beside_the_frames_is_announced_and_in_order() {
    let frames = [(frame(4, 4, RED), 40), (frame(8, 4, GONE), 40)];
    let beside = Beside {
        profile: Some(&[1; 131]),
        exif: Some(&[2; 8]),
        xmp: Some(b"<x/>"),
    };
    let file = written(&frames, 0, beside);
    assert_eq!(
        file[20],
        HAS_ANIMATION | HAS_ALPHA | HAS_PROFILE | HAS_EXIF | HAS_XMP
    );
    let mut names = Vec::new();
    let mut at = 12;
    while at < file.len() {
        names.push(String::from_utf8(file[at..at + 4].to_vec()).unwrap());
        let length = u32::from_le_bytes(file[at + 4..at + 8].try_into().unwrap()) as usize;
        at += 8 + length.next_multiple_of(2);
    }
    assert_eq!(at, file.len());
    assert_eq!(
        names,
        ["VP8X", "ICCP", "ANIM", "ANMF", "ANMF", "EXIF", "XMP "]
    );
    assert_eq!(shown(&file).frames.len(), 2);
}

#[test]
fn an_animation_that_is_too_wide_is_refused() {
    assert!(matches!(
        Animation::new(16_384, 1, SETTINGS),
        Err(Error::SideTooLong)
    ));
}
