//! Whose the picture is.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use super::{TEXT_CHARS_MAX, ValueError, schema};

/// A line for the result's metadata, at most 256 characters; none of them leaves what the photo says of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Copyright(String);

impl Copyright {
    /// The line.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether the photo's own copyright is left as it is.
    pub fn is_default(&self) -> bool {
        self.0.is_empty()
    }
}

impl FromStr for Copyright {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        let text = text.trim();
        let chars = text.chars().count();
        if chars > TEXT_CHARS_MAX {
            return Err(ValueError::outside(
                format!(
                    "{chars} characters after its variables were replaced, {TEXT_CHARS_MAX} are allowed"
                ),
                Some(chars as u64),
                TEXT_CHARS_MAX as u64,
            ));
        }
        if let Some(control) = text.chars().find(|c| c.is_control()) {
            return Err(ValueError::new(format!(
                "the control character U+{:04X} has no place in a line of text",
                u32::from(control)
            )));
        }
        Ok(Self(text.to_owned()))
    }
}

impl TryFrom<String> for Copyright {
    type Error = ValueError;

    fn try_from(text: String) -> Result<Self, ValueError> {
        text.parse()
    }
}

impl From<Copyright> for String {
    fn from(copyright: Copyright) -> Self {
        copyright.0
    }
}

impl fmt::Display for Copyright {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

schema! {
    Copyright: {
        "type": "string", "maxLength": 256,
        "description": "a line of literal text; variables are not replaced any more"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_one_line_of_bounded_length() {
        assert_eq!("  © Ada ".parse(), Ok(Copyright("© Ada".to_owned())));
        for text in ["© Ada\nLtd", "\u{1b}[31m", &"x".repeat(257)] {
            assert!(text.parse::<Copyright>().is_err(), "{text:?}");
        }
    }
}
