//! Chroma for four pixels a sample, from whatever there is.

use std::borrow::Cow;

use crate::{Chroma, Plane, Planes, Subsampling};

impl Planes {
    /// The same picture at 4:2:0: each chroma sample is the mean of those for its two by two pixels.
    pub fn halved(&self) -> Cow<'_, Self> {
        let Some(chroma) = &self.chroma else {
            return Cow::Borrowed(self);
        };
        if chroma.subsampling == Subsampling::BOTH_HALVED {
            return Cow::Borrowed(self);
        }
        let size = (self.luma.width, self.luma.height);
        let halved = |plane| halved(plane, chroma.subsampling, size);
        let chroma = Chroma {
            subsampling: Subsampling::BOTH_HALVED,
            blue: halved(&chroma.blue),
            red: halved(&chroma.red),
        };
        Cow::Owned(Self::new(self.luma.clone(), chroma))
    }
}

fn halved(plane: &Plane, from: Subsampling, (width, height): (usize, usize)) -> Plane {
    let (across, down) = Subsampling::BOTH_HALVED.of(width, height);
    let mut means = Vec::with_capacity(across * down);
    for y in (0..height).step_by(2) {
        let rows = [y, (y + 1).min(height - 1)].map(|y| plane.row(y / from.down));
        for x in (0..width).step_by(2) {
            let columns = [x, (x + 1).min(width - 1)].map(|x| x / from.across);
            let of_row = |row: &&[u8]| columns.map(|column| u32::from(row[column]));
            let sum: u32 = rows.iter().flat_map(of_row).sum();
            // The mean of bytes is a byte.
            means.push(((sum + 2) / 4) as u8);
        }
    }
    Plane::new(across, down, means)
}

impl Plane {
    fn row(&self, y: usize) -> &[u8] {
        &self.samples[y * self.width..][..self.width]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_is_the_mean_of_its_pixels() {
        let samples = [100, 104, 20, 108, 112, 40];
        let halved_from = |across, down, width, height| {
            let subsampling = Subsampling { across, down };
            let (columns, rows) = subsampling.of(width, height);
            let chroma = Plane::new(columns, rows, samples[..columns * rows].to_vec());
            let planes = Planes::new(
                Plane::new(width, height, vec![0; width * height]),
                Chroma {
                    subsampling,
                    blue: chroma.clone(),
                    red: chroma,
                },
            );
            planes.halved().chroma().unwrap().red.samples.clone()
        };
        assert_eq!(halved_from(1, 1, 3, 2), [106, 30]);
        assert_eq!(halved_from(2, 1, 4, 2), [60, 106]);
        assert_eq!(halved_from(1, 2, 3, 2), [102, 20]);
        assert_eq!(halved_from(2, 2, 3, 2), [100, 104]);
    }
}
