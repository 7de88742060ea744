//! What a client has already, and what of the rest it asks for: conditions (RFC 9110 §13) and ranges (§14).
//!
//! Nothing of ours says when it was last modified: a result is the same for as long as it has its name, and is stored again
//! now and then. So dates are never compared, as §13.1.3 and §13.1.4 ask of who has none.

use std::ops;

use http::{HeaderMap, HeaderName, HeaderValue, Method, header};

/// What is sent of a representation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Share {
    Whole,
    Part(ops::Range<u64>),
    /// The client has it.
    NotModified,
    /// It is not the one that the client means.
    PreconditionFailed,
    /// It has no such bytes.
    NotSatisfiable,
}

/// What to send of `size_bytes` bytes that are called `etag`, in the order of §13.2.2. Bytes without a name are none that the
/// client could have.
pub(crate) fn share(
    method: &Method,
    headers: &HeaderMap,
    etag: Option<&str>,
    size_bytes: u64,
) -> Share {
    if headers.contains_key(header::IF_MATCH) && !matches(headers, header::IF_MATCH, etag, strong) {
        return Share::PreconditionFailed;
    }
    if etag.is_some_and(|etag| none_match(headers, etag)) {
        return Share::NotModified;
    }
    if method != Method::GET || !in_range(headers, etag) {
        return Share::Whole;
    }
    asked_range(headers, size_bytes)
}

/// Whether an answer depends on the name of what there is.
pub(crate) fn ask_for_a_name(headers: &HeaderMap) -> bool {
    headers.contains_key(header::IF_MATCH) || headers.contains_key(header::IF_NONE_MATCH)
}

/// Whether `If-None-Match` names `etag`, or anything that is there.
pub(crate) fn none_match(headers: &HeaderMap, etag: &str) -> bool {
    matches(headers, header::IF_NONE_MATCH, Some(etag), weak)
}

fn matches(
    headers: &HeaderMap,
    name: HeaderName,
    etag: Option<&str>,
    same: impl Fn(&[u8], &str) -> bool,
) -> bool {
    let mut lists = headers.get_all(name).iter().map(HeaderValue::as_bytes);
    lists.any(|list| {
        list.trim_ascii() == b"*" || etag.is_some_and(|etag| Tags(list).any(|tag| same(tag, etag)))
    })
}

/// The entity tags of a list, each with its quotes. A tag may hold commas and asterisks, and a backslash escapes nothing in
/// it (§8.8.3), so the list is read tag by tag. What is no tag ends it.
struct Tags<'l>(&'l [u8]);

impl<'l> Iterator for Tags<'l> {
    type Item = &'l [u8];

    fn next(&mut self) -> Option<Self::Item> {
        let apart = |byte: &u8| !b" \t,".contains(byte);
        let list = &self.0[self.0.iter().position(apart)?..];
        let prefix = if list.starts_with(WEAK) {
            WEAK.len()
        } else {
            0
        };
        let opaque = list[prefix..].strip_prefix(b"\"")?;
        let end = prefix + opaque.iter().position(|byte| *byte == b'"')? + 2;
        let (tag, rest) = list.split_at(end);
        self.0 = rest;
        Some(tag)
    }
}

const WEAK: &[u8] = b"W/";

/// Ours are strong; a weak one of the client's says that its bytes may differ (§8.8.3.2).
fn strong(tag: &[u8], etag: &str) -> bool {
    tag == etag.as_bytes()
}

fn weak(tag: &[u8], etag: &str) -> bool {
    tag.strip_prefix(WEAK).unwrap_or(tag) == etag.as_bytes()
}

/// Whether a range may be sent at all: what the client has of it already is of these bytes.
fn in_range(headers: &HeaderMap, etag: Option<&str>) -> bool {
    match headers.get(header::IF_RANGE) {
        None => true,
        Some(tag) => etag.is_some_and(|etag| tag.as_bytes() == etag.as_bytes()),
    }
}

/// One range is sent. Several are answered with the whole (§14.2 leaves that to the server): no program asks an image for
/// them, and each could be the whole again.
fn asked_range(headers: &HeaderMap, size_bytes: u64) -> Share {
    let Some((first, last)) = one_range(headers) else {
        return Share::Whole;
    };
    let part = match (first, last) {
        (Some(first), None) => first..size_bytes,
        (Some(first), Some(last)) if first > last => return Share::Whole,
        (Some(first), Some(last)) => first..last.saturating_add(1).min(size_bytes),
        (None, Some(length)) => size_bytes.saturating_sub(length)..size_bytes,
        (None, None) => return Share::Whole,
    };
    if part.is_empty() {
        Share::NotSatisfiable
    } else {
        Share::Part(part)
    }
}

/// The two numbers of `bytes=first-last`, of which one may be missing. `None` for what is no such range, which is as if it
/// had not been said.
fn one_range(headers: &HeaderMap) -> Option<(Option<u64>, Option<u64>)> {
    let mut said = headers.get_all(header::RANGE).iter();
    let (range, None) = (said.next()?.to_str().ok()?, said.next()) else {
        return None;
    };
    let (unit, range) = range.split_once('=')?;
    let (first, last) = range.trim().split_once('-')?;
    unit.eq_ignore_ascii_case("bytes").then_some(())?;
    Some((place(first)?, place(last)?))
}

