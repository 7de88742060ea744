//! From a file to components or pixels.

#![forbid(unsafe_code)]

use planes::{Plane, Subsampling};

use crate::{
    Error, Tables,
    ffi::{self, Bands, Cost, color_space},
};

/// A file whose header was read.
#[derive(Debug)]
pub struct Decoder<'s> {
    inner: ffi::Decoder<'s>,
    header: Header,
}

/// What the header says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    pub width: u32,
    pub height: u32,
    pub colors: Colors,
}

/// What the components mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Colors {
    Gray,
    /// Luma, blue-difference, red-difference.
    LumaChroma,
    Rgb,
    /// Adobe writes ink inverted: 255 is none.
    Cmyk {
        inverted: bool,
    },
}

/// How large the picture is decoded. A side that cannot be divided is rounded up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scale {
    Full,
    Half,
    Quarter,
    Eighth,
}

/// What decoding may cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Scans of a progressive file. Encoders write about ten; a small file can hold thousands, and each costs a walk over
    /// the whole picture.
    pub scans_max: u16,
    /// Bytes that libjpeg allocates, most of them coefficients of files of more than one scan.
    pub memory_bytes_max: u64,
}

/// A component, and which part of the plane is the picture.
#[derive(Clone, Debug, PartialEq)]
pub struct Component {
    pub plane: Plane,
    /// Samples across and down that the picture measures. The last sample of a row or column may lie beyond in part: of a
    /// picture 5 pixels wide, half the size is 2.5 samples, in a plane of 3.
    pub extent: (f64, f64),
}

/// Pixels without gaps.
#[derive(Clone, Debug, PartialEq)]
pub struct Pixels {
    pub width: u32,
    pub height: u32,
    /// Pixels across and down that the picture measures, as of a [`Component`].
    pub extent: (f64, f64),
    /// Three bytes a pixel, or four of CMYK.
    pub bytes: Vec<u8>,
}

impl<'s> Decoder<'s> {
    /// Reads the header of `source`.
    ///
    /// # Errors
    /// When there is none, or it announces what is not supported.
    pub fn open(source: &'s [u8]) -> Result<Self, Error> {
        let inner = ffi::Decoder::open(source)?;
        let header = Header::parse(inner.header())?;
        Ok(Self { inner, header })
    }

    pub fn header(&self) -> Header {
        self.header
    }

    /// The colour profile that the file carries, if it is whole.
    ///
    /// # Errors
    /// When there is no memory for it.
    pub fn profile(&mut self) -> Result<Option<Vec<u8>>, Error> {
        self.inner.profile()
    }

    /// How the picture was quantised and subsampled, if it is luma and chroma or luma alone, and its header says.
    pub fn tables(&self) -> Option<(Tables, Subsampling)> {
        if !matches!(self.header.colors, Colors::Gray | Colors::LumaChroma) {
            return None;
        }
        let (tables, across, down) = self.inner.quantisation()?;
        let subsampling = Subsampling {
            across: across.max(1) as usize,
            down: down.max(1) as usize,
        };
        Some((Tables(tables), subsampling))
    }

    /// Decodes the components as they are stored, each with its own sampling.
    ///
    /// At a scale, components of fewer samples are scaled less where that brings them nearer to the others.
    ///
    /// # Errors
    /// When the file is cut or damaged, or needs more than `limits` allow.
    pub fn components(self, scale: Scale, limits: Limits) -> Result<Vec<Component>, Error> {
        let picture = (self.header.width, self.header.height);
        let bands = self.inner.into_bands(scale.at_cost(limits))?;
        let shapes = bands.components().to_vec();
        let planes = read_planes(bands, &shapes)?;
        let finest = (
            shapes.iter().map(|shape| shape.across).max().unwrap_or(1),
            shapes.iter().map(|shape| shape.down).max().unwrap_or(1),
        );
        let components = planes.into_iter().zip(&shapes);
        let component = |(plane, shape): (Plane, &ffi::Component)| Component {
            plane,
            extent: shape.extent(picture, finest),
        };
        Ok(components.map(component).collect())
    }

