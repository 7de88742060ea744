//! Outlines become coverage: how much of each pixel lies inside the letters, and how much in the halo around them.

use swash::zeno::{Command, Mask, Point, Transform};

use super::{layout::Block, placement::Scale, typeset::PlacedOutline};

/// Coverage of a rectangle, row by row, 0 to 255.
#[derive(Debug)]
pub(super) struct Coverage {
    pub(super) width: usize,
    pub(super) height: usize,
    /// Inside of the letters.
    pub(super) letters: Vec<u8>,
    /// The letters and a thin band around them.
    pub(super) halo: Vec<u8>,
}

impl Coverage {
    /// Draws `block` into a rectangle of `width` × `height`, as far from its corner as the halo reaches.
    pub(super) fn of_block(block: &Block, scale: Scale, (width, height): (u32, u32)) -> Self {
        let mut letters = vec![0; width as usize * height as usize];
        if block.glyphs.is_empty() {
            return Self {
                width: width as usize,
                height: height as usize,
                halo: letters.clone(),
                letters,
            };
        }
        Mask::new(path(block, scale).as_slice())
            .size(width, height)
            .render_into(&mut letters, None);
        Self {
            width: width as usize,
            height: height as usize,
            halo: widened(&letters, width as usize, scale.halo),
            letters,
        }
    }
}

/// All letters as one path, in pixels: where they overlap, as joined letters do, there is no seam.
fn path(block: &Block, scale: Scale) -> Vec<Command> {
    let placed = block.glyphs.iter().flat_map(|glyph| {
        let to_pixels = to_pixels(block, glyph, scale);
        let commands = glyph.outline.commands.iter();
        commands.map(move |command| command.transform(&to_pixels))
    });
    placed.collect()
}

/// From a glyph's own ems to pixels. Written out, because zeno 0.3.3 multiplies transforms of turns wrongly.
fn to_pixels(block: &Block, glyph: &PlacedOutline, scale: Scale) -> Transform {
    let corner = scale.reach() as f32;
    let origin = block.turn.transform_point(Point::new(glyph.x, glyph.y));
    Transform {
        xx: block.turn.xx * scale.em,
        xy: block.turn.xy * scale.em,
        yx: block.turn.yx * scale.em,
        yy: block.turn.yy * scale.em,
        x: origin.x * scale.em + corner,
        y: origin.y * scale.em + corner,
    }
}

/// `coverage`, grown by `radius` pixels to all sides.
///
/// Whatever is at least half covered counts as whole: the first pixel beside an edge is then fully in the halo, wherever
/// within its pixel the edge runs, and thin letters have a halo as strong as that of thick ones.
fn widened(coverage: &[u8], width: usize, radius: f32) -> Vec<u8> {
    let solid: Vec<u8> = coverage
        .iter()
        .map(|&value| value.saturating_mul(2))
        .collect();
    let mut halo = solid.clone();
    for (right, down, weight) in disc(radius) {
        spread(&solid, &mut halo, width, (right, down), weight);
    }
    halo
}

/// The pixels of a disc without its centre, and how much of them is in it, of 256.
fn disc(radius: f32) -> impl Iterator<Item = (isize, isize, u16)> {
    let reach = radius.ceil() as isize;
    let square =
        (-reach..=reach).flat_map(move |down| (-reach..=reach).map(move |right| (right, down)));
    square.filter_map(move |(right, down)| {
        let distance = ((right * right + down * down) as f32).sqrt();
        let weight = ((radius + 1.0 - distance).clamp(0.0, 1.0) * 256.0) as u16;
        (weight > 0 && (right, down) != (0, 0)).then_some((right, down, weight))
    })
}

/// Lets every value shine `right` and `down`; what is brighter there already stays.
fn spread(from: &[u8], to: &mut [u8], width: usize, (right, down): (isize, isize), weight: u16) {
    let rows = from.len() / width;
    if right.unsigned_abs() >= width {
        return;
    }
    for row in 0..rows {
        let Some(target) = row.checked_add_signed(down).filter(|target| *target < rows) else {
            continue;
        };
        let columns = width - right.unsigned_abs();
        let source = row * width + right.min(0).unsigned_abs();
        let target = target * width + right.max(0).unsigned_abs();
        let pairs = from[source..source + columns]
            .iter()
            .zip(&mut to[target..target + columns]);
        for (&value, halo) in pairs {
            *halo = (*halo).max(((u16::from(value) * weight) >> 8) as u8);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_halo_is_whole_beside_an_edge_and_ends_at_its_radius() {
        let mut coverage = vec![0; 11 * 11];
        coverage[5 * 11 + 5] = 128;
        let halo = widened(&coverage, 11, 2.0);
        let row: Vec<u8> = halo[5 * 11..6 * 11].to_vec();
        assert_eq!(row, [0, 0, 0, 255, 255, 255, 255, 255, 0, 0, 0]);
    }

    #[test]
    fn a_halo_stays_in_its_rectangle() {
        for place in 0..12 {
            let mut coverage = vec![0; 12];
            coverage[place] = 255;
            assert_eq!(widened(&coverage, 4, 9.0), [255; 12], "{place}");
        }
    }
}
