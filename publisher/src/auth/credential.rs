//! What a request brings along to say who asks: read and bounded, not believed yet.

use http::{HeaderMap, HeaderName, HeaderValue, header::AUTHORIZATION};

use super::{denied::Denied, keys::KEY_PREFIX};

const API_KEY: HeaderName = HeaderName::from_static("x-api-key");

/// Characters of a credential that are looked at. 8 KiB: a token that lists its holder's groups has 2 to 4.
pub(super) const CREDENTIAL_CHARS_MAX: usize = 8 * 1024;

/// A credential.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Credential<'a> {
    /// An API key of ours.
    Key(&'a str),
    /// Anything else: a JWT, if anything.
    Token(&'a str),
}

/// The one credential that the headers hold, if any.
pub(super) fn presented(headers: &HeaderMap) -> Result<Option<Credential<'_>>, Denied> {
    let authorizations = headers.get_all(AUTHORIZATION).iter();
    let bearers: Vec<_> = authorizations.filter(|it| is_for_us(it)).collect();
    let api_keys: Vec<_> = headers.get_all(API_KEY).iter().collect();
    match (&bearers[..], &api_keys[..]) {
        ([], []) => Ok(None),
        ([authorization], []) => bearer(text("authorization", authorization)?).map(Some),
        ([], [api_key]) => Ok(Some(Credential::Key(text("x-api-key", api_key)?))),
        (some, more) => Err(Denied::Several {
            count: some.len() + more.len(),
        }),
    }
}

/// Another scheme than `Bearer` is a credential for somebody else, as a proxy before us may ask for.
fn is_for_us(authorization: &HeaderValue) -> bool {
    let mut words = authorization.as_bytes().split(|byte| *byte == b' ');
    words
        .next()
        .is_some_and(|scheme| scheme.eq_ignore_ascii_case(b"bearer"))
}

fn bearer(header: &str) -> Result<Credential<'_>, Denied> {
    let (_, credential) = header.split_once(' ').unwrap_or_default();
    let credential = credential.trim_matches(' ');
    let malformed = |problem| Denied::Malformed {
        header: "authorization",
        problem,
    };
    match credential {
        "" => Err(malformed("nothing comes after Bearer")),
        _ if credential.contains([' ', ',']) => {
            Err(malformed("one credential is expected after Bearer"))
        }
        key if key.starts_with(KEY_PREFIX) => Ok(Credential::Key(key)),
        token => Ok(Credential::Token(token)),
    }
}

fn text<'a>(header: &'static str, value: &'a HeaderValue) -> Result<&'a str, Denied> {
    if value.len() > CREDENTIAL_CHARS_MAX {
        return Err(Denied::TooLong {
            measured: value.len(),
            limit: CREDENTIAL_CHARS_MAX,
        });
    }
    let problem = "it holds something else than visible ASCII characters";
    let malformed = |_| Denied::Malformed { header, problem };
    value.to_str().map_err(malformed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(headers: &[(HeaderName, &str)]) -> Result<Option<String>, Denied> {
        let values = headers.iter().map(|(name, value)| {
            let value = HeaderValue::from_bytes(value.as_bytes()).unwrap();
            (name.clone(), value)
        });
        let headers = HeaderMap::from_iter(values);
        Ok(presented(&headers)?.map(|credential| format!("{credential:?}")))
    }

    #[test]
    fn a_key_comes_in_either_header_and_a_token_after_bearer() {
        for (headers, expected) in [
            (vec![], None),
            (vec![(AUTHORIZATION, "Basic dTpw")], None),
            (
                vec![(AUTHORIZATION, "Bearer nws_a")],
                Some("Key(\"nws_a\")"),
            ),
            (
                vec![(AUTHORIZATION, "bearer  nws_a ")],
                Some("Key(\"nws_a\")"),
            ),
            (vec![(API_KEY, "nws_a")], Some("Key(\"nws_a\")")),
            (
                vec![(AUTHORIZATION, "Bearer a.b.c")],
                Some("Token(\"a.b.c\")"),
            ),
        ] {
            let read = read(&headers).unwrap();
            assert_eq!(read.as_deref(), expected, "{headers:?}");
        }
    }

    #[test]
    fn a_credential_for_somebody_else_does_not_count() {
        let proxys = (AUTHORIZATION, "Basic dTpw");
        for ours in [(API_KEY, "nws_a"), (AUTHORIZATION, "Bearer nws_a")] {
            let read = read(&[proxys.clone(), ours, proxys.clone()]).unwrap();
            assert_eq!(read.as_deref(), Some("Key(\"nws_a\")"));
        }
    }

    #[test]
    fn what_is_no_credential_or_several_is_refused() {
        for header in ["Bearer", "Bearer ", "Bearer a b", "Bearer a,b", "Bearer é"] {
            let refused = read(&[(AUTHORIZATION, header)]).unwrap_err();
            assert!(matches!(refused, Denied::Malformed { .. }), "{header}");
        }
        let both = [(AUTHORIZATION, "Bearer a"), (API_KEY, "nws_a")];
        assert_eq!(read(&both), Err(Denied::Several { count: 2 }));
    }

    #[test]
    fn an_overlong_credential_is_measured_and_not_read() {
        let long = format!("Bearer {}", "a".repeat(CREDENTIAL_CHARS_MAX));
        let refused = Err(Denied::TooLong {
            measured: CREDENTIAL_CHARS_MAX + 7,
            limit: CREDENTIAL_CHARS_MAX,
        });
        assert_eq!(read(&[(AUTHORIZATION, &long)]), refused);
    }
}
