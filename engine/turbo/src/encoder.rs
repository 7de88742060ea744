//! From planes or pixels to a file.

#![forbid(unsafe_code)]

use planes::{Plane, Planes, Subsampling};

use crate::{
    Error, Quantisation,
    ffi::{Encoder, EncoderOptions, color_space},
};

/// How a file is written.
#[derive(Clone, Copy, Debug)]
pub struct Options<'a> {
    pub quantisation: Quantisation<'a>,
    /// Coarse first, for slow lines: smaller files that take longer to write and to read.
    pub progressive: bool,
    /// Huffman tables of the picture's own: a few percent smaller, for a second pass.
    pub optimized: bool,
    /// An ICC profile.
    pub profile: Option<&'a [u8]>,
    /// Contents of APP1 segments: EXIF, XMP.
    pub app1: &'a [&'a [u8]],
}

/// What the bytes of a pixel are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PixelColors {
    Gray,
    Rgb,
}

const APP1: u8 = 0xe1;

/// Writes planes as they are, with their subsampling.
///
/// # Errors
/// When a side is longer than JPEG can say, or there is no memory.
pub fn encode_planes(picture: &Planes, options: &Options<'_>) -> Result<Vec<u8>, Error> {
    let (color_space, subsampling) = match picture.chroma() {
        None => (color_space::GRAYSCALE, Subsampling::NONE),
        Some(chroma) => (color_space::YCBCR, chroma.subsampling),
    };
    let size = (picture.width(), picture.height());
    let raw = options.raw(size, color_space, subsampling)?;
    let mut encoder = options.started(raw, true)?;
    let shapes = raw.band_shapes();
    let chroma = picture.chroma().map(|chroma| [&chroma.blue, &chroma.red]);
    let planes = [picture.luma()]
        .into_iter()
        .chain(chroma.into_iter().flatten());
    let planes: Vec<&Plane> = planes.collect();
    let mut bands: Vec<Vec<u8>> = shapes
        .iter()
        .map(|(stride, rows)| vec![0; stride * rows])
        .collect();
    let band_count = picture.height().div_ceil(8 * subsampling.down);
    for at in 0..band_count {
        for ((band, plane), &(stride, rows)) in bands.iter_mut().zip(&planes).zip(&shapes) {
            fill_band(band, plane, at * rows, stride);
        }
        encoder = encoder.write_band(&bands)?;
    }
    encoder.finish()
}

/// Writes pixels; colour is subsampled by half each way.
///
/// # Errors
/// When a side is longer than JPEG can say, or there is no memory.
///
/// # Panics
/// When `pixels` are not exactly those of `width` × `height`.
pub fn encode_pixels(
    pixels: &[u8],
    (width, height): (usize, usize),
    colors: PixelColors,
    options: &Options<'_>,
) -> Result<Vec<u8>, Error> {
    let (color_space, subsampling, channels) = match colors {
        PixelColors::Gray => (color_space::GRAYSCALE, Subsampling::NONE, 1),
        PixelColors::Rgb => (color_space::RGB, Subsampling::BOTH_HALVED, 3),
    };
    assert_eq!(pixels.len(), width * height * channels, "{width}×{height}");
    let raw = options.raw((width, height), color_space, subsampling)?;
    let mut encoder = options.started(raw, false)?;
    for row in pixels.chunks_exact(width * channels) {
        encoder = encoder.write_row(row)?;
    }
    encoder.finish()
}

/// Whole blocks of `plane` from `first_row`. Beyond its edges the last row and column are repeated, which costs the fewest
/// bits.
fn fill_band(band: &mut [u8], plane: &Plane, first_row: usize, stride: usize) {
    let width = plane.width();
    for (at, row) in band.chunks_exact_mut(stride).enumerate() {
        let from = (first_row + at).min(plane.height() - 1) * width;
        let samples = &plane.samples()[from..from + width];
        let (inside, beyond) = row.split_at_mut(width);
        inside.copy_from_slice(samples);
        beyond.fill(samples[width - 1]);
    }
}

impl Options<'_> {
    fn raw(
        &self,
        (width, height): (usize, usize),
        color_space: i32,
        subsampling: Subsampling,
    ) -> Result<EncoderOptions, Error> {
        let [Ok(width), Ok(height)] = [width, height].map(u16::try_from) else {
            return Err(Error::TooLarge { width, height });
        };
        let [Ok(across @ 1..=4), Ok(down @ 1..=4)] =
            [subsampling.across, subsampling.down].map(i32::try_from)
        else {
            return Err(Error::Subsampling { subsampling });
        };
        Ok(EncoderOptions {
            width: width.into(),
            height: height.into(),
            color_space,
            across,
            down,
            quality: self.quantisation.quality().into(),
            progressive: self.progressive.into(),
            optimized: self.optimized.into(),
        })
    }

    /// A quarter of a byte a pixel is what quality 85 needs of most pictures.
    fn started(&self, raw: EncoderOptions, in_bands: bool) -> Result<Encoder, Error> {
        let pixels = raw.width as usize * raw.height as usize;
        let mut encoder =
            Encoder::start(raw, self.quantisation.tables(), in_bands, pixels / 4 + 4096)?;
        for segment in self.app1 {
            encoder = encoder.with_marker(APP1, segment)?;
        }
        match self.profile {
            Some(profile) => encoder.with_profile(profile),
            None => Ok(encoder),
        }
    }
}
