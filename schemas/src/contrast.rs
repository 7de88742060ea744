//! How well a mark can be read.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A contrast ratio as WCAG 2.2 defines it, 1 to 21, in hundredths, rounded down: what is called 4.5 is no less.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(from = "f64", into = "f64")]
pub struct Contrast(u16);

impl Contrast {
    /// What WCAG 2.2 asks of text (success criterion 1.4.3).
    pub const OF_TEXT: Self = Self(450);

    /// A ratio of `hundredths`.
    pub const fn from_hundredths(hundredths: u16) -> Self {
        Self(hundredths)
    }

    /// The ratio.
    pub fn ratio(self) -> f64 {
        f64::from(self.0) / 100.0
    }
}

impl fmt::Display for Contrast {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:1", self.ratio())
    }
}

/// What JSON says is taken to its nearest hundredth, as it was written.
impl From<f64> for Contrast {
    fn from(ratio: f64) -> Self {
        Self((ratio * 100.0).round() as u16)
    }
}

impl From<Contrast> for f64 {
    fn from(contrast: Contrast) -> Self {
        contrast.ratio()
    }
}

impl JsonSchema for Contrast {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Contrast".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "number", "minimum": 1, "maximum": 21,
            "description": "contrast ratio of WCAG 2.2"
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_contrast_is_read_as_it_was_written() {
        for hundredths in 100..=2100 {
            let contrast = Contrast::from_hundredths(hundredths);
            let json = serde_json::to_string(&contrast).unwrap();
            assert_eq!(serde_json::from_str::<Contrast>(&json).unwrap(), contrast);
        }
    }
}
