//! WebP, the first frame of a GIF, the first picture of a TIFF, and BMP, through `image`.

use std::io::Cursor;

use image::{
    ColorType, ImageDecoder, ImageError, ImageResult,
    codecs::{bmp::BmpDecoder, gif::GifDecoder, tiff::TiffDecoder, webp::WebPDecoder},
};

use super::Decoded;
use crate::{
    Limits,
    pixels::{Layout, Pixels},
    profile::Profile,
};

pub(super) fn decode_webp(source: &[u8], limits: &Limits) -> Result<Decoded, String> {
    decode(WebPDecoder::new(Cursor::new(source)), limits)
}

pub(super) fn decode_gif(source: &[u8], limits: &Limits) -> Result<Decoded, String> {
    decode(GifDecoder::new(Cursor::new(source)), limits)
}

pub(super) fn decode_tiff(source: &[u8], limits: &Limits) -> Result<Decoded, String> {
    decode(TiffDecoder::new(Cursor::new(source)), limits)
}

pub(super) fn decode_bmp(source: &[u8], limits: &Limits) -> Result<Decoded, String> {
    decode(BmpDecoder::new(Cursor::new(source)), limits)
}

fn decode(decoder: ImageResult<impl ImageDecoder>, limits: &Limits) -> Result<Decoded, String> {
    let mut decoder = decoder.map_err(reason)?;
    decoder.set_limits(limits_of(limits)).map_err(reason)?;
    let (width, height) = decoder.dimensions();
    let color = decoder.color_type();
    let layout = match color {
        ColorType::L8 | ColorType::L16 => Layout::Gray,
        ColorType::La8 | ColorType::La16 => Layout::GrayAlpha,
        ColorType::Rgb8 | ColorType::Rgb16 => Layout::Rgb,
        ColorType::Rgba8 | ColorType::Rgba16 => Layout::Rgba,
        other => return Err(format!("its pixels are {other:?}")),
    };
    // A profile that cannot be read is no reason to refuse the picture.
    let profile = decoder.icc_profile().ok().flatten();
    let size = usize::try_from(decoder.total_bytes())
        .map_err(|_| "its picture is larger than the memory of this machine")?;
    let mut bytes = vec![0; size];
    decoder.read_image(&mut bytes).map_err(reason)?;
    if usize::from(color.bytes_per_pixel()) == 2 * layout.channels() {
        bytes = halves(&bytes);
    }
    Ok(Decoded {
        profile: profile.and_then(Profile::parse),
        pixels: Pixels::new(width, height, layout, bytes),
    })
}

/// Samples of eight bits from those of sixteen, in the machine's order, rounded.
fn halves(bytes: &[u8]) -> Vec<u8> {
    let (samples, _) = bytes.as_chunks();
    let half = |&sample: &[u8; 2]| (u32::from(u16::from_ne_bytes(sample)) + 128) / 257;
    samples.iter().map(|sample| half(sample) as u8).collect()
}

fn limits_of(limits: &Limits) -> image::Limits {
    let mut theirs = image::Limits::no_limits();
    theirs.max_image_width = Some(limits.side_max);
    theirs.max_image_height = Some(limits.side_max);
    theirs.max_alloc = Some(limits.decoded_bytes_max);
    theirs
}

fn reason(error: ImageError) -> String {
    match error {
        ImageError::Decoding(error) => error.to_string(),
        ImageError::IoError(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => {
            "it is cut short".to_owned()
        }
        error => error.to_string(),
    }
}
