//! TIFF, of which there are as many kinds as programs that write it.

use std::io::Cursor;

use ::tiff::{
    encoder::{
        Compression, DeflateLevel, TiffEncoder,
        colortype::{CMYK8, ColorType, Gray8, Gray16, RGB8, RGB16, RGBA8},
    },
    tags::Tag,
};
use engine::{InputError, Limits, RenderError, inspect};
use image::RgbImage;

use crate::support::{decoded, rendered};

const WIDTH: u32 = 40;
const HEIGHT: u32 = 28;

/// What a source shows where the mark is not: right and left, above and below are unlike.
fn shown(source: &[u8]) -> RgbImage {
    let fields = [("wm_text", "\u{200d}"), ("wm_format", "png")];
    decoded(&rendered(source, &fields).unwrap().bytes).to_rgb8()
}

fn refusal(source: &[u8]) -> String {
    let Err(RenderError::Input(error)) = rendered(source, &[]) else {
        panic!("it is taken");
    };
    assert!(
        inspect(Cursor::new(source), &Limits::default()).is_err(),
        "from its header"
    );
    error.to_string()
}

fn red(x: u32) -> u8 {
    (x * 6) as u8
}

fn green(y: u32) -> u8 {
    (y * 9) as u8
}

/// Samples of every pixel.
fn picture<T>(samples: impl Fn(u8, u8) -> Vec<T>) -> Vec<T> {
    let pixels = (0..HEIGHT).flat_map(|y| (0..WIDTH).map(move |x| (x, y)));
    pixels
        .flat_map(|(x, y)| samples(red(x), green(y)))
        .collect()
}

fn encoded<C: ColorType>(samples: &[C::Inner], compression: Compression) -> Vec<u8>
where
    [C::Inner]: ::tiff::encoder::TiffValue,
{
    let mut file = Cursor::new(Vec::new());
    let mut encoder = TiffEncoder::new(&mut file)
        .unwrap()
        .with_compression(compression);
    encoder.write_image::<C>(WIDTH, HEIGHT, samples).unwrap();
    file.into_inner()
}

#[test]
fn every_depth_and_compression_shows_the_same() {
    let wide = |byte: u8| u16::from(byte) * 257;
    for (name, compression) in [
        ("none", Compression::Uncompressed),
        ("LZW", Compression::Lzw),
        ("deflate", Compression::Deflate(DeflateLevel::Balanced)),
        ("PackBits", Compression::Packbits),
    ] {
        let gray = encoded::<Gray8>(&picture(|red, _| vec![red]), compression);
        let gray16 = encoded::<Gray16>(&picture(|red, _| vec![wide(red)]), compression);
        let rgb = encoded::<RGB8>(&picture(|red, green| vec![red, green, 7]), compression);
        let rgb16 = picture(|red, green| [red, green, 7].map(wide).to_vec());
        let rgb16 = encoded::<RGB16>(&rgb16, compression);
        let rgba = encoded::<RGBA8>(&picture(|red, green| vec![red, green, 7, 255]), compression);
        let ink = picture(|red, green| vec![255 - red, 255 - green, 248, 0]);
        let ink = encoded::<CMYK8>(&ink, compression);
        let [gray, gray16, rgb, rgb16, rgba, ink] =
            [gray, gray16, rgb, rgb16, rgba, ink].map(|file| shown(&file));
        for (x, y, pixel) in rgb.enumerate_pixels() {
            assert_eq!(pixel.0, [red(x), green(y), 7], "{name}");
            assert_eq!(gray.get_pixel(x, y).0, [red(x); 3], "{name}");
        }
        assert!(gray == gray16 && rgb == rgb16 && rgb == rgba, "{name}");
        let near = rgb
            .as_raw()
            .iter()
            .zip(ink.as_raw())
            .all(|(one, other)| one.abs_diff(*other) <= 1);
        assert!(near, "{name}");
    }
}

/// The decoder makes room for as many values as a field claims to have, before anybody can tell it a limit.
#[test]
fn long_fields_count_as_memory() {
    const VALUES: u32 = 4_000_000;
    const DEPTHS: [u8; 4] = [2, 1, 3, 0];
    let pixels = picture(|red, green| vec![red, green, 7]);
    let mut file = encoded::<RGB8>(&pixels, Compression::Uncompressed);
    let directory = u32::from_le_bytes(file[4..8].try_into().unwrap()) as usize;
    let mut fields = file[directory + 2..].chunks_exact(12);
    let depths = fields.position(|field| field[..4] == DEPTHS);
    let count = directory + 2 + 12 * depths.unwrap() + 4;
    file[count..count + 4].copy_from_slice(&VALUES.to_le_bytes());

    let header = inspect(Cursor::new(&file[..]), &Limits::default()).unwrap();
    assert!(
        header.decode_bytes >= 32 * u64::from(VALUES),
        "{}",
        header.decode_bytes
    );
}

