//! What a client wants back: `Accept` and `Accept-Encoding` (RFC 9110 §12.5) and `Prefer` (RFC 7240).

use std::time::Duration;

use http::{HeaderMap, header};
use schemas::OutputFormat;

/// More media ranges than any client has a use for.
const RANGES_MAX: usize = 64;

/// A client's `Accept`.
#[derive(Clone, Debug)]
pub(crate) struct Accept(Vec<Range>);

/// One media range with its weight.
#[derive(Clone, Debug)]
struct Range {
    media_type: String,
    weight: f32,
}

impl Accept {
    /// Without the header, everything is as welcome as anything.
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let texts = headers.get_all(header::ACCEPT).iter();
        let ranges: Vec<_> = texts
            .filter_map(|value| value.to_str().ok())
            .flat_map(|text| text.split(','))
            .filter_map(Range::parse)
            .take(RANGES_MAX)
            .collect();
        if ranges.is_empty() {
            return Self(Range::parse("*/*").into_iter().collect());
        }
        Self(ranges)
    }

    /// The format that `wm_format=auto` becomes: the most wanted; among equals the one that is named, then JPEG.
    pub(crate) fn output_format(&self) -> OutputFormat {
        let rank = |format: OutputFormat| {
            let media_type = format.media_type();
            (self.weight(media_type), self.names(media_type))
        };
        OutputFormat::ALL
            .into_iter()
            .reduce(|best, format| {
                if rank(format) > rank(best) {
                    format
                } else {
                    best
                }
            })
            .expect("there are formats")
    }

    /// Whether an image of `format` is wanted more than JSON; ties go to JSON.
    pub(crate) fn prefers_image(&self, format: OutputFormat) -> bool {
        self.weight(format.media_type()) > self.weight("application/json")
    }

    /// Whether events are wanted more than JSON.
    pub(crate) fn prefers_events(&self) -> bool {
        self.weight("text/event-stream") > self.weight("application/json")
    }

    /// The weight of the most specific range that covers `media_type`.
    fn weight(&self, media_type: &str) -> f32 {
        let covering = self.0.iter().filter(|range| range.covers(media_type));
        covering
            .max_by_key(|range| range.specificity())
            .map_or(0.0, |range| range.weight)
    }

    fn names(&self, media_type: &str) -> bool {
        self.0.iter().any(|range| range.media_type == media_type)
    }
}

impl Range {
    fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split(';').map(str::trim);
        let media_type = parts.next()?.to_ascii_lowercase();
        media_type.contains('/').then_some(())?;
        let weight = weight(parts)?;
        Some(Self { media_type, weight })
    }

    fn covers(&self, media_type: &str) -> bool {
        match self.media_type.split_once('/') {
            Some(("*", "*")) => true,
            Some((main, "*")) => media_type.split('/').next() == Some(main),
            _ => self.media_type == media_type,
        }
    }

    fn specificity(&self) -> u8 {
        match self.media_type.split_once('/') {
            Some(("*", _)) => 0,
            Some((_, "*")) => 1,
            _ => 2,
        }
    }
}

/// What `q=` says among a range's parameters, 1 without it; `None` where that is no weight.
fn weight<'a>(mut parameters: impl Iterator<Item = &'a str>) -> Option<f32> {
    let named = parameters.find_map(|parameter| {
        let (name, weight) = parameter.split_once('=')?;
        name.trim().eq_ignore_ascii_case("q").then_some(weight)
    });
    named
        .map_or(Some(1.0), |weight| weight.trim().parse().ok())
        .filter(|weight| (0.0..=1.0).contains(weight))
}

/// Whether gzip is taken, and at least as welcome as bytes that are not packed. Who does not say takes none.
pub(crate) fn takes_gzip(headers: &HeaderMap) -> bool {
    let gzip = coding_weight(headers, "gzip").or_else(|| coding_weight(headers, "*"));
    let plain = coding_weight(headers, "identity");
    gzip.is_some_and(|gzip| gzip > 0.0 && gzip >= plain.unwrap_or(0.0))
}

/// The weight that `Accept-Encoding` gives to `coding` by its name.
fn coding_weight(headers: &HeaderMap, coding: &str) -> Option<f32> {
    let texts = headers.get_all(header::ACCEPT_ENCODING).iter();
    texts
        .filter_map(|value| value.to_str().ok())
        .flat_map(|text| text.split(','))
        .take(RANGES_MAX)
        .find_map(|text| {
            let mut parts = text.split(';').map(str::trim);
            let named = parts.next()?.eq_ignore_ascii_case(coding);
            named.then(|| weight(parts)).flatten()
        })
}

