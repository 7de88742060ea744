//! JPEG through libjpeg-turbo: planes as they are, pixels with colour at half resolution (4:2:0).

use turbo::{Options, PixelColors, Quantisation};

use crate::{
    metadata::Metadata,
    picture::Picture,
    pixels::{Layout, Pixels},
};

/// Largest picture that is held as coefficients, two bytes a sample, to be counted before it is written. 9 megapixels: all
/// that screens can show.
const OPTIMIZED_PIXELS_MAX: u64 = 9_000_000;

/// The fewest pixels to a bit in a picture that is smooth: written again with Huffman tables of its own, it has an eighth to
/// a fifth fewer bytes, for a twelfth more time. More detail takes longer and gains less.
const SMOOTH_PIXELS_A_BIT_MIN: u64 = 2;

/// How a JPEG is written.
#[derive(Clone, Copy, Debug)]
pub(super) struct Settings<'t> {
    pub(super) quantisation: Quantisation<'t>,
    pub(super) progressive: bool,
    /// Whether it takes longer, for fewer bytes.
    pub(super) thorough: bool,
}

/// Whether a picture of this size may have Huffman tables of its own.
pub(super) const fn is_optimizable((width, height): (u32, u32)) -> bool {
    width as u64 * height as u64 <= OPTIMIZED_PIXELS_MAX
}

pub(super) fn write(
    picture: &Picture,
    metadata: &Metadata<'_>,
    settings: Settings<'_>,
) -> Result<Vec<u8>, String> {
    let segments = segments(metadata);
    let segments: Vec<_> = segments.iter().map(Vec::as_slice).collect();
    let options = Options {
        quantisation: settings.quantisation,
        progressive: settings.progressive,
        optimized: settings.thorough && is_optimizable((picture.width(), picture.height())),
        profile: metadata.profile,
        app1: &segments,
    };
    let written = match picture {
        Picture::Planes(planes) => turbo::encode_planes(planes, &options),
        Picture::Pixels(pixels) => {
            turbo::encode_pixels(&pixels.bytes, size(pixels), colors(pixels)?, &options)
        }
    };
    let bytes = written.map_err(|error| error.to_string())?;
    let pixels = u64::from(picture.width()) * u64::from(picture.height());
    if options.optimized || !is_smooth(&bytes, pixels) {
        return Ok(bytes);
    }
    Ok(baseline::tightened(&bytes).unwrap_or(bytes))
}

const fn is_smooth(bytes: &[u8], pixels: u64) -> bool {
    bytes.len() as u64 * 8 * SMOOTH_PIXELS_A_BIT_MIN <= pixels
}

/// Contents of APP1 segments. Each kind of block has one of its own, which begins with a name.
pub(crate) fn segments(metadata: &Metadata<'_>) -> Vec<Vec<u8>> {
    let named = |name: &[u8], content: &[u8]| [name, content].concat();
    let exif = metadata.exif.as_ref();
    let xmp = metadata.xmp.as_ref();
    let exif = exif.map(|block| named(b"Exif\0\0", block));
    let xmp = xmp.map(|packet| named(b"http://ns.adobe.com/xap/1.0/\0", packet.as_bytes()));
    exif.into_iter().chain(xmp).collect()
}

const fn size(pixels: &Pixels) -> (usize, usize) {
    (pixels.width as usize, pixels.height as usize)
}

fn colors(pixels: &Pixels) -> Result<PixelColors, String> {
    match pixels.layout {
        Layout::Gray => Ok(PixelColors::Gray),
        Layout::Rgb => Ok(PixelColors::Rgb),
        Layout::GrayAlpha | Layout::Rgba => Err("JPEG has no alpha".to_owned()),
    }
}