/// A place, which may be missing. One that is too large for a number lies beyond every end.
fn place(digits: &str) -> Option<Option<u64>> {
    if digits.is_empty() {
        return Some(None);
    }
    let is_number = digits.bytes().all(|digit| digit.is_ascii_digit());
    is_number.then(|| Some(digits.parse().unwrap_or(u64::MAX)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ETAG: &str = "\"a\"";

    fn shared(headers: &[(HeaderName, &str)]) -> Share {
        let headers = headers
            .iter()
            .map(|(name, value)| (name.clone(), value.parse().unwrap()));
        let headers = headers.collect();
        share(&Method::GET, &headers, Some(ETAG), 1000)
    }

    fn ranged(range: &str) -> Share {
        shared(&[(header::RANGE, range)])
    }

    #[test]
    fn one_range_is_cut_at_the_end() {
        for (range, part) in [
            ("bytes=0-0", 0..1),
            ("bytes=10-19", 10..20),
            ("Bytes=990-", 990..1000),
            ("bytes=990-5000", 990..1000),
            ("bytes=-10", 990..1000),
            ("bytes=-5000", 0..1000),
            ("bytes=0-99999999999999999999999", 0..1000),
        ] {
            assert_eq!(ranged(range), Share::Part(part), "{range}");
        }
    }

    #[test]
    fn what_is_not_there_is_not_satisfiable() {
        for range in [
            "bytes=1000-",
            "bytes=1000-1001",
            "bytes=-0",
            "bytes=99999999999999999999999-",
        ] {
            assert_eq!(ranged(range), Share::NotSatisfiable, "{range}");
        }
        let headers = HeaderMap::from_iter([(header::RANGE, "bytes=0-".parse().unwrap())]);
        let nothing = share(&Method::GET, &headers, None, 0);
        assert_eq!(nothing, Share::NotSatisfiable);
    }

    #[test]
    fn what_is_no_range_and_several_of_them_get_the_whole() {
        for range in [
            "bytes=5-4",
            "bytes=-",
            "bytes=a-b",
            "bytes=0-1,3-4",
            "bytes=+1-2",
            "pages=1-2",
            "bytes",
            "",
        ] {
            assert_eq!(ranged(range), Share::Whole, "{range}");
        }
    }

    #[test]
    fn a_range_of_other_bytes_is_not_sent() {
        let range = (header::RANGE, "bytes=0-1");
        let if_range = |tag| shared(&[range.clone(), (header::IF_RANGE, tag)]);
        assert_eq!(if_range(ETAG), Share::Part(0..2));
        for other in ["\"b\"", "W/\"a\"", "Fri, 20 Nov 2026 22:00:00 GMT"] {
            assert_eq!(if_range(other), Share::Whole, "{other}");
        }
    }

    #[test]
    fn a_range_is_for_get_alone() {
        let headers = HeaderMap::from_iter([(header::RANGE, "bytes=0-1".parse().unwrap())]);
        assert_eq!(share(&Method::HEAD, &headers, None, 1000), Share::Whole);
    }

    #[test]
    fn who_means_other_bytes_is_told_so_first() {
        for (tag, share) in [
            (ETAG, Share::Whole),
            ("\"b\", \"a\"", Share::Whole),
            ("*", Share::Whole),
            ("\"b\"", Share::PreconditionFailed),
            ("W/\"a\"", Share::PreconditionFailed),
        ] {
            assert_eq!(shared(&[(header::IF_MATCH, tag)]), share, "{tag}");
        }
        let both = [(header::IF_MATCH, "\"b\""), (header::IF_NONE_MATCH, ETAG)];
        assert_eq!(shared(&both), Share::PreconditionFailed);
    }

    #[test]
    fn who_has_it_is_not_sent_it() {
        for tag in ["\"a\"", "W/\"a\"", "\"b\", \"a\"", "*"] {
            let share = shared(&[(header::IF_NONE_MATCH, tag), (header::RANGE, "bytes=0-1")]);
            assert_eq!(share, Share::NotModified, "{tag}");
        }
        for tag in ["\"b\"", "a"] {
            let share = shared(&[(header::IF_NONE_MATCH, tag)]);
            assert_eq!(share, Share::Whole, "{tag}");
        }
    }

    #[test]
    fn a_tag_may_hold_what_separates_tags() {
        for list in [
            "\"x,*,y\"",
            "\"x, \\\"a\\\"\"",
            "\"x,W/\", \"b\"",
            "a, \"a\"",
            "\"a",
            "\"*\"",
        ] {
            let share = shared(&[(header::IF_NONE_MATCH, list)]);
            assert_eq!(share, Share::Whole, "{list}");
        }
        for list in ["\"x,*,y\", \"a\"", ",, \"b\" ,W/\"a\",", " * "] {
            let share = shared(&[(header::IF_NONE_MATCH, list)]);
            assert_eq!(share, Share::NotModified, "{list}");
        }
    }
}
