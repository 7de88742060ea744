//! Logos: small pictures that are drawn into larger ones.

use std::io::{BufRead, Cursor, Seek};

use crate::{
    Format, InputError, Inspection, Limits, decode, inspect, orient, picture::Picture,
    pixels::Pixels,
};

/// Width × height of a logo. 4 megapixels: as sharp as a screen can show, and 16 MiB in memory.
pub const LOGO_PIXELS_MAX: u64 = 4 * 1024 * 1024;

/// Longest file of a logo. 1 MiB: drawn logos of that many pixels need half of it.
pub const LOGO_BYTES_MAX: u64 = 1024 * 1024;

/// What decoding a logo may need at once. 64 MiB: its pixels at sixteen bits a channel, and as much again.
const DECODED_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// A logo whose pixels are known. Its colours are taken as sRGB; a profile is not read.
#[derive(Clone, Debug)]
pub struct Logo {
    header: LogoHeader,
    pixels: Pixels,
    is_neutral: bool,
}

/// What a logo's header says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogoHeader {
    /// The format of its bytes.
    pub format: Format,
    /// Width in pixels, as displayed.
    pub width: u32,
    /// Height in pixels, as displayed.
    pub height: u32,
}

/// Why bytes are no logo.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LogoError {
    #[error("the logo is no picture of an accepted format: PNG and WebP are")]
    UnknownFormat,
    #[error("the logo is {format}, PNG and WebP are accepted")]
    OtherFormat { format: Format },
    #[error("the logo has {bytes} bytes, the limit is {bytes_max}")]
    TooManyBytes { bytes: u64, bytes_max: u64 },
    #[error("the logo has {pixels} pixels ({width}×{height}), the limit is {pixels_max}")]
    TooManyPixels {
        width: u32,
        height: u32,
        pixels: u64,
        pixels_max: u64,
    },
    #[error("the logo cannot be used: {reason}")]
    Broken { reason: String },
}

impl LogoHeader {
    /// Reads the header of `source`.
    ///
    /// # Errors
    /// When it is no PNG and no WebP, is broken, or announces more than [`LOGO_PIXELS_MAX`].
    pub fn read(source: impl BufRead + Seek) -> Result<Self, LogoError> {
        Ok(Self::of(&inspected(source)?))
    }

    fn of(header: &Inspection) -> Self {
        let (width, height) = header.displayed();
        Self {
            format: header.format,
            width,
            height,
        }
    }

    /// Width by height.
    pub(crate) fn ratio(self) -> f64 {
        f64::from(self.width) / f64::from(self.height)
    }

    /// Bytes that drawing it needs besides what is drawn: its pixels once more, which become smaller in two steps.
    pub(crate) const fn working_bytes(self) -> u64 {
        2 * 4 * self.width as u64 * self.height as u64
    }
}

impl Logo {
    /// Decodes `source`.
    ///
    /// # Errors
    /// As [`LogoHeader::read`], and when the pixels cannot be read or nothing of them can be seen.
    pub fn decode(source: &[u8]) -> Result<Self, LogoError> {
        check_bytes(source.len() as u64)?;
        let header = inspected(Cursor::new(source))?;
        let decoded = decode::pixels(source, &header, &limits())?;
        let upright = orient::upright(Picture::Pixels(decoded), header.orientation);
        let pixels = upright.into_pixels().with_alpha();
        if pixels.visible().next().is_none() {
            return Err(LogoError::Broken {
                reason: "all of it is transparent".to_owned(),
            });
        }
        Ok(Self {
            header: LogoHeader::of(&header),
            is_neutral: pixels.is_neutral(),
            pixels,
        })
    }

    /// What its header said.
    pub const fn header(&self) -> LogoHeader {
        self.header
    }

    /// Red, green, blue and straight alpha.
    pub(crate) const fn pixels(&self) -> &Pixels {
        &self.pixels
    }

    /// Whether it can be drawn on a grey picture.
    pub(crate) const fn is_neutral(&self) -> bool {
        self.is_neutral
    }
}

