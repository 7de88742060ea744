//! The pictures: photographs as they came, and what is made of them where a class is missing.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::Context as _;
use image::{ImageDecoder as _, ImageFormat, ImageReader, RgbImage, imageops};
use jpeg_encoder::{ColorType, Encoder, SamplingFactor};
use walkdir::WalkDir;

/// Photographs below this are no source for others.
const SOURCE_PIXELS_MIN: u64 = 3_500_000;
/// Photographs as they came count from here on.
const ORIGINAL_PIXELS_MIN: u64 = 8_000_000;
/// What cameras write.
const QUALITY: u8 = 92;
/// What the web holds.
const SMALL_QUALITY: u8 = 85;
/// A TIFF block that says no more than: a quarter turn clockwise.
const TURNED: &[u8] = b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0";

/// Pictures that are alike in what they cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Class {
    /// Baseline JPEG 4:2:0 of 4000×3000.
    Megapixels12,
    /// Baseline JPEG 4:2:0 of 6000×4000.
    Megapixels24,
    /// Baseline JPEGs from 8 megapixels, as they came.
    Originals,
    /// JPEGs with a colour profile, as they came.
    Profile,
    /// Progressive JPEG 4:2:0 of 4000×3000.
    Progressive,
    /// Baseline JPEG 4:4:4 of 4000×3000.
    FullChroma,
    /// Baseline JPEG 4:2:0 of 4000×3000, to be turned by its EXIF.
    Turned,
    /// Baseline JPEG 4:2:0 of 1920×1080.
    SmallJpeg,
    /// PNG of 1920×1080.
    SmallPng,
    /// One baseline JPEG of 10000×10000.
    Megapixels100,
}

/// How a class is made of a photograph.
struct Make {
    class: Class,
    size: (u32, u32),
    /// Of how many photographs.
    count_max: usize,
    encode: fn(&RgbImage) -> anyhow::Result<Vec<u8>>,
}

const MADE: [Make; 8] = [
    Make::new(Class::Megapixels12, (4000, 3000), 12, |p| {
        jpeg(p, QUALITY, |_| ())
    }),
    Make::new(Class::Megapixels24, (6000, 4000), 8, |p| {
        jpeg(p, QUALITY, |_| ())
    }),
    Make::new(Class::Progressive, (4000, 3000), 6, |p| {
        jpeg(p, QUALITY, |encoder| encoder.set_progressive(true))
    }),
    Make::new(Class::FullChroma, (4000, 3000), 6, |p| {
        jpeg(p, QUALITY, |encoder| {
            encoder.set_sampling_factor(SamplingFactor::F_1_1);
        })
    }),
    Make::new(Class::Turned, (4000, 3000), 4, |p| {
        jpeg(p, QUALITY, |encoder| {
            encoder
                .add_exif_metadata(TURNED)
                .expect("a segment holds 26 bytes");
        })
    }),
    Make::new(Class::SmallJpeg, (1920, 1080), 12, |p| {
        jpeg(p, SMALL_QUALITY, |_| ())
    }),
    Make::new(Class::SmallPng, (1920, 1080), 8, png),
    Make::new(Class::Megapixels100, (10_000, 10_000), 1, |p| {
        jpeg(p, QUALITY, |_| ())
    }),
];

impl Class {
    const fn folder(self) -> &'static str {
        match self {
            Self::Megapixels12 => "12mp",
            Self::Megapixels24 => "24mp",
            Self::Originals => "originals",
            Self::Profile => "profile",
            Self::Progressive => "progressive",
            Self::FullChroma => "444",
            Self::Turned => "turned",
            Self::SmallJpeg => "small-jpeg",
            Self::SmallPng => "small-png",
            Self::Megapixels100 => "100mp",
        }
    }

    /// Its pictures below `root`, `count_max` of them at most, in the order of their names.
    pub(crate) fn pictures(self, root: &Path, count_max: usize) -> anyhow::Result<Vec<PathBuf>> {
        let folder = root.join(self.folder());
        let entries = fs::read_dir(&folder).with_context(|| folder.display().to_string())?;
        let paths = entries.map(|entry| Ok(entry?.path()));
        let mut paths: Vec<_> = paths.collect::<anyhow::Result<_>>()?;
        anyhow::ensure!(!paths.is_empty(), "{} is empty", folder.display());
        paths.sort();
        paths.truncate(count_max);
        Ok(paths)
    }
}