/// The wait a client asks for with `Prefer: wait=N`, at most `wait_max`.
pub(crate) fn wait(headers: &HeaderMap, wait_max: Duration) -> Option<Duration> {
    let texts = headers.get_all("prefer").iter();
    let seconds = texts
        .filter_map(|value| value.to_str().ok())
        .flat_map(|text| text.split([',', ';']))
        .filter_map(|preference| preference.split_once('='))
        .find(|(name, _)| name.trim().eq_ignore_ascii_case("wait"))
        .and_then(|(_, seconds)| seconds.trim().trim_matches('"').parse().ok())?;
    Some(Duration::from_secs(seconds).min(wait_max))
}

/// Whether `If-None-Match` names `etag`, or anything that is there (RFC 9110 §13.1.2: weak comparison).
pub(crate) fn none_match(headers: &HeaderMap, etag: &str) -> bool {
    let texts = headers.get_all(header::IF_NONE_MATCH).iter();
    texts
        .filter_map(|value| value.to_str().ok())
        .flat_map(|text| text.split(','))
        .map(str::trim)
        .any(|tag| tag == "*" || tag.strip_prefix("W/").unwrap_or(tag) == etag)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(name: &'static str, value: &str) -> HeaderMap {
        HeaderMap::from_iter([(http::HeaderName::from_static(name), value.parse().unwrap())])
    }

    fn accept(text: &str) -> Accept {
        Accept::of(&headers("accept", text))
    }

    #[test]
    fn the_most_wanted_format_is_chosen_and_jpeg_without_one() {
        use OutputFormat::{Avif, Jpeg, Png, Webp};
        assert_eq!(Accept::of(&HeaderMap::new()).output_format(), Jpeg);
        for (text, format) in [
            ("*/*", Jpeg),
            ("image/*", Jpeg),
            ("application/json", Jpeg),
            ("image/avif", Avif),
            ("nonsense", Jpeg),
            ("image/webp", Webp),
            ("application/json, image/png", Png),
            ("image/png;q=0.5, image/webp;q=0.9", Webp),
            ("image/jpeg, image/webp", Jpeg),
            ("image/webp;q=0.5, */*", Jpeg),
            ("image/jpeg;q=0, image/png", Png),
            ("IMAGE/WEBP ; Q=1.0", Webp),
            ("image/avif,image/webp,image/apng,image/*,*/*;q=0.8", Webp),
        ] {
            assert_eq!(accept(text).output_format(), format, "{text}");
        }
    }

    #[test]
    fn a_tie_between_image_and_json_goes_to_json() {
        for (text, image) in [
            ("*/*", false),
            ("application/json, image/jpeg", false),
            ("image/jpeg;q=0.5, application/json", false),
            ("text/html", false),
            ("image/jpeg", true),
            ("image/*", true),
            ("image/webp, */*;q=0.8", false),
            ("image/webp, image/*;q=0.9, */*;q=0.8", true),
        ] {
            let jpeg = OutputFormat::Jpeg;
            assert_eq!(accept(text).prefers_image(jpeg), image, "{text}");
        }
    }

    #[test]
    fn the_format_that_there_is_is_weighed_and_not_the_best_there_could_be() {
        let accept = accept("image/png, application/json;q=0.9");
        assert!(accept.prefers_image(OutputFormat::Png));
        assert!(!accept.prefers_image(OutputFormat::Jpeg));
    }

    #[test]
    fn events_are_for_those_who_ask() {
        assert!(accept("text/event-stream").prefers_events());
        assert!(!accept("*/*").prefers_events());
        assert!(!accept("application/json, text/event-stream;q=0.9").prefers_events());
    }

    #[test]
    fn gzip_is_for_those_who_take_it() {
        for (text, taken) in [
            ("gzip", true),
            ("gzip, deflate, br, zstd", true),
            ("br;q=1.0, GZIP ; q=0.8, *;q=0.1", true),
            ("*", true),
            ("identity;q=0.5, *;q=0.6", true),
            ("", false),
            ("br", false),
            ("identity", false),
            ("gzip;q=0", false),
            ("gzip;q=0, *", false),
            ("gzip;q=0.5, identity", false),
            ("gzip;q=much", false),
            ("notgzip", false),
        ] {
            let asked = headers("accept-encoding", text);
            assert_eq!(takes_gzip(&asked), taken, "{text}");
        }
        assert!(!takes_gzip(&HeaderMap::new()));
    }

    #[test]
    fn a_wait_is_granted_up_to_its_limit() {
        let granted = |text| wait(&headers("prefer", text), Duration::from_secs(60));
        assert_eq!(granted("wait=5"), Some(Duration::from_secs(5)));
        assert_eq!(
            granted("respond-async, wait=600"),
            Some(Duration::from_secs(60))
        );
        assert_eq!(granted("respond-async"), None);
        assert_eq!(granted("wait=soon"), None);
    }

    #[test]
    fn etags_are_compared_weakly_and_in_lists() {
        let same = |text| none_match(&headers("if-none-match", text), "\"a\"");
        assert!(same("\"a\"") && same("W/\"a\"") && same("\"b\", \"a\"") && same("*"));
        assert!(!same("\"b\"") && !same("a"));
    }
}
