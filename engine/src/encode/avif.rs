//! AVIF, from planes in full range.

use avif::{Settings, ycbcr};
use planes::{Plane, Planes};

use crate::{
    picture::Picture,
    pixels::{Layout, Pixels},
};

pub(super) fn write(
    picture: &Picture,
    profile: Option<&[u8]>,
    settings: Settings,
) -> Result<Vec<u8>, String> {
    let written = match picture {
        Picture::Planes(planes) => avif::encode(planes, None, profile, settings),
        Picture::Pixels(pixels) => {
            let (planes, alpha) = planes_of(pixels);
            avif::encode(&planes, alpha, profile, settings)
        }
    };
    written.map_err(|error| error.to_string())
}

fn planes_of(picture: &Pixels) -> (Planes, Option<Plane>) {
    let (width, height) = (picture.width as usize, picture.height as usize);
    let channels = picture.layout.channels();
    let channel = |at| ycbcr::channel_of(&picture.bytes, channels, at, width, height);
    let alpha = picture.layout.has_alpha().then(|| channel(channels - 1));
    let planes = match picture.layout {
        Layout::Gray | Layout::GrayAlpha => Planes::gray(channel(0)),
        Layout::Rgb | Layout::Rgba => ycbcr::planes_of(&picture.bytes, channels, width, height),
    };
    (planes, alpha)
}
