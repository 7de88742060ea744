//! JPEG XL: the picture's header (ISO/IEC 18181-1), bare or in boxes (ISO/IEC 18181-2).

use std::{
    io::{BufRead, Seek},
    iter,
    ops::Range,
};

use jxl_bitstream::{Bitstream, BitstreamResult, Error};
use jxl_oxide::ImageHeader;
use jxl_oxide_common::Bundle;

use super::{
    Header, Stored,
    blocks::{BLOCK_BYTES_MAX, Blocks},
    reader::{Broken, Reader},
};
use crate::{limits::PROFILE_BYTES_MAX, orient::Orientation};

/// A picture's header has a hundred bytes; names of extra channels and weights for scaling up make it longer.
const HEADER_BYTES_MAX: u64 = 16 * 1024;
/// Boxes that are looked into for a header. Real files have a dozen.
const BOXES_MAX: usize = 64;
/// Parts that a picture may be cut into. Encoders that write for slow lines cut it into one for each group of pixels.
const PARTS_MAX: usize = 4096;
/// Bytes that the decoder keeps for each pixel of a channel: samples of four bytes before and after a filter, and what they
/// come from.
const BYTES_A_SAMPLE: u64 = 10;
/// Tables and borders that the decoder keeps besides the picture.
const DECODER_BYTES: u64 = 16 * 1024 * 1024;

/// A part of a file in boxes.
struct Part {
    name: [u8; 4],
    content: Range<u64>,
}

/// The boxes of a file, as long as they are whole enough to be told from each other.
struct Parts<'r, R> {
    reader: &'r mut Reader<R>,
    next: u64,
}

pub(super) fn read(reader: &mut Reader<impl BufRead + Seek>) -> Result<Stored, Broken> {
    let mut blocks = Blocks::default();
    let header = if is_bare(reader)? {
        reader.up_to(HEADER_BYTES_MAX)?
    } else {
        let parts: Vec<_> = Parts::of(reader).take(BOXES_MAX).collect();
        blocks = read_blocks(reader, &parts);
        beginning(reader, &parts)?
    };
    Ok(Stored {
        header: described(&header, blocks)?,
        // The decoder turns the picture, and does not ask EXIF.
        orientation: Some(Orientation::AsStored),
        frames: 1,
    })
}

/// Where the bytes of the picture are, in their order.
pub(crate) fn codestream(
    reader: &mut Reader<impl BufRead + Seek>,
) -> Result<Vec<Range<u64>>, Broken> {
    if is_bare(reader)? {
        return Ok(iter::once(0..u64::MAX).collect());
    }
    let parts: Vec<_> = Parts::of(reader).take(PARTS_MAX + 1).collect();
    Broken::if_more("boxes", parts.len() as u64, PARTS_MAX as u64)?;
    Ok(parts.iter().filter_map(Part::picture).collect())
}

fn is_bare(reader: &mut Reader<impl BufRead + Seek>) -> Result<bool, Broken> {
    Ok(reader.first_bytes()? == [0xff, 0x0a])
}

fn described(header: &[u8], blocks: Blocks) -> Result<Header, Broken> {
    let image = parsed(&mut Bitstream::new(header)).map_err(|error| {
        if error.unexpected_eof() {
            Broken::because("its header is cut short")
        } else {
            Broken::because(error.to_string())
        }
    })?;
    let (width, height) = (
        image.width_with_orientation(),
        image.height_with_orientation(),
    );
    let pixels = u64::from(width) * u64::from(height);
    let samples = 3 + image.metadata.ec_info.len() as u64;
    let has_alpha = image.metadata.alpha().is_some();
    Ok(Header {
        width,
        height,
        channels: if has_alpha { 4 } else { 3 },
        alpha: has_alpha,
        decode_bytes: pixels
            .saturating_mul(samples * BYTES_A_SAMPLE)
            .saturating_add(DECODER_BYTES),
        blocks,
    })
}

/// A packed profile may say that it is longer than it is: the decoder would take 256 MiB, and does not count them.
fn parsed(bits: &mut Bitstream<'_>) -> BitstreamResult<ImageHeader> {
    let header = ImageHeader::parse(bits, ())?;
    if header.metadata.colour_encoding.want_icc() && bits.read_u64()? > PROFILE_BYTES_MAX {
        return Err(Error::ProfileConformance("its profile is too long"));
    }
    Ok(header)
}

/// The first bytes of the picture.
fn beginning(reader: &mut Reader<impl BufRead + Seek>, parts: &[Part]) -> Result<Vec<u8>, Broken> {
    let mut bytes = Vec::new();
    for range in parts.iter().filter_map(Part::picture) {
        let left = HEADER_BYTES_MAX - bytes.len() as u64;
        reader.go_to(range.start)?;
        bytes.extend(reader.up_to(left.min(range.end - range.start))?);
    }
    Ok(bytes)
}

/// EXIF begins where its first four bytes say. Packed blocks are not unpacked; whatever is broken is as if it were not
/// there.
fn read_blocks(reader: &mut Reader<impl BufRead + Seek>, parts: &[Part]) -> Blocks {
    let mut block = |name: &[u8; 4]| {
        let part = parts.iter().find(|part| &part.name == name)?;
        let length = part.content.end - part.content.start;
        if length > BLOCK_BYTES_MAX.into() {
            return None;
        }
        reader.go_to(part.content.start).ok()?;
        reader.vec(length as usize).ok()
    };
    let exif = block(b"Exif").and_then(|block| {
        let (before, tiff) = block.split_first_chunk()?;
        let before = usize::try_from(u32::from_be_bytes(*before)).ok()?;
        tiff.get(before..).map(<[u8]>::to_vec)
    });
    Blocks {
        exif,
        xmp: block(b"xml "),
        resources: None,
    }
}

impl Part {
    /// Bytes of the picture, if there are any in it. A picture in several parts numbers them, in their order.
    fn picture(&self) -> Option<Range<u64>> {
        let Range { start, end } = self.content;
        match &self.name {
            b"jxlc" => Some(start..end),
            b"jxlp" => Some((start + 4).min(end)..end),
            _ => None,
        }
    }
}

impl<'r, R: BufRead + Seek> Parts<'r, R> {
    fn of(reader: &'r mut Reader<R>) -> Self {
        Self { reader, next: 0 }
    }

    fn read(&mut self) -> Result<Option<Part>, Broken> {
        self.reader.go_to(self.next)?;
        let short = u32::from_be_bytes(self.reader.bytes()?);
        let name = self.reader.bytes()?;
        let (before, length) = match short {
            // To the end of the file.
            0 => (8, u64::MAX),
            1 => (16, u64::from_be_bytes(self.reader.bytes()?)),
            length => (8, length.into()),
        };
        if length < before {
            return Ok(None);
        }
        let content = self.next + before..self.next.saturating_add(length);
        self.next = content.end;
        Ok(Some(Part { name, content }))
    }
}

impl<R: BufRead + Seek> Iterator for Parts<'_, R> {
    type Item = Part;

    fn next(&mut self) -> Option<Part> {
        self.read().ok().flatten()
    }
}
