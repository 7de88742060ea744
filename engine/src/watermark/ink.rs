//! Colour, halo and opacity, from the ground beneath the letters.

use schemas::{
    Contrast, Recipe,
    recipe::{Color, Opacity},
};

use super::{
    canvas::{Canvas, Stamp, Veil},
    contrast::{Contrasts, EdgePlace},
};

const LIGHT: [u8; 3] = [255; 3];
const DARK: [u8; 3] = [0; 3];
/// Luma from which the ground counts as light. White reaches 4.5:1 on every grey below it, black on every grey from here.
const LIGHT_FROM: f32 = 118.0;
/// The contrast that is promised is 4.5:1, what WCAG 2.2 asks of text (success criterion 1.4.3). A lossy format takes a
/// little of it, so the mark is drawn with a little more.
const CONTRAST_AIMED_AT: Contrast = Contrast::from_hundredths(500);
/// The opacities that `auto` tries, in percent: a mark should be seen, and the picture behind it guessed.
const OPACITIES: [u8; 9] = [60, 65, 70, 75, 80, 85, 90, 95, 100];
/// The edge places that an opacity is tried on. Five hundred, spread evenly, tell 95 % well enough; the finished picture is
/// measured at all of them.
const TRIED_PLACES_MAX: usize = 512;

/// What the mark is drawn with.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Ink {
    pub(super) letters: [u8; 3],
    /// The opposite of an automatic colour, so that the mark is read on mixed ground too. A colour that was asked for is
    /// drawn as it was asked for.
    pub(super) halo: Option<[u8; 3]>,
    /// 0 to 1.
    pub(super) opacity: f32,
}

/// The grounds that one ink has to be read on, one after the other in the same place.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Grounds {
    luma_sum: f64,
    count: u32,
    /// What light letters and what dark ones need on the worst so far.
    opacities: [f32; 2],
}

/// What an edge place looks like at any opacity, inside and beside the letter.
struct TriedPlace([Blend; 2]);

/// A colour that goes in a straight line from the ground to what an opaque ink makes of it.
struct Blend {
    ground: [f32; 3],
    change: [f32; 3],
}

impl Ink {
    /// The ink that can be read where `stamp` lies, as far as the recipe leaves the choice.
    pub(super) fn legible(
        recipe: &Recipe,
        canvas: &impl Canvas,
        stamp: &Stamp<'_>,
        edge: &[EdgePlace],
    ) -> Self {
        let opaque = Self::opaque(recipe, || luma_beneath(canvas, stamp));
        let opacity = match recipe.wm_opacity {
            Opacity::Fixed(thousandths) => f32::from(thousandths) / 1000.0,
            Opacity::Auto => Self::legible_opacity(&tried_places(canvas, stamp, edge, &opaque)),
        };
        Self { opacity, ..opaque }
    }

    /// All of the ink that suits a ground of this luma.
    fn opaque(recipe: &Recipe, luma: impl FnOnce() -> f32) -> Self {
        let (letters, halo) = match recipe.wm_color {
            Color::Rgb(rgb) => (rgb, None),
            Color::Auto if luma() < LIGHT_FROM => (LIGHT, Some(DARK)),
            Color::Auto => (DARK, Some(LIGHT)),
        };
        Self {
            letters,
            halo,
            opacity: 1.0,
        }
    }

    /// Whether it can be drawn on a grey picture.
    pub(super) fn is_neutral(&self) -> bool {
        let [red, green, blue] = self.letters;
        red == green && green == blue
    }

    /// What lies over a pixel: letters on their halo, and both let through what the opacity leaves.
    pub(super) fn veil(&self, letters: u8, halo: u8) -> Veil {
        let letters = f32::from(letters) / 255.0;
        let halo = match self.halo {
            Some(_) => f32::from(halo) / 255.0 * (1.0 - letters),
            None => 0.0,
        };
        Veil {
            letters: letters * self.opacity,
            halo: halo * self.opacity,
        }
    }

