//! `{year}`, `{filename}` and their like in a mark's text.

use std::{borrow::Cow, fmt::Write as _};

use super::values::{TEXT_CHARS_MAX, ValueError, quoted};

/// The longest text before its variables are replaced, in characters.
const TEMPLATE_CHARS_MAX: usize = 4 * TEXT_CHARS_MAX;

/// A day of the Gregorian calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Date {
    pub year: i16,
    pub month: u8,
    pub day: u8,
}

/// What a photo's EXIF says that a mark may quote. A missing value is empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExifTexts {
    /// `DateTimeOriginal`, else `DateTime`, as `YYYY-MM-DD`.
    pub date: String,
    /// `Artist`.
    pub artist: String,
    /// `Copyright`.
    pub copyright: String,
}

/// Replaces the variables of `template`, each by what `value` knows under its name; `{{` is a brace.
pub(super) fn replace<'v>(
    template: &str,
    value: impl Fn(&str) -> Option<Cow<'v, str>>,
) -> Result<String, ValueError> {
    let chars = template.chars().count();
    if chars > TEMPLATE_CHARS_MAX {
        return Err(ValueError::outside(
            format!("{chars} characters, {TEMPLATE_CHARS_MAX} are allowed"),
            Some(chars as u64),
            TEMPLATE_CHARS_MAX as u64,
        ));
    }
    let mut text = String::with_capacity(template.len());
    let mut rest = template;
    while let Some(brace) = rest.find('{') {
        text.push_str(&rest[..brace]);
        rest = &rest[brace + 1..];
        if let Some(after) = rest.strip_prefix('{') {
            text.push('{');
            rest = after;
            continue;
        }
        let (name, after) = rest.split_once('}').ok_or_else(|| {
            ValueError::new("a { without its }; write {{ for a brace that is meant as one")
        })?;
        text.push_str(&value(name).ok_or_else(|| unknown(name))?);
        rest = after;
    }
    text.push_str(rest);
    Ok(text)
}

/// A stranger's value without the characters that would turn the direction of the text around it.
pub(super) fn tamed(value: &str) -> Cow<'_, str> {
    let turns = |c: char| matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    if value.contains(turns) {
        value.replace(turns, "").into()
    } else {
        value.into()
    }
}

fn unknown(name: &str) -> ValueError {
    let mut problem = format!("{} is no variable; ", quoted(&format!("{{{name}}}")));
    let known = super::request::VARIABLES
        .map(|name| format!("{{{name}}}"))
        .join(" ");
    write!(problem, "there are {known}, and {{{{ for a brace")
        .expect("writing to a string cannot fail");
    ValueError::new(problem)
}

impl Date {
    /// A day as a calendar names it.
    pub const fn new(year: i16, month: u8, day: u8) -> Self {
        Self { year, month, day }
    }
}

/// The day of a moment in UTC: where a photo was taken says nothing about where it is uploaded.
impl From<jiff::Timestamp> for Date {
    fn from(moment: jiff::Timestamp) -> Self {
        let date = moment.to_zoned(jiff::tz::TimeZone::UTC).date();
        Self::new(
            date.year(),
            date.month().unsigned_abs(),
            date.day().unsigned_abs(),
        )
    }
}

impl std::fmt::Display for Date {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn replaced(template: &str) -> Result<String, ValueError> {
        replace(template, |name| (name == "year").then(|| "2026".into()))
    }

    #[test]
    fn variables_are_replaced_once() {
        assert_eq!(replaced("© {year}, {year}").unwrap(), "© 2026, 2026");
        assert_eq!(
            replaced("{{year} and } alone").unwrap(),
            "{year} and } alone"
        );
        let value = |_: &str| Some("{year}".into());
        assert_eq!(
            replace("{filename}", value).unwrap(),
            "{year}",
            "a value is not a template"
        );
    }

    #[test]
    fn an_unknown_variable_is_named() {
        assert!(
            replaced("{shutter}")
                .unwrap_err()
                .to_string()
                .contains("{shutter}")
        );
        assert!(replaced("{year").is_err());
    }

    #[test]
    fn a_template_has_a_limit() {
        let error = replaced(&"x".repeat(1025)).unwrap_err();
        assert_eq!((error.measured, error.limit), (Some(1025), Some(1024)));
    }
}
