//! Planes as VP8 has them: limited range, chroma halved both ways (RFC 6386, section 9.2).

use planes::{Chroma, Plane, Planes};

/// Luma from 16 to 235, chroma from 16 to 240, a chroma sample for up to four pixels.
pub(crate) struct Limited {
    pub(crate) width: usize,
    pub(crate) height: usize,
    pub(crate) luma: Vec<u8>,
    pub(crate) blue: Vec<u8>,
    pub(crate) red: Vec<u8>,
}

impl Limited {
    pub(crate) fn of(planes: &Planes) -> Self {
        let (width, height) = (planes.width(), planes.height());
        let luma = planes
            .luma()
            .samples()
            .iter()
            .map(|&luma| limited_luma(luma));
        let (blue, red) = match planes.chroma() {
            None => {
                let none = vec![128; width.div_ceil(2) * height.div_ceil(2)];
                (none.clone(), none)
            }
            Some(chroma) => (
                halved(&chroma.blue, chroma, (width, height)),
                halved(&chroma.red, chroma, (width, height)),
            ),
        };
        Self {
            width,
            height,
            luma: luma.collect(),
            blue,
            red,
        }
    }
}

/// 0 to 255 becomes 16 to 235, rounded.
const fn limited_luma(full: u8) -> u8 {
    (16 + (full as u32 * 219 + 127) / 255) as u8
}

/// 128 stays, and what lies around it comes nearer: 1 and 255 become 16 and 240, rounded away from 128.
const fn limited_chroma(full: u8) -> u8 {
    let distance = (full.abs_diff(128) as u32 * 224 + 127) / 255;
    let limited = if full < 128 {
        128 - distance
    } else {
        128 + distance
    };
    limited as u8
}

/// One chroma plane with a sample for each two by two pixels: the mean of those that it has for them.
fn halved(plane: &Plane, chroma: &Chroma, (width, height): (usize, usize)) -> Vec<u8> {
    let sampling = chroma.subsampling;
    let mut halved = Vec::with_capacity(width.div_ceil(2) * height.div_ceil(2));
    for y in (0..height).step_by(2) {
        let rows = [y, (y + 1).min(height - 1)].map(|y| row(plane, y / sampling.down));
        for x in (0..width).step_by(2) {
            let columns = [x, (x + 1).min(width - 1)].map(|x| x / sampling.across);
            let sum: u32 = rows
                .iter()
                .flat_map(|row| columns.map(|column| u32::from(row[column])))
                .sum();
            halved.push(limited_chroma(((sum + 2) / 4) as u8));
        }
    }
    halved
}

fn row(plane: &Plane, y: usize) -> &[u8] {
    &plane.samples()[y * plane.width()..][..plane.width()]
}

#[cfg(test)]
mod tests {
    use planes::Subsampling;

    use super::*;

    #[test]
    fn the_ends_of_the_range_meet() {
        assert_eq!([0, 255].map(limited_luma), [16, 235]);
        assert_eq!([0, 1, 128, 255].map(limited_chroma), [16, 16, 128, 240]);
    }

    #[test]
    fn chroma_of_any_subsampling_is_halved_to_its_mean() {
        let samples = vec![100, 104, 20, 108, 112, 40];
        let halved_from = |across, down, width, height| {
            let subsampling = Subsampling { across, down };
            let luma = Plane::new(width, height, vec![0; width * height]);
            let chroma = |samples: &[u8]| {
                let (width, height) = subsampling.of(width, height);
                Plane::new(width, height, samples[..width * height].to_vec())
            };
            let chroma = Chroma {
                subsampling,
                blue: chroma(&samples),
                red: chroma(&samples),
            };
            Limited::of(&Planes::new(luma, chroma)).blue
        };
        let limited = |full: [u8; 2]| full.map(limited_chroma);
        assert_eq!(halved_from(1, 1, 3, 2), limited([106, 30]));
        assert_eq!(halved_from(2, 1, 4, 2), limited([62, 106]));
        assert_eq!(halved_from(2, 2, 3, 2), limited([100, 104]));
    }
}
