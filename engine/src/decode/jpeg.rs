//! JPEG, through zune-jpeg.

use zune_core::{bytestream::ZCursor, colorspace::ColorSpace, options::DecoderOptions};
use zune_jpeg::{JpegDecoder, errors::DecodeErrors};

use super::Decoded;
use crate::{
    pixels::{Layout, Pixels},
    profile::Profile,
};

/// Headers are read leniently, as cameras write them; the picture itself strictly, because a lenient decoder fills what is
/// missing with grey and calls it a success.
pub(super) fn decode(source: &[u8]) -> Result<Decoded, String> {
    let options = DecoderOptions::default()
        .set_max_width(usize::from(u16::MAX))
        .set_max_height(usize::from(u16::MAX));
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(source), options);
    decoder.decode_headers().map_err(reason)?;
    let (width, height) = decoder.dimensions().expect("the headers have been decoded");
    let gray = decoder.input_colorspace() == Some(ColorSpace::Luma);
    let (layout, colors) = if gray {
        (Layout::Gray, ColorSpace::Luma)
    } else {
        (Layout::Rgb, ColorSpace::RGB)
    };
    decoder.set_options(
        options
            .set_strict_mode(true)
            .jpeg_set_out_colorspace(colors),
    );
    let mut bytes = vec![0; width * height * layout.channels()];
    decoder.decode_into(&mut bytes).map_err(reason)?;
    Ok(Decoded {
        profile: decoder.icc_profile().and_then(Profile::parse),
        // JPEG's own sides have 16 bits.
        pixels: Pixels::new(width as u32, height as u32, layout, bytes),
    })
}

fn reason(error: DecodeErrors) -> String {
    match error {
        DecodeErrors::ExhaustedData => "it is cut short".to_owned(),
        error => error.to_string(),
    }
}
