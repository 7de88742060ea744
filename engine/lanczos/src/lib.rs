//! Lanczos3 for pictures of eight bits a channel: a part of the engine that is a crate for one reason.
//!
//! `fast_image_resize` is generic code that is compiled into its caller, for a minute and more. Here it is compiled once;
//! in the engine it would be compiled at every change of the engine, and twice for its tests.

mod edges;

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

/// The part of a picture that becomes the result, in pixels of the picture and parts of them. It may reach beyond the
/// picture, whose edges then go on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Frame {
    pub left: f64,
    pub top: f64,
    pub width: f64,
    pub height: f64,
}

/// Scales the `frame` of `bytes`, rows of `from` pixels without gaps, to exactly `to`.
///
/// Straight alpha is multiplied into the colours first, so that hidden colours do not bleed into visible ones.
///
/// # Panics
/// When `bytes` are not exactly the pixels of `from`, or the frame is empty or further beyond the picture than its size.
pub fn resize(
    bytes: Vec<u8>,
    channels: Channels,
    from: (u32, u32),
    frame: Frame,
    to: (u32, u32),
) -> Vec<u8> {
    if from == to && frame == Frame::whole(from) {
        return bytes;
    }
    let (bytes, from, frame) = edges::continued(bytes, channels.count(), from, frame);
    match channels {
        Channels::Gray => scaled::<U8>(&bytes, from, frame, to),
        Channels::Rgb => scaled::<U8x3>(&bytes, from, frame, to),
        Channels::GrayAlpha => scaled_with_alpha::<U8x2>(bytes, from, frame, to),
        Channels::Rgba => scaled_with_alpha::<U8x4>(bytes, from, frame, to),
    }
}

impl Channels {
    const fn count(self) -> usize {
        match self {
            Self::Gray => 1,
            Self::GrayAlpha => 2,
            Self::Rgb => 3,
            Self::Rgba => 4,
        }
    }
}

impl Frame {
    /// All of a picture.
    pub fn whole((width, height): (u32, u32)) -> Self {
        Self {
            left: 0.0,
            top: 0.0,
            width: width.into(),
            height: height.into(),
        }
    }
}

/// The frame lies within the picture, but for rounding errors.
fn scaled<P: PixelTrait>(bytes: &[u8], from: (u32, u32), frame: Frame, to: (u32, u32)) -> Vec<u8> {
    let mut result = vec![0; to.0 as usize * to.1 as usize * size_of::<P>()];
    let source = TypedImageRef::<P>::from_buffer(from.0, from.1, bytes)
        .expect("a picture holds exactly its pixels");
    let (left, top) = (frame.left.max(0.0), frame.top.max(0.0));
    let width = frame.width.min(f64::from(from.0) - left);
    let height = frame.height.min(f64::from(from.1) - top);
    let options = ResizeOptions::new()
        .resize_alg(ResizeAlg::Convolution(FilterType::Lanczos3))
        .crop(left, top, width, height)
        .use_alpha(false);
    Resizer::new()
        .resize_typed(&source, &mut view::<P>(&mut result, to), &options)
        .expect("the frame lies within the picture");
    result
}

/// Multiplied in place, because a copy of the whole source would double its memory.
fn scaled_with_alpha<P: PixelTrait>(
    mut bytes: Vec<u8>,
    from: (u32, u32),
    frame: Frame,
    to: (u32, u32),
) -> Vec<u8> {
    let alpha = MulDiv::new();
    alpha
        .multiply_alpha_inplace_typed(&mut view::<P>(&mut bytes, from))
        .expect("the type has an alpha channel");
    let mut result = scaled::<P>(&bytes, from, frame, to);
    alpha
        .divide_alpha_inplace_typed(&mut view::<P>(&mut result, to))
        .expect("the type has an alpha channel");
    result
}

fn view<P: PixelTrait>(bytes: &mut [u8], (width, height): (u32, u32)) -> TypedImage<'_, P> {
    TypedImage::from_buffer(width, height, bytes).expect("a picture holds exactly its pixels")
}
