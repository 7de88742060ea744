//! AVIF, from planes in full range with chroma halved both ways.

use avif::Settings;
use planes::{Chroma, Plane, Planes, Subsampling};

use crate::{
    color,
    metadata::Metadata,
    picture::Picture,
    pixels::{Layout, Pixels},
};

pub(super) fn write(
    picture: &Picture,
    metadata: &Metadata<'_>,
    settings: Settings,
) -> Result<Vec<u8>, String> {
    let metadata = avif::Metadata {
        profile: metadata.profile,
        exif: metadata.exif.as_deref(),
        xmp: metadata.xmp.as_deref(),
    };
    let written = match picture {
        Picture::Planes(planes) => avif::encode(planes, None, metadata, settings),
        Picture::Pixels(pixels) => {
            let (planes, alpha) = planes_of(pixels);
            avif::encode(&planes, alpha, metadata, settings)
        }
    };
    written.map_err(|error| error.to_string())
}

fn planes_of(picture: &Pixels) -> (Planes, Option<Plane>) {
    let channels = picture.layout.channels();
    let alpha = picture.layout.has_alpha();
    let alpha = alpha.then(|| plane(picture, |pixel| pixel[channels - 1]));
    let planes = match picture.layout {
        Layout::Gray | Layout::GrayAlpha => Planes::gray(plane(picture, |pixel| pixel[0])),
        Layout::Rgb | Layout::Rgba => {
            let luma = |pixel: &[u8]| color::planes([pixel[0], pixel[1], pixel[2]])[0];
            Planes::new(plane(picture, luma), chroma_of(picture))
        }
    };
    (planes, alpha)
}

fn plane(picture: &Pixels, sample: impl Fn(&[u8]) -> u8) -> Plane {
    let pixels = picture.bytes.chunks_exact(picture.layout.channels());
    let (width, height) = (picture.width as usize, picture.height as usize);
    Plane::new(width, height, pixels.map(sample).collect())
}

/// Chroma of the mean colour of two by two pixels, or of as many as there are at an odd edge.
fn chroma_of(picture: &Pixels) -> Chroma {
    let channels = picture.layout.channels();
    let (width, height) = (picture.width as usize, picture.height as usize);
    let (across, down) = Subsampling::BOTH_HALVED.of(width, height);
    let mut blue = Vec::with_capacity(across * down);
    let mut red = Vec::with_capacity(across * down);
    for rows in picture.bytes.chunks(2 * width * channels) {
        let (upper, lower) = rows.split_at(width * channels);
        let lower = if lower.is_empty() { upper } else { lower };
        for (upper, lower) in upper.chunks(2 * channels).zip(lower.chunks(2 * channels)) {
            let [_, of_blue, of_red] = color::planes(mean([upper, lower], channels));
            blue.push(of_blue);
            red.push(of_red);
        }
    }
    Chroma {
        subsampling: Subsampling::BOTH_HALVED,
        blue: Plane::new(across, down, blue),
        red: Plane::new(across, down, red),
    }
}

/// The mean colour of two rows of one or two pixels.
fn mean(rows: [&[u8]; 2], channels: usize) -> [u8; 3] {
    let last = rows[0].len() - channels;
    [0, 1, 2].map(|channel| {
        let samples = rows.map(|row| u32::from(row[channel]) + u32::from(row[last + channel]));
        // The mean of bytes is a byte.
        ((samples[0] + samples[1] + 2) / 4) as u8
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chroma_at_an_odd_edge_is_its_own_mean() {
        let (blue, orange) = ([10, 10, 200], [200, 80, 10]);
        let bytes = [blue, blue, orange].concat();
        let (planes, alpha) = planes_of(&Pixels::new(3, 1, Layout::Rgb, bytes));
        let chroma = planes.chroma().unwrap();
        for (at, color) in [blue, orange].into_iter().enumerate() {
            let sample = |plane: &Plane| plane.samples()[at];
            let [_, of_blue, of_red] = color::planes(color);
            assert_eq!([&chroma.blue, &chroma.red].map(sample), [of_blue, of_red]);
        }
        assert_eq!(alpha, None);
    }

    #[test]
    fn transparency_is_a_plane_of_its_own() {
        let bytes = vec![9, 255, 8, 0, 7, 128];
        let (planes, alpha) = planes_of(&Pixels::new(3, 1, Layout::GrayAlpha, bytes));
        assert_eq!(planes.luma().samples(), [9, 8, 7]);
        assert_eq!(alpha.unwrap().samples(), [255, 0, 128]);
        assert!(planes.chroma().is_none());
    }
}
