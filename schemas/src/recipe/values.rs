//! The values of a recipe's fields. Each is parsed from text at the edge and from JSON in a message, by the same rules.

use std::{borrow::Cow, fmt, str::FromStr};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

/// The longest mark, in characters after its variables were replaced.
pub const TEXT_CHARS_MAX: usize = 256;

/// Where the mark stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Position {
    TopLeft,
    Top,
    TopRight,
    Left,
    Center,
    Right,
    BottomLeft,
    Bottom,
    #[default]
    BottomRight,
}

/// The format of a result.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum OutputFormat {
    Jpeg,
    Webp,
    Png,
}

/// Width or height of the box, in pixels: 1 to 16384.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "u64", into = "u32")]
pub struct Side(u32);

/// Cap height of the mark's letters in percent of √(width·height) of the output: 0.5 to 25, kept in hundredths.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "serde_json::Number", into = "serde_json::Number")]
pub struct Size(u16);

/// Opacity of the mark: 0 to 1, kept in thousandths, or as much as legibility needs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "WordOrNumber", into = "WordOrNumber")]
pub enum Opacity {
    /// As much as legibility needs.
    #[default]
    Auto,
    /// Thousandths, 0 to 1000.
    Fixed(u16),
}

/// Colour of the mark.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Color {
    /// Light or dark, from the luminance beneath (BT.601).
    #[default]
    Auto,
    /// sRGB.
    Rgb([u8; 3]),
}

/// Quality of a lossy result: 1 to 100, or by output area. PNG is lossless and pays no attention to it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "WordOrNumber", into = "WordOrNumber")]
pub enum Quality {
    /// 80 below 500×500, 85, 90 above 1920×1080; five less for WebP.
    #[default]
    Auto,
    /// 1 to 100.
    Fixed(u8),
}

/// The mark: 1 to 256 characters, one or several lines, at least one of them visible.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct MarkText(String);

/// Why a text is not a value: what was found, what is allowed, and both as numbers where it is a limit.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{problem}")]
pub struct ValueError {
    pub(super) problem: Cow<'static, str>,
    pub(super) measured: Option<u64>,
    pub(super) limit: Option<u64>,
}

impl ValueError {
    pub(super) fn new(problem: impl Into<Cow<'static, str>>) -> Self {
        Self {
            problem: problem.into(),
            measured: None,
            limit: None,
        }
    }

    fn limit(problem: String, measured: u64, limit: u64) -> Self {
        Self {
            problem: problem.into(),
            measured: Some(measured),
            limit: Some(limit),
        }
    }
}

impl Position {
    /// The nine places, row by row.
    pub const ALL: [Self; 9] = [
        Self::TopLeft,
        Self::Top,
        Self::TopRight,
        Self::Left,
        Self::Center,
        Self::Right,
        Self::BottomLeft,
        Self::Bottom,
        Self::BottomRight,
    ];

    /// The word in forms, flags and JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::TopLeft => "top-left",
            Self::Top => "top",
            Self::TopRight => "top-right",
            Self::Left => "left",
            Self::Center => "center",
            Self::Right => "right",
            Self::BottomLeft => "bottom-left",
            Self::Bottom => "bottom",
            Self::BottomRight => "bottom-right",
        }
    }
}

impl FromStr for Position {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        if matches!(text, "auto" | "tile") {
            return Err(not_built(text));
        }
        let found = Self::ALL
            .into_iter()
            .find(|position| position.as_str() == text);
        found.ok_or_else(|| {
            let words = Self::ALL.map(Self::as_str).join(", ");
            ValueError::new(format!("{} is none of {words}", quoted(text)))
        })
    }
}

impl OutputFormat {
    /// Every format, in the order in which `auto` prefers them among equals.
    pub const ALL: [Self; 3] = [Self::Jpeg, Self::Webp, Self::Png];

    /// The word in forms, flags and JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Jpeg => "jpeg",
            Self::Webp => "webp",
            Self::Png => "png",
        }
    }

    /// The media type (RFC 6838).
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Jpeg => "image/jpeg",
            Self::Webp => "image/webp",
            Self::Png => "image/png",
        }
    }

    /// The usual file extension.
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Jpeg => "jpg",
            Self::Webp => "webp",
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
        } else {
            None
        }
    }
}

