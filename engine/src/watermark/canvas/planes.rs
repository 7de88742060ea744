//! A mark on luma and chroma planes.

use std::ops::Range;

use planes::{Chroma, Plane, Planes, Subsampling};

use super::{Canvas, Stamp};
use crate::{
    color,
    pixels::Region,
    watermark::{decal::Decal, ink::Ink},
};

/// No colour.
const NEUTRAL: u8 = 128;

impl Canvas for Planes {
    fn size(&self) -> (u32, u32) {
        (self.width() as u32, self.height() as u32)
    }

    /// Chroma shows as the nearest sample has it.
    fn shown(&self, x: u32, y: u32) -> [u8; 3] {
        let luma = Canvas::luma(self, x, y);
        let Some(chroma) = self.chroma() else {
            return [luma; 3];
        };
        let Subsampling { across, down } = chroma.subsampling;
        let at = y as usize / down * chroma.blue.width() + x as usize / across;
        color::rgb([luma, chroma.blue.samples()[at], chroma.red.samples()[at]])
    }

    fn luma(&self, x: u32, y: u32) -> u8 {
        let luma = Self::luma(self);
        luma.samples()[y as usize * luma.width() + x as usize]
    }

    fn take_color(&mut self) {
        if self.chroma().is_some() {
            return;
        }
        let empty = Self::gray(Plane::new(0, 0, Vec::new()));
        let (luma, _) = std::mem::replace(self, empty).into_parts();
        let subsampling = Subsampling::NONE;
        let (width, height) = subsampling.of(luma.width(), luma.height());
        let neutral = Plane::new(width, height, vec![NEUTRAL; width * height]);
        let (blue, red) = (neutral.clone(), neutral);
        *self = Self::new(
            luma,
            Chroma {
                subsampling,
                blue,
                red,
            },
        );
    }

    fn lay(&mut self, stamp: &Stamp<'_>, ink: &Ink) {
        let [letters, halo] = [ink.letters, ink.halo.unwrap_or(ink.letters)].map(color::planes);
        lay_layers(self, stamp, |channel| InkLayer {
            ink,
            letters: letters[channel].into(),
            halo: halo[channel].into(),
        });
    }

    fn lay_logo(&mut self, stamp: &Stamp<'_>, decal: &Decal) {
        lay_layers(self, stamp, |channel| LogoLayer { decal, channel });
    }
}

/// What comes over one of the planes.
trait Layer {
    /// Of each pixel in a row of the stamp: how much of the channel comes over it, and how much of the ground it hides.
    fn row(&self, stamp: &Stamp<'_>, y: usize) -> impl Fn(usize) -> (f32, f32);
}

/// An ink as one of the planes knows it.
struct InkLayer<'i> {
    ink: &'i Ink,
    letters: f32,
    halo: f32,
}

/// A logo as one of the planes knows it.
struct LogoLayer<'d> {
    decal: &'d Decal,
    channel: usize,
}

impl Layer for InkLayer<'_> {
    fn row(&self, stamp: &Stamp<'_>, y: usize) -> impl Fn(usize) -> (f32, f32) {
        let (letters, halo) = stamp.row(y);
        move |x| {
            if letters[x] == 0 && halo[x] == 0 {
                return (0.0, 0.0);
            }
            let veil = self.ink.veil(letters[x], halo[x]);
            (veil.tint(self.letters, self.halo), veil.alpha())
        }
    }
}

impl Layer for LogoLayer<'_> {
    fn row(&self, stamp: &Stamp<'_>, y: usize) -> impl Fn(usize) -> (f32, f32) {
        let from = stamp.places(y).start;
        move |x| {
            let (color, alpha) = self.decal.over(from + x);
            let channel = color::planes(color)[self.channel];
            (f32::from(channel) * alpha, alpha)
        }
    }
}

/// Lays a layer over each plane of `picture`.
fn lay_layers<L: Layer>(picture: &mut Planes, stamp: &Stamp<'_>, layer: impl Fn(usize) -> L) {
    let size = (picture.width(), picture.height());
    lay_luma(&layer(0), picture.luma_mut(), stamp);
    if let Some(chroma) = picture.chroma_mut() {
        let sampling = chroma.subsampling;
        lay_chroma(&layer(1), &mut chroma.blue, sampling, size, stamp);
        lay_chroma(&layer(2), &mut chroma.red, sampling, size, stamp);
    }
}

fn lay_luma(layer: &impl Layer, luma: &mut Plane, stamp: &Stamp<'_>) {
    let width = luma.width();
    let region = stamp.region;
    for y in 0..region.height as usize {
        let from = (region.y as usize + y) * width + region.x as usize;
        let row = &mut luma.samples_mut()[from..from + region.width as usize];
        let over = layer.row(stamp, y);
        for (x, sample) in row.iter_mut().enumerate() {
            let (tint, alpha) = over(x);
            if alpha > 0.0 {
                *sample = mixed(*sample, tint, alpha);
            }
        }
    }
}

/// A chroma sample stands for several pixels and takes the mean of what lies over them. The last of a row or column may
/// stand for fewer.
fn lay_chroma(
    layer: &impl Layer,
    plane: &mut Plane,
    sampling: Subsampling,
    picture: (usize, usize),
    stamp: &Stamp<'_>,
) {
    let width = plane.width();
    let (columns, rows) = samples_beneath(stamp.region, sampling);
    for row in rows {
        let lines = stamped_rows(row, stamp.region, sampling);
        let lines: Vec<_> = lines.map(|y| layer.row(stamp, y)).collect();
        let samples = &mut plane.samples_mut()[row * width..(row + 1) * width];
        for column in columns.clone() {
            let within = stamped_columns(column, stamp.region, sampling);
            let (tint, alpha) = over_all(&lines, within);
            if alpha > 0.0 {
                let pixels = pixels_of(column, row, sampling, picture);
                samples[column] = mixed(samples[column], tint / pixels, alpha / pixels);
            }
        }
    }
}

