//! Colour, outline and opacity, from the ground beneath the mark.

use schemas::{
    Recipe,
    recipe::{Color, Opacity},
};

use crate::pixels::{Pixels, Region, over};

const LIGHT: [u8; 3] = [255; 3];
const DARK: [u8; 3] = [0; 3];
/// Luma from which the ground counts as light. White reaches 4.5:1 on every grey below it, black on every grey from here.
const LIGHT_FROM: f32 = 118.0;
/// The contrast that WCAG 2.2 asks of text (success criterion 1.4.3).
const CONTRAST_WANTED: f32 = 4.5;
/// The opacities that `auto` tries, in percent: a mark should be seen, and the picture behind it guessed.
const OPACITIES: std::ops::RangeInclusive<u8> = 60..=100;

/// What the mark is drawn with.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Ink {
    pub(super) letters: [u8; 3],
    /// The opposite of an automatic colour, so that the mark is read on mixed ground too. A colour that was asked for is
    /// drawn as it was asked for.
    pub(super) outline: Option<[u8; 3]>,
    /// 0 to 1.
    pub(super) opacity: f32,
}

/// The mean colour beneath the mark, as it shows on white.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Ground {
    mean: [f32; 3],
}

impl Ink {
    pub(super) fn for_ground(recipe: &Recipe, ground: &Ground) -> Self {
        let (letters, outline) = match recipe.wm_color {
            Color::Rgb(rgb) => (rgb, None),
            Color::Auto if ground.luma() < LIGHT_FROM => (LIGHT, Some(DARK)),
            Color::Auto => (DARK, Some(LIGHT)),
        };
        let opacity = match recipe.wm_opacity {
            Opacity::Fixed(thousandths) => f32::from(thousandths) / 1000.0,
            Opacity::Auto => legible_opacity(letters, ground),
        };
        Self {
            letters,
            outline,
            opacity,
        }
    }

    /// Whether it can be drawn on a grey picture.
    pub(super) fn is_neutral(&self) -> bool {
        let [red, green, blue] = self.letters;
        red == green && green == blue
    }
}

/// The smallest opacity at which the mark stands out from its ground as text should; all of it where none does.
fn legible_opacity(letters: [u8; 3], ground: &Ground) -> f32 {
    let beneath = luminance(ground.mean);
    let fractions = OPACITIES
        .step_by(5)
        .map(|percent| f32::from(percent) / 100.0);
    let mut legible = fractions.filter(|&opacity| {
        let mixed = std::array::from_fn(|channel| {
            f32::from(letters[channel]) * opacity + ground.mean[channel] * (1.0 - opacity)
        });
        contrast(luminance(mixed), beneath) >= CONTRAST_WANTED
    });
    legible.next().unwrap_or(1.0)
}

impl Ground {
    pub(super) fn beneath(picture: &Pixels, region: Region) -> Self {
        let channels = picture.layout.channels();
        let mut sums = [0_u64; 3];
        let pixels = picture
            .rows(region)
            .flat_map(|row| row.chunks_exact(channels));
        for pixel in pixels {
            let shown = shown(pixel);
            for (sum, channel) in sums.iter_mut().zip(shown) {
                *sum += u64::from(channel);
            }
        }
        let count = region.area().max(1) as f64;
        Self {
            mean: sums.map(|sum| (sum as f64 / count) as f32),
        }
    }

    /// Luma as BT.601 weighs it.
    fn luma(&self) -> f32 {
        let [red, green, blue] = self.mean;
        0.299 * red + 0.587 * green + 0.114 * blue
    }
}

/// A pixel of any layout as it shows on white.
fn shown(pixel: &[u8]) -> [u8; 3] {
    match *pixel {
        [gray] => [gray; 3],
        [gray, alpha] => [over(gray, 255, alpha); 3],
        [red, green, blue] => [red, green, blue],
        [red, green, blue, alpha] => [red, green, blue].map(|color| over(color, 255, alpha)),
        _ => unreachable!("a pixel has one to four channels"),
    }
}

/// Relative luminance as WCAG 2.2 defines it: linear light, BT.709 weights.
fn luminance(rgb: [f32; 3]) -> f32 {
    let [red, green, blue] = rgb.map(|channel| {
        let channel = channel / 255.0;
        if channel <= 0.04045 {
            channel / 12.92
        } else {
            ((channel + 0.055) / 1.055).powf(2.4)
        }
    });
    0.2126 * red + 0.7152 * green + 0.0722 * blue
}

/// Contrast ratio as WCAG 2.2 defines it, 1 to 21.
fn contrast(one: f32, other: f32) -> f32 {
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{pixels::Layout, tests::recipe};

    fn ground(gray: u8) -> Ground {
        Ground {
            mean: [f32::from(gray); 3],
        }
    }

    #[test]
    fn automatic_ink_is_legible_on_every_grey() {
        let recipe = recipe(&[]);
        for gray in 0..=255 {
            let ground = ground(gray);
            let ink = Ink::for_ground(&recipe, &ground);
            let mixed = ink.letters.map(|channel| {
                f32::from(channel) * ink.opacity + f32::from(gray) * (1.0 - ink.opacity)
            });
            let reached = contrast(luminance(mixed), luminance(ground.mean));
            assert!(reached >= CONTRAST_WANTED, "{reached} on {gray}");
        }
    }

    #[test]
    fn light_letters_on_dark_ground_and_dark_ones_on_light() {
        let letters = |gray| Ink::for_ground(&recipe(&[]), &ground(gray)).letters;
        assert_eq!(letters(30), LIGHT);
        assert_eq!(letters(220), DARK);
    }

    #[test]
    fn what_was_asked_for_is_obeyed_literally() {
        let recipe = recipe(&[("wm_color", "#ff8000"), ("wm_opacity", "0.25")]);
        let expected = Ink {
            letters: [255, 128, 0],
            outline: None,
            opacity: 0.25,
        };
        assert_eq!(Ink::for_ground(&recipe, &ground(130)), expected);
    }

    #[test]
    fn only_the_ground_beneath_the_mark_counts() {
        let picture = Pixels::new(4, 1, Layout::GrayAlpha, vec![0, 255, 80, 255, 0, 0, 9, 255]);
        let region = Region {
            x: 1,
            y: 0,
            width: 2,
            height: 1,
        };
        let mean = (80.0 + 255.0) / 2.0;
        assert_eq!(Ground::beneath(&picture, region).mean, [mean; 3]);
    }

    #[test]
    fn contrast_is_what_wcag_says() {
        let ratio = contrast(luminance([255.0; 3]), luminance([118.0; 3]));
        assert!((4.5..4.6).contains(&ratio), "white on #767676 is {ratio}");
    }
}
