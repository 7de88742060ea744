//! Fitting the picture into its box.
//!
//! Alone in its module, and asked for four pixel types by name: `fast_image_resize` is generic code that is compiled into
//! its caller, and compiles for minutes when it is asked for all of its types.

use fast_image_resize::{
    FilterType, MulDiv, PixelTrait, ResizeAlg, ResizeOptions, Resizer,
    images::{TypedImage, TypedImageRef},
    pixels::{U8, U8x2, U8x3, U8x4},
};

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

/// Scales `picture` to exactly `width` × `height` with Lanczos3, transparent pixels weighed by what they show.
pub(crate) fn resized(picture: Pixels, width: u32, height: u32) -> Pixels {
    if (picture.width, picture.height) == (width, height) {
        return picture;
    }
    match picture.layout {
        Layout::Gray => scaled::<U8>(&picture, width, height),
        Layout::Rgb => scaled::<U8x3>(&picture, width, height),
        Layout::GrayAlpha => scaled_with_alpha::<U8x2>(picture, width, height),
        Layout::Rgba => scaled_with_alpha::<U8x4>(picture, width, height),
    }
}

fn scaled<P: PixelTrait>(picture: &Pixels, width: u32, height: u32) -> Pixels {
    let mut bytes = vec![0; width as usize * height as usize * picture.layout.channels()];
    let source = TypedImageRef::<P>::from_buffer(picture.width, picture.height, &picture.bytes)
        .expect("a picture holds exactly its pixels");
    let options = ResizeOptions::new()
        .resize_alg(ResizeAlg::Convolution(FilterType::Lanczos3))
        .use_alpha(false);
    Resizer::new()
        .resize_typed(&source, &mut view::<P>(&mut bytes, width, height), &options)
        .expect("there is no crop box that could be wrong");
    Pixels::new(width, height, picture.layout, bytes)
}

/// Multiplied in place, because a copy of the whole source would double what the decoder was budgeted for.
fn scaled_with_alpha<P: PixelTrait>(mut picture: Pixels, width: u32, height: u32) -> Pixels {
    let alpha = MulDiv::new();
    alpha
        .multiply_alpha_inplace_typed(&mut view::<P>(
            &mut picture.bytes,
            picture.width,
            picture.height,
        ))
        .expect("the type has an alpha channel");
    let mut scaled = scaled::<P>(&picture, width, height);
    alpha
        .divide_alpha_inplace_typed(&mut view::<P>(&mut scaled.bytes, width, height))
        .expect("the type has an alpha channel");
    scaled
}

fn view<P: PixelTrait>(bytes: &mut [u8], width: u32, height: u32) -> TypedImage<'_, P> {
    TypedImage::from_buffer(width, height, bytes).expect("a picture holds exactly its pixels")
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
            if column % 64 < 32 {
                [255, 0, 0, 0]
            } else {
                [0, 0, 255, 255]
            }
        });
        let picture = Pixels::new(64, 1, Layout::Rgba, bytes.collect());
        let small = resized(picture, 7, 1);
        let (pixels, _) = small.bytes.as_chunks::<4>();
        let shown = pixels.iter().filter(|[.., alpha]| *alpha > 8);
        for &[red, _, blue, alpha] in shown {
            assert!(red < 4 && blue > 250, "{red} {blue} at alpha {alpha}");
        }
    }
}
