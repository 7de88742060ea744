//! Pixels or planes from bytes, within the limits that [`inspect()`](crate::inspect()) checked.
//!
//! A picture that is cut or damaged is an error, never a grey half.

mod avif;
mod containers;
mod frames;
pub(crate) mod jpeg;
mod jxl;
mod png;
mod tiff;

pub(crate) use frames::{Frame, Frames};
use planes::Planes;
pub(crate) use png::reader as png_reader;
use turbo::Component;

use crate::{
    Format, InputError, Inspection, Limits, pixels::Pixels, profile::Profile, resize::Target,
};

/// A picture as it comes out of its file: not upright, and of the size that decoding it was cheapest at.
#[derive(Debug)]
pub(crate) enum Stored {
    Pixels {
        pixels: Pixels,
        /// Pixels across and down that the picture measures: parts of the last ones may lie beyond.
        extent: (f64, f64),
    },
    /// Luma alone, or luma, blue-difference and red-difference, each with its own sampling.
    Components(Vec<Component>),
    /// Exactly what the target asks for already.
    Scaled(Planes),
}

/// A stored picture, and what its colours mean.
#[derive(Debug)]
pub(crate) struct Opened {
    pub(crate) stored: Stored,
    pub(crate) profile: Option<Profile>,
}

/// A picture decoded to pixels, one for each that its header names.
#[derive(Debug)]
struct Decoded {
    pixels: Pixels,
    profile: Option<Profile>,
}

/// Decodes `source`, of which `header` was read, at least as large as `target`.
pub(crate) fn decode(
    source: &[u8],
    header: &Inspection,
    target: &Target,
    limits: &Limits,
) -> Result<Opened, InputError> {
    let pixels =
        |decoded: Result<Decoded, String>| decoded.and_then(|decoded| decoded.opened(header));
    let opened = match header.format {
        Format::Jpeg => return jpeg::decode(source, header, target, limits),
        Format::Png => pixels(png::decode(source)),
        Format::Webp if frames::is_animated_webp(source) => {
            pixels(frames::first_of_webp(source, header, limits))
        }
        Format::Webp => pixels(containers::decode_webp(source, limits)),
        Format::Avif => pixels(avif::decode(source)),
        Format::Gif => pixels(containers::decode_gif(source, limits)),
        Format::Tiff => pixels(tiff::decode(source, limits)),
        Format::Bmp => pixels(containers::decode_bmp(source, limits)),
        Format::Jxl => pixels(jxl::decode(source, limits)),
    };
    opened.map_err(|reason| InputError::Broken {
        format: header.format,
        reason,
    })
}

/// The pixels of a PNG or a WebP of which `header` was read, as they are stored.
pub(crate) fn pixels(
    source: &[u8],
    header: &Inspection,
    limits: &Limits,
) -> Result<Pixels, InputError> {
    let decoded = match header.format {
        Format::Png => png::decode(source),
        Format::Webp => containers::decode_webp(source, limits),
        other => Err(format!("{other} is not decoded to pixels")),
    };
    let pixels = decoded.and_then(|decoded| {
        check_size((decoded.pixels.width, decoded.pixels.height), header)?;
        Ok(decoded.pixels)
    });
    pixels.map_err(|reason| InputError::Broken {
        format: header.format,
        reason,
    })
}

impl Decoded {
    fn opened(self, header: &Inspection) -> Result<Opened, String> {
        let Pixels { width, height, .. } = self.pixels;
        check_size((width, height), header)?;
        Ok(Opened {
            stored: Stored::Pixels {
                pixels: self.pixels.without_idle_alpha(),
                extent: (width.into(), height.into()),
            },
            profile: self.profile,
        })
    }
}

/// The budget was made for the header's dimensions: a decoder that saw others is not trusted.
fn check_size((width, height): (u32, u32), header: &Inspection) -> Result<(), String> {
    if (width, height) == (header.width, header.height) {
        return Ok(());
    }
    Err(format!(
        "it holds {width}×{height} pixels and announces {}×{}",
        header.width, header.height
    ))
}