    /// The smallest opacity at which the letters stand out from what is beside them; all of it where none is enough.
    fn legible_opacity(places: &[TriedPlace]) -> f32 {
        let opacities = OPACITIES.map(|percent| f32::from(percent) / 100.0);
        let legible = opacities.partition_point(|&opacity| {
            let mut contrasts = Contrasts::new();
            for TriedPlace([inside, beside]) in places {
                contrasts.add(inside.at(opacity), beside.at(opacity));
            }
            contrasts.reached() < Some(CONTRAST_AIMED_AT)
        });
        opacities.get(legible).copied().unwrap_or(1.0)
    }
}

impl Grounds {
    /// Looks at one more ground.
    pub(super) fn see(
        &mut self,
        recipe: &Recipe,
        canvas: &impl Canvas,
        stamp: &Stamp<'_>,
        edge: &[EdgePlace],
    ) {
        self.luma_sum += f64::from(luma_beneath(canvas, stamp));
        self.count += 1;
        if recipe.wm_opacity != Opacity::Auto {
            return;
        }
        // On a dark ground and on a light one: which it is on the whole is known when all were seen.
        for (opacity, luma) in self.opacities.iter_mut().zip([0.0, 255.0]) {
            let opaque = Ink::opaque(recipe, || luma);
            let legible = Ink::legible_opacity(&tried_places(canvas, stamp, edge, &opaque));
            *opacity = opacity.max(legible);
        }
    }

    /// The colour that suits most of the grounds, at the opacity that the worst of them needs.
    pub(super) fn ink(&self, recipe: &Recipe) -> Ink {
        let luma = (self.luma_sum / f64::from(self.count.max(1))) as f32;
        let opacity = match recipe.wm_opacity {
            Opacity::Fixed(thousandths) => f32::from(thousandths) / 1000.0,
            Opacity::Auto => self.opacities[usize::from(luma >= LIGHT_FROM)],
        };
        Ink {
            opacity,
            ..Ink::opaque(recipe, || luma)
        }
    }
}

/// Mean luma of the ground under the letters, each pixel as much as they cover of it.
fn luma_beneath(canvas: &impl Canvas, stamp: &Stamp<'_>) -> f32 {
    let (mut sum, mut weight) = (0_u64, 0_u64);
    for y in 0..stamp.region.height {
        let (letters, _) = stamp.row(y as usize);
        for (x, &letters) in (0..).zip(letters).filter(|(_, letters)| **letters > 0) {
            let luma = canvas.luma(stamp.region.x + x, stamp.region.y + y);
            sum += u64::from(luma) * u64::from(letters);
            weight += u64::from(letters);
        }
    }
    (sum as f64 / weight.max(1) as f64) as f32
}

/// Places along the edge with what `opaque` ink makes of the ground there.
fn tried_places(
    canvas: &impl Canvas,
    stamp: &Stamp<'_>,
    edge: &[EdgePlace],
    opaque: &Ink,
) -> Vec<TriedPlace> {
    let every = edge.len().div_ceil(TRIED_PLACES_MAX).max(1);
    let blend = |at| {
        let (x, y) = stamp.seen(at)?;
        let (letters, halo) = stamp.covered(at);
        Some(Blend::of(
            canvas.shown(x, y),
            opaque,
            opaque.veil(letters, halo),
        ))
    };
    let places = edge.iter().step_by(every);
    places
        .filter_map(|place| Some(TriedPlace([blend(place.inside)?, blend(place.outside)?])))
        .collect()
}

impl Blend {
    fn of(ground: [u8; 3], ink: &Ink, veil: Veil) -> Self {
        let ground = ground.map(f32::from);
        let halo = ink.halo.unwrap_or(ink.letters);
        let tint = |channel: usize| veil.tint(ink.letters[channel].into(), halo[channel].into());
        Self {
            ground,
            change: std::array::from_fn(|channel| tint(channel) - ground[channel] * veil.alpha()),
        }
    }

    fn at(&self, opacity: f32) -> [u8; 3] {
        // The cast saturates, and rounding is what `+ 0.5` does.
        std::array::from_fn(|channel| {
            (self.ground[channel] + self.change[channel] * opacity + 0.5) as u8
        })
    }
}

/// Luma as BT.601 weighs it.
pub(super) fn luma([red, green, blue]: [u8; 3]) -> u8 {
    let weighed = 299 * u32::from(red) + 587 * u32::from(green) + 114 * u32::from(blue);
    ((weighed + 500) / 1000) as u8
}
