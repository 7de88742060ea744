//! PNG, with as much deflate as there is a reason for.

use std::borrow::Cow;

use png::{
    BitDepth, ColorType, Compression, DeflateCompression, Encoder, EncodingError, Info,
    text_metadata::ITXtChunk,
};

use super::writer::Effort;
use crate::{
    metadata::Metadata,
    pixels::{Layout, Pixels},
};

/// The name that XMP goes by in PNG.
const XMP_KEYWORD: &str = "XML:com.adobe.xmp";

/// What finds nearly all that the default level finds in a photograph, in a third of its time.
const THRIFTY_LEVEL: u8 = 2;

/// The last chunk: no content, a length, a name and a checksum.
const END_BYTES: usize = 12;

pub(super) fn write(
    picture: &Pixels,
    metadata: &Metadata<'_>,
    effort: Effort,
) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    let written = write_with(picture, metadata, effort, &mut bytes);
    written.map_err(|error| error.to_string())?;
    Ok(bytes)
}

fn write_with(
    picture: &Pixels,
    metadata: &Metadata<'_>,
    effort: Effort,
    bytes: &mut Vec<u8>,
) -> Result<(), EncodingError> {
    let mut encoder = Encoder::with_info(bytes, info(picture, metadata))?;
    match effort {
        Effort::Quick => encoder.set_compression(Compression::Fast),
        Effort::Thrifty => {
            encoder.set_deflate_compression(DeflateCompression::Level(THRIFTY_LEVEL));
        }
        Effort::Thorough => encoder.set_compression(Compression::Balanced),
    }
    let mut writer = encoder.write_header()?;
    writer.write_image_data(&picture.bytes)?;
    writer.finish()
}

/// The file of a picture whose pixels `pack` writes behind what it is given, filtered and packed: one chunk, as
/// [`write()`] writes.
pub(crate) fn file(
    picture: &Pixels,
    metadata: &Metadata<'_>,
    pack: impl FnOnce(Vec<u8>) -> Vec<u8>,
) -> Result<Vec<u8>, String> {
    let (mut head, end) = around_pixels(picture, metadata).map_err(|error| error.to_string())?;
    let chunk = head.len();
    head.extend_from_slice(b"\0\0\0\0IDAT");
    let mut bytes = pack(head);
    let length = i32::try_from(bytes.len() - chunk - 8)
        .map_err(|_| "its pixels are more than a chunk can hold")?;
    bytes[chunk..chunk + 4].copy_from_slice(&length.to_be_bytes());
    let checksum = crc32fast::hash(&bytes[chunk + 4..]);
    bytes.extend_from_slice(&checksum.to_be_bytes());
    bytes.extend_from_slice(&end);
    Ok(bytes)
}

/// What stands before the pixels of a file, and what behind them.
fn around_pixels(
    picture: &Pixels,
    metadata: &Metadata<'_>,
) -> Result<(Vec<u8>, Vec<u8>), EncodingError> {
    let mut head = Vec::new();
    let encoder = Encoder::with_info(&mut head, info(picture, metadata))?;
    encoder.write_header()?.finish()?;
    let end = head.split_off(head.len() - END_BYTES);
    Ok((head, end))
}

/// What stands before the pixels.
fn info<'m>(picture: &Pixels, metadata: &'m Metadata<'_>) -> Info<'m> {
    let mut info = Info::with_size(picture.width, picture.height);
    info.bit_depth = BitDepth::Eight;
    info.color_type = match picture.layout {
        Layout::Gray => ColorType::Grayscale,
        Layout::GrayAlpha => ColorType::GrayscaleAlpha,
        Layout::Rgb => ColorType::Rgb,
        Layout::Rgba => ColorType::Rgba,
    };
    info.icc_profile = metadata.profile.map(Cow::Borrowed);
    info.exif_metadata = metadata.exif.as_deref().map(Cow::Borrowed);
    let xmp = metadata.xmp.as_deref();
    info.utf8_text
        .extend(xmp.map(|packet| ITXtChunk::new(XMP_KEYWORD, packet)));
    info
}