impl Make {
    const fn new(
        class: Class,
        size: (u32, u32),
        count_max: usize,
        encode: fn(&RgbImage) -> anyhow::Result<Vec<u8>>,
    ) -> Self {
        Self {
            class,
            size,
            count_max,
            encode,
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
            let name = format!("{number:02}.jpg");
            write(to, class, &name, &fs::read(&photo.path)?)?;
        }
        let picture = decoded(&photo.path)?;
        for make in MADE.iter().filter(|make| number < make.count_max) {
            let extension = if make.class == Class::SmallPng {
                "png"
            } else {
                "jpg"
            };
            let name = format!("{number:02}.{extension}");
            write(
                to,
                make.class,
                &name,
                &(make.encode)(&continued(&picture, make.size))?,
            )?;
        }
    }
    Ok(())
}

struct Photo {
    path: PathBuf,
    pixels: u64,
    has_profile: bool,
    is_progressive: bool,
}

impl Photo {
    fn read(path: PathBuf) -> anyhow::Result<Self> {
        let bytes = fs::read(&path)?;
        let mut decoder = ImageReader::open(&path)?.into_decoder()?;
        let (width, height) = decoder.dimensions();
        Ok(Self {
            pixels: u64::from(width) * u64::from(height),
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

/// The JPEGs that are large enough, the largest first.
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
    photos.sort_by_key(|photo| std::cmp::Reverse(photo.pixels));
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

/// Cut to `size`, and continued by its mirror image where it is too small: enlarging would make it softer than what
/// comes from a camera.
fn continued(picture: &RgbImage, (width, height): (u32, u32)) -> RgbImage {
    let (whole_width, whole_height) = picture.dimensions();
    // A small picture shows a whole scene.
    let scene;
    let picture = if width < whole_width && height < whole_height && width <= 1920 {
        scene = imageops::thumbnail(picture, width, height);
        &scene
    } else {
        picture
    };
    RgbImage::from_fn(width, height, |x, y| {
        *picture.get_pixel(mirrored(x, picture.width()), mirrored(y, picture.height()))
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

fn jpeg(
    picture: &RgbImage,
    quality: u8,
    set_up: impl Fn(&mut Encoder<&mut Vec<u8>>),
) -> anyhow::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut encoder = Encoder::new(&mut bytes, quality);
    encoder.set_sampling_factor(SamplingFactor::F_2_2);
    set_up(&mut encoder);
    let (width, height) = (picture.width().try_into()?, picture.height().try_into()?);
    encoder.encode(picture.as_raw(), width, height, ColorType::Rgb)?;
    Ok(bytes)
}

fn png(picture: &RgbImage) -> anyhow::Result<Vec<u8>> {
    let mut bytes = std::io::Cursor::new(Vec::new());
    picture.write_to(&mut bytes, ImageFormat::Png)?;
    Ok(bytes.into_inner())
}

fn write(root: &Path, class: Class, name: &str, bytes: &[u8]) -> anyhow::Result<()> {
    let folder = root.join(class.folder());
    fs::create_dir_all(&folder)?;
    fs::write(folder.join(name), bytes)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use image::Rgb;

    use super::*;

    #[test]
    fn a_picture_that_is_too_small_is_continued_by_its_mirror_image() {
        let small = RgbImage::from_fn(3, 1, |x, _| Rgb([x as u8; 3]));
        let row: Vec<u8> = continued(&small, (8, 1)).pixels().map(|p| p[0]).collect();
        assert_eq!(row, [0, 1, 2, 2, 1, 0, 0, 1]);
    }

    #[test]
    fn progressive_files_are_told_from_baseline_ones() {
        let picture = RgbImage::new(16, 16);
        let baseline = jpeg(&picture, 80, |_| ()).unwrap();
        let progressive = jpeg(&picture, 80, |encoder| encoder.set_progressive(true)).unwrap();
        assert!(!is_progressive(&baseline));
        assert!(is_progressive(&progressive));
    }

    #[test]
    fn a_turned_picture_says_so_to_the_engine() {
        let turned = MADE
            .iter()
            .find(|make| make.class == Class::Turned)
            .unwrap();
        let bytes = (turned.encode)(&RgbImage::new(20, 10)).unwrap();
        let header =
            engine::inspect(std::io::Cursor::new(bytes), &engine::Limits::default()).unwrap();
        assert_eq!(header.displayed(), (10, 20));
    }
}
