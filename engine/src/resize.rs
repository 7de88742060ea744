//! Fitting the picture into its box.

use lanczos::{Channels, Frame};
use planes::{Chroma, Plane, Planes, Subsampling};
use turbo::Component;

use crate::{
    decode::Stored,
    orient::Orientation,
    picture::Picture,
    pixels::{Layout, Pixels},
    profile::Profile,
};

/// What the picture is scaled to, before it is turned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Target {
    pub(crate) width: u32,
    pub(crate) height: u32,
    /// How much chroma is wanted of a picture that has chroma planes. The same both ways, so that turning keeps it.
    pub(crate) chroma: Subsampling,
    /// How it will be turned.
    pub(crate) orientation: Orientation,
}

impl Target {
    /// With all of the chroma where colours will be converted pixel by pixel.
    pub(crate) fn described_by(self, profile: Option<&Profile>) -> Self {
        let chroma = match profile {
            Some(profile) if !profile.is_carried() => Subsampling::NONE,
            _ => self.chroma,
        };
        Self { chroma, ..self }
    }
}

/// The largest dimensions of the same ratio that fit into the box, never larger than the picture, at least one pixel.
pub(crate) fn fitted(
    (width, height): (u32, u32),
    (box_width, box_height): (u32, u32),
) -> (u32, u32) {
    if width <= box_width && height <= box_height {
        return (width, height);
    }
    let scaled = |side: u32, to: u32, from: u32| {
        let (side, to, from) = (u64::from(side), u64::from(to), u64::from(from));
        // Rounded; the quotient is at most the box's other side, which is 32 bits wide.
        ((side * to + from / 2) / from).max(1) as u32
    };
    let width_decides =
        u64::from(width) * u64::from(box_height) >= u64::from(height) * u64::from(box_width);
    if width_decides {
        (box_width, scaled(height, box_width, width))
    } else {
        (scaled(width, box_height, height), box_height)
    }
}

/// Scales a decoded picture to exactly its target.
pub(crate) fn resized(stored: Stored, target: &Target) -> Picture {
    match stored {
        Stored::Pixels { pixels, extent } => {
            Picture::Pixels(resized_pixels(pixels, extent, target))
        }
        Stored::Components(components) => Picture::Planes(resized_planes(components, target)),
        Stored::Scaled(planes) => Picture::Planes(planes),
    }
}

fn resized_pixels(picture: Pixels, extent: (f64, f64), target: &Target) -> Pixels {
    let channels = match picture.layout {
        Layout::Gray => Channels::Gray,
        Layout::GrayAlpha => Channels::GrayAlpha,
        Layout::Rgb => Channels::Rgb,
        Layout::Rgba => Channels::Rgba,
    };
    let frame = Frame {
        left: 0.0,
        top: 0.0,
        width: extent.0,
        height: extent.1,
    };
    let (from, to) = (
        (picture.width, picture.height),
        (target.width, target.height),
    );
    let bytes = lanczos::resize(picture.bytes, channels, from, frame, to);
    Pixels::new(target.width, target.height, picture.layout, bytes)
}

/// Each component goes from its own sampling straight to that of the target. A picture of other than three components is
/// grey.
fn resized_planes(components: Vec<Component>, target: &Target) -> Planes {
    let mut components = components.into_iter();
    let mut scaled = |subsampling| {
        let component = components.next()?;
        Some(resized_plane(component, target, subsampling))
    };
    let luma = scaled(Subsampling::NONE).expect("a picture has a component");
    let chroma = (scaled(target.chroma), scaled(target.chroma));
    match chroma {
        (Some(blue), Some(red)) => {
            let subsampling = target.chroma;
            Planes::new(
                luma,
                Chroma {
                    subsampling,
                    blue,
                    red,
                },
            )
        }
        _ => Planes::gray(luma),
    }
}

fn resized_plane(component: Component, target: &Target, subsampling: Subsampling) -> Plane {
    let (width, height) = subsampling.of(target.width as usize, target.height as usize);
    let Component { plane, extent } = component;
    let (mirrored_across, mirrored_down) = target.orientation.mirrors_stored();
    let across = frame_side(target.width, subsampling.across, extent.0, mirrored_across);
    let down = frame_side(target.height, subsampling.down, extent.1, mirrored_down);
    let frame = Frame {
        left: across.0,
        width: across.1,
        top: down.0,
        height: down.1,
    };
    let from = (plane.width() as u32, plane.height() as u32);
    let to = (width as u32, height as u32);
    let samples = lanczos::resize(plane.into_samples(), Channels::Gray, from, frame, to);
    Plane::new(width, height, samples)
}

