//! GIF: frames and pieces by the million.

use crate::{
    Fate::{Either, OverLimit, Rendered},
    File, sound,
};

/// A frame of one pixel.
const SMALL_FRAME: [u8; 15] = [0x2c, 0, 0, 0, 0, 1, 0, 1, 0, 0, 2, 2, 0x44, 0x01, 0];

pub(crate) fn bombs() -> Vec<File> {
    let file = |name, fate, bytes| File::new("GIF", name, fate, bytes);
    let frames = SMALL_FRAME.repeat(1_000_000);
    // A comment in pieces of one byte.
    let pieces = [&[0x21, 0xfe][..], &[1, b'x'].repeat(5_000_000)].concat();
    vec![
        file("a million frames", Either, with(&frames)),
        file(
            "five million pieces",
            OverLimit("broken_image"),
            with(&pieces),
        ),
        file(
            "65 535 pixels a side, says its header",
            OverLimit("side_too_long"),
            announcing(65_535, 65_535),
        ),
        file(
            "256 megapixels, says its header",
            OverLimit("too_many_pixels"),
            announcing(16_000, 16_000),
        ),
        file(
            "96 megapixels, says its header",
            OverLimit("too_many_bytes"),
            announcing(16_000, 6000),
        ),
        file(
            "30 megapixels, of which three small frames are painted",
            Either,
            announcing(6000, 5000),
        ),
        file("frames beyond its screen", Either, beyond()),
        file("codes without end", Either, endless()),
        file("a picture behind a comment", Rendered, sound::gif()),
    ]
}

/// A sound animation with these bytes before its end.
fn with(bytes: &[u8]) -> Vec<u8> {
    let mut gif = sound::gif();
    gif.pop();
    gif.extend_from_slice(bytes);
    gif.push(0x3b);
    gif
}

fn announcing(width: u16, height: u16) -> Vec<u8> {
    let mut gif = sound::gif();
    gif[6..8].copy_from_slice(&width.to_le_bytes());
    gif[8..10].copy_from_slice(&height.to_le_bytes());
    gif
}

fn beyond() -> Vec<u8> {
    with(&[
        0x2c, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 2, 2, 0x44, 0x01, 0,
    ])
}

/// The first frame's codes are all the same one.
fn endless() -> Vec<u8> {
    let mut gif = announcing(2000, 2000);
    let frame = 13 + 768;
    gif.truncate(frame);
    gif.extend([0x2c, 0, 0, 0, 0, 0xd0, 7, 0xd0, 7, 0, 8]);
    gif.extend([&[255][..], &[0x11; 255]].concat().repeat(1000));
    gif.extend([0, 0x3b]);
    gif
}
