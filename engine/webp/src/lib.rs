//! Lossy WebP through libwebp, a C library, which nothing but this crate calls.
//!
//! libwebp is built with SSE2 alone, as its crate does by itself. Its SSE4.1 code would need that of every processor, because the
//! crate has one set of flags for all files; it saves 4 % at method 4 and nothing at lower ones.

#![expect(unsafe_code, reason = "libwebp is a C library")]

mod animation;
mod limited;
mod picture;

use libwebp_sys::WebPConfig;
use planes::Planes;

pub use animation::{Animation, Beside, SHOWN_MS_MAX};

use limited::Limited;
use picture::Picture;

/// The longest side of a WebP, which has 14 bits for it.
pub const SIDE_MAX: u32 = 16_383;

/// How a picture is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// 0 to 100.
    pub quality: u8,
    /// How hard libwebp looks for what can be left out: 0 to 6.
    pub method: u8,
}

/// Pixels, rows without gaps.
#[derive(Clone, Copy, Debug)]
pub struct Pixels<'a> {
    pub width: u32,
    pub height: u32,
    pub channels: Channels,
    pub bytes: &'a [u8],
}

/// The channels of a pixel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Channels {
    Rgb,
    Rgba,
}

/// Why there is no WebP.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    #[error("WebP holds at most {SIDE_MAX} pixels a side")]
    SideTooLong,
    #[error("the file is longer than RIFF can be")]
    TooLong,
    #[error("libwebp refused it: {0}")]
    Refused(String),
}

/// Writes pixels.
///
/// # Errors
/// When a side is too long, or libwebp has no memory.
///
/// # Panics
/// When `bytes` are not exactly the pixels that the dimensions ask for.
pub fn encode(pixels: Pixels<'_>, settings: Settings) -> Result<Vec<u8>, Error> {
    Picture::of_pixels(pixels)?.encode(&config(settings)?)
}

/// Writes pixels with the colours that they have where they are transparent.
fn encode_exact(pixels: Pixels<'_>, settings: Settings) -> Result<Vec<u8>, Error> {
    let mut config = config(settings)?;
    config.exact = 1;
    Picture::of_pixels(pixels)?.encode(&config)
}

/// Writes planes, which spares the way over red, green and blue.
///
/// # Errors
/// When a side is too long, or libwebp has no memory.
pub fn encode_planes(planes: &Planes, settings: Settings) -> Result<Vec<u8>, Error> {
    let mut limited = Limited::of(planes);
    Picture::of_planes(&mut limited)?.encode(&config(settings)?)
}

fn config(settings: Settings) -> Result<WebPConfig, Error> {
    let wrong_version = || Error::Refused("it is another version than its header".to_owned());
    let mut config = WebPConfig::new().map_err(|()| wrong_version())?;
    config.quality = settings.quality.into();
    config.method = settings.method.into();
    Ok(config)
}

impl Channels {
    /// Bytes of a pixel.
    pub const fn count(self) -> usize {
        match self {
            Self::Rgb => 3,
            Self::Rgba => 4,
        }
    }
}

#[cfg(test)]
mod tests;
