//! ICC profiles: passed through where the output can hold them; elsewhere the colours become those of sRGB.

use moxcms::{ColorProfile, Layout as Channels, Transform8BitExecutor, TransformOptions};
use schemas::OutputFormat;
use std::sync::Arc;

use crate::{
    limits::PROFILE_BYTES_MAX,
    picture::Picture,
    pixels::{Layout, Pixels},
};

/// Longest profile that is looked into.
const BYTES_MAX: usize = PROFILE_BYTES_MAX as usize;
/// Longest profile that is passed through: what is longer would outweigh many a result.
const CARRIED_BYTES_MAX: usize = 64 * 1024;
const HEADER_BYTES: usize = 128;
/// Pixels of ink that are converted at once, so that they need no memory of their own.
const BLOCK_PIXELS: usize = 1024;

/// An ICC profile that describes the picture it came with (ICC.1:2022, section 7.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Profile {
    bytes: Vec<u8>,
    space: Space,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Space {
    Gray,
    Rgb,
    Ink,
}

impl Profile {
    /// The profile, if it is whole and speaks of a colour space that a picture can be stored in.
    pub(crate) fn parse(bytes: Vec<u8>) -> Option<Self> {
        let sane = (HEADER_BYTES..=BYTES_MAX).contains(&bytes.len())
            && bytes[36..40] == *b"acsp"
            && bytes[0..4] == u32::try_from(bytes.len()).ok()?.to_be_bytes();
        let space = match bytes.get(16..20)? {
            b"GRAY" => Space::Gray,
            b"RGB " => Space::Rgb,
            b"CMYK" => Space::Ink,
            _ => return None,
        };
        let profile = Self { bytes, space };
        (sane && profile.opened().is_some()).then_some(profile)
    }

    /// The profile's bytes, if it describes a picture with or without colour.
    pub(crate) fn describing(&self, has_color: bool) -> Option<&[u8]> {
        self.describes(has_color).then_some(&self.bytes)
    }

    /// Whether every format takes the profile of a picture with colour as it is.
    pub(crate) const fn is_carried(&self) -> bool {
        self.bytes.len() <= CARRIED_BYTES_MAX
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Whether it speaks of pictures with or without colour.
    pub(crate) fn describes(&self, has_color: bool) -> bool {
        self.space == if has_color { Space::Rgb } else { Space::Gray }
    }

    /// Whether `format` takes it as it is. WebP has no grey pixels, and so no profile of grey.
    pub(crate) fn goes_with(&self, format: OutputFormat) -> bool {
        self.is_carried() && !(self.space == Space::Gray && format == OutputFormat::Webp)
    }

    fn opened(&self) -> Option<ColorProfile> {
        ColorProfile::new_from_slice(&self.bytes).ok()
    }

    fn to_srgb(&self, from: Channels, to: Channels) -> Option<Arc<Transform8BitExecutor>> {
        let srgb = ColorProfile::new_srgb();
        let options = TransformOptions::default();
        self.opened()?
            .create_transform_8bit(from, &srgb, to, options)
            .ok()
    }

    /// A picture in sRGB, or as it was where the profile describes no way there.
    fn converted(&self, pixels: Pixels) -> Pixels {
        let (from, to, layout) = match pixels.layout {
            Layout::Gray => (Channels::Gray, Channels::Rgb, Layout::Rgb),
            Layout::GrayAlpha => (Channels::GrayAlpha, Channels::Rgba, Layout::Rgba),
            Layout::Rgb => (Channels::Rgb, Channels::Rgb, Layout::Rgb),
            Layout::Rgba => (Channels::Rgba, Channels::Rgba, Layout::Rgba),
        };
        let area = pixels.bytes.len() / pixels.layout.channels();
        let mut bytes = vec![0; area * layout.channels()];
        let done = self
            .to_srgb(from, to)
            .and_then(|transform| transform.transform(&pixels.bytes, &mut bytes).ok());
        match done {
            Some(()) => Pixels::new(pixels.width, pixels.height, layout, bytes),
            None => pixels,
        }
    }

    /// Red, green and blue of cyan, magenta, yellow and black ink, if this profile knows the ink. Done in place: 0 is no
    /// ink, or all of it if `inverted`.
    pub(crate) fn without_ink(&self, bytes: &mut Vec<u8>, inverted: bool) -> Option<()> {
        // moxcms hands four inks over as it does four colours.
        let transform = (self.space == Space::Ink)
            .then(|| self.to_srgb(Channels::Rgba, Channels::Rgb))
            .flatten()?;
        let pixels = bytes.len() / 4;
        let (mut ink, mut rgb) = (vec![0; 4 * BLOCK_PIXELS], vec![0; 3 * BLOCK_PIXELS]);
        for at in (0..pixels).step_by(BLOCK_PIXELS) {
            let length = BLOCK_PIXELS.min(pixels - at);
            let (ink, rgb) = (&mut ink[..4 * length], &mut rgb[..3 * length]);
            ink.copy_from_slice(&bytes[4 * at..4 * (at + length)]);
            if inverted {
                ink.iter_mut().for_each(|ink| *ink = 255 - *ink);
            }
            transform
                .transform(ink, rgb)
                .expect("both are pixels of the announced kinds, and equally many");
            bytes[3 * at..3 * (at + length)].copy_from_slice(rgb);
        }
        bytes.truncate(3 * pixels);
        Some(())
    }
}

/// The picture and the profile that goes with it into `format`: none where the colours were made those of sRGB.
pub(crate) fn settled(
    picture: Picture,
    profile: Option<Profile>,
    format: OutputFormat,
) -> (Picture, Option<Profile>) {
    let profile = profile.filter(|profile| profile.describes(picture.has_color()));
    match profile {
        Some(profile) if !profile.goes_with(format) => {
            let pixels = profile.converted(picture.into_pixels());
            (Picture::Pixels(pixels), None)
        }
        profile => (picture, profile),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_profile_goes_only_with_its_own_colour_space() {
        let rgb = Profile::parse(ColorProfile::new_display_p3().encode().unwrap()).unwrap();
        assert!(rgb.describing(true).is_some());
        assert!(rgb.describing(false).is_none());
        let gray = ColorProfile::new_gray_with_gamma(2.2).encode().unwrap();
        assert!(Profile::parse(gray).unwrap().describing(false).is_some());
    }

    #[test]
    fn what_is_no_profile_is_left_out() {
        let whole = ColorProfile::new_display_p3().encode().unwrap();
        let mut wrong_length = whole.clone();
        wrong_length.push(0);
        for bytes in [vec![], vec![0; 128], wrong_length] {
            assert_eq!(Profile::parse(bytes), None);
        }
    }

    /// Whatever it is taken for, it is taken for something without harm.
    #[test]
    fn a_damaged_profile_does_no_harm() {
        let whole = ColorProfile::new_display_p3().encode().unwrap();
        let picture = || Pixels::new(1, 1, Layout::Rgb, vec![200, 50, 50]);
        for at in HEADER_BYTES..whole.len() {
            for damage in [0x00, 0x7f, 0xff] {
                let mut bytes = whole.clone();
                bytes[at] = damage;
                if let Some(profile) = Profile::parse(bytes) {
                    assert_eq!(profile.converted(picture()).layout, Layout::Rgb);
                }
            }
        }
    }
}