impl FromStr for OutputFormat {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        match text {
            "jpeg" => Ok(Self::Jpeg),
            "webp" => Ok(Self::Webp),
            "png" => Ok(Self::Png),
            "avif" => Err(not_built(text)),
            _ => Err(ValueError::new(format!(
                "{} is none of auto, jpeg, webp, png",
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
            _ => Err(ValueError::limit(
                format!("{pixels} pixels, 1 to {max} are allowed"),
                pixels,
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

impl Size {
    const HUNDREDTHS_MIN: u16 = 50;
    const HUNDREDTHS_MAX: u16 = 2500;

    /// The size as a fraction of √(width·height).
    pub fn fraction(self) -> f64 {
        f64::from(self.0) / 10_000.0
    }

    fn from_percent(percent: f64) -> Result<Self, ValueError> {
        let hundredths = (percent * 100.0).round();
        if !(f64::from(Self::HUNDREDTHS_MIN)..=f64::from(Self::HUNDREDTHS_MAX))
            .contains(&hundredths)
        {
            return Err(ValueError::new(format!(
                "{percent} percent, 0.5 to 25 are allowed"
            )));
        }
        Ok(Self(hundredths as u16))
    }
}

impl Default for Size {
    fn default() -> Self {
        Self(300)
    }
}

impl FromStr for Size {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        Self::from_percent(decimal(text, "a percentage from 0.5 to 25")?)
    }
}

impl TryFrom<serde_json::Number> for Size {
    type Error = ValueError;

    fn try_from(number: serde_json::Number) -> Result<Self, ValueError> {
        Self::from_percent(number.as_f64().unwrap_or(f64::NAN))
    }
}

impl From<Size> for serde_json::Number {
    fn from(size: Size) -> Self {
        shortest(size.0, 100)
    }
}

impl Opacity {
    fn from_fraction(fraction: f64) -> Result<Self, ValueError> {
        if !(0.0..=1.0).contains(&fraction) {
            return Err(ValueError::new(format!(
                "{fraction}, 0 to 1 or auto are allowed"
            )));
        }
        Ok(Self::Fixed((fraction * 1000.0).round() as u16))
    }
}

impl FromStr for Opacity {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        match text {
            "auto" => Ok(Self::Auto),
            _ => Self::from_fraction(decimal(text, "auto or a number from 0 to 1")?),
        }
    }
}

impl TryFrom<WordOrNumber> for Opacity {
    type Error = ValueError;

    fn try_from(value: WordOrNumber) -> Result<Self, ValueError> {
        match value {
            WordOrNumber::Word(word) => word.parse(),
            WordOrNumber::Number(number) => {
                Self::from_fraction(number.as_f64().unwrap_or(f64::NAN))
            }
        }
    }
}

impl From<Opacity> for WordOrNumber {
    fn from(opacity: Opacity) -> Self {
        match opacity {
            Opacity::Auto => Self::auto(),
            Opacity::Fixed(thousandths) => Self::Number(shortest(thousandths, 1000)),
        }
    }
}

impl FromStr for Color {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        if text == "auto" {
            return Ok(Self::Auto);
        }
        let refused = || ValueError::new(format!("{} is neither auto nor #rrggbb", quoted(text)));
        let digits = text
            .strip_prefix('#')
            .filter(|digits| digits.len() == 6)
            .ok_or_else(refused)?;
        // `from_str_radix` takes a sign too.
        if !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return Err(refused());
        }
        let value = u32::from_str_radix(digits, 16).map_err(|_| refused())?;
        let [_, red, green, blue] = value.to_be_bytes();
        Ok(Self::Rgb([red, green, blue]))
    }
}

impl TryFrom<String> for Color {
    type Error = ValueError;

    fn try_from(text: String) -> Result<Self, ValueError> {
        text.parse()
    }
}

impl From<Color> for String {
    fn from(color: Color) -> Self {
        match color {
            Color::Auto => "auto".to_owned(),
            Color::Rgb([red, green, blue]) => format!("#{red:02x}{green:02x}{blue:02x}"),
        }
    }
}

impl FromStr for Quality {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        match text {
            "auto" => Ok(Self::Auto),
            "keep" => Err(not_built(text)),
            _ => text
                .parse::<u8>()
                .ok()
                .filter(|quality| (1..=100).contains(quality))
                .map(Self::Fixed)
                .ok_or_else(|| {
                    ValueError::new(format!(
                        "{} is neither auto nor a whole number from 1 to 100",
                        quoted(text)
                    ))
                }),
        }
    }
}

impl TryFrom<WordOrNumber> for Quality {
    type Error = ValueError;

