//! AVIF: still pictures coded by AV1 (AV1 Image File Format 1.1), through libaom, which nothing but this crate calls.
//!
//! Read in this order:
//! 1. [`encode`]: planes in, a file out.
//! 2. `encoder`: one AV1 frame.
//! 3. `boxes`: the file around it.
//! 4. [`Header`], [`decode`] and [`bytes_of`]: the way back.

mod boxes;
mod decoder;
mod encoder;
mod header;
mod matrix;
mod parser;

use std::ops::Range;

use planes::{Plane, Planes, Subsampling};

use boxes::{File, Item};
pub use header::Header;
pub use matrix::{Matrix, bytes_of};
pub use parser::Unreadable;

/// The longest side of an AV1 frame.
pub const SIDE_MAX: u32 = 65_536;

/// How a picture is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// 0 to 100, where 100 quantises least.
    pub quality: u8,
    /// How little libaom looks for what can be left out: 0 to 9 for still pictures.
    pub speed: u8,
}

/// What is told beside the picture.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Metadata<'a> {
    /// An ICC profile.
    pub profile: Option<&'a [u8]>,
    /// A TIFF block.
    pub exif: Option<&'a [u8]>,
    /// An RDF packet.
    pub xmp: Option<&'a str>,
}

/// Why there is no AVIF.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    #[error("AVIF holds at most {SIDE_MAX} pixels a side")]
    SideTooLong,
    #[error("libaom refused it: {0}")]
    Refused(String),
}

/// Why a file cannot be decoded.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    #[error("it is cut short")]
    Cut,
    #[error("its frame has {}×{} pixels, its header says {}×{}", announced.0, announced.1, expected.0, expected.1)]
    OtherSize {
        announced: (u32, u32),
        expected: (u32, u32),
    },
    #[error("its colours are coded by a matrix that is not supported, number {0}")]
    UnknownMatrix(u32),
    #[error("libaom refused it: {0}")]
    Refused(String),
}

/// A decoded picture.
#[derive(Clone, Debug, PartialEq)]
pub struct Decoded {
    /// In full range, eight bits a sample.
    pub planes: Planes,
    /// What chroma means.
    pub matrix: Matrix,
    /// Transparency: 255 is opaque.
    pub alpha: Option<Plane>,
}

/// Writes planes, with an alpha plane of the same size and metadata if there are any.
///
/// The planes go in as they are, in full range and with BT.601's weights: what a JPEG holds is what the AVIF holds.
///
/// # Errors
/// When a side is too long, or libaom has no memory.
///
/// # Panics
/// When `alpha` is not as large as the picture.
pub fn encode(
    planes: &Planes,
    alpha: Option<Plane>,
    metadata: Metadata<'_>,
    settings: Settings,
) -> Result<Vec<u8>, Error> {
    let (width, height) = (planes.width(), planes.height());
    let size = u32::try_from(width).ok().zip(u32::try_from(height).ok());
    let (width, height) = size
        .filter(|&(width, height)| width.max(height) <= SIDE_MAX)
        .ok_or(Error::SideTooLong)?;
    let color = item(&planes.halved(), settings)?;
    let alpha = alpha.map(|plane| {
        assert_eq!(
            (plane.width(), plane.height()),
            (width as usize, height as usize),
            "alpha"
        );
        item(&Planes::gray(plane), settings)
    });
    let file = File {
        width,
        height,
        color,
        alpha: alpha.transpose()?,
        metadata,
    };
    Ok(file.to_vec())
}

fn item(planes: &Planes, settings: Settings) -> Result<Item, Error> {
    debug_assert!(
        planes
            .chroma()
            .is_none_or(|chroma| chroma.subsampling == Subsampling::BOTH_HALVED)
    );
    Ok(Item {
        monochrome: planes.chroma().is_none(),
        frame: encoder::frame(planes, settings)?,
    })
}

/// Decodes the picture of `source`, whose `header` was read.
///
/// # Errors
/// When it is cut, broken, or larger than its header says.
pub fn decode(source: &[u8], header: &Header) -> Result<Decoded, DecodeError> {
    let size = (header.width, header.height);
    let frame = |place: &Range<u64>| {
        let [start, end] = [place.start, place.end].map(usize::try_from);
        let place = start.ok().zip(end.ok()).map(|(start, end)| start..end);
        place
            .and_then(|place| source.get(place))
            .ok_or(DecodeError::Cut)
    };
    let (planes, matrix) = decoder::planes(frame(&header.color)?, size)?;
    let alpha = header.alpha.as_ref().map(|place| {
        let (alpha, _) = decoder::planes(frame(place)?, size)?;
        Ok::<_, DecodeError>(alpha.into_parts().0)
    });
    Ok(Decoded {
        planes,
        matrix,
        alpha: alpha.transpose()?,
    })
}

#[cfg(test)]
mod tests;
