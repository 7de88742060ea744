//! The parameters of an address, each told by its own name where it makes no sense.

use http::Uri;
use schemas::FieldError;
use url::form_urlencoded;

/// Characters of an unknown parameter's name that are given back: enough to find it.
const NAME_SHOWN_CHARS_MAX: usize = 80;

/// What stands after the `?`.
pub(super) struct Parameters(Vec<(String, String)>);

impl Parameters {
    pub(super) fn of(uri: &Uri) -> Self {
        let query = uri.query().unwrap_or_default();
        Self(
            form_urlencoded::parse(query.as_bytes())
                .into_owned()
                .collect(),
        )
    }

    /// The value of `name`. Given twice, neither can be meant.
    pub(super) fn one(&self, name: &str) -> Result<Option<&str>, FieldError> {
        let values: Vec<_> = self.0.iter().filter(|it| it.0 == name).collect();
        match values[..] {
            [] => Ok(None),
            [(_, value)] => Ok(Some(value)),
            _ => {
                let times = values.len();
                Err(refused(
                    name,
                    format!("is given {times} times, one is expected"),
                ))
            }
        }
    }

    /// Refuses a name that is none of `known`: a slip must not pass as less than was asked.
    pub(super) fn none_but(&self, known: &[&str]) -> Result<(), FieldError> {
        let unknown = self.0.iter().find(|it| !known.contains(&it.0.as_str()));
        unknown.map_or(Ok(()), |(name, _)| {
            let shown: String = name.chars().take(NAME_SHOWN_CHARS_MAX).collect();
            let problem = format!(
                "there is no such parameter, {} are known",
                known.join(" and ")
            );
            Err(refused(&shown, problem))
        })
    }
}

fn refused(name: &str, problem: String) -> FieldError {
    FieldError {
        field: name.to_owned(),
        problem,
        measured: None,
        limit: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parameter_is_read_and_one_that_comes_twice_or_is_unknown_is_named() {
        let parameters = Parameters::of(&Uri::from_static("/?a=1%202&b=1&b=2"));
        assert_eq!(parameters.one("a").unwrap(), Some("1 2"));
        assert_eq!(parameters.one("c").unwrap(), None);
        assert_eq!(parameters.one("b").unwrap_err().field, "b");
        assert!(parameters.none_but(&["a", "b"]).is_ok());
        assert_eq!(parameters.none_but(&["a"]).unwrap_err().field, "b");
    }
}
