//! What the result is: its format, the box it fits into, its quality.

use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{ValueError, number::WordOrNumber, quoted, schema};

/// The format of a result.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum OutputFormat {
    Jpeg,
    Webp,
    Avif,
    Png,
}

/// What the bytes of a result are written for. JPEG and PNG are written one way and pay no attention to it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Profile {
    /// Soon: half the time, a few percent more bytes.
    Fast,
    /// Often read: a result is written once and sent many times.
    #[default]
    Small,
}

/// Width or height of the box, in pixels: 1 to 16384.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "u64", into = "u32")]
pub struct Side(u32);

/// Quality of a lossy result: 1 to 100, by output area, or as the source has it. PNG is lossless and pays no attention to it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "WordOrNumber", into = "WordOrNumber")]
pub enum Quality {
    /// 80 below 500×500, 85, 90 above 1920×1080; five less for WebP, 25 less for AVIF.
    #[default]
    Auto,
    /// The source's own, where source and result are JPEG; as `Auto` elsewhere.
    Keep,
    /// 1 to 100.
    Fixed(u8),
}

impl OutputFormat {
    /// Every format, in the order in which `auto` prefers them among equals.
    pub const ALL: [Self; 4] = [Self::Jpeg, Self::Webp, Self::Avif, Self::Png];

    /// The word in forms, flags and JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Jpeg => "jpeg",
            Self::Webp => "webp",
            Self::Avif => "avif",
            Self::Png => "png",
        }
    }

    /// The media type (RFC 6838).
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Jpeg => "image/jpeg",
            Self::Webp => "image/webp",
            Self::Avif => "image/avif",
            Self::Png => "image/png",
        }
    }

    /// The usual file extension.
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Jpeg => "jpg",
            Self::Webp => "webp",
            Self::Avif => "avif",
            Self::Png => "png",
        }
    }

    /// What the first bytes of a result say it is: `None` for bytes that are no result of ours.
    pub fn of_bytes(bytes: &[u8]) -> Option<Self> {
        if bytes.starts_with(b"\xff\xd8\xff") {
            Some(Self::Jpeg)
        } else if bytes.starts_with(b"\x89PNG") {
            Some(Self::Png)
        } else if bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WEBP") {
            Some(Self::Webp)
        } else if bytes.get(4..12) == Some(b"ftypavif") {
            Some(Self::Avif)
        } else {
            None
        }
    }
}

impl Profile {
    /// Every profile.
    pub const ALL: [Self; 2] = [Self::Fast, Self::Small];

    /// The word in forms, flags and JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Fast => "fast",
            Self::Small => "small",
        }
    }

    /// Whether it is the one that a recipe need not name.
    pub(crate) fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

impl FromStr for Profile {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        let found = Self::ALL
            .into_iter()
            .find(|profile| profile.as_str() == text);
        found.ok_or_else(|| ValueError::new(format!("{} is none of fast, small", quoted(text))))
    }
}

impl FromStr for OutputFormat {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        match text {
            "jpeg" => Ok(Self::Jpeg),
            "webp" => Ok(Self::Webp),
            "png" => Ok(Self::Png),
            "avif" => Ok(Self::Avif),
            _ => Err(ValueError::new(format!(
                "{} is none of auto, jpeg, webp, avif, png",
                quoted(text)
            ))),
        }
    }
}

impl Side {
    /// The longest side of a box.
    pub const MAX: Self = Self(16_384);
    /// The box's width when neither side is given.
    pub const WIDTH_DEFAULT: Self = Self(1920);
    /// The box's height when neither side is given.
    pub const HEIGHT_DEFAULT: Self = Self(1080);

    /// The side in pixels.
    pub const fn pixels(self) -> u32 {
        self.0
    }
}

impl TryFrom<u64> for Side {
    type Error = ValueError;

    fn try_from(pixels: u64) -> Result<Self, ValueError> {
        let max = Self::MAX.0;
        match u32::try_from(pixels) {
            Ok(side @ 1..) if side <= max => Ok(Self(side)),
            _ => Err(ValueError::outside(
                format!("{pixels} pixels, 1 to {max} are allowed"),
                Some(pixels),
                max.into(),
            )),
        }
    }
}

