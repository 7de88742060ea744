//! PNG: headers that lie, and streams of zlib that have no end.

use crate::{
    Fate::{Broken, Either, OverLimit, Refused, Rendered},
    File, metadata, sound,
    zlib::{gigabyte, zeros},
};

const MIB: usize = 1024 * 1024;
/// Where the chunk of the header ends.
const HEADER_END: usize = 33;

pub(crate) fn bombs() -> Vec<File> {
    let file = |name, fate, bytes| File::new("PNG", name, fate, bytes);
    let xmp = [
        b"XML:com.adobe.xmp\0\0\0\0\0",
        &metadata::ampersands(MIB - 64)[..],
    ]
    .concat();
    vec![
        file(
            "2 147 483 647 pixels a side, says its header",
            OverLimit("side_too_long"),
            announcing(0x7fff_ffff, 0x7fff_ffff),
        ),
        file(
            "256 megapixels, says its header",
            OverLimit("too_many_pixels"),
            announcing(16_000, 16_000),
        ),
        file(
            "96 megapixels, says its header",
            Broken,
            announcing(16_000, 6000),
        ),
        file(
            "no pixels, says its header",
            Refused("broken_image"),
            announcing(0, 5),
        ),
        file(
            "96 megapixels of nothing in 100 KB",
            Rendered,
            nothing(16_000, 6000, 0),
        ),
        file(
            "64 pixels that unpack to a gigabyte",
            Either,
            nothing(8, 8, 1024 * MIB),
        ),
        file(
            "a profile that unpacks to a gigabyte",
            Either,
            with(&chunk(b"iCCP", &[b"p\0\0", &gigabyte()[..]].concat())),
        ),
        file(
            "a text that unpacks to a gigabyte",
            Rendered,
            with(&chunk(b"zTXt", &[b"t\0\0", &gigabyte()[..]].concat())),
        ),
        file(
            "an international text that unpacks to a gigabyte",
            Rendered,
            with(&chunk(
                b"iTXt",
                &[b"t\0\x01\0\0\0", &gigabyte()[..]].concat(),
            )),
        ),
        file(
            "100 000 chunks before its pixels",
            OverLimit("broken_image"),
            with(&chunk(b"noTe", b"").repeat(100_000)),
        ),
        file(
            "4 294 967 295 frames, says its header",
            Rendered,
            with(&chunk(b"acTL", &[0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0])),
        ),
        file(
            "a chunk of 4 GiB, says its length",
            Refused("broken_image"),
            with(b"\xff\xff\xff\xffnoTe"),
        ),
        file(
            "EXIF that fans out",
            Rendered,
            with(&chunk(b"eXIf", &metadata::fan(MIB))),
        ),
        file(
            "EXIF with a million names",
            Rendered,
            with(&chunk(b"eXIf", &metadata::names(MIB))),
        ),
        file(
            "XMP of a million ampersands",
            Rendered,
            with(&chunk(b"iTXt", &xmp)),
        ),
        file(
            "interlaced, says its header, and is not",
            Either,
            interlaced(),
        ),
    ]
}

fn chunk(name: &[u8; 4], content: &[u8]) -> Vec<u8> {
    let length = (content.len() as u32).to_be_bytes();
    let mut crc = crc32fast::Hasher::new();
    crc.update(name);
    crc.update(content);
    let crc = crc.finalize().to_be_bytes();
    [&length, &name[..], content, &crc].concat()
}

/// A sound picture with these bytes after its header.
fn with(bytes: &[u8]) -> Vec<u8> {
    let sound = sound::png();
    [&sound[..HEADER_END], bytes, &sound[HEADER_END..]].concat()
}

fn header(width: u32, height: u32, color: u8, interlaced: u8) -> Vec<u8> {
    let sides = [width, height].map(u32::to_be_bytes).concat();
    chunk(
        b"IHDR",
        &[&sides[..], &[8, color, 0, 0, interlaced]].concat(),
    )
}

fn announcing(width: u32, height: u32) -> Vec<u8> {
    let sound = sound::png();
    [
        &sound[..8],
        &header(width, height, 2, 0),
        &sound[HEADER_END..],
    ]
    .concat()
}

fn interlaced() -> Vec<u8> {
    let sound = sound::png();
    [&sound[..8], &header(48, 40, 2, 1), &sound[HEADER_END..]].concat()
}

/// Grey pixels, all of them zero, and so many zeros more.
fn nothing(width: u32, height: u32, more: usize) -> Vec<u8> {
    let sound = sound::png();
    let pixels = (width as usize + 1) * height as usize;
    let pixels = chunk(b"IDAT", &zeros(pixels + more));
    [
        &sound[..8],
        &header(width, height, 0, 0),
        &pixels,
        &chunk(b"IEND", b""),
    ]
    .concat()
}
