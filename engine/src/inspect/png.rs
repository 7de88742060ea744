//! PNG: chunks around the pixels (PNG third edition, sections 5 and 11).

use std::io::{BufRead, Seek};

use super::{
    Header, Stored,
    blocks::{BLOCK_BYTES_MAX, Blocks},
    reader::{Broken, Reader},
};

/// Chunks that are looked at. A 20 MiB file whose pixels come in pieces of 8 KiB has 2560.
const CHUNKS_MAX: u64 = 8192;
/// Rows, windows of the inflater and ancillary chunks that the decoder keeps besides the picture.
const DECODER_BYTES: u64 = 16 * 1024 * 1024;

pub(super) fn read(reader: &mut Reader<impl BufRead + Seek>) -> Result<Stored, Broken> {
    reader.skip(8)?;
    let (width, height, color) = read_ihdr(reader)?;
    let chunks = read_chunks(reader)?;
    let channels = color.channels(chunks.transparency);
    let pixels = u64::from(width).saturating_mul(u64::from(height));
    let header = Header {
        width,
        height,
        channels,
        alpha: color.has_alpha() || chunks.transparency,
        decode_bytes: pixels
            .saturating_mul(channels)
            .saturating_add(DECODER_BYTES),
        blocks: chunks.blocks,
    };
    Ok(header.with_frames(chunks.frames))
}

#[derive(Clone, Copy)]
enum Color {
    Gray,
    Rgb,
    Palette,
    GrayAlpha,
    Rgba,
}

fn read_ihdr(reader: &mut Reader<impl BufRead + Seek>) -> Result<(u32, u32, Color), Broken> {
    let (length, name) = chunk_header(reader)?;
    if name != *b"IHDR" || length != 13 {
        return Err(Broken::because("it does not begin with an IHDR chunk"));
    }
    let width = u32::from_be_bytes(reader.bytes()?);
    let height = u32::from_be_bytes(reader.bytes()?);
    let [_depth, color, _compression, _filter, _interlace] = reader.bytes()?;
    reader.skip(4)?;
    let color = match color {
        0 => Color::Gray,
        2 => Color::Rgb,
        3 => Color::Palette,
        4 => Color::GrayAlpha,
        6 => Color::Rgba,
        _ => return Err(Broken::because(format!("{color} is no colour type"))),
    };
    Ok((width, height, color))
}

#[derive(Default)]
struct Chunks {
    transparency: bool,
    frames: u32,
    blocks: Blocks,
}

/// Looks for transparency and metadata, which may follow the pixels: a file that is cut there is not broken yet.
fn read_chunks(reader: &mut Reader<impl BufRead + Seek>) -> Result<Chunks, Broken> {
    let mut chunks = Chunks::default();
    let mut pixels_seen = false;
    for chunk in 1.. {
        match Broken::if_more("chunks before its pixels", chunk, CHUNKS_MAX) {
            Err(_) if pixels_seen => break,
            other => other?,
        }
        let (length, name) = match chunk_header(reader) {
            Err(_) if pixels_seen => return Ok(chunks),
            other => other?,
        };
        match &name {
            b"IEND" => break,
            b"IDAT" => pixels_seen = true,
            // The decoder believes it too, and reads no frame beyond.
            b"acTL" if length >= 4 && !pixels_seen => {
                chunks.frames = u32::from_be_bytes(reader.bytes()?);
                reader.skip(u64::from(length))?;
                continue;
            }
            b"tRNS" => chunks.transparency = true,
            b"eXIf" | b"iTXt" if length <= BLOCK_BYTES_MAX => {
                match reader.vec(length as usize) {
                    Err(_) if pixels_seen => return Ok(chunks),
                    content => chunks.blocks.note(&name, content?),
                }
                reader.skip(4)?;
                continue;
            }
            _ => {}
        }
        reader.skip(u64::from(length) + 4)?;
    }
    if pixels_seen {
        Ok(chunks)
    } else {
        Err(Broken::because("it has no pixels"))
    }
}

impl Blocks {
    /// The first chunk of each kind counts. No program compresses XMP, and nothing is inflated here.
    fn note(&mut self, name: &[u8; 4], content: Vec<u8>) {
        const XMP_KEYWORD: &[u8] = b"XML:com.adobe.xmp\0\0";
        if name == b"eXIf" {
            self.exif.get_or_insert(content);
        } else if content.starts_with(XMP_KEYWORD) {
            self.xmp.get_or_insert(content);
        }
    }
}

fn chunk_header(reader: &mut Reader<impl BufRead + Seek>) -> Result<(u32, [u8; 4]), Broken> {
    Ok((u32::from_be_bytes(reader.bytes()?), reader.bytes()?))
}

impl Color {
    const fn has_alpha(self) -> bool {
        matches!(self, Self::GrayAlpha | Self::Rgba)
    }

    /// Bytes of a decoded pixel: 16 bits become 8 and palettes become colours while they are decoded.
    const fn channels(self, transparency: bool) -> u64 {
        let without = match self {
            Self::Gray => 1,
            Self::Rgb | Self::Palette => 3,
            Self::GrayAlpha => return 2,
            Self::Rgba => return 4,
        };
        without + transparency as u64
    }
}
