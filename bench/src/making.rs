//! Fills the classes: photographs as they came, and what is made of them.

use std::{
    cmp::Reverse,
    fs,
    io::Cursor,
    path::{Path, PathBuf},
};

use image::{ImageDecoder as _, ImageFormat, ImageReader, RgbImage, imageops};
use jpeg_encoder::{ColorType, Encoder, SamplingFactor};
use walkdir::WalkDir;

use crate::picture::Class;

/// Photographs below this are no source for others.
const SOURCE_PIXELS_MIN: u64 = 3_500_000;
/// Photographs as they came count from here on.
const ORIGINAL_PIXELS_MIN: u64 = 8_000_000;
/// In millibytes a pixel. Cameras write 200 to 500; drawn wallpapers have less than this.
const DETAIL_MIN: u64 = 100;
const WEB_SIZE: (u32, u32) = (1920, 1080);
/// A TIFF block that says no more than: a quarter turn clockwise.
const TURNED: &[u8] = b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0";

/// How a class is made of a photograph.
struct Make {
    class: Class,
    size: (u32, u32),
    /// Of how many photographs.
    count_max: usize,
    file: File,
}

#[derive(Clone, Copy)]
enum File {
    Jpeg(Shape, Quality),
    Png,
}

/// What is special about a JPEG.
#[derive(Clone, Copy, PartialEq)]
enum Shape {
    /// Nothing: baseline, 4:2:0.
    Plain,
    Progressive,
    FullChroma,
    Turned,
}

#[derive(Clone, Copy)]
enum Quality {
    /// What cameras write.
    Camera = 92,
    /// What the web holds.
    Web = 85,
}

const MADE: [Make; 8] = [
    Make::new(Class::Megapixels12, (4000, 3000), 12, camera(Shape::Plain)),
    Make::new(Class::Megapixels24, (6000, 4000), 8, camera(Shape::Plain)),
    Make::new(
        Class::Progressive,
        (4000, 3000),
        6,
        camera(Shape::Progressive),
    ),
    Make::new(
        Class::FullChroma,
        (4000, 3000),
        6,
        camera(Shape::FullChroma),
    ),
    Make::new(Class::Turned, (4000, 3000), 4, camera(Shape::Turned)),
    Make::new(
        Class::Megapixels100,
        (10_000, 10_000),
        1,
        camera(Shape::Plain),
    ),
    Make::new(
        Class::SmallJpeg,
        WEB_SIZE,
        12,
        File::Jpeg(Shape::Plain, Quality::Web),
    ),
    Make::new(Class::SmallPng, WEB_SIZE, 8, File::Png),
];

const fn camera(shape: Shape) -> File {
    File::Jpeg(shape, Quality::Camera)
}

impl Make {
    const fn new(class: Class, size: (u32, u32), count_max: usize, file: File) -> Self {
        Self {
            class,
            size,
            count_max,
            file,
        }
    }
}

/// Fills a folder a class below `to`.
pub(crate) fn make_all(photos: &Path, to: &Path) -> anyhow::Result<()> {
    let photos = find(photos)?;
    anyhow::ensure!(!photos.is_empty(), "no photograph is large enough");
    for (number, photo) in photos.iter().enumerate() {
        println!("{}", photo.path.display());
        if let Some(class) = photo.class() {
            write(to, class, number, &fs::read(&photo.path)?)?;
        }
        let picture = decoded(&photo.path)?;
        for make in MADE.iter().filter(|make| number < make.count_max) {
            let bytes = encoded(&fitted(&picture, make.size), make.file)?;
            write(to, make.class, number, &bytes)?;
        }
    }
    Ok(())
}

struct Photo {
    path: PathBuf,
    pixels: u64,
    /// Millibytes a pixel.
    detail: u64,
    has_profile: bool,
    is_progressive: bool,
}

impl Photo {
    fn read(path: PathBuf) -> anyhow::Result<Self> {
        let bytes = fs::read(&path)?;
        let mut decoder = ImageReader::open(&path)?.into_decoder()?;
        let (width, height) = decoder.dimensions();
        let pixels = u64::from(width) * u64::from(height);
        Ok(Self {
            pixels,
            detail: 1000 * bytes.len() as u64 / pixels,
            has_profile: decoder.icc_profile()?.is_some(),
            is_progressive: is_progressive(&bytes),
            path,
        })
    }

    /// The class it belongs to as it is.
    const fn class(&self) -> Option<Class> {
        if self.pixels < ORIGINAL_PIXELS_MIN {
            None
        } else if self.has_profile {
            Some(Class::Profile)
        } else if self.is_progressive {
            None
        } else {
            Some(Class::Originals)
        }
    }
}

