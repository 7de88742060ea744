//! What a client would rather have: `Prefer` (RFC 7240). `wait` is the one preference that is heeded.

use std::time::Duration;

use http::HeaderMap;

use crate::quoted;

/// More preferences than any client has.
const PREFERENCES_MAX: usize = 64;

/// The wait that a client asks for with `Prefer: wait=N`, at most `wait_max`.
pub(crate) fn wait(headers: &HeaderMap, wait_max: Duration) -> Option<Duration> {
    let texts = headers.get_all("prefer").iter();
    let mut preferences = texts
        .filter_map(|value| value.to_str().ok())
        .flat_map(|text| quoted::split(text, ','))
        .take(PREFERENCES_MAX)
        .map(named);
    // Said twice, the first one counts, whatever it says.
    let (_, seconds) = preferences.find(|(name, _)| name.eq_ignore_ascii_case("wait"))?;
    Some(Duration::from_secs(whole(quoted::unquoted(seconds))?).min(wait_max))
}

/// Digits and nothing else (RFC 7240 §4.3). More of them than a number holds ask for longer than any limit.
fn whole(digits: &str) -> Option<u64> {
    let is_number = !digits.is_empty() && digits.bytes().all(|digit| digit.is_ascii_digit());
    is_number.then(|| digits.parse().unwrap_or(u64::MAX))
}

/// A preference and its value, without its parameters: their names are no preferences.
fn named(preference: &str) -> (&str, &str) {
    let whole = quoted::split(preference, ';').next().unwrap_or_default();
    let (name, value) = whole.split_once('=').unwrap_or((whole, ""));
    (name.trim(), value.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn granted(texts: &[&str]) -> Option<Duration> {
        let mut headers = HeaderMap::new();
        for text in texts {
            headers.append("prefer", text.parse().unwrap());
        }
        wait(&headers, Duration::from_secs(60))
    }

    #[test]
    fn a_wait_is_granted_up_to_its_limit() {
        for (text, seconds) in [
            ("wait=5", 5),
            ("Wait = \"7\"", 7),
            ("respond-async, wait=600", 60),
            ("wait=3; foo=bar", 3),
            ("wait=0", 0),
            ("wait=18446744073709551615", 60),
            ("wait=99999999999999999999999", 60),
            ("foo=\"bar,baz\", wait=4", 4),
        ] {
            assert_eq!(
                granted(&[text]),
                Some(Duration::from_secs(seconds)),
                "{text}"
            );
        }
        for text in [
            "respond-async",
            "wait=soon",
            "wait",
            "wait=-1",
            "wait=+5",
            "wait=\"5",
            "wait=\"\"",
            "waits=5",
            "",
        ] {
            assert_eq!(granted(&[text]), None, "{text}");
        }
    }

    #[test]
    fn a_parameter_of_another_preference_is_no_wait() {
        assert_eq!(granted(&["return=minimal; wait=5"]), None);
    }

    #[test]
    fn a_wait_that_is_quoted_is_another_preferences_value() {
        assert_eq!(granted(&["foo=\"bar,wait=3\""]), None);
        assert_eq!(granted(&["foo=\"bar\\\",wait=3\""]), None);
    }

    #[test]
    fn the_first_wait_counts_over_all_headers() {
        assert_eq!(granted(&["wait=5", "wait=9"]), Some(Duration::from_secs(5)));
        assert_eq!(granted(&["wait=soon, wait=9"]), None);
    }
}
