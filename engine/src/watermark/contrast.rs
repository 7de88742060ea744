//! How well a mark can be read, measured where its letters end.
//!
//! An edge place is a pixel at least half covered by a letter beside one that is less than half covered. An edge that is
//! smoothed takes up to two pixels, so the letter's colour is that of the most covered pixel of the nine around the place,
//! and the colour beside it that of the least covered. Their contrast is WCAG's, and what a mark reaches is what 95 % of its
//! edge places reach, read from the finished picture.

use std::sync::LazyLock;

use schemas::Contrast;

use super::{
    canvas::{Canvas, Stamp},
    coverage::Coverage,
};

/// Of a hundred edge places, those that have to reach a contrast before the mark does.
const PLACES_PERCENT: usize = 95;
/// What floating point may take of a hundredth before it is rounded down.
const LOST_TO_ROUNDING: f32 = 0.001;
/// Black on white, in hundredths.
const HUNDREDTHS_MAX: usize = 2100;

/// A place where a letter ends: a pixel of the letter and one beside it, as columns and rows of the coverage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct EdgePlace {
    pub(super) inside: (usize, usize),
    pub(super) outside: (usize, usize),
}

/// The contrasts of a mark's edge places.
#[derive(Debug)]
pub(super) struct Contrasts {
    /// Places by their contrast in hundredths, rounded down.
    places: Vec<u32>,
    count: usize,
}

/// Relative luminance as WCAG 2.2 defines it: linear light, BT.709 weights.
pub(super) fn luminance(rgb: [u8; 3]) -> f32 {
    let [red, green, blue] = rgb.map(|channel| LINEAR[usize::from(channel)]);
    0.2126 * red + 0.7152 * green + 0.0722 * blue
}

/// Contrast ratio as WCAG 2.2 defines it, 1 to 21.
pub(super) fn contrast(one: f32, other: f32) -> f32 {
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

static LINEAR: LazyLock<[f32; 256]> = LazyLock::new(|| {
    std::array::from_fn(|value| {
        let channel = value as f32 / 255.0;
        if channel <= 0.04045 {
            channel / 12.92
        } else {
            ((channel + 0.055) / 1.055).powf(2.4)
        }
    })
});

/// All places where letters end, row by row.
pub(super) fn edge_places(coverage: &Coverage) -> Vec<EdgePlace> {
    let mut places = Vec::new();
    for (y, row) in coverage
        .letters
        .chunks_exact(coverage.width.max(1))
        .enumerate()
    {
        for (x, &letters) in row.iter().enumerate() {
            if is_covered(letters) && ends_at(coverage, x, y) {
                places.push(EdgePlace::around(coverage, x, y));
            }
        }
    }
    places
}

/// What the edge of all `stamps` reaches as the picture shows them.
pub(super) fn reached<'c>(
    canvas: &impl Canvas,
    stamps: impl IntoIterator<Item = Stamp<'c>>,
    edge: &[EdgePlace],
) -> Option<Contrast> {
    let mut contrasts = Contrasts::new();
    for stamp in stamps {
        let seen = |place: &EdgePlace| stamp.seen(place.inside).zip(stamp.seen(place.outside));
        for (inside, outside) in edge.iter().filter_map(seen) {
            contrasts.add(
                canvas.shown(inside.0, inside.1),
                canvas.shown(outside.0, outside.1),
            );
        }
    }
    contrasts.reached()
}

const fn is_covered(letters: u8) -> bool {
    letters >= 128
}

fn ends_at(coverage: &Coverage, x: usize, y: usize) -> bool {
    let uncovered = |x: usize, y: usize| !is_covered(coverage.letters[y * coverage.width + x]);
    (x > 0 && uncovered(x - 1, y))
        || (y > 0 && uncovered(x, y - 1))
        || (x + 1 < coverage.width && uncovered(x + 1, y))
        || (y + 1 < coverage.height && uncovered(x, y + 1))
}

impl EdgePlace {
    fn around(coverage: &Coverage, x: usize, y: usize) -> Self {
        let mut place = Self {
            inside: (x, y),
            outside: (x, y),
        };
        let at = |(x, y): (usize, usize)| {
            let at = y * coverage.width + x;
            (coverage.letters[at], coverage.halo[at])
        };
        for near_y in y.saturating_sub(1)..(y + 2).min(coverage.height) {
            for near_x in x.saturating_sub(1)..(x + 2).min(coverage.width) {
                let ((letters, halo), near) = (at((near_x, near_y)), (near_x, near_y));
                if letters > at(place.inside).0 {
                    place.inside = near;
                }
                let (least, most_halo) = at(place.outside);
                if letters < least || (letters == least && halo > most_halo) {
                    place.outside = near;
                }
            }
        }
        place
    }
}

impl Contrasts {
    pub(super) fn new() -> Self {
        Self {
            places: vec![0; HUNDREDTHS_MAX + 1],
            count: 0,
        }
    }

    /// Counts a place with these colours inside and beside the letter.
    pub(super) fn add(&mut self, inside: [u8; 3], outside: [u8; 3]) {
        let contrast = contrast(luminance(inside), luminance(outside));
        let hundredths = (contrast * 100.0 + LOST_TO_ROUNDING) as usize;
        self.places[hundredths.min(HUNDREDTHS_MAX)] += 1;
        self.count += 1;
    }

    /// What 95 % of the places reach; `None` if there are none.
    pub(super) fn reached(&self) -> Option<Contrast> {
        let needed = (self.count * PLACES_PERCENT).div_ceil(100);
        let mut reaching = 0;
        let from_best = self.places.iter().enumerate().rev();
        let mut reached = from_best.filter(|(_, places)| {
            reaching += **places as usize;
            self.count > 0 && reaching >= needed
        });
        reached
            .next()
            .map(|(hundredths, _)| Contrast::from_hundredths(hundredths as u16))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contrast_is_what_wcag_says() {
        let ratio = contrast(luminance([255; 3]), luminance([118; 3]));
        assert!((4.5..4.6).contains(&ratio), "white on #767676 is {ratio}");
        let ratio = contrast(luminance([0, 0, 255]), luminance([255; 3]));
        assert!((8.5..8.7).contains(&ratio), "blue on white is {ratio}");
    }

    #[test]
    fn a_place_is_where_a_letter_ends_and_looks_past_the_smoothing() {
        let coverage = Coverage {
            width: 6,
            height: 1,
            letters: vec![0, 100, 200, 255, 255, 255],
            halo: vec![255; 6],
        };
        let place = EdgePlace {
            inside: (3, 0),
            outside: (1, 0),
        };
        assert_eq!(edge_places(&coverage), [place]);
    }

    #[test]
    fn one_bad_place_in_twenty_is_forgiven_and_two_are_not() {
        let reached = |bad: usize| {
            let mut contrasts = Contrasts::new();
            (0..bad).for_each(|_| contrasts.add([0; 3], [0; 3]));
            (bad..20).for_each(|_| contrasts.add([0; 3], [255; 3]));
            contrasts.reached()
        };
        assert_eq!(reached(1), Some(Contrast::from_hundredths(2100)));
        assert_eq!(reached(2), Some(Contrast::from_hundredths(100)));
        assert_eq!(Contrasts::new().reached(), None);
    }
}
