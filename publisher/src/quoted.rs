//! Lists and parameters in headers: what stands inside a quoted string separates nothing (RFC 9110 §5.6).

#[derive(Clone, Copy, Default)]
enum Quoting {
    #[default]
    Outside,
    Inside,
    /// After a backslash.
    Escaped,
}

/// The parts of `text` between those of these separators that stand outside quoted strings.
pub(crate) fn split(text: &str, separator: char) -> impl Iterator<Item = &str> {
    let mut quoting = Quoting::default();
    text.split(move |char| quoting.passes_outside(char) && char == separator)
}

/// What a token or a quoted string says. Escapes stay as they are: nothing that we heed needs one.
pub(crate) fn unquoted(text: &str) -> &str {
    let inside = text
        .strip_prefix('"')
        .and_then(|text| text.strip_suffix('"'));
    inside.unwrap_or(text)
}

impl Quoting {
    /// Goes on by one character, and says whether that stands outside quoted strings.
    const fn passes_outside(&mut self, char: char) -> bool {
        let is_outside = matches!(self, Self::Outside);
        *self = match (&self, char) {
            (Self::Outside, '"') | (Self::Escaped, _) => Self::Inside,
            (Self::Inside, '"') => Self::Outside,
            (Self::Inside, '\\') => Self::Escaped,
            (as_it_is, _) => **as_it_is,
        };
        is_outside
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_quoted_separates_nothing() {
        for (text, parts) in [
            ("a,b", vec!["a", "b"]),
            (r#"a="b,c",d"#, vec![r#"a="b,c""#, "d"]),
            (r#"a="b\",c",d"#, vec![r#"a="b\",c""#, "d"]),
            (r#"a="b\\",d"#, vec![r#"a="b\\""#, "d"]),
            (r#"a="b,c"#, vec![r#"a="b,c"#]),
            (r"a\,b", vec![r"a\", "b"]),
            ("", vec![""]),
        ] {
            assert_eq!(split(text, ',').collect::<Vec<_>>(), parts, "{text}");
        }
    }

    #[test]
    fn quotes_are_taken_off_in_pairs() {
        for (text, said) in [("a", "a"), ("\"a\"", "a"), ("\"a", "\"a"), ("\"", "\"")] {
            assert_eq!(unquoted(text), said);
        }
    }
}
