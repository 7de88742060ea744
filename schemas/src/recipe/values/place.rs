//! Where the mark stands.

use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{ValueError, quoted};

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
    /// The calmest of the nine places.
    Auto,
    /// Everywhere.
    Tile,
}

impl Position {
    /// The nine places, row by row.
    pub const PLACES: [Self; 9] = [
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

    /// Every word.
    pub const ALL: [Self; 11] = {
        let [a, b, c, d, e, f, g, h, i] = Self::PLACES;
        [a, b, c, d, e, f, g, h, i, Self::Auto, Self::Tile]
    };

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
            Self::Auto => "auto",
            Self::Tile => "tile",
        }
    }
}

impl FromStr for Position {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        let found = Self::ALL
            .into_iter()
            .find(|position| position.as_str() == text);
        found.ok_or_else(|| {
            let words = Self::ALL.map(Self::as_str).join(", ");
            ValueError::new(format!("{} is none of {words}", quoted(text)))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_has_one_word() {
        for position in Position::ALL {
            assert_eq!(serde_json::to_value(position).unwrap(), position.as_str());
            assert_eq!(position.as_str().parse(), Ok(position));
        }
    }
}
