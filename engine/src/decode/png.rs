//! PNG. Not through `image`, which would hand out 16-bit samples at twice the memory.

use std::io::Cursor;

use png::{
    BitDepth, ColorType, DecodeOptions, Decoder, DecodingError, Limits, Reader, Transformations,
};

use super::Decoded;
use crate::{
    pixels::{Layout, Pixels},
    profile::Profile,
};

/// What the decoder may keep besides the picture: rows, windows, ancillary chunks.
const DECODER_BYTES_MAX: usize = 16 * 1024 * 1024;

/// Reads everything before the pixels.
pub(crate) fn reader(source: &[u8]) -> Result<Reader<Cursor<&[u8]>>, DecodingError> {
    let mut options = DecodeOptions::default();
    options.set_ignore_text_chunk(true);
    let mut decoder = Decoder::new_with_options(Cursor::new(source), options);
    decoder.set_limits(Limits {
        bytes: DECODER_BYTES_MAX,
    });
    decoder.set_transformations(Transformations::normalize_to_color8());
    decoder.read_info()
}

pub(super) fn decode(source: &[u8]) -> Result<Decoded, String> {
    let mut reader = reader(source).map_err(reason)?;
    let size = reader
        .output_buffer_size()
        .ok_or("its picture is larger than the memory of this machine")?;
    let mut bytes = vec![0; size];
    let frame = reader.next_frame(&mut bytes).map_err(reason)?;
    bytes.truncate(frame.buffer_size());
    let layout = match (frame.color_type, frame.bit_depth) {
        (ColorType::Grayscale, BitDepth::Eight) => Layout::Gray,
        (ColorType::GrayscaleAlpha, BitDepth::Eight) => Layout::GrayAlpha,
        (ColorType::Rgb, BitDepth::Eight) => Layout::Rgb,
        (ColorType::Rgba, BitDepth::Eight) => Layout::Rgba,
        other => return Err(format!("its pixels are {other:?}")),
    };
    let profile = reader.info().icc_profile.as_ref();
    Ok(Decoded {
        profile: profile.and_then(|bytes| Profile::parse(bytes.to_vec())),
        pixels: Pixels::new(frame.width, frame.height, layout, bytes),
    })
}

pub(super) fn reason(error: DecodingError) -> String {
    match error {
        DecodingError::IoError(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => {
            "it is cut short".to_owned()
        }
        error => error.to_string(),
    }
}
