//! PNG, with as much deflate as there is a reason for.

use std::borrow::Cow;

use png::{
    BitDepth, ColorType, Compression, DeflateCompression, Encoder, EncodingError, Info, chunk,
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

/// Bytes of packed pixels in a chunk, at most.
const CHUNK_BYTES_MAX: usize = 1 << 20;

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

/// The file of a picture whose pixels are filtered and packed already.
pub(crate) fn file(
    picture: &Pixels,
    metadata: &Metadata<'_>,
    zlib: &[u8],
) -> Result<Vec<u8>, EncodingError> {
    let mut bytes = Vec::with_capacity(zlib.len() + zlib.len() / 64 + 4096);
    let encoder = Encoder::with_info(&mut bytes, info(picture, metadata))?;
    let mut writer = encoder.write_header()?;
    for part in zlib.chunks(CHUNK_BYTES_MAX) {
        writer.write_chunk(chunk::IDAT, part)?;
    }
    writer.finish()?;
    Ok(bytes)
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
