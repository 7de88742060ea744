//! A logo as it comes to lie on a picture: at its size, turned, in its place beside the letters.

use lanczos::{Channels, Frame};
use schemas::recipe::{Opacity, Rotation};
use swash::zeno::{Point, Transform, Vector};

use super::{
    layout::{Block, PlacedLogo},
    placement::Scale,
};
use crate::logo::Logo;

/// Red, green, blue and straight alpha.
type Rgba = [u8; 4];

/// The logo's part of a mark, as wide and as high as the mark's coverage.
#[derive(Debug)]
pub(crate) struct Decal {
    pixels: Vec<Rgba>,
    opacity: f32,
    is_neutral: bool,
}

/// An upright logo of the size that it is drawn at.
struct Upright {
    width: usize,
    height: usize,
    pixels: Vec<Rgba>,
}

impl Decal {
    /// Draws the logo of `block` into a rectangle of `extent`, where the block's letters leave room for it; `None` for a
    /// block without one.
    ///
    /// It keeps its colours, so there is nothing that opacity could do for its legibility: left open, all of it shows.
    pub(super) fn of_block(
        block: &Block,
        scale: Scale,
        extent: (u32, u32),
        logo: &Logo,
        opacity: Opacity,
    ) -> Option<Self> {
        let placed = block.logo?;
        let upright = Upright::of(logo, placed, scale);
        let extent = (extent.0 as usize, extent.1 as usize);
        let pixels = if block.rotation == Rotation::NONE {
            upright.moved(to_pixels(block, placed, scale), extent)
        } else {
            upright.turned(block, placed, scale, extent)
        };
        Some(Self {
            pixels,
            opacity: match opacity {
                Opacity::Auto => 1.0,
                Opacity::Fixed(thousandths) => f32::from(thousandths) / 1000.0,
            },
            is_neutral: logo.is_neutral(),
        })
    }

    /// Whether it can be drawn on a grey picture.
    pub(super) const fn is_neutral(&self) -> bool {
        self.is_neutral
    }

    /// What lies over one of its pixels: a colour, and how much of the ground it hides, 0 to 1.
    pub(super) fn over(&self, at: usize) -> ([u8; 3], f32) {
        let [red, green, blue, alpha] = self.pixels[at];
        ([red, green, blue], f32::from(alpha) / 255.0 * self.opacity)
    }
}

impl Upright {
    /// Colours are multiplied with alpha while they are scaled: what is hidden does not bleed into what is seen.
    fn of(logo: &Logo, placed: PlacedLogo, scale: Scale) -> Self {
        let side = |ems: f32| ((ems * scale.em).round() as u32).max(1);
        let to = (side(placed.width), side(placed.height));
        let pixels = logo.pixels();
        let from = (pixels.width, pixels.height);
        let bytes = pixels.bytes.clone();
        let bytes = lanczos::resize(bytes, Channels::Rgba, from, Frame::whole(from), to);
        Self {
            width: to.0 as usize,
            height: to.1 as usize,
            pixels: bytes.as_chunks().0.to_vec(),
        }
    }

    /// On whole pixels, where it stays as sharp as it is.
    fn moved(&self, corner: Point, (width, height): (usize, usize)) -> Vec<Rgba> {
        let mut pixels = vec![[0; 4]; width * height];
        let (left, top) = (corner.x.round() as usize, corner.y.round() as usize);
        let columns = self.width.min(width.saturating_sub(left));
        if columns == 0 {
            return pixels;
        }
        let rows = self.pixels.chunks_exact(self.width);
        for (y, row) in (top..height).zip(rows) {
            let from = y * width + left;
            pixels[from..from + columns].copy_from_slice(&row[..columns]);
        }
        pixels
    }

    /// Every pixel of the rectangle looks where in the upright logo it lies.
    fn turned(
        &self,
        block: &Block,
        placed: PlacedLogo,
        scale: Scale,
        (width, height): (usize, usize),
    ) -> Vec<Rgba> {
        let corner = to_pixels(block, placed, scale);
        let (right, down) = directions(&block.turn);
        let across = self.width as f32 / (placed.width * scale.em);
        let along = self.height as f32 / (placed.height * scale.em);
        let mut pixels = Vec::with_capacity(width * height);
        for y in 0..height {
            for x in 0..width {
                let from = Vector::new(x as f32 + 0.5 - corner.x, y as f32 + 0.5 - corner.y);
                let at = (from.dot(right) * across, from.dot(down) * along);
                pixels.push(self.between(at.0 - 0.5, at.1 - 0.5));
            }
        }
        pixels
    }

    /// The colour between four pixels, each as much as it is near and as it hides; beyond the edge nothing is.
    fn between(&self, x: f32, y: f32) -> Rgba {
        let (left, top) = (x.floor(), y.floor());
        let (to_right, below) = (x - left, y - top);
        let mut sum = [0.0; 4];
        for (column, near_x) in [(left, 1.0 - to_right), (left + 1.0, to_right)] {
            for (row, near_y) in [(top, 1.0 - below), (top + 1.0, below)] {
                let Some([red, green, blue, alpha]) = self.pixel(column, row) else {
                    continue;
                };
                let hides = f32::from(alpha) * near_x * near_y;
                for (sum, color) in sum.iter_mut().zip([red, green, blue]) {
                    *sum += f32::from(color) * hides;
                }
                sum[3] += hides;
            }
        }
        let [red, green, blue, alpha] = sum;
        if alpha == 0.0 {
            return [0; 4];
        }
        // The cast saturates, and rounding is what `+ 0.5` does.
        [red / alpha, green / alpha, blue / alpha, alpha].map(|value| (value + 0.5) as u8)
    }

    fn pixel(&self, column: f32, row: f32) -> Option<Rgba> {
        let inside = |at: f32, side: usize| (at >= 0.0 && at < side as f32).then_some(at as usize);
        let (column, row) = (inside(column, self.width)?, inside(row, self.height)?);
        Some(self.pixels[row * self.width + column])
    }
}

/// Where the logo's upper left corner comes to lie in the rectangle.
fn to_pixels(block: &Block, placed: PlacedLogo, scale: Scale) -> Point {
    let reach = scale.reach() as f32;
    let Point { x, y } = block.turn.transform_point(Point::new(placed.x, placed.y));
    Point::new(x * scale.em + reach, y * scale.em + reach)
}

/// Where a turn leads what lies to the right and below.
fn directions(turn: &Transform) -> (Vector, Vector) {
    let [right, down] = [Vector::new(1.0, 0.0), Vector::new(0.0, 1.0)];
    (turn.transform_vector(right), turn.transform_vector(down))
}
