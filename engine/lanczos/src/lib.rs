//! Lanczos3 for pictures of eight bits a channel: a part of the engine that is a crate for one reason.
//!
//! `fast_image_resize` is generic code that is compiled into its caller, for a minute and more. Here it is compiled once;
//! in the engine it would be compiled at every change of the engine, and twice for its tests.

use fast_image_resize::{
    FilterType, MulDiv, PixelTrait, ResizeAlg, ResizeOptions, Resizer,
    images::{TypedImage, TypedImageRef},
    pixels::{U8, U8x2, U8x3, U8x4},
};

/// Which channels a pixel has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Channels {
    Gray,
    GrayAlpha,
    Rgb,
    Rgba,
}

/// Scales `bytes`, rows without gaps, from width and height `from` to exactly `to`.
///
/// Straight alpha is multiplied into the colours first, so that hidden colours do not bleed into visible ones.
///
/// # Panics
/// When `bytes` are not exactly the pixels of `from`.
pub fn resize(bytes: Vec<u8>, channels: Channels, from: (u32, u32), to: (u32, u32)) -> Vec<u8> {
    match channels {
        Channels::Gray => scaled::<U8>(&bytes, from, to),
        Channels::Rgb => scaled::<U8x3>(&bytes, from, to),
        Channels::GrayAlpha => scaled_with_alpha::<U8x2>(bytes, from, to),
        Channels::Rgba => scaled_with_alpha::<U8x4>(bytes, from, to),
    }
}

fn scaled<P: PixelTrait>(bytes: &[u8], from: (u32, u32), to: (u32, u32)) -> Vec<u8> {
    let mut result = vec![0; to.0 as usize * to.1 as usize * size_of::<P>()];
    let source = TypedImageRef::<P>::from_buffer(from.0, from.1, bytes)
        .expect("a picture holds exactly its pixels");
    let options = ResizeOptions::new()
        .resize_alg(ResizeAlg::Convolution(FilterType::Lanczos3))
        .use_alpha(false);
    Resizer::new()
        .resize_typed(&source, &mut view::<P>(&mut result, to), &options)
        .expect("there is no crop box that could be wrong");
    result
}

/// Multiplied in place, because a copy of the whole source would double its memory.
fn scaled_with_alpha<P: PixelTrait>(
    mut bytes: Vec<u8>,
    from: (u32, u32),
    to: (u32, u32),
) -> Vec<u8> {
    let alpha = MulDiv::new();
    alpha
        .multiply_alpha_inplace_typed(&mut view::<P>(&mut bytes, from))
        .expect("the type has an alpha channel");
    let mut result = scaled::<P>(&bytes, from, to);
    alpha
        .divide_alpha_inplace_typed(&mut view::<P>(&mut result, to))
        .expect("the type has an alpha channel");
    result
}

fn view<P: PixelTrait>(bytes: &mut [u8], (width, height): (u32, u32)) -> TypedImage<'_, P> {
    TypedImage::from_buffer(width, height, bytes).expect("a picture holds exactly its pixels")
}