    fn try_from(value: WordOrNumber) -> Result<Self, ValueError> {
        match value {
            WordOrNumber::Word(word) if word != "auto" && word != "keep" => Err(ValueError::new(
                format!("{} is neither \"auto\" nor a number", quoted(&word)),
            )),
            WordOrNumber::Word(word) => word.parse(),
            WordOrNumber::Number(number) => number.to_string().parse(),
        }
    }
}

impl From<Quality> for WordOrNumber {
    fn from(quality: Quality) -> Self {
        match quality {
            Quality::Auto => Self::auto(),
            Quality::Fixed(quality) => Self::Number(quality.into()),
        }
    }
}

impl MarkText {
    /// The text, its lines separated by `\n`.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for MarkText {
    type Error = ValueError;

    fn try_from(text: String) -> Result<Self, ValueError> {
        let text = if text.contains('\r') {
            text.replace("\r\n", "\n").replace('\r', "\n")
        } else {
            text
        };
        let chars = text.chars().count();
        if chars > TEXT_CHARS_MAX {
            let problem = format!(
                "{chars} characters after its variables were replaced, {TEXT_CHARS_MAX} are allowed"
            );
            return Err(ValueError::limit(
                problem,
                chars as u64,
                TEXT_CHARS_MAX as u64,
            ));
        }
        if let Some(control) = text.chars().find(|c| c.is_control() && *c != '\n') {
            return Err(ValueError::new(format!(
                "the control character U+{:04X} cannot be drawn",
                u32::from(control)
            )));
        }
        if text.chars().all(char::is_whitespace) {
            return Err(ValueError::new(
                "nothing to draw is left after its variables were replaced",
            ));
        }
        Ok(Self(text))
    }
}

impl From<MarkText> for String {
    fn from(text: MarkText) -> Self {
        text.0
    }
}

impl fmt::Display for MarkText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A JSON value that is a word or a number.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(untagged)]
enum WordOrNumber {
    Word(String),
    Number(serde_json::Number),
}

impl WordOrNumber {
    fn auto() -> Self {
        Self::Word("auto".to_owned())
    }
}

/// `value / scale` as RFC 8785 writes it: no fraction where it is whole.
fn shortest(value: u16, scale: u16) -> serde_json::Number {
    if value.is_multiple_of(scale) {
        (value / scale).into()
    } else {
        serde_json::Number::from_f64(f64::from(value) / f64::from(scale))
            .expect("a quotient of small integers is finite")
    }
}

fn decimal(text: &str, expected: &str) -> Result<f64, ValueError> {
    let number = text.parse::<f64>().ok().filter(|number| number.is_finite());
    number.ok_or_else(|| ValueError::new(format!("{} is not {expected}", quoted(text))))
}

fn not_built(text: &str) -> ValueError {
    ValueError::new(format!("{text} is not built yet"))
}

/// A stranger's text, short enough for an error.
pub(super) fn quoted(text: &str) -> String {
    let short: String = text.chars().take(40).collect();
    if short.len() < text.len() {
        format!("{short:?}…")
    } else {
        format!("{short:?}")
    }
}

macro_rules! schema {
    ($($type:ident: $schema:tt)*) => {$(
        impl JsonSchema for $type {
            fn schema_name() -> Cow<'static, str> {
                stringify!($type).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!($schema)
            }
        }
    )*};
}

