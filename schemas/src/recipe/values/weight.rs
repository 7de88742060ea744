//! What a result may weigh, and in which order its bytes come.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::{ValueError, quoted, schema};

/// The most bytes that a result may have: 1 to 2³⁰, which no picture within the limits needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "u64", into = "u64")]
pub struct MaxBytes(u64);

impl MaxBytes {
    const MAX: u64 = 1 << 30;

    /// The number of bytes.
    pub const fn bytes(self) -> u64 {
        self.0
    }
}

impl TryFrom<u64> for MaxBytes {
    type Error = ValueError;

    fn try_from(bytes: u64) -> Result<Self, ValueError> {
        let max = Self::MAX;
        if (1..=max).contains(&bytes) {
            return Ok(Self(bytes));
        }
        let problem = format!("{bytes} bytes, 1 to {max} are allowed");
        Err(ValueError::outside(problem, Some(bytes), max))
    }
}

impl From<MaxBytes> for u64 {
    fn from(max: MaxBytes) -> Self {
        max.0
    }
}

impl FromStr for MaxBytes {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        let bytes = text.parse::<u64>().map_err(|_| {
            let problem = "is not a whole number of bytes from 1 to";
            ValueError::new(format!("{} {problem} {}", quoted(text), Self::MAX))
        })?;
        bytes.try_into()
    }
}

/// A field that is on or off.
pub(in crate::recipe) fn switch(text: &str) -> Result<bool, ValueError> {
    match text {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => Err(ValueError::new(format!(
            "{} is neither true nor false",
            quoted(text)
        ))),
    }
}

schema! {
    MaxBytes: { "type": "integer", "minimum": 1, "maximum": 1_073_741_824, "description": "bytes" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_of_bytes_is_whole_and_within_its_limits() {
        assert_eq!("1".parse::<MaxBytes>().unwrap().bytes(), 1);
        for text in ["0", "-1", "1.5", "200k", "", "1073741825"] {
            assert!(text.parse::<MaxBytes>().is_err(), "{text}");
        }
        let error = "1073741825".parse::<MaxBytes>().unwrap_err();
        assert_eq!(
            (error.measured, error.limit),
            (Some(MaxBytes::MAX + 1), Some(MaxBytes::MAX))
        );
    }

    #[test]
    fn a_switch_has_two_positions() {
        assert_eq!((switch("true"), switch("false")), (Ok(true), Ok(false)));
        assert!(switch("on").is_err());
    }
}
