//! Emblems that are bitmaps.

use std::io::Cursor;

use skrifa::{
    GlyphId,
    bitmap::{BitmapData, BitmapFormat, BitmapGlyph, BitmapStrikes, Origin},
    instance::Size,
    raw::TableProvider as _,
};

use crate::{
    Format, Limits, decode, inspect,
    pixels::{Layout, Pixels},
    watermark::outline::Ink,
};

/// Longest side of a bitmap. Fonts hold 109 to 256 pixels an em; no strike can say more than 1024.
const SIDE_MAX: u32 = 1024;
/// What decoding one may need at once. 64 MiB, as for a logo: the decoder's own needs come to a quarter of it.
const DECODED_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// The largest bitmap that a font has of a glyph: it is made smaller, never another one larger.
pub(super) struct Strike<'f> {
    bitmap: BitmapGlyph<'f>,
    units_per_em: f32,
}

impl<'f> Strike<'f> {
    pub(super) fn find(tables: &skrifa::FontRef<'f>, glyph: GlyphId) -> Option<Self> {
        let formats = [BitmapFormat::Sbix, BitmapFormat::Cbdt];
        let bitmap = formats.into_iter().find_map(|format| {
            let strikes = BitmapStrikes::with_format(tables, format)?;
            strikes.glyph_for_size(Size::unscaled(), glyph)
        })?;
        let units_per_em = f32::from(tables.head().ok()?.units_per_em());
        let is_colored = !matches!(bitmap.data, BitmapData::Mask(_));
        is_colored.then_some(Self {
            bitmap,
            units_per_em,
        })
    }

    /// Where it stands, in ems; y grows downwards.
    pub(super) fn ink(&self) -> Ink {
        let bitmap = &self.bitmap;
        let left = bitmap.bearing_x / self.units_per_em + bitmap.inner_bearing_x / bitmap.ppem_x;
        let up = bitmap.bearing_y / self.units_per_em + bitmap.inner_bearing_y / bitmap.ppem_y;
        let height = bitmap.height as f32 / bitmap.ppem_y;
        let top = match bitmap.placement_origin {
            Origin::TopLeft => -up,
            Origin::BottomLeft => -up - height,
        };
        Ink {
            left,
            right: left + bitmap.width as f32 / bitmap.ppem_x,
            top,
            bottom: top + height,
        }
    }

    pub(super) fn decode(&self) -> Option<Pixels> {
        match self.bitmap.data {
            BitmapData::Png(bytes) => decoded(bytes),
            BitmapData::Bgra(bytes) => straight(bytes, self.bitmap.width, self.bitmap.height),
            BitmapData::Mask(_) => None,
        }
    }
}

fn decoded(png: &[u8]) -> Option<Pixels> {
    let limits = Limits {
        pixels_max: u64::from(SIDE_MAX).pow(2),
        side_max: SIDE_MAX,
        decoded_bytes_max: DECODED_BYTES_MAX,
        ..Limits::default()
    };
    let header = inspect(Cursor::new(png), &limits).ok()?;
    if header.format != Format::Png {
        return None;
    }
    let pixels = decode::pixels(png, &header, &limits).ok()?;
    Some(pixels.with_alpha())
}

/// Blue, green, red and alpha, which is multiplied into the colours.
fn straight(bytes: &[u8], width: u32, height: u32) -> Option<Pixels> {
    let count = width as usize * height as usize;
    let (pixels, _) = bytes.as_chunks::<4>();
    let pixels = pixels.get(..count)?;
    let bytes = pixels.iter().flat_map(|&[blue, green, red, alpha]| {
        let divided = |color: u8| {
            let color = u16::from(color) * 255 + u16::from(alpha) / 2;
            (color / u16::from(alpha).max(1)).min(255) as u8
        };
        [divided(red), divided(green), divided(blue), alpha]
    });
    Some(Pixels::new(width, height, Layout::Rgba, bytes.collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_freed_of_their_alpha() {
        let pixels = straight(&[0, 64, 128, 128, 0, 0, 0, 0], 2, 1).unwrap();
        assert_eq!(pixels.bytes, [255, 128, 0, 128, 0, 0, 0, 0]);
        assert_eq!(straight(&[0; 7], 2, 1), None, "cut short");
    }
}