schema! {
    Side: { "type": "integer", "minimum": 1, "maximum": 16384, "description": "pixels" }
    Size: {
        "type": "number", "minimum": 0.5, "maximum": 25, "default": 3,
        "description": "cap height in percent of √(width·height) of the output, to two decimals"
    }
    Opacity: {
        "oneOf": [{ "const": "auto" }, { "type": "number", "minimum": 0, "maximum": 1 }], "default": "auto",
        "description": "0 to 1, to three decimals, or as much as legibility needs"
    }
    Color: { "type": "string", "pattern": "^(auto|#[0-9a-fA-F]{6})$", "default": "auto", "description": "auto or sRGB" }
    Quality: {
        "oneOf": [{ "const": "auto" }, { "type": "integer", "minimum": 1, "maximum": 100 }], "default": "auto",
        "description": "of a lossy result"
    }
    MarkText: {
        "type": "string", "minLength": 1, "maxLength": 256,
        "description": "literal text, lines separated by \\n; variables are not replaced any more"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_rfc_8785_does() {
        let json = |value: serde_json::Number| value.to_string();
        assert_eq!(json(Size::from_percent(3.0).unwrap().into()), "3");
        assert_eq!(json(Size::from_percent(3.25).unwrap().into()), "3.25");
        assert_eq!(json(Size::from_percent(0.5).unwrap().into()), "0.5");
        assert_eq!(
            serde_json::to_string(&Opacity::Fixed(125)).unwrap(),
            "0.125"
        );
        assert_eq!(serde_json::to_string(&Opacity::Fixed(1000)).unwrap(), "1");
    }

    #[test]
    fn every_value_survives_its_json() {
        for hundredths in Size::HUNDREDTHS_MIN..=Size::HUNDREDTHS_MAX {
            let json = serde_json::to_string(&Size(hundredths)).unwrap();
            assert_eq!(
                serde_json::from_str::<Size>(&json).unwrap(),
                Size(hundredths)
            );
        }
        for thousandths in 0..=1000 {
            let json = serde_json::to_string(&Opacity::Fixed(thousandths)).unwrap();
            assert_eq!(
                serde_json::from_str::<Opacity>(&json).unwrap(),
                Opacity::Fixed(thousandths)
            );
        }
        for position in Position::ALL {
            assert_eq!(serde_json::to_value(position).unwrap(), position.as_str());
        }
        for format in OutputFormat::ALL {
            assert_eq!(serde_json::to_value(format).unwrap(), format.as_str());
        }
    }

    #[test]
    fn a_limit_says_what_was_measured_and_what_is_allowed() {
        let error = "16385".parse::<Side>().unwrap_err();
        assert_eq!((error.measured, error.limit), (Some(16_385), Some(16_384)));
        assert_eq!(error.to_string(), "16385 pixels, 1 to 16384 are allowed");
        let error = MarkText::try_from("x".repeat(257)).unwrap_err();
        assert_eq!((error.measured, error.limit), (Some(257), Some(256)));
    }

    #[test]
    fn what_cannot_be_drawn_is_refused() {
        for text in ["", " \n\t ", "a\u{0}b", "\u{1b}[31m"] {
            assert!(MarkText::try_from(text.to_owned()).is_err(), "{text:?}");
        }
        assert_eq!(
            MarkText::try_from("one\r\ntwo".to_owned())
                .unwrap()
                .as_str(),
            "one\ntwo"
        );
    }

    #[test]
    fn colours_are_auto_or_rrggbb() {
        assert_eq!("#FF8000".parse(), Ok(Color::Rgb([255, 128, 0])));
        for text in ["red", "#fff", "#+12345", "#gggggg", "ff8000", "#ééé"] {
            assert!(text.parse::<Color>().is_err(), "{text}");
        }
    }

    #[test]
    fn what_is_not_built_says_so() {
        for error in [
            "auto".parse::<Position>().unwrap_err(),
            "tile".parse::<Position>().unwrap_err(),
            "avif".parse::<OutputFormat>().unwrap_err(),
            "keep".parse::<Quality>().unwrap_err(),
        ] {
            assert!(error.to_string().ends_with("is not built yet"), "{error}");
        }
    }
}
