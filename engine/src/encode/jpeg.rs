//! Baseline JPEG, colour at half resolution (4:2:0).

use jpeg_encoder::{ColorType, Encoder, SamplingFactor};

use crate::pixels::{Layout, Pixels};

pub(super) fn write(
    picture: &Pixels,
    profile: Option<&[u8]>,
    quality: u8,
) -> Result<Vec<u8>, String> {
    let sides = [picture.width, picture.height].map(u16::try_from);
    let [Ok(width), Ok(height)] = sides else {
        return Err("JPEG holds at most 65535 pixels a side".to_owned());
    };
    let colors = match picture.layout {
        Layout::Gray => ColorType::Luma,
        Layout::Rgb => ColorType::Rgb,
        Layout::GrayAlpha | Layout::Rgba => return Err("JPEG has no alpha".to_owned()),
    };
    let mut bytes = Vec::new();
    let mut encoder = Encoder::new(&mut bytes, quality);
    encoder.set_sampling_factor(SamplingFactor::F_2_2);
    if let Some(profile) = profile {
        encoder
            .add_icc_profile(profile)
            .map_err(|error| error.to_string())?;
    }
    encoder
        .encode(&picture.bytes, width, height, colors)
        .map_err(|error| error.to_string())?;
    Ok(bytes)
}
