//! Lossy WebP, its colours described by an ICC profile where there is one.

use img_parts::{Bytes, ImageICC, webp::WebP};
use webp::{Channels, Settings};

use crate::{
    picture::Picture,
    pixels::{Layout, Pixels},
};

pub(super) fn write(
    picture: &Picture,
    profile: Option<&[u8]>,
    settings: Settings,
) -> Result<Vec<u8>, String> {
    let bytes = match picture {
        Picture::Planes(planes) => {
            webp::encode_planes(planes, settings).map_err(|error| error.to_string())?
        }
        Picture::Pixels(pixels) => of_pixels(pixels, settings)?,
    };
    with_profile(bytes, profile)
}

fn of_pixels(picture: &Pixels, settings: Settings) -> Result<Vec<u8>, String> {
    let channels = match picture.layout {
        Layout::Rgb => Channels::Rgb,
        Layout::Rgba => Channels::Rgba,
        Layout::Gray | Layout::GrayAlpha => return Err("lossy WebP has no grey pixels".to_owned()),
    };
    let pixels = webp::Pixels {
        width: picture.width,
        height: picture.height,
        channels,
        bytes: &picture.bytes,
    };
    webp::encode(pixels, settings).map_err(|error| error.to_string())
}

fn with_profile(bytes: Vec<u8>, profile: Option<&[u8]>) -> Result<Vec<u8>, String> {
    let Some(profile) = profile else {
        return Ok(bytes);
    };
    let mut webp = WebP::from_bytes(bytes.into()).map_err(|error| error.to_string())?;
    webp.set_icc_profile(Some(Bytes::copy_from_slice(profile)));
    Ok(webp.encoder().bytes().to_vec())
}
