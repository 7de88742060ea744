//! A mark on pixels whose channels lie side by side.

use super::{Canvas, Stamp, Veil};
use crate::{
    pixels::{Pixels, over},
    watermark::ink::{Ink, luma},
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
                let veil = ink.veil(letters, halo);
                if veil.alpha() == 0.0 {
                    continue;
                }
                if has_alpha {
                    lay_over_straight_alpha(veil, ink, pixel);
                } else {
                    lay_over(veil, ink, pixel, 1.0, 1.0);
                }
            }
        }
    }
}

/// Mixes colour channels: the ground counts `ground_alpha`, the result is `alpha` strong. A grey pixel takes the ink's
/// red, which is all of a neutral ink.
fn lay_over(veil: Veil, ink: &Ink, colors: &mut [u8], ground_alpha: f32, alpha: f32) {
    let halo = ink.halo.unwrap_or(ink.letters);
    for (channel, color) in colors.iter_mut().enumerate() {
        let tint = veil.tint(ink.letters[channel].into(), halo[channel].into());
        let ground = f32::from(*color) * ground_alpha * (1.0 - veil.alpha());
        // The cast saturates, and rounding is what `+ 0.5` does.
        *color = ((tint + ground) / alpha + 0.5) as u8;
    }
}

fn lay_over_straight_alpha(veil: Veil, ink: &Ink, pixel: &mut [u8]) {
    let Some((alpha, colors)) = pixel.split_last_mut() else {
        return;
    };
    let ground_alpha = f32::from(*alpha) / 255.0;
    let result_alpha = veil.alpha() + ground_alpha * (1.0 - veil.alpha());
    lay_over(veil, ink, colors, ground_alpha, result_alpha);
    *alpha = (result_alpha * 255.0 + 0.5) as u8;
}
