//! JPEG: scans without end, sides that lie, segments by the thousand.

use crate::{
    Fate::{Broken, Either, OverLimit, Refused, Rendered},
    File, metadata, sound,
};

const EXIF: &[u8] = b"Exif\0\0";
const XMP: &[u8] = b"http://ns.adobe.com/xap/1.0/\0";
/// The longest content of a segment.
const CONTENT_BYTES_MAX: usize = 65_533;

pub(crate) fn bombs() -> Vec<File> {
    let file = |name, fate, bytes| File::new("JPEG", name, fate, bytes);
    let exif = |block: Vec<u8>| with(&segment(0xe1, &[EXIF, &block].concat()));
    let xmp_bytes = CONTENT_BYTES_MAX - XMP.len();
    let ampersands = [XMP, &metadata::ampersands(xmp_bytes)].concat();
    vec![
        file(
            "5000 scans",
            OverLimit("broken_image"),
            scans(5000, (48, 40)),
        ),
        file(
            "5000 scans of 16 megapixels",
            OverLimit("broken_image"),
            scans(5000, (4000, 4000)),
        ),
        file(
            "10 000 tables before the picture",
            OverLimit("broken_image"),
            with(&segment(0xdb, &[&[0], &[1; 64][..]].concat()).repeat(10_000)),
        ),
        file(
            "10 000 notes before the picture",
            OverLimit("broken_image"),
            with(&segment(0xe5, b"note").repeat(10_000)),
        ),
        file(
            "4000 notes before the picture",
            Rendered,
            with(&segment(0xe5, b"note").repeat(4000)),
        ),
        file(
            "a megabyte that belongs to no segment",
            Refused("broken_image"),
            with(&[0xff; 1_000_000]),
        ),
        file(
            "65 535 pixels a side, says its header",
            OverLimit("side_too_long"),
            announcing((65_535, 65_535), false),
        ),
        file(
            "256 megapixels, says its header",
            OverLimit("too_many_pixels"),
            announcing((16_000, 16_000), false),
        ),
        file(
            "100 megapixels, says its header",
            Broken,
            announcing((10_000, 10_000), false),
        ),
        file(
            "100 megapixels in scans, says its header",
            OverLimit("too_many_bytes"),
            announcing((10_000, 10_000), true),
        ),
        file(
            "no pixels, says its header",
            Refused("broken_image"),
            announcing((0, 9), false),
        ),
        file(
            "two frames of different size",
            Refused("broken_image"),
            two_frames(),
        ),
        file("EXIF that fans out", Rendered, exif(metadata::fan(60_000))),
        file("EXIF in a ring", Rendered, exif(metadata::ring())),
        file(
            "EXIF with 60 000 names",
            Rendered,
            exif(metadata::names(60_000)),
        ),
        file(
            "XMP of ampersands",
            Rendered,
            with(&segment(0xe1, &ampersands)),
        ),
        file("nothing after its header", Either, header_alone()),
    ]
}

fn segment(marker: u8, content: &[u8]) -> Vec<u8> {
    let length = (content.len() + 2) as u16;
    [&[0xff, marker], &length.to_be_bytes()[..], content].concat()
}

/// A sound picture with these bytes after its first two.
fn with(bytes: &[u8]) -> Vec<u8> {
    let sound = sound::jpeg(false);
    [&sound[..2], bytes, &sound[2..]].concat()
}

fn frame_at(jpeg: &[u8]) -> usize {
    let frame = |marker: &[u8]| matches!(marker, [0xff, 0xc0 | 0xc2]);
    let at = jpeg.windows(2).position(frame);
    at.expect("a picture has a frame")
}

fn announcing((width, height): (u16, u16), progressive: bool) -> Vec<u8> {
    let mut jpeg = resized(sound::jpeg(progressive), (width, height));
    // A sample of each colour for each pixel.
    let sampling = frame_at(&jpeg) + 11;
    jpeg[sampling] = 0x11;
    jpeg
}

fn resized(mut jpeg: Vec<u8>, (width, height): (u16, u16)) -> Vec<u8> {
    let frame = frame_at(&jpeg);
    jpeg[frame + 5..frame + 7].copy_from_slice(&height.to_be_bytes());
    jpeg[frame + 7..frame + 9].copy_from_slice(&width.to_be_bytes());
    jpeg
}

/// A progressive picture whose last scan comes again and again: each costs a walk over the whole picture.
fn scans(count: usize, size: (u16, u16)) -> Vec<u8> {
    let mut jpeg = resized(sound::jpeg(true), size);
    let scan = |marker: &[u8]| marker == [0xff, 0xda];
    let last = jpeg.windows(2).rposition(scan).expect("it has scans");
    let end = jpeg.len() - 2;
    let again = jpeg[last..end].repeat(count);
    jpeg.splice(end..end, again);
    jpeg
}

fn two_frames() -> Vec<u8> {
    let mut jpeg = sound::jpeg(false);
    let at = frame_at(&jpeg);
    let frame = jpeg[at..at + 19].to_vec();
    jpeg.splice(at..at, frame);
    resized(jpeg, (16_000, 6000))
}

fn header_alone() -> Vec<u8> {
    let mut jpeg = sound::jpeg(false);
    let scan = |marker: &[u8]| marker == [0xff, 0xda];
    let at = jpeg.windows(2).position(scan).expect("it has a scan");
    jpeg.truncate(at + 14);
    jpeg
}
