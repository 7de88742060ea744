//! A picture between the steps: pixels, or luma and chroma where that is what the source stored.

use planes::{Planes, Subsampling};

use crate::{
    color,
    pixels::{Layout, Pixels},
};

/// A picture of the result's size.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Picture {
    Pixels(Pixels),
    Planes(Planes),
}

impl Picture {
    pub(crate) fn width(&self) -> u32 {
        match self {
            Self::Pixels(pixels) => pixels.width,
            Self::Planes(planes) => planes.width() as u32,
        }
    }

    pub(crate) fn height(&self) -> u32 {
        match self {
            Self::Pixels(pixels) => pixels.height,
            Self::Planes(planes) => planes.height() as u32,
        }
    }

    pub(crate) fn has_color(&self) -> bool {
        match self {
            Self::Pixels(pixels) => pixels.layout.has_color(),
            Self::Planes(planes) => planes.chroma().is_some(),
        }
    }

    /// The picture as pixels.
    ///
    /// # Panics
    /// When it has planes of subsampled chroma: a target that becomes pixels asks for all of it.
    pub(crate) fn into_pixels(self) -> Pixels {
        let planes = match self {
            Self::Pixels(pixels) => return pixels,
            Self::Planes(planes) => planes,
        };
        let (width, height) = (planes.width() as u32, planes.height() as u32);
        let (luma, chroma) = planes.into_parts();
        let Some(chroma) = chroma else {
            return Pixels::new(width, height, Layout::Gray, luma.into_samples());
        };
        assert_eq!(
            chroma.subsampling,
            Subsampling::NONE,
            "chroma of every pixel"
        );
        let samples = luma
            .samples()
            .iter()
            .zip(chroma.blue.samples())
            .zip(chroma.red.samples());
        let mut bytes = Vec::with_capacity(3 * luma.samples().len());
        for ((&luma, &blue), &red) in samples {
            bytes.extend_from_slice(&color::rgb([luma, blue, red]));
        }
        Pixels::new(width, height, Layout::Rgb, bytes)
    }
}
