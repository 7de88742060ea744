//! EXIF orientation: the eight ways a stored picture may be turned (EXIF 2.32, tag 274).

use crate::pixels::Pixels;

/// How a stored picture is turned for display.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Orientation {
    #[default]
    AsStored,
    MirroredLeftRight,
    UpsideDown,
    MirroredTopBottom,
    /// Rows and columns change places.
    Transposed,
    TurnedRight,
    /// Transposed along the other diagonal.
    Transversed,
    TurnedLeft,
}

impl Orientation {
    /// The orientation that EXIF numbers 1 to 8.
    pub const fn from_exif(number: u32) -> Option<Self> {
        Some(match number {
            1 => Self::AsStored,
            2 => Self::MirroredLeftRight,
            3 => Self::UpsideDown,
            4 => Self::MirroredTopBottom,
            5 => Self::Transposed,
            6 => Self::TurnedRight,
            7 => Self::Transversed,
            8 => Self::TurnedLeft,
            _ => return None,
        })
    }

    /// Whether width and height change places.
    pub const fn swaps_sides(self) -> bool {
        matches!(
            self,
            Self::Transposed | Self::TurnedRight | Self::Transversed | Self::TurnedLeft
        )
    }

    /// Whether there is nothing to do.
    pub const fn is_as_stored(self) -> bool {
        matches!(self, Self::AsStored)
    }

    /// Width and height, from displayed to stored or back.
    pub const fn applied_to(self, (width, height): (u32, u32)) -> (u32, u32) {
        if self.swaps_sides() {
            (height, width)
        } else {
            (width, height)
        }
    }

    /// Where the displayed pixel (x, y) is stored, in a stored picture of `width` × `height`.
    const fn stored(self, x: usize, y: usize, width: usize, height: usize) -> (usize, usize) {
        match self {
            Self::AsStored => (x, y),
            Self::MirroredLeftRight => (width - 1 - x, y),
            Self::UpsideDown => (width - 1 - x, height - 1 - y),
            Self::MirroredTopBottom => (x, height - 1 - y),
            Self::Transposed => (y, x),
            Self::TurnedRight => (y, height - 1 - x),
            Self::Transversed => (width - 1 - y, height - 1 - x),
            Self::TurnedLeft => (width - 1 - y, x),
        }
    }
}

/// Turns `picture` as it is to be displayed.
pub(crate) fn upright(picture: Pixels, orientation: Orientation) -> Pixels {
    match (orientation, picture.layout.channels()) {
        (Orientation::AsStored, _) => picture,
        (_, 1) => turned::<1>(&picture, orientation),
        (_, 2) => turned::<2>(&picture, orientation),
        (_, 3) => turned::<3>(&picture, orientation),
        (_, _) => turned::<4>(&picture, orientation),
    }
}

fn turned<const CHANNELS: usize>(picture: &Pixels, orientation: Orientation) -> Pixels {
    let (stored_width, stored_height) = (picture.width as usize, picture.height as usize);
    let (width, height) = orientation.applied_to((picture.width, picture.height));
    let (stored, _) = picture.bytes.as_chunks::<CHANNELS>();
    let mut bytes = Vec::with_capacity(picture.bytes.len());
    for y in 0..height as usize {
        for x in 0..width as usize {
            let (from_x, from_y) = orientation.stored(x, y, stored_width, stored_height);
            bytes.extend_from_slice(&stored[from_y * stored_width + from_x]);
        }
    }
    Pixels::new(width, height, picture.layout, bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pixels::Layout;

    /// The letter F, which no turn leaves as it is, stored as EXIF's figure shows each orientation.
    const STORED: [(u32, &[&str]); 8] = [
        (1, &["###", "#..", "##.", "#..", "#.."]),
        (2, &["###", "..#", ".##", "..#", "..#"]),
        (3, &["..#", "..#", ".##", "..#", "###"]),
        (4, &["#..", "#..", "##.", "#..", "###"]),
        (5, &["#####", "#.#..", "#...."]),
        (6, &["#....", "#.#..", "#####"]),
        (7, &["....#", "..#.#", "#####"]),
        (8, &["#####", "..#.#", "....#"]),
    ];

    fn picture(rows: &[&str], layout: Layout) -> Pixels {
        let letters = rows.concat();
        let bytes = letters.bytes().flat_map(|byte| {
            let mut pixel = vec![byte; layout.channels()];
            pixel[0] = byte ^ 1;
            pixel
        });
        Pixels::new(
            rows[0].len() as u32,
            rows.len() as u32,
            layout,
            bytes.collect(),
        )
    }

    #[test]
    fn every_orientation_is_displayed_upright() {
        for layout in [Layout::Gray, Layout::GrayAlpha, Layout::Rgb, Layout::Rgba] {
            let upright_f = picture(STORED[0].1, layout);
            for (number, rows) in STORED {
                let orientation = Orientation::from_exif(number).unwrap();
                let shown = upright(picture(rows, layout), orientation);
                assert_eq!(shown, upright_f, "orientation {number}, {layout:?}");
            }
        }
    }

    #[test]
    fn numbers_that_exif_does_not_know_are_no_orientation() {
        for number in [0, 9, u32::MAX] {
            assert_eq!(Orientation::from_exif(number), None);
        }
    }
}
