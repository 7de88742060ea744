//! PNG with the fast deflate: an eighth of the time of the default for a few percent more bytes.

use std::borrow::Cow;

use png::{BitDepth, ColorType, Compression, Encoder, Info, text_metadata::ITXtChunk};

use crate::{
    metadata::Metadata,
    pixels::{Layout, Pixels},
};

/// The name that XMP goes by in PNG.
const XMP_KEYWORD: &str = "XML:com.adobe.xmp";

/// `thorough` takes sixteen times as long, for what the fast deflate leaves larger than its source.
pub(super) fn write(
    picture: &Pixels,
    metadata: &Metadata<'_>,
    thorough: bool,
) -> Result<Vec<u8>, String> {
    let compression = if thorough {
        Compression::Balanced
    } else {
        Compression::Fast
    };
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
    let mut bytes = Vec::new();
    write_with(info, picture, compression, &mut bytes).map_err(|error| error.to_string())?;
    Ok(bytes)
}

fn write_with(
    info: Info<'_>,
    picture: &Pixels,
    compression: Compression,
    bytes: &mut Vec<u8>,
) -> Result<(), png::EncodingError> {
    let mut encoder = Encoder::with_info(bytes, info)?;
    encoder.set_compression(compression);
    let mut writer = encoder.write_header()?;
    writer.write_image_data(&picture.bytes)?;
    writer.finish()
}
