//! JPEG through libjpeg-turbo: planes as they are, pixels with colour at half resolution (4:2:0).

use turbo::{Options, PixelColors};

use crate::{
    picture::Picture,
    pixels::{Layout, Pixels},
};

pub(super) fn write(
    picture: &Picture,
    profile: Option<&[u8]>,
    quality: u8,
) -> Result<Vec<u8>, String> {
    let options = Options {
        quality,
        progressive: false,
        optimized: false,
        profile,
        exif: None,
    };
    let written = match picture {
        Picture::Planes(planes) => turbo::encode_planes(planes, &options),
        Picture::Pixels(pixels) => {
            turbo::encode_pixels(&pixels.bytes, size(pixels), colors(pixels)?, &options)
        }
    };
    written.map_err(|error| error.to_string())
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