/// Microscopes write megabytes about a picture.
#[test]
fn a_long_description_is_taken() {
    let mut file = Cursor::new(Vec::new());
    let mut encoder = TiffEncoder::new(&mut file).unwrap();
    let mut image = encoder.new_image::<RGB8>(WIDTH, HEIGHT).unwrap();
    let description = "word ".repeat(4_000_000);
    image
        .encoder()
        .write_tag(Tag::ImageDescription, &description[..])
        .unwrap();
    image
        .write_data(&picture(|red, green| vec![red, green, 7]))
        .unwrap();
    let shown = shown(&file.into_inner());
    assert_eq!(shown.get_pixel(9, 7).0, [red(9), green(7), 7]);
}

#[test]
fn a_tiff_is_turned_as_it_says() {
    for orientation in 1..=8_u16 {
        let mut file = Cursor::new(Vec::new());
        let mut encoder = TiffEncoder::new(&mut file).unwrap();
        let mut image = encoder.new_image::<RGB8>(WIDTH, HEIGHT).unwrap();
        image
            .encoder()
            .write_tag(Tag::Orientation, orientation)
            .unwrap();
        image
            .write_data(&picture(|red, green| vec![red, green, 7]))
            .unwrap();
        let shown = shown(file.get_ref());
        let (right, bottom) = (shown.width() - 1, shown.height() - 1);
        // Where the stored picture's first pixel is seen (TIFF 6.0, section 8).
        let first = match orientation {
            1 | 5 => (0, 0),
            2 | 6 => (right, 0),
            3 | 7 => (right, bottom),
            _ => (0, bottom),
        };
        assert_eq!(
            shown.get_pixel(first.0, first.1).0,
            [0, 0, 7],
            "{orientation}"
        );
        let is_upright = shown.dimensions() == (WIDTH, HEIGHT);
        assert_eq!(is_upright, orientation < 5, "{orientation}");
    }
}

#[test]
fn the_first_page_is_the_picture() {
    let mut file = Cursor::new(Vec::new());
    let mut encoder = TiffEncoder::new(&mut file).unwrap();
    for gray in [80, 200, 250] {
        let page = picture(|_, _| vec![gray]);
        encoder.write_image::<Gray8>(WIDTH, HEIGHT, &page).unwrap();
    }
    assert!(
        shown(file.get_ref())
            .pixels()
            .all(|pixel| pixel.0 == [80; 3])
    );
}

/// Fields of one directory, and what lies before it.
struct Handmade {
    big_endian: bool,
    data: Vec<u8>,
    fields: Vec<(u16, u16, u32, u32)>,
}

const SHORT: u16 = 3;
const LONG: u16 = 4;

impl Handmade {
    fn new(big_endian: bool) -> Self {
        Self {
            big_endian,
            data: Vec::new(),
            fields: Vec::new(),
        }
    }

    fn number(&mut self, tag: u16, value: u32) {
        self.fields.push((tag, LONG, 1, value));
    }

    fn short(&mut self, tag: u16, value: u16) {
        self.fields.push((tag, SHORT, 1, value.into()));
    }

    /// Values that lie before the directory.
    fn elsewhere(&mut self, tag: u16, kind: u16, values: &[u32]) {
        let at = self.append(&[]);
        for value in values {
            let bytes = if kind == SHORT {
                self.u16(*value as u16).to_vec()
            } else {
                self.u32(*value).to_vec()
            };
            self.data.extend(bytes);
        }
        self.fields.push((tag, kind, values.len() as u32, at));
    }

    /// Where bytes come to lie in the file.
    fn append(&mut self, bytes: &[u8]) -> u32 {
        self.data.extend(bytes);
        8 + self.data.len() as u32 - bytes.len() as u32
    }

    fn file(mut self) -> Vec<u8> {
        self.fields.sort_unstable();
        let mut file = if self.big_endian {
            b"MM\0*".to_vec()
        } else {
            b"II*\0".to_vec()
        };
        file.extend(self.u32(8 + self.data.len() as u32));
        file.extend(&self.data);
        file.extend(self.u16(self.fields.len() as u16));
        for &(tag, kind, count, value) in &self.fields {
            file.extend(self.u16(tag));
            file.extend(self.u16(kind));
            file.extend(self.u32(count));
            if kind == SHORT && count == 1 {
                file.extend(self.u16(value as u16));
                file.extend([0; 2]);
            } else {
                file.extend(self.u32(value));
            }
        }
        file.extend([0; 4]);
        file
    }

    fn u16(&self, value: u16) -> [u8; 2] {
        if self.big_endian {
            value.to_be_bytes()
        } else {
            value.to_le_bytes()
        }
    }

    fn u32(&self, value: u32) -> [u8; 4] {
        if self.big_endian {
            value.to_be_bytes()
        } else {
            value.to_le_bytes()
        }
    }
}