/// What comes over all pixels of a chroma sample together.
fn over_all(lines: &[impl Fn(usize) -> (f32, f32)], columns: Range<usize>) -> (f32, f32) {
    let (mut tint, mut alpha) = (0.0, 0.0);
    for over in lines {
        for x in columns.clone() {
            let (more_tint, more_alpha) = over(x);
            tint += more_tint;
            alpha += more_alpha;
        }
    }
    (tint, alpha)
}

/// Pixels of the picture that a chroma sample stands for.
fn pixels_of(
    column: usize,
    row: usize,
    sampling: Subsampling,
    (width, height): (usize, usize),
) -> f32 {
    let across = sampling.across.min(width - column * sampling.across);
    let down = sampling.down.min(height - row * sampling.down);
    (across * down) as f32
}

/// The chroma samples that a region touches: it grows to whole ones.
fn samples_beneath(region: Region, sampling: Subsampling) -> (Range<usize>, Range<usize>) {
    let touched = |from: u32, length: u32, every: usize| {
        from as usize / every..(from + length).div_ceil(every as u32) as usize
    };
    (
        touched(region.x, region.width, sampling.across),
        touched(region.y, region.height, sampling.down),
    )
}

/// The columns of a region that share a chroma sample, from the region's corner.
fn stamped_columns(column: usize, region: Region, sampling: Subsampling) -> Range<usize> {
    within(column, sampling.across, region.x, region.width)
}

/// The rows of a region that share a chroma sample, from the region's corner.
fn stamped_rows(row: usize, region: Region, sampling: Subsampling) -> Range<usize> {
    within(row, sampling.down, region.y, region.height)
}

fn within(sample: usize, every: usize, from: u32, length: u32) -> Range<usize> {
    let (from, end) = (from as usize, (from + length) as usize);
    (sample * every).max(from) - from..((sample + 1) * every).min(end) - from
}

fn mixed(ground: u8, tint: f32, alpha: f32) -> u8 {
    // The cast saturates, and rounding is what `+ 0.5` does.
    (tint + f32::from(ground) * (1.0 - alpha) + 0.5) as u8
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::watermark::coverage::Coverage;

    fn plane(width: usize, height: usize, value: u8) -> Plane {
        Plane::new(width, height, vec![value; width * height])
    }

    fn halved(width: usize, height: usize) -> Planes {
        let subsampling = Subsampling::BOTH_HALVED;
        let (across, down) = subsampling.of(width, height);
        let (blue, red) = (plane(across, down, 90), plane(across, down, 150));
        Planes::new(
            plane(width, height, 60),
            Chroma {
                subsampling,
                blue,
                red,
            },
        )
    }

    fn full(width: usize, height: usize) -> Coverage {
        Coverage {
            width,
            height,
            letters: vec![255; width * height],
            halo: vec![255; width * height],
        }
    }

    const ORANGE: Ink = Ink {
        letters: [255, 128, 0],
        halo: None,
        opacity: 1.0,
    };

    #[test]
    fn a_covered_chroma_sample_takes_the_inks_colour_and_a_touched_one_its_share() {
        let mut picture = halved(6, 6);
        let coverage = full(3, 2);
        picture.lay(&Stamp::at((2, 2), &coverage, (6, 6)).unwrap(), &ORANGE);
        let [luma, blue, _] = color::planes(ORANGE.letters);
        assert_eq!(
            Planes::luma(&picture).samples()[2 * 6 + 2..3 * 6],
            [luma, luma, luma, 60]
        );
        let shared = ((f32::from(blue) + 90.0) / 2.0).round() as u8;
        let row = &picture.chroma().unwrap().blue.samples()[3..6];
        assert!(
            row[0] == 90 && row[1] == blue && row[2].abs_diff(shared) <= 1,
            "{row:?}"
        );
    }

    #[test]
    fn nothing_beyond_the_touched_samples_changes() {
        for (width, height) in [(7, 5), (1, 1), (8, 8)] {
            for (left, top) in [(-2, -1), (0, 0), (3, 2), (6, 4)] {
                let (mut picture, untouched) = (halved(width, height), halved(width, height));
                let coverage = full(3, 2);
                let size = (width as u32, height as u32);
                let Some(stamp) = Stamp::at((left, top), &coverage, size) else {
                    continue;
                };
                picture.lay(&stamp, &ORANGE);
                let Region {
                    x,
                    y,
                    width: across,
                    height: down,
                } = stamp.region;
                let (mut changed, expected) = (0, across * down);
                for (one, other) in Planes::luma(&picture)
                    .samples()
                    .iter()
                    .zip(Planes::luma(&untouched).samples())
                {
                    changed += u32::from(one != other);
                }
                assert_eq!(changed, expected, "{width}×{height} at {x}, {y}");
            }
        }
    }

    #[test]
    fn a_grey_picture_takes_colour_when_the_ink_has_some() {
        let mut picture = Planes::gray(plane(5, 3, 200));
        picture.take_color();
        assert_eq!(picture.shown(2, 2), [200; 3]);
        let coverage = full(2, 2);
        picture.lay(&Stamp::at((1, 1), &coverage, (5, 3)).unwrap(), &ORANGE);
        let shown = picture.shown(1, 1);
        assert!(
            shown
                .iter()
                .zip(ORANGE.letters)
                .all(|(one, other)| one.abs_diff(other) <= 2),
            "{shown:?}"
        );
    }
}
