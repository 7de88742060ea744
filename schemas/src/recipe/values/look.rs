//! How the mark looks: its size, opacity and colour.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::{
    ValueError,
    number::{WordOrNumber, decimal, hundredths, shortest, whole},
    quoted, schema,
};

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

impl Size {
    const HUNDREDTHS_MIN: u16 = 50;
    const HUNDREDTHS_MAX: u16 = 2500;

    /// The size as a fraction of √(width·height).
    pub fn fraction(self) -> f64 {
        f64::from(self.0) / 10_000.0
    }

    fn from_percent(percent: f64) -> Result<Self, ValueError> {
        hundredths(percent, Self::HUNDREDTHS_MIN..=Self::HUNDREDTHS_MAX).map(Self)
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
            return Err(ValueError::outside(
                format!("{fraction}, 0 to 1 or auto are allowed"),
                whole(fraction),
                1,
            ));
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

schema! {
    Size: {
        "type": "number", "minimum": 0.5, "maximum": 25, "default": 3,
        "description": "cap height in percent of √(width·height) of the output, to two decimals"
    }
    Opacity: {
        "oneOf": [{ "const": "auto" }, { "type": "number", "minimum": 0, "maximum": 1 }], "default": "auto",
        "description": "0 to 1, to three decimals, or as much as legibility needs"
    }
    Color: { "type": "string", "pattern": "^(auto|#[0-9a-fA-F]{6})$", "default": "auto", "description": "auto or sRGB" }
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
    }

    #[test]
    fn a_limit_is_told_where_it_was_passed_and_is_whole() {
        let size = |text: &str| text.parse::<Size>().unwrap_err();
        let opacity = |text: &str| text.parse::<Opacity>().unwrap_err();
        for (error, limit) in [
            (size("26"), Some((26, 25))),
            (size("25.1"), None),
            (size("25.000000000000004"), None),
            (size("0.499"), None),
            (size("0"), None),
            (size("-1"), None),
            (opacity("2"), Some((2, 1))),
            (opacity("1.01"), None),
            (opacity("-1"), None),
        ] {
            assert_eq!(error.measured.zip(error.limit), limit, "{error}");
        }
    }

    #[test]
    fn colours_are_auto_or_rrggbb() {
        assert_eq!("#FF8000".parse(), Ok(Color::Rgb([255, 128, 0])));
        for text in ["red", "#fff", "#+12345", "#gggggg", "ff8000", "#ééé"] {
            assert!(text.parse::<Color>().is_err(), "{text}");
        }
    }
}