/// One strip of samples of this depth.
fn handmade(big_endian: bool, photometric: u16, bits: u16, strip: &[u8]) -> Handmade {
    let mut tiff = Handmade::new(big_endian);
    let at = tiff.append(strip);
    for (tag, value) in [
        (256, WIDTH),
        (257, HEIGHT),
        (273, at),
        (278, HEIGHT),
        (279, strip.len() as u32),
    ] {
        tiff.number(tag, value);
    }
    tiff.short(258, bits);
    tiff.short(259, 1);
    tiff.short(262, photometric);
    tiff.short(277, 1);
    tiff
}

/// A picture of 256 colours, from green to red.
pub(crate) fn palette_file(big_endian: bool) -> Vec<u8> {
    let mut tiff = handmade(big_endian, 3, 8, &picture(|red, _| vec![red]));
    let channels = [|at: u32| at * 257, |at: u32| (255 - at) * 257, |_| 7 * 257];
    let colors: Vec<u32> = channels
        .iter()
        .flat_map(|value| (0..256).map(value))
        .collect();
    tiff.elsewhere(320, SHORT, &colors);
    tiff.file()
}

#[test]
fn a_palette_shows_its_colours() {
    for big_endian in [false, true] {
        for (x, _, pixel) in shown(&palette_file(big_endian)).enumerate_pixels() {
            assert_eq!(pixel.0, [red(x), 255 - red(x), 7]);
        }
    }
}

#[test]
fn white_may_be_zero_and_greys_one_bit() {
    let inverted = handmade(true, 0, 8, &picture(|red, _| vec![255 - red]));
    for (x, _, pixel) in shown(&inverted.file()).enumerate_pixels() {
        assert_eq!(pixel.0, [red(x); 3]);
    }
    let stripes = handmade(
        false,
        1,
        1,
        &vec![0b0101_0101; (WIDTH / 8 * HEIGHT) as usize],
    );
    for (x, _, pixel) in shown(&stripes.file()).enumerate_pixels() {
        assert_eq!(pixel.0, [if x % 2 == 1 { 255 } else { 0 }; 3]);
    }
}

#[test]
fn tiles_are_put_together() {
    const SIDE: u32 = 16;
    let mut tiff = Handmade::new(false);
    let mut places = Vec::new();
    for top in (0..HEIGHT).step_by(SIDE as usize) {
        for left in (0..WIDTH).step_by(SIDE as usize) {
            let rows = (top..top + SIDE).flat_map(|y| (left..left + SIDE).map(move |x| (x, y)));
            let tile: Vec<u8> = rows
                .flat_map(|(x, y)| [(x * 6) as u8, (y * 9) as u8, 7])
                .collect();
            places.push(tiff.append(&tile));
        }
    }
    let lengths = vec![SIDE * SIDE * 3; places.len()];
    tiff.elsewhere(324, LONG, &places);
    tiff.elsewhere(325, LONG, &lengths);
    tiff.elsewhere(258, SHORT, &[8; 3]);
    for (tag, value) in [(256, WIDTH), (257, HEIGHT), (322, SIDE), (323, SIDE)] {
        tiff.number(tag, value);
    }
    for (tag, value) in [(259, 1), (262, 2), (277, 3)] {
        tiff.short(tag, value);
    }
    for (x, y, pixel) in shown(&tiff.file()).enumerate_pixels() {
        assert_eq!(pixel.0, [red(x), green(y), 7]);
    }
}

#[test]
fn what_is_not_read_is_refused_by_name() {
    let strip = vec![0; 4 * (WIDTH * HEIGHT) as usize];
    for (photometric, bits, said) in [
        (6, 8, "YCbCr"),
        (8, 8, "L*a*b*"),
        (32_803, 16, "raw of a camera"),
        (99, 8, "unknown kind 99"),
        (3, 4, "its palette is one of 4 bits; 8 are read"),
        (1, 4, "its greys have 4 bits; 1, 8 and 16 are read"),
        (2, 32, "its samples have 32 bits; 8 and 16 are read"),
    ] {
        let refusal = refusal(&handmade(false, photometric, bits, &strip).file());
        assert!(refusal.contains(said), "{refusal}");
    }
    let mut floating = handmade(true, 1, 16, &strip);
    floating.short(339, 3);
    assert!(refusal(&floating.file()).contains("no whole numbers"));
    for magic in [b"II\x2b\0\x08\0\0\0", b"MM\0\x2b\0\x08\0\0"] {
        let big = [&magic[..], &[0; 64]].concat();
        assert!(refusal(&big).contains("BigTIFF is not supported"));
    }
    let no_palette = handmade(false, 3, 8, &strip).file();
    let refused = rendered(&no_palette, &[]).unwrap_err();
    assert!(
        matches!(refused, RenderError::Input(InputError::Broken { .. })),
        "{refused}"
    );
}
