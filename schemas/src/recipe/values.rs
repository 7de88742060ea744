//! The values of a recipe's fields. Each is parsed from text at the edge and from JSON in a message, by the same rules.

mod arrangement;
mod copyright;
mod fonts;
mod logo;
mod look;
mod number;
mod output;
mod place;
mod schema;
mod text;
mod weight;

use std::borrow::Cow;

pub use arrangement::{Align, Rotation, Spacing};
pub use copyright::Copyright;
pub use fonts::{FONT_FILES_MAX, FontFiles};
pub use logo::LogoSize;
pub use look::{Color, Opacity, Size};
pub use output::{OutputFormat, Profile, Quality, Side};
pub use place::Position;
use schema::schema;
pub use text::{MarkText, TEXT_CHARS_MAX};
pub use weight::MaxBytes;
pub(super) use weight::switch;

/// Why a text is not a value: what was found, what is allowed, and both as numbers where a limit was passed.
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

    /// A number outside its range. It is a limit that was passed only above; a number that is too small has its reason
    /// in the problem alone, as has one that is not whole.
    pub(super) fn outside(problem: String, measured: Option<u64>, max: u64) -> Self {
        let above = measured.filter(|measured| *measured > max);
        Self {
            problem: problem.into(),
            measured: above,
            limit: above.map(|_| max),
        }
    }
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
