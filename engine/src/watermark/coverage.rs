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
    let disc = Disc::of(radius);
    let mut shine = Shine::new(&disc, width);
    for (row, solid) in solid.chunks_exact(width.max(1)).enumerate() {
        if solid.iter().any(|&value| value > 0) {
            shine.take(solid, &disc);
            shine.spread(&mut halo, row);
        }
    }
    halo
}

/// How much of each pixel is in a disc around another one, of 256: by rows from the centre, and in them by columns. It is
/// alike in all four quarters.
struct Disc(Vec<Vec<u16>>);

impl Disc {
    fn of(radius: f32) -> Self {
        let reach = radius.ceil() as usize;
        let weight = |right: usize, down: usize| {
            let distance = ((right * right + down * down) as f32).sqrt();
            ((radius + 1.0 - distance).clamp(0.0, 1.0) * 256.0) as u16
        };
        let row = |down| (0..=reach).map(move |right| weight(right, down)).collect();
        Self((0..=reach).map(row).collect())
    }

    fn reach(&self) -> usize {
        self.0.len() - 1
    }
}

/// What a row of pixels lets shine on the rows around it.
///
/// A disc of a hundred pixels is not a hundred steps: what shines equally far to both sides is taken together, and what is
/// whole in the disc is the brightest of a run that grows from row to row. The brightest of all is the same in any order.
struct Shine {
    width: usize,
    /// The brightest of the two pixels so far to the left and to the right.
    pairs: Vec<Vec<u8>>,
    /// The brightest of all pixels up to so far.
    runs: Vec<Vec<u8>>,
    /// What shines so far up and down.
    rows: Vec<Vec<u8>>,
}

impl Shine {
    fn new(disc: &Disc, width: usize) -> Self {
        let lines = vec![vec![0; width]; disc.reach() + 1];
        Self {
            width,
            pairs: lines.clone(),
            runs: lines.clone(),
            rows: lines,
        }
    }

    fn take(&mut self, from: &[u8], disc: &Disc) {
        for (far, pair) in self.pairs.iter_mut().enumerate() {
            pair.fill(0);
            let near = self.width.saturating_sub(far);
            brighten(&mut pair[self.width - near..], &from[..near]);
            brighten(&mut pair[..near], &from[self.width - near..]);
        }
        self.runs[0].copy_from_slice(from);
        for far in 1..self.runs.len() {
            let (nearer, run) = self.runs.split_at_mut(far);
            run[0].copy_from_slice(&nearer[far - 1]);
            brighten(&mut run[0], &self.pairs[far]);
        }
        for (row, weights) in self.rows.iter_mut().zip(&disc.0) {
            let whole = weights.iter().take_while(|weight| **weight == 256).count();
            match whole.checked_sub(1) {
                Some(farthest) => row.copy_from_slice(&self.runs[farthest]),
                None => row.fill(0),
            }
            let parts = weights.iter().zip(&self.pairs).skip(whole);
            for (&weight, pair) in parts.filter(|(weight, _)| **weight > 0) {
                brighten_by(row, pair, weight);
            }
        }
    }

    /// What is brighter already stays.
    fn spread(&self, to: &mut [u8], from: usize) {
        let mut lay = |at: usize, row: &[u8]| {
            if let Some(target) = to.chunks_exact_mut(self.width).nth(at) {
                brighten(target, row);
            }
        };
        for (far, row) in self.rows.iter().enumerate() {
            lay(from + far, row);
            if let Some(above) = from.checked_sub(far).filter(|_| far > 0) {
                lay(above, row);
            }
        }
    }
}

fn brighten(to: &mut [u8], from: &[u8]) {
    for (to, &from) in to.iter_mut().zip(from) {
        *to = (*to).max(from);
    }
}

fn brighten_by(to: &mut [u8], from: &[u8], weight: u16) {
    for (to, &from) in to.iter_mut().zip(from) {
        *to = (*to).max(((u16::from(from) * weight) >> 8) as u8);
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

    /// Every pixel for itself, as the halo is defined.
    fn widened_slowly(coverage: &[u8], width: usize, radius: f32) -> Vec<u8> {
        let height = coverage.len() / width;
        let shining = |x: usize, y: usize, from_x: usize, from_y: usize| {
            let (right, down) = (x.abs_diff(from_x), y.abs_diff(from_y));
            let solid = coverage[from_y * width + from_x].saturating_mul(2);
            let reach = radius.ceil() as usize;
            if right > reach || down > reach {
                return 0;
            }
            let distance = ((right * right + down * down) as f32).sqrt();
            let weight = ((radius + 1.0 - distance).clamp(0.0, 1.0) * 256.0) as u16;
            ((u16::from(solid) * weight) >> 8) as u8
        };
        let places = || (0..height).flat_map(|y| (0..width).map(move |x| (x, y)));
        let brightest = |(x, y)| places().map(|(a, b)| shining(x, y, a, b)).max();
        places().filter_map(brightest).collect()
    }

    #[test]
    fn a_halo_is_the_brightest_of_all_that_shines_there() {
        for (width, height, radius) in [(13, 11, 1.25), (9, 7, 2.6), (3, 12, 4.0), (1, 1, 1.25)] {
            let hash = |at: usize| (at as u32).wrapping_mul(0x9e37_79b1) >> 24;
            let sparse = |at: usize| {
                if hash(at) % 5 == 0 {
                    hash(at + 7) as u8
                } else {
                    0
                }
            };
            let coverage: Vec<u8> = (0..width * height).map(sparse).collect();
            let expected = widened_slowly(&coverage, width, radius);
            assert_eq!(
                widened(&coverage, width, radius),
                expected,
                "{width}×{height} {radius}"
            );
        }
    }
}
