//! AVIF, its first picture if it has several.

use std::io::Cursor;

use super::Decoded;
use crate::{
    inspect,
    pixels::{Layout, Pixels},
    profile::Profile,
};

pub(super) fn decode(source: &[u8]) -> Result<Decoded, String> {
    let header = inspect::avif_header(Cursor::new(source))?;
    let picture = ::avif::decode(source, &header).map_err(|error| error.to_string())?;
    let gray = picture.planes.chroma().is_none();
    let colors = ::avif::bytes_of(&picture.planes, picture.matrix);
    let (layout, bytes) = match (gray, picture.alpha) {
        (true, None) => (Layout::Gray, colors),
        (false, None) => (Layout::Rgb, colors),
        (true, Some(alpha)) => (Layout::GrayAlpha, with_alpha(&colors, 1, alpha.samples())),
        (false, Some(alpha)) => (Layout::Rgba, with_alpha(&colors, 3, alpha.samples())),
    };
    Ok(Decoded {
        profile: header.profile.and_then(Profile::parse),
        pixels: Pixels::new(header.width, header.height, layout, bytes),
    })
}

fn with_alpha(colors: &[u8], channels: usize, alpha: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(colors.len() + alpha.len());
    for (color, &alpha) in colors.chunks_exact(channels).zip(alpha) {
        bytes.extend_from_slice(color);
        bytes.push(alpha);
    }
    bytes
}
