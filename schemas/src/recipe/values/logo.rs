//! The mark's logo.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::{
    ValueError,
    number::{decimal, hundredths, shortest},
    schema,
};

/// Height of the mark's logo, upright, in percent of √(width·height) of the output: 0.5 to 100, kept in hundredths.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "serde_json::Number", into = "serde_json::Number")]
pub struct LogoSize(u16);

impl LogoSize {
    const HUNDREDTHS_MIN: u16 = 50;
    const HUNDREDTHS_MAX: u16 = 10_000;

    /// Whether it changes nothing.
    pub(in crate::recipe) fn is_default(&self) -> bool {
        *self == Self::default()
    }

    /// The size as a fraction of √(width·height).
    pub fn fraction(self) -> f64 {
        f64::from(self.0) / 10_000.0
    }

    fn from_percent(percent: f64) -> Result<Self, ValueError> {
        hundredths(percent, Self::HUNDREDTHS_MIN..=Self::HUNDREDTHS_MAX).map(Self)
    }
}

impl Default for LogoSize {
    fn default() -> Self {
        Self(1000)
    }
}

impl FromStr for LogoSize {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        Self::from_percent(decimal(text, "a percentage from 0.5 to 100")?)
    }
}

impl TryFrom<serde_json::Number> for LogoSize {
    type Error = ValueError;

    fn try_from(number: serde_json::Number) -> Result<Self, ValueError> {
        Self::from_percent(number.as_f64().unwrap_or(f64::NAN))
    }
}

impl From<LogoSize> for serde_json::Number {
    fn from(size: LogoSize) -> Self {
        shortest(size.0, 100)
    }
}

schema! {
    LogoSize: {
        "type": "number", "minimum": 0.5, "maximum": 100, "default": 10,
        "description": "height of the logo, upright, in percent of √(width·height) of the output, to two decimals"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_out_of_range_says_so() {
        for text in ["0", "0.4", "100.1", "-1", "NaN", "large"] {
            assert!(text.parse::<LogoSize>().is_err(), "{text}");
        }
        let error = "101".parse::<LogoSize>().unwrap_err();
        assert_eq!((error.measured, error.limit), (Some(101), Some(100)));
    }
}
