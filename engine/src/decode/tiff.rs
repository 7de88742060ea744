//! The first picture of a TIFF.

use std::io::Cursor;

use super::{Decoded, containers};
use crate::{
    Limits, inspect,
    pixels::{Layout, Pixels},
};

/// The decoder knows no palettes. It is told that their numbers are greys.
pub(super) fn decode(source: &[u8], limits: &Limits) -> Result<Decoded, String> {
    let Some(palette) = inspect::tiff_palette(Cursor::new(source))? else {
        return containers::decode_tiff(source, limits);
    };
    let (at, as_gray) = palette.as_gray;
    let mut grays = source.to_vec();
    grays[at..at + as_gray.len()].copy_from_slice(&as_gray);
    let Decoded { pixels, profile } = containers::decode_tiff(&grays, limits)?;
    if pixels.layout != Layout::Gray {
        return Err("its palette is of more than one sample".to_owned());
    }
    let numbers = pixels.bytes.iter();
    let bytes = numbers
        .flat_map(|&number| palette.colors[usize::from(number)])
        .collect();
    Ok(Decoded {
        pixels: Pixels::new(pixels.width, pixels.height, Layout::Rgb, bytes),
        profile,
    })
}
