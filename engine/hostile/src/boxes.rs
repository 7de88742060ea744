//! AVIF and JPEG XL: boxes in boxes, and lists that cost nothing to write.

use crate::{
    Fate::{Broken, Either, OverLimit, Refused},
    File, sound,
};

const MIB: usize = 1024 * 1024;
const SIGNATURE: &[u8] = b"\0\0\0\x0cJXL \r\n\x87\n\0\0\0\x14ftypjxl \0\0\0\0jxl ";

pub(crate) fn bombs() -> Vec<File> {
    let avif = |name, fate, bytes| File::new("AVIF", name, fate, bytes);
    let jxl = |name, fate, bytes| File::new("JPEG XL", name, fate, bytes);
    let picture = sound::jxl();
    vec![
        avif(
            "10 000 boxes before its description",
            OverLimit("broken_image"),
            before(&boxed(b"free", b"").repeat(10_000)),
        ),
        avif(
            "boxes in boxes, 10 000 deep",
            Refused("broken_image"),
            nested(10_000),
        ),
        avif(
            "a description of two megabytes",
            Refused("broken_image"),
            before(&boxed(b"meta", &vec![0; 2 * MIB])),
        ),
        avif(
            "items in 65 535 pieces without a byte",
            Refused("broken_image"),
            pieces(),
        ),
        avif(
            "4 294 967 295 pixels a side, says its header",
            OverLimit("side_too_long"),
            announcing(u32::MAX, u32::MAX),
        ),
        avif(
            "100 megapixels, says its header",
            OverLimit("too_many_bytes"),
            announcing(10_000, 10_000),
        ),
        avif(
            "12 megapixels, says its header",
            Broken,
            announcing(4000, 3000),
        ),
        jxl(
            "a million boxes",
            Either,
            [
                SIGNATURE,
                &boxed(b"note", b"").repeat(1_000_000),
                &boxed(b"jxlc", &picture),
            ]
            .concat(),
        ),
        jxl(
            "a picture in 10 000 empty parts",
            Either,
            [
                SIGNATURE,
                &boxed(b"jxlp", &[0; 4]).repeat(10_000),
                &boxed(b"jxlp", &[&[0; 4], &picture[..]].concat()),
            ]
            .concat(),
        ),
        jxl(
            "a box that is shorter than its own header",
            Either,
            [SIGNATURE, b"\0\0\0\x02note"].concat(),
        ),
        jxl(
            "a box of 16 EiB, says its length",
            Either,
            [SIGNATURE, b"\0\0\0\x01note\xff\xff\xff\xff\xff\xff\xff\xff"].concat(),
        ),
        jxl(
            "1 073 741 824 pixels a side, says its header",
            OverLimit("side_too_long"),
            wide(30),
        ),
        jxl(
            "64 megapixels, says its header",
            OverLimit("too_many_bytes"),
            wide(13),
        ),
        jxl("4 megapixels, says its header", Either, wide(11)),
    ]
}

/// The codestream in a box of its own.
pub(crate) fn jxl(codestream: &[u8]) -> Vec<u8> {
    [SIGNATURE, &boxed(b"jxlc", codestream)].concat()
}

fn boxed(name: &[u8; 4], content: &[u8]) -> Vec<u8> {
    let length = (content.len() + 8) as u32;
    [&length.to_be_bytes(), &name[..], content].concat()
}

/// A sound picture with these bytes after its first box.
fn before(bytes: &[u8]) -> Vec<u8> {
    let sound = sound::avif();
    let first = u32::from_be_bytes([sound[0], sound[1], sound[2], sound[3]]) as usize;
    [&sound[..first], bytes, &sound[first..]].concat()
}

fn nested(depth: usize) -> Vec<u8> {
    let mut nested = Vec::new();
    // From the inside out by lengths alone: each box holds what follows it.
    for level in (0..depth).rev() {
        let length = (8 * (depth - level)) as u32;
        nested.splice(0..0, [&length.to_be_bytes()[..], b"iprp"].concat());
    }
    before(&boxed(b"meta", &[&[0; 4], &nested[..]].concat()))
}

/// Offsets, lengths and numbers of no bytes: each item has as many pieces as two bytes can count.
fn pieces() -> Vec<u8> {
    const ITEMS: u32 = 100_000;
    let item = [0, 0, 0, 1, 0, 0, 0, 0, 0xff, 0xff];
    let version = [2, 0, 0, 0, 0, 0];
    let places = [
        &version[..],
        &ITEMS.to_be_bytes(),
        &item.repeat(ITEMS as usize),
    ]
    .concat();
    let kinds = [0; 6];
    let meta = [
        &[0; 4],
        &boxed(b"iinf", &kinds)[..],
        &boxed(b"iloc", &places),
    ]
    .concat();
    before(&boxed(b"meta", &meta))
}

fn announcing(width: u32, height: u32) -> Vec<u8> {
    let mut avif = sound::avif();
    let extents = avif.windows(4).position(|name| name == b"ispe");
    let at = extents.expect("a picture has dimensions") + 8;
    avif[at..at + 8].copy_from_slice(&[width, height].map(u32::to_be_bytes).concat());
    avif
}

/// Both sides a power of two: not small, and a height of `bits` bits that the ratio of one repeats.
fn wide(bits: u32) -> Vec<u8> {
    let (class, field) = match bits {
        0..=9 => (0, 9),
        10..=13 => (1, 13),
        14..=18 => (2, 18),
        _ => (3, 30),
    };
    let side = (1_u64 << bits) - 1;
    // The ratio is one, and all else as it usually is.
    let header = class << 1 | side << 3 | 1 << (3 + field) | 3 << (6 + field);
    let picture = sound::jxl();
    [&[0xff, 0x0a], &header.to_le_bytes()[..], &picture[8..]].concat()
}
