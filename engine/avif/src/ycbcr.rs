//! Planes from red, green and blue, by JFIF's weights (ITU-T T.871, section 7), chroma halved both ways; and back, by
//! those that the file names.

use crate::DecodeError;
use planes::{Chroma, Plane, Planes, Subsampling};

/// Weights are whole 65536ths.
const ONE: i32 = 1 << 16;
const HALF: i32 = ONE / 2;

/// What luma and chroma are made of (ITU-T H.273, section 8.3).
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Matrix {
    /// Green, blue and red themselves.
    Identity,
    /// Differences from a sum with these weights of red and blue.
    Weighted { red: f32, blue: f32 },
}

impl Matrix {
    /// BT.601, as in JFIF.
    pub const BT601: Self = Self::Weighted {
        red: 0.299,
        blue: 0.114,
    };

    pub(crate) const fn of_number(number: u32) -> Result<Self, DecodeError> {
        Ok(match number {
            0 => Self::Identity,
            1 => Self::Weighted {
                red: 0.2126,
                blue: 0.0722,
            },
            // 2 is unspecified, and what that means to everyone.
            2 | 5 | 6 => Self::BT601,
            9 => Self::Weighted {
                red: 0.2627,
                blue: 0.0593,
            },
            _ => return Err(DecodeError::UnknownMatrix(number)),
        })
    }
}

/// Red, green and blue of planes with chroma; luma alone of grey ones.
pub fn bytes_of(planes: &Planes, matrix: Matrix) -> Vec<u8> {
    let Some(chroma) = planes.chroma() else {
        return planes.luma().samples().to_vec();
    };
    let (width, height) = (planes.width(), planes.height());
    let mut bytes = Vec::with_capacity(3 * width * height);
    for (y, luma) in planes.luma().samples().chunks_exact(width).enumerate() {
        let across = chroma.blue.width();
        let row = y / chroma.subsampling.down * across;
        let [blue, red] =
            [&chroma.blue, &chroma.red].map(|plane| &plane.samples()[row..row + across]);
        for (x, &luma) in luma.iter().enumerate() {
            let x = x / chroma.subsampling.across;
            bytes.extend(color(matrix, luma, blue[x], red[x]));
        }
    }
    bytes
}

fn color(matrix: Matrix, luma: u8, blue: u8, red: u8) -> [u8; 3] {
    let Matrix::Weighted {
        red: of_red,
        blue: of_blue,
    } = matrix
    else {
        return [red, luma, blue];
    };
    let (luma, blue, red) = (
        f32::from(luma),
        f32::from(blue) - 128.0,
        f32::from(red) - 128.0,
    );
    let (red, blue) = (2.0 * (1.0 - of_red) * red, 2.0 * (1.0 - of_blue) * blue);
    let green = -(of_red * red + of_blue * blue) / (1.0 - of_red - of_blue);
    // A cast saturates.
    [luma + red, luma + green, luma + blue].map(|channel| (channel + 0.5) as u8)
}

/// Planes of `bytes`, whose pixels begin with red, green and blue and are `channels` long.
///
/// # Panics
/// When `bytes` are not exactly `width` × `height` pixels.
pub fn planes_of(bytes: &[u8], channels: usize, width: usize, height: usize) -> Planes {
    assert_eq!(bytes.len(), width * height * channels, "{width}×{height}");
    let luma = bytes
        .chunks_exact(channels)
        .map(|pixel| luma([pixel[0], pixel[1], pixel[2]].map(i32::from)));
    let luma = Plane::new(width, height, luma.collect());
    let (across, down) = Subsampling::BOTH_HALVED.of(width, height);
    let (mut blue, mut red) = (
        Vec::with_capacity(across * down),
        Vec::with_capacity(across * down),
    );
    let rows: Vec<_> = bytes.chunks_exact(width * channels).collect();
    for pair in rows.chunks(2) {
        let (upper, lower) = (pair[0], pair[pair.len() - 1]);
        for (upper, lower) in upper.chunks(2 * channels).zip(lower.chunks(2 * channels)) {
            let last = upper.len() - channels;
            let mean = |channel| {
                let sum: i32 = [upper, lower]
                    .iter()
                    .flat_map(|pixels| [pixels[channel], pixels[last + channel]])
                    .map(i32::from)
                    .sum();
                (sum + 2) / 4
            };
            let color = [mean(0), mean(1), mean(2)];
            blue.push(difference(color, [-11_059, -21_709, 32_768]));
            red.push(difference(color, [32_768, -27_439, -5_329]));
        }
    }
    let chroma = Chroma {
        subsampling: Subsampling::BOTH_HALVED,
        blue: Plane::new(across, down, blue),
        red: Plane::new(across, down, red),
    };
    Planes::new(luma, chroma)
}

/// The channel at `offset` of pixels that are `channels` long, as a plane.
///
/// # Panics
/// When `bytes` are not exactly `width` × `height` pixels.
pub fn channel_of(
    bytes: &[u8],
    channels: usize,
    offset: usize,
    width: usize,
    height: usize,
) -> Plane {
    let samples = bytes.chunks_exact(channels).map(|pixel| pixel[offset]);
    Plane::new(width, height, samples.collect())
}

fn luma([red, green, blue]: [i32; 3]) -> u8 {
    ((19_595 * red + 38_470 * green + 7_471 * blue + HALF) >> 16) as u8
}

fn difference(color: [i32; 3], weights: [i32; 3]) -> u8 {
    let sum: i32 = color
        .iter()
        .zip(weights)
        .map(|(channel, weight)| channel * weight)
        .sum();
    ((sum + 128 * ONE + HALF) >> 16).clamp(0, 255) as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn greys_have_no_colour_and_primaries_have_all_of_it() {
        let planes = |color: [u8; 3]| {
            let planes = planes_of(&color, 3, 1, 1);
            let chroma = planes.chroma().unwrap();
            let first = |plane: &Plane| plane.samples()[0];
            [
                first(planes.luma()),
                first(&chroma.blue),
                first(&chroma.red),
            ]
        };
        assert_eq!(planes([0; 3]), [0, 128, 128]);
        assert_eq!(planes([255; 3]), [255, 128, 128]);
        assert_eq!(planes([255, 0, 0]), [76, 85, 255]);
        assert_eq!(planes([0, 0, 255]), [29, 255, 107]);
    }

    #[test]
    fn chroma_at_an_odd_edge_is_its_own_mean() {
        let planes = planes_of(&[10, 10, 200, 10, 10, 200, 200, 10, 10], 3, 3, 1);
        let chroma = planes.chroma().unwrap();
        assert_eq!(chroma.blue.width(), 2);
        assert!(chroma.blue.samples()[0] > 200 && chroma.blue.samples()[1] < 128);
        assert!(chroma.red.samples()[0] < 128 && chroma.red.samples()[1] > 200);
    }
}