impl LogoError {
    /// A word for programs, the same in JSON, metrics and logs.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::UnknownFormat | Self::OtherFormat { .. } => "unsupported_logo",
            Self::TooManyBytes { .. } | Self::TooManyPixels { .. } => "logo_too_large",
            Self::Broken { .. } => "broken_logo",
        }
    }

    /// What was measured and what is allowed, where a limit was passed.
    pub const fn measured_and_limit(&self) -> Option<(u64, u64)> {
        match *self {
            Self::TooManyPixels {
                pixels, pixels_max, ..
            } => Some((pixels, pixels_max)),
            Self::TooManyBytes { bytes, bytes_max } => Some((bytes, bytes_max)),
            _ => None,
        }
    }
}

impl From<InputError> for LogoError {
    fn from(error: InputError) -> Self {
        match error {
            InputError::UnknownFormat | InputError::UnsupportedFormat { .. } => Self::UnknownFormat,
            InputError::TooManyPixels {
                width,
                height,
                pixels,
                pixels_max,
            } => Self::TooManyPixels {
                width,
                height,
                pixels,
                pixels_max,
            },
            other => Self::Broken {
                reason: other.to_string(),
            },
        }
    }
}

/// Whether a logo may be so long.
///
/// # Errors
/// When it has more than [`LOGO_BYTES_MAX`].
pub const fn check_bytes(bytes: u64) -> Result<(), LogoError> {
    if bytes > LOGO_BYTES_MAX {
        return Err(LogoError::TooManyBytes {
            bytes,
            bytes_max: LOGO_BYTES_MAX,
        });
    }
    Ok(())
}

fn inspected(source: impl BufRead + Seek) -> Result<Inspection, LogoError> {
    let header = inspect(source, &limits())?;
    match header.format {
        Format::Png | Format::Webp => Ok(header),
        format => Err(LogoError::OtherFormat { format }),
    }
}

/// However long one side is: the pixels decide.
fn limits() -> Limits {
    Limits {
        pixels_max: LOGO_PIXELS_MAX,
        side_max: u32::MAX,
        decoded_bytes_max: DECODED_BYTES_MAX,
        ..Limits::default()
    }
}

#[cfg(test)]
mod tests {
    use image::{DynamicImage, ImageFormat, RgbaImage};

    use super::*;

    fn encoded(width: u32, height: u32, pixel: [u8; 4], format: ImageFormat) -> Vec<u8> {
        let picture = RgbaImage::from_pixel(width, height, image::Rgba(pixel));
        let mut bytes = Cursor::new(Vec::new());
        let picture = DynamicImage::from(picture);
        let picture = match format {
            ImageFormat::Jpeg => picture.into_rgb8().into(),
            _ => picture,
        };
        picture.write_to(&mut bytes, format).unwrap();
        bytes.into_inner()
    }

    #[test]
    fn png_and_webp_are_logos_and_nothing_else_is() {
        for format in [ImageFormat::Png, ImageFormat::WebP] {
            let logo = Logo::decode(&encoded(8, 4, [255, 128, 0, 100], format)).unwrap();
            assert_eq!((logo.header().width, logo.header().height), (8, 4));
            assert_eq!(logo.pixels().bytes[..4], [255, 128, 0, 100]);
            assert!(!logo.is_neutral());
        }
        let jpeg = encoded(8, 4, [9; 4], ImageFormat::Jpeg);
        let refused = Logo::decode(&jpeg).unwrap_err();
        assert_eq!(refused.code(), "unsupported_logo");
        let refused = Logo::decode(b"<svg/>").unwrap_err();
        assert_eq!(refused, LogoError::UnknownFormat);
    }

    #[test]
    fn a_logo_that_cannot_be_seen_or_read_is_refused() {
        let hidden = encoded(8, 4, [255, 128, 0, 0], ImageFormat::Png);
        assert_eq!(Logo::decode(&hidden).unwrap_err().code(), "broken_logo");
        let whole = encoded(64, 64, [255, 128, 0, 255], ImageFormat::Png);
        let cut = &whole[..whole.len() / 2];
        assert_eq!(Logo::decode(cut).unwrap_err().code(), "broken_logo");
    }

    #[test]
    fn too_many_pixels_are_refused_from_the_header() {
        let large = encoded(4096, 1025, [255; 4], ImageFormat::Png);
        let refused = LogoHeader::read(Cursor::new(&large[..64])).unwrap_err();
        assert_eq!(
            refused.measured_and_limit(),
            Some((4096 * 1025, LOGO_PIXELS_MAX))
        );
        LogoHeader::read(Cursor::new(encoded(4096, 1024, [255; 4], ImageFormat::Png))).unwrap();
    }
}
