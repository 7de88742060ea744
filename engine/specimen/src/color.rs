//! Tables of glyphs in colours: `COLR` and `CPAL`, `CBLC` and `CBDT`.

use crate::{
    BOX, Color, EM, Font, Looks,
    table::{Table, tag},
};

type Named = ([u8; 4], Table);

pub(crate) fn tables(font: &Font) -> Vec<Named> {
    let mut tables = Vec::new();
    if font.glyphs.iter().any(|glyph| !glyph.layers().is_empty()) {
        tables.extend([(tag("COLR"), colr(font)), (tag("CPAL"), cpal(font))]);
    }
    if let Some(side) = bitmaps(font).map(|(_, side, _)| side).max() {
        let (location, data) = strike(font, side);
        tables.extend([(tag("CBLC"), location), (tag("CBDT"), data)]);
    }
    tables
}

/// Every colour of every layer, in their order; a gradient has two.
fn colors(font: &Font) -> Vec<Color> {
    let colors = font.glyphs.iter().flat_map(|glyph| match &glyph.looks {
        Looks::Gradient(colors) => colors.to_vec(),
        _ => glyph.layers().into_iter().map(|(_, color)| color).collect(),
    });
    colors.collect()
}

fn cpal(font: &Font) -> Table {
    let colors = colors(font);
    let count = colors.len() as u16;
    let mut table = Table::new();
    table.u16s([0, count, 1, count]).u32s([14]).u16s([0]);
    for [red, green, blue, alpha] in colors {
        table.bytes(&[blue, green, red, alpha]);
    }
    table
}

/// Layers of version 0, and gradients as a list of version 1 behind them.
fn colr(font: &Font) -> Table {
    let (mut bases, mut layers, mut paints) = (Table::new(), Table::new(), Vec::new());
    let (mut base_count, mut layer_count, mut color) = (0_u16, 0_u16, 0_u16);
    let mut shape = 1 + font.glyphs.len() as u16;
    for (id, glyph) in (1_u16..).zip(&font.glyphs) {
        let own = glyph.layers();
        match glyph.looks {
            Looks::Layers(_) => {
                bases.u16s([id, layer_count, own.len() as u16]);
                base_count += 1;
                for _ in &own {
                    layers.u16s([shape, color]);
                    (shape, color, layer_count) = (shape + 1, color + 1, layer_count + 1);
                }
            }
            Looks::Gradient(_) => {
                paints.push((id, gradient(shape, color)));
                (shape, color) = (shape + 1, color + 2);
            }
            Looks::Outline(_) | Looks::Bitmap { .. } => {}
        }
    }
    let header = 34;
    let (after_bases, after_layers) = (header + bases.len(), header + bases.len() + layers.len());
    let mut table = Table::new();
    table.u16s([1, base_count]);
    table.u32s([header as u32, after_bases as u32]);
    table.u16s([layer_count]);
    table.u32s([after_layers as u32, 0, 0, 0, 0]);
    table.bytes(bases.as_bytes()).bytes(layers.as_bytes());
    table.bytes(base_glyphs(&paints).as_bytes());
    table
}

/// The list of glyphs that are painted, then their paints.
fn base_glyphs(paints: &[(u16, Table)]) -> Table {
    let mut table = Table::new();
    table.u32s([paints.len() as u32]);
    let mut offset = 4 + 6 * paints.len();
    for (id, paint) in paints {
        table.u16s([*id]).u32s([offset as u32]);
        offset += paint.len();
    }
    for (_, paint) in paints {
        table.bytes(paint.as_bytes());
    }
    table
}

/// `PaintGlyph` of a shape, filled by a `PaintLinearGradient` across the box between two colours.
fn gradient(shape: u16, color: u16) -> Table {
    let [left, .., right, _] = BOX;
    let mut table = Table::new();
    table.bytes(&[10]).u24(6).u16s([shape]);
    table.bytes(&[4]).u24(16);
    table.i16s([left, 0, right, 0, left, EM]);
    table.bytes(&[0]).u16s([2]);
    for (offset, color) in [(0, color), (1 << 14, color + 1)] {
        table.u16s([offset, color, 1 << 14]);
    }
    table
}

/// The bitmaps with their glyphs' ids.
fn bitmaps(font: &Font) -> impl Iterator<Item = (u16, u8, &[u8])> {
    (1_u16..)
        .zip(&font.glyphs)
        .filter_map(|(id, glyph)| match &glyph.looks {
            Looks::Bitmap { side, png } => Some((id, *side, &**png)),
            _ => None,
        })
}

/// A strike of as many pixels an em as its pictures are wide: an index of format 1 for each, and images of format 17.
fn strike(font: &Font, ppem: u8) -> (Table, Table) {
    let (mut index, mut subtables, mut data) = (Table::new(), Table::new(), Table::new());
    data.u16s([3, 0]);
    let count = bitmaps(font).count();
    for (id, side, png) in bitmaps(font) {
        let at = data.len() as u32;
        index.u16s([id, id]);
        index.u32s([(8 * count + subtables.len()) as u32]);
        let length = 9 + png.len() as u32;
        subtables.u16s([1, 17]).u32s([at, 0, length]);
        data.bytes(&[side, side, 0, side, side]);
        data.u32s([png.len() as u32]).bytes(png);
    }
    let ids = || bitmaps(font).map(|(id, ..)| id);
    let (first, last) = (ids().min().unwrap_or(0), ids().max().unwrap_or(0));
    let mut location = Table::new();
    location.u16s([3, 0]).u32s([1]);
    let size = index.len() + subtables.len();
    location.u32s([56, size as u32, count as u32, 0]);
    location.bytes(&[0; 24]).u16s([first, last]);
    location.bytes(&[ppem, ppem, 32, 1]);
    location.bytes(index.as_bytes()).bytes(subtables.as_bytes());
    (location, data)
}
