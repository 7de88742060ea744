//! JPEG XL, its first picture if it has several.

use std::{borrow::Cow, error::Error, io::Cursor};

use jxl_oxide::{
    AllocTracker, EnumColourEncoding, ExtraChannelType, InitializeResult, JxlImage, PixelFormat,
    Render, RenderingIntent,
};

use super::Decoded;
use crate::{
    Limits, inspect,
    pixels::{Layout, Pixels},
    profile::Profile,
};

/// Frames that a picture may be composed of. Drawings have a few dozen layers.
const LAYERS_MAX: usize = 256;
/// Bytes that are handed over at once: after each the decoder is asked whether it has what it needs.
const PIECE_BYTES: usize = 1024 * 1024;
/// Numbers of ITU-T H.273.
const CICP_BT709: u8 = 1;
const CICP_SRGB: u8 = 13;
const CICP_LINEAR: u8 = 8;

/// The decoder's reason, or ours.
type Failure = Box<dyn Error + Send + Sync>;

pub(super) fn decode(source: &[u8], limits: &Limits) -> Result<Decoded, String> {
    decoded(source, limits).map_err(|failure| failure.to_string())
}

fn decoded(source: &[u8], limits: &Limits) -> Result<Decoded, Failure> {
    let mut image = loaded(&codestream(source)?, limits)?;
    let layout = layout_of(&image)?;
    let profile = settled_profile(&mut image, layout);
    let render = image.render_frame(0)?;
    let mut pixels = pixels_of(&render, layout)?;
    if is_premultiplied(&image) {
        divide_by_alpha(&mut pixels);
    }
    Ok(Decoded { pixels, profile })
}

/// The bytes of the picture itself. The decoder sees nothing else: it would unpack whatever lies beside.
fn codestream(source: &[u8]) -> Result<Cow<'_, [u8]>, Failure> {
    let end = |at: u64| source.len().min(usize::try_from(at).unwrap_or(usize::MAX));
    let parts = inspect::jxl_codestream(Cursor::new(source))?;
    let parts = parts
        .into_iter()
        .map(|part| &source[end(part.start)..end(part.end)]);
    let parts: Vec<_> = parts.collect();
    Ok(match parts[..] {
        [whole] => Cow::Borrowed(whole),
        _ => Cow::Owned(parts.concat()),
    })
}

/// The frames up to the first that is shown, none of them decoded yet.
fn loaded(codestream: &[u8], limits: &Limits) -> Result<JxlImage, Failure> {
    const CUT: &str = "it is cut short";
    let memory = usize::try_from(limits.decoded_bytes_max).unwrap_or(usize::MAX);
    let mut opening = JxlImage::builder()
        .alloc_tracker(AllocTracker::with_limit(memory))
        .build_uninit();
    let mut pieces = codestream.chunks(PIECE_BYTES);
    let mut image = loop {
        opening.feed_bytes(pieces.next().ok_or(CUT)?)?;
        match opening.try_init()? {
            InitializeResult::NeedMoreData(more) => opening = more,
            InitializeResult::Initialized(image) => break image,
        }
    };
    while image.num_loaded_keyframes() == 0 {
        image.feed_bytes(pieces.next().ok_or(CUT)?)?;
    }
    if image.num_loaded_frames() > LAYERS_MAX {
        return Err(format!("it has more than {LAYERS_MAX} layers").into());
    }
    Ok(image)
}

fn layout_of(image: &JxlImage) -> Result<Layout, Failure> {
    match image.pixel_format() {
        PixelFormat::Gray => Ok(Layout::Gray),
        PixelFormat::Graya => Ok(Layout::GrayAlpha),
        PixelFormat::Rgb => Ok(Layout::Rgb),
        PixelFormat::Rgba => Ok(Layout::Rgba),
        PixelFormat::Cmyk | PixelFormat::Cmyka => Err("its pixels are CMYK".into()),
    }
}

/// What the colours mean that are going to be rendered, none if they are those of sRGB. Eight bits are too few for light
/// that is counted evenly, or brighter than paper: such pictures are rendered as sRGB.
fn settled_profile(image: &mut JxlImage, layout: Layout) -> Option<Profile> {
    match image.rendered_cicp() {
        Some([CICP_BT709, CICP_SRGB, ..]) => return None,
        Some([_, CICP_LINEAR, ..]) => {}
        _ if image.hdr_type().is_some() => {}
        _ => return Profile::parse(image.rendered_icc()),
    }
    image.request_color_encoding(if layout.has_color() {
        EnumColourEncoding::srgb(RenderingIntent::Relative)
    } else {
        EnumColourEncoding::gray_srgb(RenderingIntent::Relative)
    });
    None
}

/// Samples of eight bits, upright.
fn pixels_of(render: &Render, layout: Layout) -> Result<Pixels, Failure> {
    let mut stream = render.stream();
    let (width, height) = (stream.width(), stream.height());
    if stream.channels() as usize != layout.channels() {
        return Err("its channels are not those that it announces".into());
    }
    let mut bytes = vec![0; width as usize * height as usize * layout.channels()];
    stream.write_to_buffer(&mut bytes);
    Ok(Pixels::new(width, height, layout, bytes))
}

fn is_premultiplied(image: &JxlImage) -> bool {
    let metadata = &image.image_header().metadata;
    let alpha = metadata.alpha().map(|at| metadata.ec_info[at].ty);
    let associated = ExtraChannelType::Alpha {
        alpha_associated: true,
    };
    alpha == Some(associated)
}

/// Colours as they are where nothing shines through.
fn divide_by_alpha(pixels: &mut Pixels) {
    for pixel in pixels.bytes.chunks_exact_mut(pixels.layout.channels()) {
        let (alpha, colors) = pixel
            .split_last_mut()
            .expect("a pixel has a channel at the least");
        let alpha = u32::from(*alpha).max(1);
        for color in colors {
            *color = ((u32::from(*color) * 255 + alpha / 2) / alpha).min(255) as u8;
        }
    }
}
