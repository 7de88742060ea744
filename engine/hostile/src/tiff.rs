//! TIFF and BMP: directories in a ring, strips that unpack to gigabytes, sides that lie.

use crate::{
    Fate::{Broken, Either, OverLimit, Refused},
    File, sound,
    zlib::gigabyte,
};

const SHORT: u16 = 3;
const LONG: u16 = 4;

pub(crate) fn bombs() -> Vec<File> {
    let file = |name, fate, bytes| File::new("TIFF", name, fate, bytes);
    let bmp = |name, fate, bytes| File::new("BMP", name, fate, bytes);
    vec![
        file("a directory that is its own next one", Broken, ring()),
        file(
            "a directory at its own beginning",
            OverLimit("broken_image"),
            b"II*\0\0\0\0\0\0\0\0\0".to_vec(),
        ),
        file("65 535 fields", OverLimit("broken_image"), fields(65_535)),
        file(
            "a field of 4 294 967 295 values",
            OverLimit("too_many_bytes"),
            strips(8, 8, 1, u32::MAX),
        ),
        file(
            "twenty million strips, says its header",
            OverLimit("too_many_bytes"),
            strips(8, 8, 1, 20_000_000),
        ),
        file(
            "4 294 967 295 pixels a side, says its header",
            OverLimit("side_too_long"),
            strips(u32::MAX, u32::MAX, 1, 1),
        ),
        file(
            "256 megapixels, says its header",
            OverLimit("too_many_pixels"),
            strips(16_000, 16_000, 1, 1),
        ),
        file(
            "80 megapixels, says its header",
            Broken,
            strips(10_000, 8000, 1, 1),
        ),
        file(
            "64 pixels that unpack to a gigabyte",
            Either,
            strips(8, 8, 8, 1),
        ),
        file(
            "tiles of each colour, larger than the picture",
            Refused("broken_image"),
            planes(),
        ),
        bmp(
            "2 147 483 647 pixels a side, says its header",
            OverLimit("side_too_long"),
            wide(0x7fff_ffff, 0x7fff_ffff),
        ),
        bmp(
            "a height below zero",
            OverLimit("side_too_long"),
            wide(8, 0x8000_0000),
        ),
        bmp("96 megapixels, says its header", Broken, wide(16_000, 6000)),
    ]
}

/// The directory's last four bytes say where the next one is.
fn ring() -> Vec<u8> {
    let mut tiff = sound::tiff();
    let at = u32::from_le_bytes([tiff[4], tiff[5], tiff[6], tiff[7]]);
    let directory = at as usize;
    let count = usize::from(u16::from_le_bytes([tiff[directory], tiff[directory + 1]]));
    let next = directory + 2 + 12 * count;
    tiff[next..next + 4].copy_from_slice(&at.to_le_bytes());
    tiff
}

fn fields(count: u16) -> Vec<u8> {
    let field = field(700, LONG, 1, 0);
    let fields = field.repeat(count.into());
    [
        b"II*\0\x08\0\0\0",
        &count.to_le_bytes()[..],
        &fields,
        &[0; 4],
    ]
    .concat()
}

/// Grey pixels in so many strips, the only one of which holds a packed gigabyte of zeros if `compression` is 8.
fn strips(width: u32, height: u32, compression: u32, count: u32) -> Vec<u8> {
    let strip = if compression == 8 {
        gigabyte()
    } else {
        vec![0; 64]
    };
    let fields = [
        field(256, LONG, 1, width),
        field(257, LONG, 1, height),
        field(258, SHORT, 1, 8),
        field(259, SHORT, 1, compression),
        field(262, SHORT, 1, 1),
        field(273, LONG, count, 8),
        field(277, SHORT, 1, 1),
        field(278, LONG, 1, height),
        field(279, LONG, count, strip.len() as u32),
    ];
    let directory = (8 + strip.len() as u32).to_le_bytes();
    let number = (fields.len() as u16).to_le_bytes();
    [
        b"II*\0",
        &directory[..],
        &strip,
        &number,
        &fields.concat(),
        &[0; 4],
    ]
    .concat()
}

/// Red, green and blue in a tile each, of which the picture fills a quarter.
fn planes() -> Vec<u8> {
    const SIDE: u32 = 16;
    let tile = (SIDE * SIDE) as usize;
    let tiles = vec![0x50; 3 * tile];
    let numbers = |numbers: [u32; 3]| numbers.map(u32::to_le_bytes).concat();
    let at = |number: usize| (8 + number * tile) as u32;
    let (places_at, lengths_at) = (at(3), at(3) + 12);
    let fields = [
        field(256, LONG, 1, SIDE / 2),
        field(257, LONG, 1, SIDE / 2),
        field(258, SHORT, 1, 8),
        field(259, SHORT, 1, 1),
        field(262, SHORT, 1, 2),
        field(277, SHORT, 1, 3),
        field(284, SHORT, 1, 2),
        field(322, LONG, 1, SIDE),
        field(323, LONG, 1, SIDE),
        field(324, LONG, 3, places_at),
        field(325, LONG, 3, lengths_at),
    ];
    let lists = [numbers([at(0), at(1), at(2)]), numbers([tile as u32; 3])].concat();
    let directory = (lengths_at + 12).to_le_bytes();
    let number = (fields.len() as u16).to_le_bytes();
    [
        b"II*\0",
        &directory[..],
        &tiles,
        &lists,
        &number,
        &fields.concat(),
        &[0; 4],
    ]
    .concat()
}

fn field(tag: u16, kind: u16, count: u32, value: u32) -> Vec<u8> {
    let (tag, kind) = (tag.to_le_bytes(), kind.to_le_bytes());
    let (count, value) = (count.to_le_bytes(), value.to_le_bytes());
    [&tag[..], &kind, &count, &value].concat()
}

fn wide(width: u32, height: u32) -> Vec<u8> {
    let mut bmp = sound::bmp();
    bmp[18..22].copy_from_slice(&width.to_le_bytes());
    bmp[22..26].copy_from_slice(&height.to_le_bytes());
    bmp
}
