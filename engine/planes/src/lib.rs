//! A picture as luma and chroma, the way JPEG, WebP and AVIF hold it.
//!
//! Nothing between a JPEG and a JPEG needs red, green and blue: planes are decoded, scaled, marked and encoded as they are.
//! Values are those of JFIF (ITU-T T.871): full range, BT.601 weights, chroma sited between its luma pixels.

mod halved;

/// One channel: eight bits a sample, rows without gaps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plane {
    width: usize,
    height: usize,
    samples: Vec<u8>,
}

/// How many luma pixels share a chroma sample, across and down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Subsampling {
    pub across: usize,
    pub down: usize,
}

/// Luma, and chroma unless the picture is grey.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Planes {
    luma: Plane,
    chroma: Option<Chroma>,
}

/// Blue-difference and red-difference; 128 is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chroma {
    pub subsampling: Subsampling,
    pub blue: Plane,
    pub red: Plane,
}

impl Plane {
    /// # Panics
    /// When `samples` are not exactly `width` × `height`.
    pub fn new(width: usize, height: usize, samples: Vec<u8>) -> Self {
        assert_eq!(samples.len(), width * height, "{width}×{height} samples");
        Self {
            width,
            height,
            samples,
        }
    }

    /// Samples in a row.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Rows.
    pub fn height(&self) -> usize {
        self.height
    }

    /// All samples, row by row.
    pub fn samples(&self) -> &[u8] {
        &self.samples
    }

    /// All samples, row by row, to be changed.
    pub fn samples_mut(&mut self) -> &mut [u8] {
        &mut self.samples
    }

    /// The samples, without the plane.
    pub fn into_samples(self) -> Vec<u8> {
        self.samples
    }
}

impl Subsampling {
    /// 4:4:4, a sample for every pixel.
    pub const NONE: Self = Self { across: 1, down: 1 };
    /// 4:2:0, a sample for four pixels.
    pub const BOTH_HALVED: Self = Self { across: 2, down: 2 };

    /// Width and height of a chroma plane beneath so many luma pixels: the last sample may stand for fewer pixels.
    pub const fn of(self, width: usize, height: usize) -> (usize, usize) {
        (width.div_ceil(self.across), height.div_ceil(self.down))
    }
}

impl Planes {
    /// A picture without colour.
    pub fn gray(luma: Plane) -> Self {
        Self { luma, chroma: None }
    }

    /// # Panics
    /// When the chroma planes do not have the dimensions that their subsampling asks for.
    pub fn new(luma: Plane, chroma: Chroma) -> Self {
        let expected = chroma.subsampling.of(luma.width, luma.height);
        for plane in [&chroma.blue, &chroma.red] {
            assert_eq!((plane.width, plane.height), expected, "a chroma plane");
        }
        Self {
            luma,
            chroma: Some(chroma),
        }
    }

    /// Width in pixels.
    pub fn width(&self) -> usize {
        self.luma.width
    }

    /// Height in pixels.
    pub fn height(&self) -> usize {
        self.luma.height
    }

    pub fn luma(&self) -> &Plane {
        &self.luma
    }

    pub fn luma_mut(&mut self) -> &mut Plane {
        &mut self.luma
    }

    /// `None` for a grey picture.
    pub fn chroma(&self) -> Option<&Chroma> {
        self.chroma.as_ref()
    }

    /// `None` for a grey picture.
    pub fn chroma_mut(&mut self) -> Option<&mut Chroma> {
        self.chroma.as_mut()
    }

    /// The planes by themselves.
    pub fn into_parts(self) -> (Plane, Option<Chroma>) {
        (self.luma, self.chroma)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn odd_sides_have_a_last_chroma_sample_of_their_own() {
        assert_eq!(Subsampling::BOTH_HALVED.of(5, 4), (3, 2));
        assert_eq!(Subsampling::BOTH_HALVED.of(1, 1), (1, 1));
        assert_eq!(Subsampling::NONE.of(5, 4), (5, 4));
    }

    #[test]
    #[should_panic(expected = "a chroma plane")]
    fn chroma_of_another_size_is_no_picture() {
        let plane = |width, height| Plane::new(width, height, vec![0; width * height]);
        let chroma = Chroma {
            subsampling: Subsampling::BOTH_HALVED,
            blue: plane(2, 2),
            red: plane(3, 2),
        };
        Planes::new(plane(5, 4), chroma);
    }
}