/// The JPEGs that are large and detailed enough, the most detailed first. One with a colour profile is rare, so any will do.
fn find(folder: &Path) -> anyhow::Result<Vec<Photo>> {
    let files = WalkDir::new(folder).sort_by_file_name();
    let mut photos = Vec::new();
    for entry in files {
        let entry = entry?;
        let is_jpeg = entry.path().extension().is_some_and(|it| it == "jpg");
        if entry.file_type().is_file() && is_jpeg {
            photos.push(Photo::read(entry.into_path())?);
        }
    }
    photos.retain(|photo| photo.pixels >= SOURCE_PIXELS_MIN);
    photos.retain(|photo| photo.detail >= DETAIL_MIN || photo.class() == Some(Class::Profile));
    photos.sort_by_key(|photo| Reverse(photo.detail));
    Ok(photos)
}

/// Whether the first frame header is that of a progressive JPEG.
fn is_progressive(jpeg: &[u8]) -> bool {
    let mut at = 2;
    while let Some(&[0xff, marker, high, low]) = jpeg.get(at..at + 4) {
        match marker {
            0xc2 => return true,
            0xc0 | 0xc1 | 0xda => return false,
            _ => at += 2 + usize::from(u16::from_be_bytes([high, low])),
        }
    }
    false
}

fn decoded(path: &Path) -> anyhow::Result<RgbImage> {
    let mut reader = ImageReader::open(path)?;
    reader.no_limits();
    Ok(reader.decode()?.into_rgb8())
}

/// A small picture shows the whole scene, a large one all its grain: it is cut out, and continued by its mirror image
/// where it is too small, because enlarging would make it softer than what comes from a camera.
fn fitted(picture: &RgbImage, (width, height): (u32, u32)) -> RgbImage {
    if (width, height) == WEB_SIZE {
        return imageops::thumbnail(picture, width, height);
    }
    RgbImage::from_fn(width, height, |x, y| {
        let (x, y) = (mirrored(x, picture.width()), mirrored(y, picture.height()));
        *picture.get_pixel(x, y)
    })
}

const fn mirrored(at: u32, length: u32) -> u32 {
    let within = at % (2 * length);
    if within < length {
        within
    } else {
        2 * length - 1 - within
    }
}

fn encoded(picture: &RgbImage, file: File) -> anyhow::Result<Vec<u8>> {
    match file {
        File::Jpeg(shape, quality) => jpeg(picture, shape, quality),
        File::Png => png(picture),
    }
}

fn jpeg(picture: &RgbImage, shape: Shape, quality: Quality) -> anyhow::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut encoder = Encoder::new(&mut bytes, quality as u8);
    encoder.set_sampling_factor(match shape {
        Shape::FullChroma => SamplingFactor::F_1_1,
        Shape::Plain | Shape::Progressive | Shape::Turned => SamplingFactor::F_2_2,
    });
    encoder.set_progressive(shape == Shape::Progressive);
    if shape == Shape::Turned {
        encoder.add_exif_metadata(TURNED)?;
    }
    let (width, height) = (picture.width().try_into()?, picture.height().try_into()?);
    encoder.encode(picture.as_raw(), width, height, ColorType::Rgb)?;
    Ok(bytes)
}

fn png(picture: &RgbImage) -> anyhow::Result<Vec<u8>> {
    let mut bytes = Cursor::new(Vec::new());
    picture.write_to(&mut bytes, ImageFormat::Png)?;
    Ok(bytes.into_inner())
}

fn write(root: &Path, class: Class, number: usize, bytes: &[u8]) -> anyhow::Result<()> {
    let path = class.picture(root, number);
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    Ok(fs::write(path, bytes)?)
}

#[cfg(test)]
mod tests {
    use image::Rgb;

    use super::*;

    #[test]
    fn a_picture_that_is_too_small_is_continued_by_its_mirror_image() {
        let small = RgbImage::from_fn(3, 1, |x, _| Rgb([x as u8; 3]));
        let row: Vec<u8> = fitted(&small, (8, 1)).pixels().map(|p| p[0]).collect();
        assert_eq!(row, [0, 1, 2, 2, 1, 0, 0, 1]);
    }

    #[test]
    fn progressive_files_are_told_from_baseline_ones() {
        let file = |shape| encoded(&RgbImage::new(16, 16), camera(shape)).unwrap();
        assert!(!is_progressive(&file(Shape::Plain)));
        assert!(is_progressive(&file(Shape::Progressive)));
    }

    #[test]
    fn a_turned_picture_says_so_to_the_engine() {
        let bytes = encoded(&RgbImage::new(20, 10), camera(Shape::Turned)).unwrap();
        let header = engine::inspect(Cursor::new(bytes), &engine::Limits::default()).unwrap();
        assert_eq!(header.displayed(), (10, 20));
    }
}
