//! Outlines become coverage: how much of each pixel lies inside the letters.

use swash::zeno::{Command, Fill, Join, Mask, Stroke, Style, Transform};

use super::{layout::Block, placement::Place};

/// Coverage of the mark's region, row by row, 0 to 255.
#[derive(Debug)]
pub(super) struct Coverage {
    /// Inside of the letters.
    pub(super) letters: Vec<u8>,
    /// A line along their edges, half of it inside; nothing where no outline is drawn.
    pub(super) outline: Option<Vec<u8>>,
}

/// Draws `block` where `place` has it.
pub(super) fn draw(block: &Block, place: &Place, outlined: bool) -> Coverage {
    let path = path(block, place);
    let mut stroke = Stroke::new(2.0 * place.outline);
    stroke.join(Join::Round);
    Coverage {
        letters: covered(&path, Fill::NonZero, place),
        outline: outlined.then(|| covered(&path, stroke, place)),
    }
}

/// All letters as one path, in pixels of the region: where they overlap, as joined letters do, there is no seam.
fn path(block: &Block, place: &Place) -> Vec<Command> {
    let placed = block.glyphs.iter().flat_map(|glyph| {
        let to_pixels = Transform::scale(place.size, place.size).then_translate(
            glyph.x * place.size + place.outline,
            glyph.y * place.size + place.outline,
        );
        let commands = glyph.outline.commands.iter();
        commands.map(move |command| command.transform(&to_pixels))
    });
    placed.collect()
}

fn covered<'s>(path: &[Command], style: impl Into<Style<'s>>, place: &Place) -> Vec<u8> {
    let mut coverage = vec![0; place.region.area()];
    Mask::new(path)
        .size(place.region.width, place.region.height)
        .style(style)
        .render_into(&mut coverage, None);
    coverage
}
