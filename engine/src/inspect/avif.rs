//! AVIF: boxes up to the one that describes the picture (ISO/IEC 23008-12).

use std::io::{BufRead, Seek};

use super::{
    Header, Stored,
    blocks::{BLOCK_BYTES_MAX, Blocks},
    reader::{Broken, Reader},
};
use crate::orient::Orientation;

/// Boxes before the one that describes the picture: real files have one.
const BOXES_MAX: u32 = 32;
/// The description with its ICC profile. Real ones have a few kilobytes.
const META_BYTES_MAX: u64 = 1024 * 1024;
/// Tables and borders that the decoder keeps besides the pictures.
const DECODER_BYTES: u64 = 16 * 1024 * 1024;
/// At two bytes a sample, the frame with and without its filters, and what libaom notes of each block; then planes and
/// pixels of one byte a sample. Transparency is a picture of its own.
const BYTES_A_PIXEL: u64 = 32;

pub(super) fn read(reader: &mut Reader<impl BufRead + Seek>) -> Result<Stored, Broken> {
    let header = header(reader)?;
    let pixels = u64::from(header.width) * u64::from(header.height);
    let exif = header
        .exif
        .and_then(|place| read_exif(reader, place.start, place.end));
    Ok(Stored {
        header: Header {
            width: header.width,
            height: header.height,
            channels: if header.alpha.is_some() { 4 } else { 3 },
            alpha: header.alpha.is_some(),
            decode_bytes: pixels
                .saturating_mul(BYTES_A_PIXEL)
                .saturating_add(DECODER_BYTES),
            blocks: Blocks::of_exif(exif),
        },
        orientation: Orientation::from_exif(header.exif_orientation.into()),
        frames: 1,
    })
}

/// The description of the picture, from wherever the file is read.
pub(crate) fn header(reader: &mut Reader<impl BufRead + Seek>) -> Result<avif::Header, Broken> {
    for _ in 0..BOXES_MAX {
        let length = u64::from(u32::from_be_bytes(reader.bytes()?));
        let name: [u8; 4] = reader.bytes()?;
        let length = length
            .checked_sub(8)
            .ok_or_else(|| Broken::because("its picture is not described"))?;
        if &name == b"meta" {
            if length > META_BYTES_MAX {
                return Err(Broken::because("its description is longer than a megabyte"));
            }
            let meta = reader.vec(length as usize)?;
            return avif::Header::parse(&meta).map_err(|error| Broken::because(error.to_string()));
        }
        reader.skip(length)?;
    }
    Err(Broken::TooManyParts {
        what: "boxes before the description of its picture",
        parts: u64::from(BOXES_MAX) + 1,
        parts_max: BOXES_MAX.into(),
    })
}

/// The TIFF block, which begins where four bytes say that it does. Whatever is broken in it is as if it were not there.
fn read_exif(reader: &mut Reader<impl BufRead + Seek>, start: u64, end: u64) -> Option<Vec<u8>> {
    let length = end.checked_sub(start)?;
    if length > BLOCK_BYTES_MAX.into() {
        return None;
    }
    reader.go_to(start).ok()?;
    let block = reader.vec(length as usize).ok()?;
    let (before, content) = block.split_first_chunk()?;
    let before = usize::try_from(u32::from_be_bytes(*before)).ok()?;
    content.get(before..).map(<[u8]>::to_vec)
}
