//! Animations that are too long, cut or not wanted any more.

use std::{io::Cursor, ops::ControlFlow};

use engine::{Fonts, InputError, Limits, RenderError, inspect, render};
use schemas::Step;

use crate::{
    animation::{as_webp, gif_of, noise_gif},
    support::{recipe, rendered},
};

#[test]
fn too_many_frames_are_refused_by_name_where_they_are_wanted() {
    let limits = Limits {
        frames_max: 3,
        animation_pixels_max: 70_000,
        ..Limits::default()
    };
    let result = |source: &[u8], format: &str| {
        let recipe = recipe(&[("wm_format", format)]);
        render(source, &recipe, &Fonts::embedded(), &limits, &mut |_| {
            ControlFlow::Continue(())
        })
    };
    let four = gif_of(&[0, 1, 2, 3], None);
    let Err(RenderError::Input(refused)) = result(&four, "webp") else {
        panic!("four frames pass for three");
    };
    assert_eq!(
        (refused.code(), refused.measured_and_limit()),
        ("too_many_frames", Some((4, 3)))
    );
    // 160 × 120 × 4 is more than the limit too, and of no interest to a still.
    assert!(result(&four, "jpeg").is_ok());
    let five = Limits {
        frames_max: 5,
        ..limits
    };
    let recipe = recipe(&[("wm_format", "webp")]);
    let header = inspect(Cursor::new(&four), &five).unwrap();
    let refused = engine::check(&header, &recipe, &Fonts::embedded(), None, &five).unwrap_err();
    assert_eq!(refused.code(), "too_many_animation_pixels");
    assert_eq!(refused.measured_and_limit(), Some((76_800, 70_000)));
    assert!(result(&gif_of(&[0, 1, 2], None), "webp").is_ok());
}

/// The largest animation that is promised has room to be made.
#[test]
fn two_hundred_megapixels_of_frames_fit() {
    let header_of = |frames: usize| {
        let mut bytes = gif_of(&[0], None);
        bytes.pop();
        bytes[6..8].copy_from_slice(&1920_u16.to_le_bytes());
        bytes[8..10].copy_from_slice(&1080_u16.to_le_bytes());
        bytes.extend(SMALL_FRAME.repeat(frames - 1));
        inspect(Cursor::new(&bytes), &Limits::default()).unwrap()
    };
    let refused = |frames| {
        let recipe = recipe(&[("wm_format", "webp"), ("wm_position", "tile")]);
        let header = header_of(frames);
        engine::check(
            &header,
            &recipe,
            &Fonts::embedded(),
            None,
            &Limits::default(),
        )
        .err()
    };
    assert_eq!(refused(96), None);
    let code = refused(97).map(|error| error.code());
    assert_eq!(code, Some("too_many_animation_pixels"));
}

/// A frame of one pixel.
const SMALL_FRAME: [u8; 15] = [0x2c, 0, 0, 0, 0, 1, 0, 1, 0, 0, 2, 2, 0x44, 0x01, 0];

#[test]
fn a_million_frames_are_counted_and_refused() {
    let mut bytes = gif_of(&[0], None);
    assert_eq!(bytes.pop(), Some(0x3b));
    bytes.extend(SMALL_FRAME.repeat(1_000_000));
    let header = inspect(Cursor::new(&bytes), &Limits::default()).unwrap();
    assert_eq!(header.frames, 1_000_001);
    let refused = rendered(&bytes, &[("wm_format", "webp")]).unwrap_err();
    let expected = InputError::TooManyFrames {
        frames: 1_000_001,
        frames_max: 1000,
    };
    assert_eq!(refused, RenderError::Input(expected));
    // A picture in pieces of a byte each is none that a program wrote.
    let mut pieces = gif_of(&[0], None);
    pieces.pop();
    pieces.extend([0x21, 0xfe]);
    pieces.extend([1, 0].repeat(5_000_000));
    let refused = inspect(Cursor::new(&pieces), &Limits::default()).unwrap_err();
    assert!(refused.to_string().contains("4194305 pieces"), "{refused}");
}

#[test]
fn a_cut_animation_is_an_error_and_its_first_frame_a_picture() {
    let whole = gif_of(&[10, 120, 240], None);
    let cut = &whole[..whole.len() - 200];
    let refused = rendered(cut, &[("wm_format", "webp")]).unwrap_err();
    assert!(
        matches!(refused, RenderError::Input(InputError::Broken { .. })),
        "{refused}"
    );
    assert!(rendered(cut, &[]).is_ok());
    // The byte that says that nothing follows is missing in many a file.
    assert_eq!(as_webp(&whole[..whole.len() - 1], &[]).frames, 3);
}

#[test]
fn an_animation_can_be_stopped_between_two_frames() {
    let source = gif_of(&[10, 120, 240], None);
    let recipe = recipe(&[("wm_format", "webp")]);
    let rendered = |stop_at: usize| {
        let mut told = Vec::new();
        let on_step = &mut |step| {
            told.push(step);
            if told.len() > stop_at {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        };
        let result = render(
            &source,
            &recipe,
            &Fonts::embedded(),
            &Limits::default(),
            on_step,
        );
        (result, told)
    };
    let (result, told) = rendered(usize::MAX);
    assert!(result.is_ok());
    assert!(told.is_sorted_by_key(|step| *step as u8), "{told:?}");
    let encoding = told.iter().filter(|step| **step == Step::Encode).count();
    assert_eq!(encoding, 3);
    let (result, _) = rendered(told.len() - 1);
    let before = Step::Encode;
    assert_eq!(result, Err(RenderError::Stopped { before }));
}

#[test]
fn a_file_that_outgrows_its_memory_is_refused() {
    let source = noise_gif();
    let recipe = recipe(&[("wm_format", "webp"), ("quality", "100")]);
    let header = inspect(Cursor::new(&source), &Limits::default()).unwrap();
    let limits = |decoded_bytes_max| Limits {
        decoded_bytes_max,
        ..Limits::default()
    };
    let fits = |bytes: &u64| {
        engine::check(&header, &recipe, &Fonts::embedded(), None, &limits(*bytes)).is_ok()
    };
    // As little as photographs would need.
    let least = (100_000..10_000_000).step_by(1000).find(fits).unwrap();
    let result = |bytes| {
        let on_step = &mut |_| ControlFlow::Continue(());
        render(
            &source,
            &recipe,
            &Fonts::embedded(),
            &limits(bytes),
            on_step,
        )
    };
    let Err(RenderError::Input(refused)) = result(least) else {
        panic!("noise fits where photographs do");
    };
    assert_eq!(refused.code(), "result_too_large");
    assert!(result(10 * least).is_ok());
}
