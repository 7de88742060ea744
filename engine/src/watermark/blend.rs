//! Coverage and ink become pixels.

use super::{ink::Ink, mask::Coverage};
use crate::pixels::{Pixels, Region};

/// What lies over one pixel.
#[derive(Clone, Copy)]
struct Veil {
    rgb: [f32; 3],
    /// 0 to 1.
    alpha: f32,
}

/// Blends the mark over `region` of `picture`. A grey picture takes neutral ink only.
pub(super) fn blend(picture: &mut Pixels, region: Region, coverage: &Coverage, ink: &Ink) {
    let channels = picture.layout.channels();
    let has_alpha = picture.layout.has_alpha();
    let mut at = 0;
    for row in picture.rows_mut(region) {
        for pixel in row.chunks_exact_mut(channels) {
            let veil = Veil::of(coverage, at, ink);
            at += 1;
            if veil.alpha == 0.0 {
                continue;
            }
            if has_alpha {
                veil.lay_over_straight_alpha(pixel);
            } else {
                veil.lay_over(pixel, 1.0, 1.0);
            }
        }
    }
}

impl Veil {
    /// Letters lie on their outline, and both let through what the opacity leaves.
    fn of(coverage: &Coverage, at: usize, ink: &Ink) -> Self {
        let letters = f32::from(coverage.letters[at]) / 255.0;
        let (outline_rgb, outline) = match (&coverage.outline, ink.outline) {
            (Some(outline), Some(rgb)) => (rgb, f32::from(outline[at]) / 255.0 * (1.0 - letters)),
            _ => (ink.letters, 0.0),
        };
        let covered = letters + outline;
        let rgb = std::array::from_fn(|channel| {
            let mixed = f32::from(ink.letters[channel]) * letters
                + f32::from(outline_rgb[channel]) * outline;
            if covered > 0.0 { mixed / covered } else { 0.0 }
        });
        Self {
            rgb,
            alpha: covered * ink.opacity,
        }
    }

    /// Mixes colour channels: the ground counts `ground_alpha`, the result is `alpha` strong.
    fn lay_over(self, colors: &mut [u8], ground_alpha: f32, alpha: f32) {
        for (color, ink) in colors.iter_mut().zip(self.rgb) {
            let ground = f32::from(*color) * ground_alpha * (1.0 - self.alpha);
            // The cast saturates, and rounding is what `+ 0.5` does.
            *color = ((ink * self.alpha + ground) / alpha + 0.5) as u8;
        }
    }

    fn lay_over_straight_alpha(self, pixel: &mut [u8]) {
        let Some((alpha, colors)) = pixel.split_last_mut() else {
            return;
        };
        let ground_alpha = f32::from(*alpha) / 255.0;
        let result_alpha = self.alpha + ground_alpha * (1.0 - self.alpha);
        self.lay_over(colors, ground_alpha, result_alpha);
        *alpha = (result_alpha * 255.0 + 0.5) as u8;
    }
}
