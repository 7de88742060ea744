//! Fitting the picture into its box.

use lanczos::Channels;

use crate::pixels::{Layout, Pixels};

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

/// Scales `picture` to exactly `width` × `height`.
pub(crate) fn resized(picture: Pixels, width: u32, height: u32) -> Pixels {
    if (picture.width, picture.height) == (width, height) {
        return picture;
    }
    let channels = match picture.layout {
        Layout::Gray => Channels::Gray,
        Layout::GrayAlpha => Channels::GrayAlpha,
        Layout::Rgb => Channels::Rgb,
        Layout::Rgba => Channels::Rgba,
    };
    let from = (picture.width, picture.height);
    let bytes = lanczos::resize(picture.bytes, channels, from, (width, height));
    Pixels::new(width, height, picture.layout, bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

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
        let small = resized(picture, 7, 1);
        let (pixels, _) = small.bytes.as_chunks::<4>();
        for &[red, _, blue, alpha] in pixels.iter().filter(|[.., alpha]| *alpha > 8) {
            assert!(red < 4 && blue > 250, "{red} {blue} at alpha {alpha}");
        }
    }
}
