//! Pixels from bytes, within the limits that [`inspect()`](crate::inspect()) checked.
//!
//! A picture that is cut or damaged is an error, never a grey half.

mod containers;
mod jpeg;
mod png;

use crate::{Format, InputError, Inspection, Limits, pixels::Pixels, profile::Profile};

/// A decoded picture, and what its colours mean.
#[derive(Debug)]
pub(crate) struct Decoded {
    pub(crate) pixels: Pixels,
    pub(crate) profile: Option<Profile>,
}

/// Decodes `source`, of which `header` was read.
pub(crate) fn decode(
    source: &[u8],
    header: &Inspection,
    limits: &Limits,
) -> Result<Decoded, InputError> {
    let decoded = match header.format {
        Format::Jpeg => jpeg::decode(source),
        Format::Png => png::decode(source),
        Format::Webp => containers::decode_webp(source, limits),
        Format::Gif => containers::decode_gif(source, limits),
    };
    let Decoded { pixels, profile } = decoded
        .and_then(|decoded| decoded.checked_against(header))
        .map_err(|reason| InputError::Broken {
            format: header.format,
            reason,
        })?;
    Ok(Decoded {
        pixels: pixels.without_idle_alpha(),
        profile,
    })
}

impl Decoded {
    /// The budget was made for the header's dimensions: a decoder that saw others is not trusted.
    fn checked_against(self, header: &Inspection) -> Result<Self, String> {
        let Pixels { width, height, .. } = self.pixels;
        if (width, height) == (header.width, header.height) {
            Ok(self)
        } else {
            Err(format!(
                "it holds {width}×{height} pixels and announces {}×{}",
                header.width, header.height
            ))
        }
    }
}
