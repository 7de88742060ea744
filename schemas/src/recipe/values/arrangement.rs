//! How the mark is arranged: how its lines are aligned, how it is turned, how far apart it is repeated.

use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    ValueError,
    number::{decimal, hundredths, shortest, shortest_signed, whole},
    quoted, schema,
};

/// On which side the lines of a mark are even.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Align {
    /// On the side where the mark stands.
    #[default]
    Auto,
    Left,
    Center,
    Right,
}

/// How far the mark is turned clockwise, in degrees: kept in tenths from above −180 to 180, so that one direction has one
/// spelling.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "serde_json::Number", into = "serde_json::Number")]
pub struct Rotation(i16);

/// Room between the marks of a pattern, in percent of √(width·height) of the output: 0 to 100, kept in hundredths.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "serde_json::Number", into = "serde_json::Number")]
pub struct Spacing(u16);

impl Align {
    /// Whether it changes nothing.
    pub(in crate::recipe) fn is_default(&self) -> bool {
        *self == Self::default()
    }

    /// Every alignment.
    pub const ALL: [Self; 4] = [Self::Auto, Self::Left, Self::Center, Self::Right];

    /// The word in forms, flags and JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Left => "left",
            Self::Center => "center",
            Self::Right => "right",
        }
    }
}

impl FromStr for Align {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        let found = Self::ALL.into_iter().find(|align| align.as_str() == text);
        found.ok_or_else(|| {
            let words = Self::ALL.map(Self::as_str).join(", ");
            ValueError::new(format!("{} is none of {words}", quoted(text)))
        })
    }
}

impl Rotation {
    /// Whether it changes nothing.
    pub(in crate::recipe) fn is_default(&self) -> bool {
        *self == Self::default()
    }

    /// Upright.
    pub const NONE: Self = Self(0);
    const DEGREES_MAX: f64 = 360.0;
    const FULL_TURN: i16 = 3600;

    /// Degrees clockwise.
    pub fn degrees(self) -> f32 {
        f32::from(self.0) / 10.0
    }

    fn from_degrees(degrees: f64) -> Result<Self, ValueError> {
        if !(-Self::DEGREES_MAX..=Self::DEGREES_MAX).contains(&degrees) {
            return Err(ValueError::outside(
                format!("{degrees} degrees, -360 to 360 are allowed"),
                whole(degrees),
                Self::DEGREES_MAX as u64,
            ));
        }
        let tenths = (degrees * 10.0).round() as i16;
        let turned = tenths.rem_euclid(Self::FULL_TURN);
        let past_half = turned > Self::FULL_TURN / 2;
        Ok(Self(if past_half {
            turned - Self::FULL_TURN
        } else {
            turned
        }))
    }
}

impl FromStr for Rotation {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        Self::from_degrees(decimal(text, "a number of degrees from -360 to 360")?)
    }
}

impl TryFrom<serde_json::Number> for Rotation {
    type Error = ValueError;

    fn try_from(number: serde_json::Number) -> Result<Self, ValueError> {
        Self::from_degrees(number.as_f64().unwrap_or(f64::NAN))
    }
}

impl From<Rotation> for serde_json::Number {
    fn from(rotation: Rotation) -> Self {
        shortest_signed(rotation.0, 10)
    }
}

impl Spacing {
    /// Whether it changes nothing.
    pub(in crate::recipe) fn is_default(&self) -> bool {
        *self == Self::default()
    }

    const HUNDREDTHS_MAX: u16 = 10_000;

    /// The room as a fraction of √(width·height).
    pub fn fraction(self) -> f64 {
        f64::from(self.0) / 10_000.0
    }

    fn from_percent(percent: f64) -> Result<Self, ValueError> {
        hundredths(percent, 0..=Self::HUNDREDTHS_MAX).map(Self)
    }
}

impl Default for Spacing {
    fn default() -> Self {
        Self(1000)
    }
}

impl FromStr for Spacing {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        Self::from_percent(decimal(text, "a percentage from 0 to 100")?)
    }
}

impl TryFrom<serde_json::Number> for Spacing {
    type Error = ValueError;

    fn try_from(number: serde_json::Number) -> Result<Self, ValueError> {
        Self::from_percent(number.as_f64().unwrap_or(f64::NAN))
    }
}

impl From<Spacing> for serde_json::Number {
    fn from(spacing: Spacing) -> Self {
        shortest(spacing.0, 100)
    }
}

schema! {
    Rotation: {
        "type": "number", "minimum": -360, "maximum": 360, "default": 0,
        "description": "degrees clockwise"
    }
    Spacing: {
        "type": "number", "minimum": 0, "maximum": 100, "default": 10,
        "description": "room between the marks of a pattern in percent of the square root of the output's area"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_direction_has_one_spelling() {
        let spelled = |text: &str| {
            let rotation: Rotation = text.parse().unwrap();
            serde_json::to_string(&rotation).unwrap()
        };
        for (text, spelling) in [
            ("0", "0"),
            ("-0", "0"),
            ("360", "0"),
            ("-45", "-45"),
            ("315", "-45"),
            ("180", "180"),
            ("-180", "180"),
            ("22.54", "22.5"),
            ("-359.9", "0.1"),
        ] {
            assert_eq!(spelled(text), spelling, "{text}");
        }
    }

    #[test]
    fn what_is_out_of_range_says_so() {
        for text in ["361", "-360.1", "NaN", "inf", "steep"] {
            assert!(text.parse::<Rotation>().is_err(), "{text}");
        }
        for text in ["101", "-1", "NaN", "wide"] {
            assert!(text.parse::<Spacing>().is_err(), "{text}");
        }
        let error = "361".parse::<Rotation>().unwrap_err();
        assert_eq!((error.measured, error.limit), (Some(361), Some(360)));
    }

    #[test]
    fn an_alignment_has_one_word() {
        for align in Align::ALL {
            assert_eq!(serde_json::to_value(align).unwrap(), align.as_str());
            assert_eq!(align.as_str().parse(), Ok(align));
        }
        assert!("justify".parse::<Align>().is_err());
    }
}
