//! How near a result is to what slow and careful work would have made of the source.

use std::{fs, io::Cursor, path::Path};

use anyhow::Context as _;
use fast_ssim2::{PixelDescriptor, PixelSlice, Ssimulacra2Reference};
use image::{
    DynamicImage, ImageDecoder as _, ImageReader, RgbImage,
    imageops::{self, FilterType},
};

use crate::job::BOX;

/// The corner where marks are, as fractions of √(width·height): wider and higher than any contender draws it, with room
/// for what a codec's blocks smear.
const MARK_WIDTH: f64 = 0.36;
const MARK_HEIGHT: f64 = 0.10;

/// The source, decoded in full, upright, and fitted into the box by Lanczos3 in floating point.
pub(crate) struct Ideal {
    picture: RgbImage,
    reference: Ssimulacra2Reference,
}

impl Ideal {
    pub(crate) fn of(source: &Path) -> anyhow::Result<Self> {
        let picture = fitted(decoded(&fs::read(source)?)?);
        let reference = Ssimulacra2Reference::new(&view(&picture)?)?;
        Ok(Self { picture, reference })
    }

    /// Width and height a result must have.
    pub(crate) fn size(&self) -> (u32, u32) {
        self.picture.dimensions()
    }

    /// SSIMULACRA2 without the mark's corner: 100 is the same picture, 90 cannot be told from it.
    pub(crate) fn score(&self, result: &[u8]) -> anyhow::Result<f64> {
        let mut picture = decoded(result)?.into_rgb8();
        self.cover_mark(&mut picture);
        Ok(self.reference.compare(&view(&picture)?)?)
    }

    /// Whether no pixel outside the mark's corner differs.
    pub(crate) fn is_kept_by(&self, result: &[u8]) -> anyhow::Result<bool> {
        let mut picture = decoded(result)?.into_rgb8();
        self.cover_mark(&mut picture);
        Ok(picture == self.picture)
    }

    fn cover_mark(&self, picture: &mut RgbImage) {
        let (width, height) = self.size();
        let unit = (f64::from(width) * f64::from(height)).sqrt();
        let left = width.saturating_sub((MARK_WIDTH * unit) as u32);
        let top = height.saturating_sub((MARK_HEIGHT * unit) as u32);
        let corner = imageops::crop_imm(&self.picture, left, top, width - left, height - top);
        imageops::replace(picture, &*corner, left.into(), top.into());
    }
}

/// Upright.
fn decoded(bytes: &[u8]) -> anyhow::Result<DynamicImage> {
    let mut reader = ImageReader::new(Cursor::new(bytes)).with_guessed_format()?;
    reader.no_limits();
    let mut decoder = reader
        .into_decoder()
        .context("a format that can be compared")?;
    let orientation = decoder.orientation()?;
    let mut picture = DynamicImage::from_decoder(decoder)?;
    picture.apply_orientation(orientation);
    Ok(picture)
}

fn fitted(picture: DynamicImage) -> RgbImage {
    let (width, height) = (f64::from(picture.width()), f64::from(picture.height()));
    let scale = (f64::from(BOX.0) / width).min(f64::from(BOX.1) / height);
    if scale >= 1.0 {
        return picture.into_rgb8();
    }
    let size = [width, height].map(|side| (side * scale).round() as u32);
    let small = imageops::resize(
        &picture.into_rgb32f(),
        size[0],
        size[1],
        FilterType::Lanczos3,
    );
    DynamicImage::ImageRgb32F(small).into_rgb8()
}

fn view(picture: &RgbImage) -> anyhow::Result<PixelSlice<'_>> {
    let (width, height) = picture.dimensions();
    let stride = 3 * width as usize;
    let view = PixelSlice::new(
        picture.as_raw(),
        width,
        height,
        stride,
        PixelDescriptor::RGB8_SRGB,
    );
    view.map_err(|error| anyhow::anyhow!("{error:?}"))
}

#[cfg(test)]
mod tests {
    use image::{ImageFormat, Rgb};

    use super::*;

    /// A picture as a file, and an ideal of it.
    fn example() -> (RgbImage, Ideal) {
        let picture = RgbImage::from_fn(400, 200, |x, y| {
            Rgb([(x * y % 251) as u8, (x / 2) as u8, y as u8])
        });
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(file.path(), png(&picture)).unwrap();
        (picture, Ideal::of(file.path()).unwrap())
    }

    fn png(picture: &RgbImage) -> Vec<u8> {
        let mut bytes = Cursor::new(Vec::new());
        picture.write_to(&mut bytes, ImageFormat::Png).unwrap();
        bytes.into_inner()
    }

    #[test]
    fn a_mark_in_its_corner_costs_no_quality() {
        let (mut picture, ideal) = example();
        picture.put_pixel(390, 190, Rgb([255; 3]));
        assert!(ideal.is_kept_by(&png(&picture)).unwrap());
        assert_eq!(ideal.score(&png(&picture)).unwrap(), 100.0);
    }

    #[test]
    fn a_change_elsewhere_does() {
        let (mut picture, ideal) = example();
        imageops::invert(&mut *imageops::crop(&mut picture, 0, 0, 40, 40));
        assert!(!ideal.is_kept_by(&png(&picture)).unwrap());
        assert!(ideal.score(&png(&picture)).unwrap() < 99.0);
    }

    #[test]
    fn the_ideal_of_a_large_picture_fills_the_box() {
        let large = DynamicImage::new_rgb8(4000, 3000);
        assert_eq!(fitted(large).dimensions(), (1440, 1080));
    }
}
