//! JPEG: planes where it stores planes, and no larger than is good for the target.
//!
//! The engine's own decoder is asked first. It knows what cameras and the web write, and scales while it decodes.
//! libjpeg-turbo knows everything else, and names what is wrong with a file that neither can read.

use planes::Planes;
use turbo::{Colors, Decoder, Scale};

use super::{Opened, Stored, check_size};
use crate::{
    Format, InputError, Inspection, Limits, color,
    pixels::{Layout, Pixels},
    profile::Profile,
    resize::Target,
};

/// Scans of a progressive file. Encoders write about ten; each costs a walk over the whole picture.
const SCANS_MAX: u16 = 100;
/// How many times larger than the target a picture that was scaled while decoding must still be: a block that is scaled
/// by its low frequencies is a little softer than Lanczos would have it, which nobody sees at this distance.
const SPARE: f64 = 1.25;

pub(super) fn decode(
    source: &[u8],
    header: &Inspection,
    target: &Target,
    limits: &Limits,
) -> Result<Opened, InputError> {
    let mut decoder = Decoder::open(source).map_err(refused)?;
    let found = decoder.header();
    check_size((found.width, found.height), header).map_err(broken)?;
    // A profile that cannot be read is no reason to refuse the picture.
    let profile = decoder.profile().ok().flatten().and_then(Profile::parse);
    let target = &target.described_by(profile.as_ref());
    let stored = match scaled(source, header, target, limits.decoded_bytes_max) {
        Some(planes) => Stored::Scaled(planes),
        None => {
            check_scans(source)?;
            as_stored(decoder, profile.as_ref(), target, limits).map_err(refused)?
        }
    };
    Ok(Opened { stored, profile })
}

/// The planes of a file that the engine's own decoder knows for certain, and finds nothing wrong with.
fn scaled(source: &[u8], header: &Inspection, target: &Target, bytes_max: u64) -> Option<Planes> {
    let target = baseline::Target {
        width: target.width as usize,
        height: target.height as usize,
        chroma: target.chroma,
        mirrored: target.orientation.mirrors_stored(),
    };
    let plan = baseline::plan(source, &target).ok()?;
    let announced = (header.width as usize, header.height as usize);
    let is_as_said = plan.source_size() == announced && plan.working_bytes() <= bytes_max;
    is_as_said.then(|| plan.decode().ok())?
}

/// Counts the scans before the first is decoded: libjpeg-turbo would walk over the whole picture for each until there are too
/// many.
fn check_scans(source: &[u8]) -> Result<(), InputError> {
    let scans = scans(source).take(usize::from(SCANS_MAX) + 1).count();
    if scans > usize::from(SCANS_MAX) {
        return Err(InputError::TooManyParts {
            format: Format::Jpeg,
            what: "scans",
            parts: scans as u64,
            parts_max: SCANS_MAX.into(),
        });
    }
    Ok(())
}

/// The scans up to the end of the picture. Segments are passed over, for what they hold may look like a scan.
fn scans(source: &[u8]) -> impl Iterator<Item = ()> {
    const END: u8 = 0xd9;
    const SCAN: u8 = 0xda;
    let mut at = 2;
    std::iter::from_fn(move || {
        loop {
            let marker =
                |pair: &[u8]| pair[0] == 0xff && !matches!(pair[1], 0 | 1 | 0xd0..=0xd8 | 0xff);
            let next = source.get(at..)?.windows(2).position(marker)?;
            let [kind, high, low] = *source.get(at + next + 1..)?.first_chunk()?;
            if kind == END {
                return None;
            }
            at += next + 2 + usize::from(u16::from_be_bytes([high, low]));
            if kind == SCAN {
                return Some(());
            }
        }
    })
}

/// What libjpeg-turbo makes of any file.
fn as_stored(
    decoder: Decoder<'_>,
    profile: Option<&Profile>,
    target: &Target,
    limits: &Limits,
) -> Result<Stored, turbo::Error> {
    let header = decoder.header();
    let scale = scale((header.width, header.height), (target.width, target.height));
    let limits = turbo::Limits {
        scans_max: SCANS_MAX,
        memory_bytes_max: limits.decoded_bytes_max,
    };
    match header.colors {
        Colors::Gray | Colors::LumaChroma => {
            decoder.components(scale, limits).map(Stored::Components)
        }
        Colors::Rgb => {
            let pixels = decoder.pixels(scale, limits)?;
            Ok(stored_pixels(pixels, |bytes| bytes))
        }
        Colors::Cmyk { inverted } => {
            let pixels = decoder.pixels(scale, limits)?;
            Ok(stored_pixels(pixels, |bytes| {
                without_ink(bytes, inverted, profile)
            }))
        }
    }
}

/// How much of the scaling is left to the decoder.
pub(crate) fn scale(from: (u32, u32), to: (u32, u32)) -> Scale {
    let ratio = f64::min(
        f64::from(from.0) / f64::from(to.0),
        f64::from(from.1) / f64::from(to.1),
    );
    match ratio / SPARE {
        ratio if ratio >= 8.0 => Scale::Eighth,
        ratio if ratio >= 4.0 => Scale::Quarter,
        ratio if ratio >= 2.0 => Scale::Half,
        _ => Scale::Full,
    }
}

fn stored_pixels(pixels: turbo::Pixels, to_rgb: impl Fn(Vec<u8>) -> Vec<u8>) -> Stored {
    let bytes = to_rgb(pixels.bytes);
    Stored::Pixels {
        pixels: Pixels::new(pixels.width, pixels.height, Layout::Rgb, bytes),
        extent: pixels.extent,
    }
}

/// Done in place: the pixels move together. Ink is rare, and scaled by the decoder already; a resize of four inks is not
/// worth its code.
fn without_ink(mut bytes: Vec<u8>, inverted: bool, profile: Option<&Profile>) -> Vec<u8> {
    if profile.is_some_and(|profile| profile.without_ink(&mut bytes, inverted).is_some()) {
        return bytes;
    }
    let pixels = bytes.len() / 4;
    for at in 0..pixels {
        let ink = [0, 1, 2, 3].map(|channel| bytes[4 * at + channel]);
        bytes[3 * at..3 * at + 3].copy_from_slice(&color::rgb_of_ink(ink, inverted));
    }
    bytes.truncate(3 * pixels);
    bytes
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "it is what `map_err` hands over"
)]
fn refused(error: turbo::Error) -> InputError {
    broken(error.to_string())
}

const fn broken(reason: String) -> InputError {
    InputError::Broken {
        format: Format::Jpeg,
        reason,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_decoder_leaves_a_quarter_more_than_the_target() {
        for (width, expected) in [
            (249, Scale::Full),
            (250, Scale::Half),
            (499, Scale::Half),
            (500, Scale::Quarter),
            (1000, Scale::Eighth),
            (16_384, Scale::Eighth),
        ] {
            assert_eq!(scale((width, 2 * width), (100, 200)), expected, "{width}");
        }
        assert_eq!(scale((16_384, 1), (100, 1)), Scale::Full, "a line");
    }
}