/// Where the samples of one side begin and how far they reach, in samples of a component that measures `extent`.
///
/// Of a side that cannot be divided, the last chroma sample stands for pixels beyond the edge. Once the picture is turned,
/// that must be the last sample of what is displayed, so a side that is read backwards begins beyond its other edge.
fn frame_side(target: u32, every: usize, extent: f64, mirrored: bool) -> (f64, f64) {
    let covered = (target as usize).next_multiple_of(every) as f64;
    let target = f64::from(target);
    let from = if mirrored { target - covered } else { 0.0 };
    (from * extent / target, covered * extent / target)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn to(width: u32, height: u32) -> Target {
        Target {
            width,
            height,
            chroma: Subsampling::BOTH_HALVED,
            orientation: Orientation::AsStored,
        }
    }

    #[test]
    fn the_ratio_is_kept_and_nothing_is_enlarged() {
        let cases = [
            ((4000, 3000), (1920, 1080), (1440, 1080)),
            ((3000, 4000), (1920, 1080), (810, 1080)),
            ((4000, 1000), (1920, 1080), (1920, 480)),
            ((1920, 1080), (1920, 1080), (1920, 1080)),
            ((640, 480), (1920, 1080), (640, 480)),
            ((16_384, 1), (100, 100), (100, 1)),
            ((1, 16_384), (100, 100), (1, 100)),
            ((3, 2), (2, 2), (2, 1)),
        ];
        for (picture, fit_box, expected) in cases {
            assert_eq!(
                fitted(picture, fit_box),
                expected,
                "{picture:?} in {fit_box:?}"
            );
        }
    }

    #[test]
    fn hidden_colours_do_not_bleed() {
        let bytes = (0..64).flat_map(|column| {
            if column < 32 {
                [255, 0, 0, 0]
            } else {
                [0, 0, 255, 255]
            }
        });
        let picture = Pixels::new(64, 1, Layout::Rgba, bytes.collect());
        let small = resized_pixels(picture, (64.0, 1.0), &to(7, 1));
        let (pixels, _) = small.bytes.as_chunks::<4>();
        for &[red, _, blue, alpha] in pixels.iter().filter(|[.., alpha]| *alpha > 8) {
            assert!(red < 4 && blue > 250, "{red} {blue} at alpha {alpha}");
        }
    }

    /// A ramp stays the same ramp, wherever its samples lie.
    #[test]
    fn samples_stay_where_they_were_on_sides_that_cannot_be_divided() {
        for (samples, extent, target, every, orientation) in [
            (50, 49.5, 33, 1, Orientation::AsStored),
            (50, 49.5, 33, 2, Orientation::AsStored),
            (50, 49.5, 33, 2, Orientation::MirroredLeftRight),
            (99, 99.0, 33, 2, Orientation::UpsideDown),
            (25, 24.75, 99, 2, Orientation::MirroredLeftRight),
        ] {
            let ramp = |at: f64| 40.0 + 150.0 * at / extent;
            let stored = (0..samples).map(|at| (ramp(f64::from(at) + 0.5) + 0.5) as u8);
            let component = Component {
                plane: Plane::new(samples as usize, 1, stored.collect()),
                extent: (extent, 1.0),
            };
            let target = Target {
                orientation,
                ..to(target, 1)
            };
            let subsampling = Subsampling {
                across: every,
                down: 1,
            };
            let plane = resized_plane(component, &target, subsampling);
            let (width, covered) = (f64::from(target.width), plane.width() * every);
            let from = if orientation.mirrors_stored().0 {
                width - covered as f64
            } else {
                0.0
            };
            let inner = 2..plane.width() - 2;
            for at in inner {
                let centre = from + (at as f64 + 0.5) * every as f64;
                let (sample, expected) = (
                    f64::from(plane.samples()[at]),
                    ramp(centre * extent / width),
                );
                assert!(
                    (sample - expected).abs() < 1.6,
                    "{target:?} at {at}: {sample} for {expected}"
                );
            }
        }
    }
}