impl From<Side> for u32 {
    fn from(side: Side) -> Self {
        side.0
    }
}

impl FromStr for Side {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        let pixels = text.parse::<u64>().map_err(|_| {
            ValueError::new(format!(
                "{} is not a whole number of pixels from 1 to {}",
                quoted(text),
                Self::MAX.0
            ))
        })?;
        pixels.try_into()
    }
}

impl Quality {
    const MAX: u64 = 100;

    fn from_number(text: &str) -> Result<Self, ValueError> {
        let number = text.parse::<u64>().map_err(|_| {
            let problem = "is neither auto, keep nor a whole number from 1 to 100";
            ValueError::new(format!("{} {problem}", quoted(text)))
        })?;
        match u8::try_from(number) {
            Ok(quality @ 1..=100) => Ok(Self::Fixed(quality)),
            _ => Err(ValueError::outside(
                format!("{number}, 1 to {}, auto or keep are allowed", Self::MAX),
                Some(number),
                Self::MAX,
            )),
        }
    }
}

impl FromStr for Quality {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        match text {
            "auto" => Ok(Self::Auto),
            "keep" => Ok(Self::Keep),
            _ => Self::from_number(text),
        }
    }
}

impl TryFrom<WordOrNumber> for Quality {
    type Error = ValueError;

    fn try_from(value: WordOrNumber) -> Result<Self, ValueError> {
        match value {
            WordOrNumber::Word(word) if word != "auto" && word != "keep" => {
                Err(ValueError::new(format!(
                    "{} is neither \"auto\", \"keep\" nor a number",
                    quoted(&word)
                )))
            }
            WordOrNumber::Word(word) => word.parse(),
            WordOrNumber::Number(number) => number.to_string().parse(),
        }
    }
}

impl From<Quality> for WordOrNumber {
    fn from(quality: Quality) -> Self {
        match quality {
            Quality::Auto => Self::auto(),
            Quality::Keep => Self::Word("keep".to_owned()),
            Quality::Fixed(quality) => Self::Number(quality.into()),
        }
    }
}

schema! {
    Side: { "type": "integer", "minimum": 1, "maximum": 16384, "description": "pixels" }
    Quality: {
        "oneOf": [{ "enum": ["auto", "keep"] }, { "type": "integer", "minimum": 1, "maximum": 100 }], "default": "auto",
        "description": "of a lossy result"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_format_has_one_word() {
        for format in OutputFormat::ALL {
            assert_eq!(serde_json::to_value(format).unwrap(), format.as_str());
            assert_eq!(format.as_str().parse(), Ok(format));
        }
    }

    #[test]
    fn a_profile_has_one_word() {
        for profile in Profile::ALL {
            assert_eq!(serde_json::to_value(profile).unwrap(), profile.as_str());
            assert_eq!(profile.as_str().parse(), Ok(profile));
        }
    }

    #[test]
    fn a_limit_is_told_where_it_was_passed() {
        let side = |text: &str| text.parse::<Side>().unwrap_err();
        let quality = |text: &str| text.parse::<Quality>().unwrap_err();
        for (error, limit) in [
            (side("16385"), Some((16_385, 16_384))),
            (side("0"), None),
            (quality("101"), Some((101, 100))),
            (quality("1000"), Some((1000, 100))),
            (quality("0"), None),
            (quality("80.5"), None),
        ] {
            assert_eq!(error.measured.zip(error.limit), limit, "{error}");
        }
        assert_eq!(
            side("16385").to_string(),
            "16385 pixels, 1 to 16384 are allowed"
        );
    }

    #[test]
    fn a_quality_is_spelled_as_it_was_read() {
        for (text, json) in [("auto", r#""auto""#), ("keep", r#""keep""#), ("80", "80")] {
            let quality: Quality = text.parse().unwrap();
            assert_eq!(serde_json::to_string(&quality).unwrap(), json);
            assert_eq!(serde_json::from_str::<Quality>(json).unwrap(), quality);
        }
    }
}
