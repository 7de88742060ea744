//! Glyphs become coverage: how much of each pixel lies inside the letters.

use swash::{
    scale::{Render, ScaleContext, Source, image::Image},
    zeno::{Join, Placement, Stroke, Vector},
};

use super::{layout::Block, placement::Place};
use crate::{fonts::Fonts, pixels::Region};

/// Coverage of the mark's region, row by row, 0 to 255.
#[derive(Debug)]
pub(super) struct Coverage {
    /// Inside of the letters.
    pub(super) letters: Vec<u8>,
    /// A line along their edges, half of it inside; nothing where no outline is drawn.
    pub(super) outline: Option<Vec<u8>>,
}

/// Draws `block` where `place` has it.
pub(super) fn draw(block: &Block, place: &Place, outlined: bool, fonts: &Fonts) -> Coverage {
    let letters = Render::new(&[Source::Outline]);
    let mut outline = Render::new(&[Source::Outline]);
    let mut stroke = Stroke::new(2.0 * place.outline);
    stroke.join(Join::Round);
    outline.style(stroke);
    Coverage {
        letters: draw_with(letters, block, place, fonts),
        outline: outlined.then(|| draw_with(outline, block, place, fonts)),
    }
}

fn draw_with(mut render: Render<'_>, block: &Block, place: &Place, fonts: &Fonts) -> Vec<u8> {
    let mut coverage = vec![0; place.region.area()];
    let mut context = ScaleContext::new();
    let mut image = Image::new();
    for glyph in &block.glyphs {
        let x = glyph.x * place.size + place.outline;
        let baseline = glyph.y * place.size + place.outline;
        let (column, row) = (x.floor(), baseline.ceil());
        let mut scaler = context
            .builder(fonts.face(glyph.face))
            .size(place.size)
            .build();
        image.clear();
        render.offset(Vector::new(x - column, row - baseline));
        if render.render_into(&mut scaler, glyph.id, &mut image) {
            add(
                &mut coverage,
                place.region,
                &image,
                column as i64,
                row as i64,
            );
        }
    }
    coverage
}

/// Adds a glyph with its origin at `column`, `row`. What lies outside of the region is left out.
fn add(coverage: &mut [u8], region: Region, image: &Image, column: i64, row: i64) {
    let Placement {
        left,
        top,
        width: glyph_width,
        ..
    } = image.placement;
    if glyph_width == 0 {
        return;
    }
    let width = region.width as usize;
    for (y, line) in image.data.chunks_exact(glyph_width as usize).enumerate() {
        let y = row - i64::from(top) + y as i64;
        let Some(target) = usize::try_from(y)
            .ok()
            .and_then(|y| coverage.chunks_exact_mut(width).nth(y))
        else {
            continue;
        };
        for (x, &value) in line.iter().enumerate() {
            let x = usize::try_from(column + i64::from(left) + x as i64);
            if let Some(pixel) = x.ok().and_then(|x| target.get_mut(x)) {
                *pixel = united(*pixel, value);
            }
        }
    }
}

/// Coverage of two shapes that overlap by chance: joined letters show no seam.
const fn united(one: u8, other: u8) -> u8 {
    (one as u32 + other as u32 - (one as u32 * other as u32 + 127) / 255) as u8
}
