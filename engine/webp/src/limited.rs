//! Planes as VP8 has them: limited range, chroma halved both ways (RFC 6386, section 9.2).

use planes::{Plane, Planes};

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
        let planes = planes.halved();
        let (blue, red) = match planes.chroma() {
            None => {
                let none = vec![128; width.div_ceil(2) * height.div_ceil(2)];
                (none.clone(), none)
            }
            Some(chroma) => {
                let limited = |plane| samples(plane, limited_chroma);
                (limited(&chroma.blue), limited(&chroma.red))
            }
        };
        Self {
            width,
            height,
            luma: samples(planes.luma(), limited_luma),
            blue,
            red,
        }
    }
}

fn samples(plane: &Plane, limited: fn(u8) -> u8) -> Vec<u8> {
    let table: [u8; 256] = std::array::from_fn(|full| limited(full as u8));
    let samples = plane.samples().iter();
    samples.map(|&sample| table[usize::from(sample)]).collect()
}

/// 0 to 255 becomes 16 to 235, rounded.
const fn limited_luma(full: u8) -> u8 {
    (16 + (full as u32 * 219 + 127) / 255) as u8
}

/// 128 stays, and what lies around it comes nearer: 0 and 255 become 16 and 240, rounded.
const fn limited_chroma(full: u8) -> u8 {
    let distance = (full.abs_diff(128) as u32 * 224 + 127) / 255;
    let limited = if full < 128 {
        128 - distance
    } else {
        128 + distance
    };
    limited as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ends_of_the_range_meet() {
        assert_eq!([0, 255].map(limited_luma), [16, 235]);
        assert_eq!([0, 128, 255].map(limited_chroma), [16, 128, 240]);
    }

    #[test]
    fn a_grey_picture_has_no_colour() {
        let limited = Limited::of(&Planes::gray(Plane::new(3, 1, vec![0, 128, 255])));
        assert_eq!(limited.luma, [16, 126, 235]);
        assert_eq!((limited.blue, limited.red), (vec![128; 2], vec![128; 2]));
    }
}
