//! Pictures as they come to lie on a picture, the logo and letters with colours of their own: at their size, turned, in
//! their place beside the letters.

use lanczos::{Channels, Frame};
use schemas::recipe::{Opacity, Rotation};
use swash::zeno::{Point, Transform, Vector};

use super::{layout::Block, outline::Ink, placement::Scale};
use crate::{
    logo::Logo,
    pixels::{Layout, Pixels, Region},
};

/// Red, green, blue and straight alpha.
type Rgba = [u8; 4];

/// The pictures of a mark, as wide and as high as the mark's coverage.
#[derive(Debug)]
pub(crate) struct Decal {
    pixels: Vec<Rgba>,
    opacity: f32,
    is_neutral: bool,
}

/// A rectangle that pictures are put on.
struct Sheet<'b> {
    block: &'b Block,
    scale: Scale,
    width: usize,
    height: usize,
    pixels: Vec<Rgba>,
}

/// An upright picture of the size that it is drawn at.
struct Upright {
    width: usize,
    height: usize,
    pixels: Vec<Rgba>,
    /// Where it stands in the upright block, in ems.
    place: Ink,
}

impl Decal {
    /// Draws the pictures of `block` into a rectangle of `extent`, where the block's letters leave room for them; `None` for
    /// a block without any.
    ///
    /// They keep their colours, so there is nothing that opacity could do for their legibility: left open, all of them shows.
    pub(super) fn of_block(
        block: &Block,
        scale: Scale,
        extent: (u32, u32),
        logo: Option<&Logo>,
        opacity: Opacity,
    ) -> Option<Self> {
        if !block.has_pictures() {
            return None;
        }
        let mut sheet = Sheet::new(block, scale, extent);
        let mut is_neutral = true;
        if let Some((placed, logo)) = block.logo.zip(logo) {
            is_neutral &= logo.is_neutral();
            sheet.put(&Upright::of(logo.pixels().clone(), placed.ink(), scale));
        }
        for placed in &block.emblems {
            if let Some(pixels) = placed.emblem.pixels(scale.em) {
                is_neutral &= pixels.is_neutral();
                sheet.put(&Upright::of(pixels, placed.ink(), scale));
            }
        }
        Some(Self {
            pixels: sheet.pixels,
            opacity: match opacity {
                Opacity::Auto => 1.0,
                Opacity::Fixed(thousandths) => f32::from(thousandths) / 1000.0,
            },
            is_neutral,
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

impl<'b> Sheet<'b> {
    fn new(block: &'b Block, scale: Scale, (width, height): (u32, u32)) -> Self {
        let (width, height) = (width as usize, height as usize);
        Self {
            block,
            scale,
            width,
            height,
            pixels: vec![[0; 4]; width * height],
        }
    }

    fn put(&mut self, upright: &Upright) {
        if self.block.rotation == Rotation::NONE {
            self.put_straight(upright);
        } else {
            self.put_turned(upright);
        }
    }

    /// On whole pixels, where it stays as sharp as it is.
    fn put_straight(&mut self, upright: &Upright) {
        let corner = self.to_pixels(upright.place.left, upright.place.top);
        let (left, top) = (corner.x.round() as usize, corner.y.round() as usize);
        let columns = upright.width.min(self.width.saturating_sub(left));
        if columns == 0 {
            return;
        }
        let rows = upright.pixels.chunks_exact(upright.width);
        for (y, row) in (top..self.height).zip(rows) {
            let from = y * self.width + left;
            let sheet = &mut self.pixels[from..from + columns];
            for (below, above) in sheet.iter_mut().zip(row) {
                *below = over(*above, *below);
            }
        }
    }

    /// Every pixel that it may touch looks where in the upright picture it lies.
    fn put_turned(&mut self, upright: &Upright) {
        let Ink { left, top, .. } = upright.place;
        let corner = self.to_pixels(left, top);
        let (right, down) = directions(&self.block.turn);
        let across = upright.width as f32 / (upright.place.width() * self.scale.em);
        let along = upright.height as f32 / (upright.place.height() * self.scale.em);
        let touched = self.touched(upright.place);
        for y in touched.y..touched.y + touched.height {
            for x in touched.x..touched.x + touched.width {
                let from = Vector::new(x as f32 + 0.5 - corner.x, y as f32 + 0.5 - corner.y);
                let at = (from.dot(right) * across, from.dot(down) * along);
                let above = upright.between(at.0 - 0.5, at.1 - 0.5);
                let below = &mut self.pixels[y as usize * self.width + x as usize];
                *below = over(above, *below);
            }
        }
    }

    /// The pixels around a turned place, with one more on each side for what lies between pixels.
    fn touched(&self, place: Ink) -> Region {
        let (lefts, tops) = ([place.left, place.right], [place.top, place.bottom]);
        let corners = lefts.map(|x| tops.map(|y| self.to_pixels(x, y)));
        let points = corners.as_flattened();
        let span = |at: fn(&Point) -> f32, side: usize| {
            let (from, to) = points
                .iter()
                .map(at)
                .fold((f32::INFINITY, f32::NEG_INFINITY), |(from, to), at| {
                    (from.min(at), to.max(at))
                });
            // The casts saturate: nothing lies before the first pixel.
            let from = ((from - 1.0).floor() as usize).min(side);
            let to = ((to + 1.0).ceil() as usize).clamp(from, side);
            (from as u32, (to - from) as u32)
        };
        let (x, width) = span(|point| point.x, self.width);
        let (y, height) = span(|point| point.y, self.height);
        Region {
            x,
            y,
            width,
            height,
        }
    }

    /// Where a place of the upright block, in ems, comes to lie.
    fn to_pixels(&self, x: f32, y: f32) -> Point {
        let reach = self.scale.reach() as f32;
        let Point { x, y } = self.block.turn.transform_point(Point::new(x, y));
        Point::new(x * self.scale.em + reach, y * self.scale.em + reach)
    }
}

/// A pixel over another one. Letters hardly ever overlap; a picture over nothing is as it was.
fn over(above: Rgba, below: Rgba) -> Rgba {
    if below[3] == 0 || above[3] == 255 {
        return above;
    }
    let [hides, shows] = [above[3], below[3]].map(|alpha| f32::from(alpha) / 255.0);
    let shows = shows * (1.0 - hides);
    let alpha = hides + shows;
    // The cast saturates, and rounding is what `+ 0.5` does.
    let color = |at: usize| {
        let mixed = f32::from(above[at]) * hides + f32::from(below[at]) * shows;
        (mixed / alpha + 0.5) as u8
    };
    [color(0), color(1), color(2), (alpha * 255.0 + 0.5) as u8]
}

impl Upright {
    /// Colours are multiplied with alpha while they are scaled: what is hidden does not bleed into what is seen.
    fn of(pixels: Pixels, place: Ink, scale: Scale) -> Self {
        debug_assert_eq!(pixels.layout, Layout::Rgba, "a picture on a mark has alpha");
        let side = |ems: f32| ((ems * scale.em).round() as u32).max(1);
        let to = (side(place.width()), side(place.height()));
        let from = (pixels.width, pixels.height);
        let whole = Frame::whole(from);
        let bytes = lanczos::resize(pixels.bytes, Channels::Rgba, from, whole, to);
        Self {
            width: to.0 as usize,
            height: to.1 as usize,
            pixels: bytes.as_chunks().0.to_vec(),
            place,
        }
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

/// Where a turn leads what lies to the right and below.
fn directions(turn: &Transform) -> (Vector, Vector) {
    let [right, down] = [Vector::new(1.0, 0.0), Vector::new(0.0, 1.0)];
    (turn.transform_vector(right), turn.transform_vector(down))
}
