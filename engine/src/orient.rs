//! EXIF orientation: the eight ways a stored picture may be turned (EXIF 2.32, tag 274).

use planes::{Chroma, Plane, Planes};

use crate::{picture::Picture, pixels::Pixels};

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

    /// Whether what is stored is displayed backwards: its columns, and its rows.
    pub(crate) fn mirrors_stored(self) -> (bool, bool) {
        let (column, row) = self.stored(0, 0, 2, 2);
        (column == 1, row == 1)
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
pub(crate) fn upright(picture: Picture, orientation: Orientation) -> Picture {
    match picture {
        picture if orientation.is_as_stored() => picture,
        Picture::Pixels(pixels) => Picture::Pixels(upright_pixels(&pixels, orientation)),
        Picture::Planes(planes) => Picture::Planes(upright_planes(planes, orientation)),
    }
}

fn upright_pixels(picture: &Pixels, orientation: Orientation) -> Pixels {
    let stored = (picture.width as usize, picture.height as usize);
    let bytes = match picture.layout.channels() {
        1 => turned::<1>(&picture.bytes, stored, orientation),
        2 => turned::<2>(&picture.bytes, stored, orientation),
        3 => turned::<3>(&picture.bytes, stored, orientation),
        _ => turned::<4>(&picture.bytes, stored, orientation),
    };
    let (width, height) = orientation.applied_to((picture.width, picture.height));
    Pixels::new(width, height, picture.layout, bytes)
}

/// Chroma is subsampled the same both ways, or sides that change places would change their sampling too.
fn upright_planes(planes: Planes, orientation: Orientation) -> Planes {
    let (luma, chroma) = planes.into_parts();
    let luma = upright_plane(&luma, orientation);
    match chroma {
        None => Planes::gray(luma),
        Some(chroma) => Planes::new(
            luma,
            Chroma {
                subsampling: chroma.subsampling,
                blue: upright_plane(&chroma.blue, orientation),
                red: upright_plane(&chroma.red, orientation),
            },
        ),
    }
}

fn upright_plane(plane: &Plane, orientation: Orientation) -> Plane {
    let stored = (plane.width(), plane.height());
    let samples = turned::<1>(plane.samples(), stored, orientation);
    let (width, height) = if orientation.swaps_sides() {
        (plane.height(), plane.width())
    } else {
        stored
    };
    Plane::new(width, height, samples)
}

/// A row of the result is a straight walk through what is stored.
fn turned<const CHANNELS: usize>(
    bytes: &[u8],
    (stored_width, stored_height): (usize, usize),
    orientation: Orientation,
) -> Vec<u8> {
    let (stored, _) = bytes.as_chunks::<CHANNELS>();
    let (width, height) = if orientation.swaps_sides() {
        (stored_height, stored_width)
    } else {
        (stored_width, stored_height)
    };
    let index = |x: usize, y: usize| {
        let (x, y) = orientation.stored(x, y, stored_width, stored_height);
        y * stored_width + x
    };
    let mut result = Vec::with_capacity(bytes.len());
    for y in 0..height {
        let (first, last) = (index(0, y), index(width - 1, y));
        let step = first.abs_diff(last).checked_div(width - 1).unwrap_or(1);
        if first <= last {
            result.extend(stored[first..=last].iter().step_by(step).flatten());
        } else {
            result.extend(stored[last..=first].iter().rev().step_by(step).flatten());
        }
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pixels::Layout;
    use planes::Subsampling;

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
                let shown = upright(Picture::Pixels(picture(rows, layout)), orientation);
                assert_eq!(
                    shown,
                    Picture::Pixels(upright_f.clone()),
                    "orientation {number}, {layout:?}"
                );
            }
        }
    }

    #[test]
    fn planes_are_turned_like_pixels() {
        let plane = |rows: &[&str]| {
            Plane::new(rows[0].len(), rows.len(), picture(rows, Layout::Gray).bytes)
        };
        let planes = |rows: &[&str]| {
            let chroma = Chroma {
                subsampling: Subsampling::NONE,
                blue: plane(rows),
                red: plane(rows),
            };
            Picture::Planes(Planes::new(plane(rows), chroma))
        };
        for (number, rows) in STORED {
            let orientation = Orientation::from_exif(number).unwrap();
            assert_eq!(
                upright(planes(rows), orientation),
                planes(STORED[0].1),
                "{number}"
            );
        }
    }

    #[test]
    fn numbers_that_exif_does_not_know_are_no_orientation() {
        for number in [0, 9, u32::MAX] {
            assert_eq!(Orientation::from_exif(number), None);
        }
    }
}
