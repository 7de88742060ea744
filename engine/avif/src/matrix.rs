//! Red, green and blue of planes, by the weights that their file names.

use crate::DecodeError;
use planes::Planes;

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_matrix_has_its_own_colours() {
        let red = |number| color(Matrix::of_number(number).unwrap(), 100, 100, 200);
        assert_eq!(red(6), [201, 58, 50]);
        assert_eq!(red(1), [213, 72, 48]);
        assert_eq!(red(9), [206, 63, 47]);
        assert_eq!(red(0), [200, 100, 100]);
        assert!(Matrix::of_number(8).is_err());
    }
}
