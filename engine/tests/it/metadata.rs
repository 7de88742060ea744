//! What of a file's metadata counts, and what is carried on.

use std::io::Cursor;

use crate::support::{decoded, encoded, landscape, rendered};
use engine::{Limits, Orientation, inspect};
use image::{ImageFormat, Rgb, RgbImage};
use img_parts::{Bytes, DynImage, ImageEXIF};

/// An EXIF block of ASCII and SHORT fields, little endian, with a GPS block that must never be seen again.
pub(crate) fn exif(orientation: u16, artist: &str, date: &str) -> Vec<u8> {
    const SECRET: &str = "SECRET-PLACE";
    let fields = [
        (0x0112_u16, 3_u16, orientation.to_le_bytes().to_vec()),
        (0x0132, 2, format!("{date}\0").into_bytes()),
        (0x013b, 2, format!("{artist}\0").into_bytes()),
        (0x8298, 2, b"Ada Ltd\0".to_vec()),
        (0x9003, 2, format!("{SECRET}\0").into_bytes()),
    ];
    let mut block = b"II*\0\x08\0\0\0".to_vec();
    block.extend((fields.len() as u16).to_le_bytes());
    let mut data: Vec<u8> = Vec::new();
    let data_start = 8 + 2 + fields.len() * 12 + 4;
    for (tag, kind, value) in &fields {
        let count = if *kind == 3 { 1 } else { value.len() as u32 };
        block.extend(tag.to_le_bytes());
        block.extend(kind.to_le_bytes());
        block.extend(count.to_le_bytes());
        if value.len() <= 4 {
            let mut inline = value.clone();
            inline.resize(4, 0);
            block.extend(inline);
        } else {
            block.extend(((data_start + data.len()) as u32).to_le_bytes());
            data.extend(value);
        }
    }
    block.extend([0; 4]);
    block.extend(data);
    block
}

pub(crate) fn with_exif(source: Vec<u8>, block: Vec<u8>) -> Vec<u8> {
    let mut picture = DynImage::from_bytes(source.into()).unwrap().unwrap();
    picture.set_exif(Some(Bytes::from(block)));
    picture.encoder().bytes().to_vec()
}

/// Red, green, blue and white quarters.
fn quarters(width: u32, height: u32) -> RgbImage {
    RgbImage::from_fn(width, height, |x, y| {
        match (x < width / 2, y < height / 2) {
            (true, true) => Rgb([255, 0, 0]),
            (false, true) => Rgb([0, 255, 0]),
            (true, false) => Rgb([0, 0, 255]),
            (false, false) => Rgb([255; 3]),
        }
    })
}

#[test]
fn each_orientation_is_displayed_as_exif_says() {
    const R: [u8; 3] = [255, 0, 0];
    const G: [u8; 3] = [0, 255, 0];
    const B: [u8; 3] = [0, 0, 255];
    const W: [u8; 3] = [255; 3];
    // What the upper left, upper right, lower left and lower right of the result show.
    let expected = [
        (1, [R, G, B, W]),
        (2, [G, R, W, B]),
        (3, [W, B, G, R]),
        (4, [B, W, R, G]),
        (5, [R, B, G, W]),
        (6, [B, R, W, G]),
        (7, [W, G, B, R]),
        (8, [G, W, R, B]),
    ];
    for format in [ImageFormat::Jpeg, ImageFormat::Png, ImageFormat::WebP] {
        for (number, corners) in expected {
            let source = with_exif(encoded(quarters(400, 200), format), exif(number, "", ""));
            let fields = [("wm_format", "png"), ("width", "150"), ("height", "150")];
            let result = rendered(&source, &fields).unwrap();
            let (width, height) = if number < 5 { (150, 75) } else { (75, 150) };
            assert_eq!((result.width, result.height), (width, height), "{number}");
            let shown = decoded(&result.bytes).to_rgb8();
            let places = [
                (9, 9),
                (width - 9, 9),
                (9, height / 2 + 9),
                (width - 9, height / 2 + 9),
            ];
            for ((x, y), corner) in places.into_iter().zip(corners) {
                let pixel = shown.get_pixel(x, y).0;
                let near = pixel
                    .iter()
                    .zip(corner)
                    .all(|(one, other)| one.abs_diff(other) < 60);
                assert!(near, "{format:?} {number}: {pixel:?} at {x},{y}");
            }
        }
    }
}

#[test]
fn exif_texts_are_told() {
    for format in [ImageFormat::Jpeg, ImageFormat::Png, ImageFormat::WebP] {
        let source = with_exif(
            encoded(landscape(40, 30), format),
            exif(6, "Ada\u{1b}[31m Łovelace", "2024:03:09 10:11:12"),
        );
        let header = inspect(Cursor::new(&source), &Limits::default()).unwrap();
        assert_eq!(header.exif.date, "2024-03-09", "{format:?}");
        assert_eq!(header.exif.artist, "Ada[31m Łovelace");
        assert_eq!(header.exif.copyright, "Ada Ltd");
        assert_eq!(header.orientation, Orientation::TurnedRight);
        assert_eq!(header.displayed(), (30, 40));
    }
}

#[test]
fn broken_exif_is_as_none() {
    let picture = || encoded(landscape(40, 30), ImageFormat::Jpeg);
    let whole = exif(3, "Ada", "0000:00:00 00:00:00");
    for end in 0..whole.len() {
        let source = with_exif(picture(), whole[..end].to_vec());
        assert!(inspect(Cursor::new(&source), &Limits::default()).is_ok());
    }
    let header = inspect(Cursor::new(with_exif(picture(), whole)), &Limits::default()).unwrap();
    assert_eq!(header.exif.date, "", "a camera without a clock");
}

#[test]
fn an_endless_artist_is_shortened() {
    let source = with_exif(
        encoded(landscape(40, 30), ImageFormat::Jpeg),
        exif(1, &"é".repeat(5000), ""),
    );
    let header = inspect(Cursor::new(source), &Limits::default()).unwrap();
    assert_eq!(header.exif.artist.chars().count(), 256);
}