    /// Decodes pixels: CMYK if that is what is stored, otherwise red, green and blue.
    ///
    /// # Errors
    /// When the file is cut or damaged, or needs more than `limits` allow.
    pub fn pixels(self, scale: Scale, limits: Limits) -> Result<Pixels, Error> {
        let colors = match self.header.colors {
            Colors::Cmyk { .. } => color_space::CMYK,
            Colors::Gray | Colors::LumaChroma | Colors::Rgb => color_space::RGB,
        };
        let eighths = f64::from(scale.eighths()) / 8.0;
        let (width, height) = (self.header.width, self.header.height);
        let mut rows = self.inner.into_rows(scale.at_cost(limits), colors)?;
        let mut pixels = Pixels {
            width: rows.width,
            height: rows.height,
            extent: (f64::from(width) * eighths, f64::from(height) * eighths),
            bytes: vec![0; rows.width as usize * rows.height as usize * rows.channels],
        };
        let row_bytes = rows.width as usize * rows.channels;
        for row in pixels.bytes.chunks_exact_mut(row_bytes) {
            rows = rows.read(row)?;
        }
        Ok(pixels)
    }
}

/// Bands are whole blocks, planes are not: rows are copied from one to the other while they are warm.
fn read_planes(mut bands: Bands<'_>, shapes: &[ffi::Component]) -> Result<Vec<Plane>, Error> {
    let mut buffers: Vec<_> = shapes
        .iter()
        .map(|shape| vec![0; shape.band_bytes()])
        .collect();
    let mut planes: Vec<Vec<u8>> = shapes
        .iter()
        .map(|shape| Vec::with_capacity(shape.width as usize * shape.height as usize))
        .collect();
    let band_count = shapes
        .iter()
        .map(|shape| shape.height.div_ceil(shape.band_rows))
        .max();
    for band in 0..band_count.unwrap_or(0) {
        bands = bands.read(&mut buffers)?;
        for ((plane, buffer), shape) in planes.iter_mut().zip(&buffers).zip(shapes) {
            let rows_left = shape.height - band * shape.band_rows;
            let rows = buffer.chunks_exact(shape.stride as usize);
            for row in rows.take(rows_left as usize) {
                plane.extend_from_slice(&row[..shape.width as usize]);
            }
        }
    }
    let finished = planes.into_iter().zip(shapes);
    Ok(finished
        .map(|(samples, shape)| Plane::new(shape.width as usize, shape.height as usize, samples))
        .collect())
}

impl ffi::Component {
    fn extent(&self, (width, height): (u32, u32), finest: (u32, u32)) -> (f64, f64) {
        let scaled = |side: u32, factor: u32, factor_max: u32| {
            f64::from(side) * f64::from(factor * self.block_samples) / f64::from(8 * factor_max)
        };
        (
            scaled(width, self.across, finest.0),
            scaled(height, self.down, finest.1),
        )
    }
}

impl Header {
    fn parse(raw: &ffi::Header) -> Result<Self, Error> {
        if raw.precision_bits != 8 {
            let bits = u8::try_from(raw.precision_bits).unwrap_or(u8::MAX);
            return Err(Error::Precision { bits });
        }
        let colors = match (raw.color_space, raw.components) {
            (color_space::GRAYSCALE, 1) => Colors::Gray,
            (color_space::YCBCR, 3) => Colors::LumaChroma,
            (color_space::RGB, 3) => Colors::Rgb,
            (color_space::CMYK | color_space::YCCK, 4) => Colors::Cmyk {
                inverted: raw.inverted != 0,
            },
            (_, components) => {
                let components = u8::try_from(components).unwrap_or(u8::MAX);
                return Err(Error::UnknownColors { components });
            }
        };
        Ok(Self {
            width: raw.width,
            height: raw.height,
            colors,
        })
    }
}

impl Scale {
    /// Samples that a block of eight becomes.
    pub const fn eighths(self) -> u8 {
        match self {
            Self::Full => 8,
            Self::Half => 4,
            Self::Quarter => 2,
            Self::Eighth => 1,
        }
    }

    const fn at_cost(self, limits: Limits) -> Cost {
        Cost {
            eighths: self.eighths(),
            scans_max: limits.scans_max,
            memory_bytes_max: limits.memory_bytes_max,
        }
    }
}
