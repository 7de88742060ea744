//! WebP: pictures of a hundred megapixels in thirty bytes.

use crate::{
    Fate::{Either, OverLimit, Refused, Rendered},
    File, metadata,
};

const MIB: usize = 1024 * 1024;

pub(crate) fn bombs() -> Vec<File> {
    let file = |name, fate, bytes| File::new("WebP", name, fate, bytes);
    let small_with = |flag, name, content: &[u8]| {
        riff(
            &[
                canvas(flag, 8, 8),
                chunk(b"VP8L", &plain(8, 8)),
                chunk(name, content),
            ]
            .concat(),
        )
    };
    vec![
        file(
            "64 megapixels of nothing in 40 bytes",
            Either,
            riff(&chunk(b"VP8L", &plain(16_000, 4000))),
        ),
        file(
            "268 megapixels of nothing in 40 bytes",
            OverLimit("too_many_pixels"),
            riff(&chunk(b"VP8L", &plain(16_383, 16_383))),
        ),
        file(
            "16 777 216 pixels a side, says its canvas",
            OverLimit("side_too_long"),
            riff(&[canvas(2, 1 << 24, 1 << 24), frame(8, 8)].concat()),
        ),
        file(
            "a small canvas with a picture of 64 megapixels",
            Refused("broken_image"),
            riff(&[canvas(0, 8, 8), chunk(b"VP8L", &plain(16_000, 4000))].concat()),
        ),
        file(
            "an animation whose frame is larger than its canvas",
            Either,
            riff(&[canvas(2, 8, 8), frame(16_000, 4000)].concat()),
        ),
        file(
            "200 000 frames",
            Either,
            riff(&[canvas(2, 8, 8), frame(8, 8).repeat(200_000)].concat()),
        ),
        file(
            "two million chunks",
            OverLimit("broken_image"),
            riff(&[canvas(2, 8, 8), chunk(b"note", b"").repeat(2_000_000)].concat()),
        ),
        file(
            "a chunk of 4 GiB, says its length",
            Either,
            riff(b"VP8L\xff\xff\xff\xff\x2f\0\0\0\0"),
        ),
        file(
            "EXIF that fans out",
            Rendered,
            small_with(0x08, b"EXIF", &metadata::fan(MIB)),
        ),
        file(
            "EXIF with a million names",
            Rendered,
            small_with(0x08, b"EXIF", &metadata::names(MIB)),
        ),
        file(
            "XMP of a million ampersands",
            Rendered,
            small_with(0x04, b"XMP ", &metadata::ampersands(MIB)),
        ),
    ]
}

fn riff(chunks: &[u8]) -> Vec<u8> {
    let length = (chunks.len() + 4) as u32;
    [b"RIFF", &length.to_le_bytes()[..], b"WEBP", chunks].concat()
}

fn chunk(name: &[u8; 4], content: &[u8]) -> Vec<u8> {
    let length = (content.len() as u32).to_le_bytes();
    let padding = &[0][..content.len() % 2];
    [name, &length[..], content, padding].concat()
}

fn canvas(flags: u8, width: u32, height: u32) -> Vec<u8> {
    let side = |side: u32| (side - 1).to_le_bytes();
    let ([w0, w1, w2, _], [h0, h1, h2, _]) = (side(width), side(height));
    chunk(b"VP8X", &[flags, 0, 0, 0, w0, w1, w2, h0, h1, h2])
}

fn frame(width: u32, height: u32) -> Vec<u8> {
    let side = |side: u32| (side - 1).to_le_bytes();
    let ([w0, w1, w2, _], [h0, h1, h2, _]) = (side(width), side(height));
    let place = [0, 0, 0, 0, 0, 0, w0, w1, w2, h0, h1, h2, 10, 0, 0, 0];
    chunk(
        b"ANMF",
        &[&place[..], &chunk(b"VP8L", &plain(width, height))].concat(),
    )
}

/// A lossless picture of one colour: each of its five codes has one symbol, which takes no bits.
fn plain(width: u32, height: u32) -> Vec<u8> {
    // No transform, no cache, one group of codes; each code is simple, of one symbol, of one bit, which is zero.
    const CODES: u64 = 0b000_0000_1000_1000_1000_1000_1000;
    let bits = u64::from(width - 1) | u64::from(height - 1) << 14 | CODES << 32;
    let [bytes @ .., _] = bits.to_le_bytes();
    [&[0x2f], &bytes[..], &[0; 8]].concat()
}
