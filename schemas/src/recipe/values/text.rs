//! The mark's text.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{ValueError, schema};

/// The longest mark, in characters after its variables were replaced.
pub const TEXT_CHARS_MAX: usize = 256;

/// The mark: 1 to 256 characters, one or several lines, at least one of them visible.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct MarkText(String);

impl MarkText {
    /// The text, its lines separated by `\n`.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether there is more than one line.
    pub fn has_lines(&self) -> bool {
        self.0.contains('\n')
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
            return Err(ValueError::outside(
                problem,
                Some(chars as u64),
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

schema! {
    MarkText: {
        "type": "string", "minLength": 1, "maxLength": 256,
        "description": "literal text, lines separated by \\n; variables are not replaced any more"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_says_what_was_measured_and_what_is_allowed() {
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
}
