//! A mark on pixels whose channels lie side by side.

use super::{Canvas, Stamp, Veil};
use crate::{
    pixels::{Pixels, over},
    watermark::{
        decal::Decal,
        ink::{Ink, luma},
    },
};

impl Canvas for Pixels {
    fn size(&self) -> (u32, u32) {
        (self.width, self.height)
    }

    fn shown(&self, x: u32, y: u32) -> [u8; 3] {
        let channels = self.layout.channels();
        let at = (y as usize * self.width as usize + x as usize) * channels;
        match self.bytes[at..at + channels] {
            [gray] => [gray; 3],
            [gray, alpha] => [over(gray, 255, alpha); 3],
            [red, green, blue] => [red, green, blue],
            [red, green, blue, alpha] => [red, green, blue].map(|color| over(color, 255, alpha)),
            _ => unreachable!("a pixel has one to four channels"),
        }
    }

    fn luma(&self, x: u32, y: u32) -> u8 {
        luma(self.shown(x, y))
    }

    fn take_color(&mut self) {
        let empty = Self::new(0, 0, self.layout, Vec::new());
        *self = std::mem::replace(self, empty).with_color();
    }

    fn lay(&mut self, stamp: &Stamp<'_>, ink: &Ink) {
        let channels = self.layout.channels();
        let has_alpha = self.layout.has_alpha();
        for (y, row) in self.rows_mut(stamp.region).enumerate() {
            let (letters, halo) = stamp.row(y);
            let covered = letters.iter().zip(halo);
            for (pixel, (&letters, &halo)) in row.chunks_exact_mut(channels).zip(covered) {
                if letters == 0 && halo == 0 {
                    continue;
                }
                let veil = ink.veil(letters, halo);
                if veil.alpha() == 0.0 {
                    continue;
                }
                if has_alpha {
                    lay_over_straight_alpha(tints(veil, ink), veil.alpha(), pixel);
                } else {
                    lay_over(tints(veil, ink), veil.alpha(), pixel);
                }
            }
        }
    }

    fn lay_logo(&mut self, stamp: &Stamp<'_>, decal: &Decal) {
        let channels = self.layout.channels();
        let has_alpha = self.layout.has_alpha();
        for (y, row) in self.rows_mut(stamp.region).enumerate() {
            for (pixel, at) in row.chunks_exact_mut(channels).zip(stamp.places(y)) {
                let (color, alpha) = decal.over(at);
                if alpha == 0.0 {
                    continue;
                }
                let tints = color.into_iter().map(|color| f32::from(color) * alpha);
                if has_alpha {
                    lay_over_straight_alpha(tints, alpha, pixel);
                } else {
                    lay_over(tints, alpha, pixel);
                }
            }
        }
    }
}

/// Mixes the channels of an opaque pixel. A grey one takes the red of what comes over it, which is all of a neutral colour.
fn lay_over(tints: impl Iterator<Item = f32>, alpha: f32, colors: &mut [u8]) {
    let ground = 1.0 - alpha;
    for (color, tint) in colors.iter_mut().zip(tints) {
        *color = rounded(tint + f32::from(*color) * ground);
    }
}

/// The same where the ground shows through to what is behind the picture: it counts as much as it hides.
fn lay_over_straight_alpha(tints: impl Iterator<Item = f32>, hidden: f32, pixel: &mut [u8]) {
    let Some((alpha, colors)) = pixel.split_last_mut() else {
        return;
    };
    let ground = f32::from(*alpha) / 255.0 * (1.0 - hidden);
    let result_alpha = hidden + ground;
    for (color, tint) in colors.iter_mut().zip(tints) {
        *color = rounded((tint + f32::from(*color) * ground) / result_alpha);
    }
    *alpha = rounded(result_alpha * 255.0);
}

fn tints(veil: Veil, ink: &Ink) -> impl Iterator<Item = f32> {
    let halo = ink.halo.unwrap_or(ink.letters);
    let channels = ink.letters.into_iter().zip(halo);
    channels.map(move |(letters, halo)| veil.tint(letters.into(), halo.into()))
}

/// The cast saturates, and rounding is what `+ 0.5` does.
fn rounded(value: f32) -> u8 {
    (value + 0.5) as u8
}
