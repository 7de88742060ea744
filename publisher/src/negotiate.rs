//! What a client wants back: `Accept` and `Accept-Encoding` (RFC 9110 §12.5).

use http::{HeaderMap, header};
use schemas::OutputFormat;

use crate::quoted;

/// More media ranges, and codings, than any client has a use for. Those after them are passed over, as if the client had not
/// said them: that costs it a format it would rather have, and nobody a scan without end.
const RANGES_MAX: usize = 64;

/// The format of a result that moves.
const MOVING: OutputFormat = OutputFormat::Webp;

/// A client's `Accept`.
#[derive(Clone, Debug)]
pub(crate) struct Accept(Vec<Range>);

/// One media range with its weight.
#[derive(Clone, Debug)]
struct Range {
    media_type: String,
    weight: Weight,
}

/// A weight in thousandths: a client gives three digits.
type Weight = u16;

/// What of a photo speaks against a format.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Source {
    /// It may be seen through.
    pub(crate) alpha: bool,
    /// It is an animation that could be written as one.
    pub(crate) moves: bool,
}

/// What a client says of a format, from the worst to the best.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Wish {
    /// By a weight of 0.
    Excluded,
    Unsaid,
    Taken {
        weight: Weight,
        /// By its own name and not by a `*`, which browsers send with as much weight.
        named: bool,
    },
}

impl Accept {
    /// Without the header, everything is as welcome as anything.
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let texts = headers.get_all(header::ACCEPT).iter();
        let ranges: Vec<_> = texts
            .filter_map(|value| value.to_str().ok())
            .flat_map(|text| quoted::split(text, ','))
            .filter_map(Range::parse)
            .take(RANGES_MAX)
            .collect();
        if ranges.is_empty() {
            return Self(Range::parse("*/*").into_iter().collect());
        }
        Self(ranges)
    }

    /// The format that `wm_format=auto` becomes for `source`: the most wanted of those that keep what it is; among equals
    /// one that is named; then the one that costs least, in trouble first, then in time.
    ///
    /// Nothing is refused with 406: an upload is mostly answered with JSON, and who excludes every format gets the one that
    /// everything shows.
    pub(crate) fn output_format(&self, source: Source) -> OutputFormat {
        if source.moves && self.takes(MOVING) {
            return MOVING;
        }
        let keeps_it = |format: &OutputFormat| !source.alpha || self.may_hold_alpha(*format);
        let formats = OutputFormat::ALL.into_iter().filter(keeps_it);
        let best = formats.max_by_key(|format| {
            let wish = self.wish(*format);
            (wish, preference(*format, source, wish))
        });
        best.expect("PNG keeps everything")
    }

    /// Whether an image of `format` is wanted more than JSON; ties go to JSON.
    pub(crate) fn prefers_image(&self, format: OutputFormat) -> bool {
        self.weight(format.media_type()) > self.weight("application/json")
    }

    /// Whether an image of any format is wanted more than JSON.
    pub(crate) fn prefers_images(&self) -> bool {
        let mut formats = OutputFormat::ALL.into_iter();
        formats.any(|format| self.prefers_image(format))
    }

    /// Whether events are wanted more than JSON.
    pub(crate) fn prefers_events(&self) -> bool {
        self.weight("text/event-stream") > self.weight("application/json")
    }

    /// A JPEG shows no transparency. It is given where the client takes nothing else.
    fn may_hold_alpha(&self, format: OutputFormat) -> bool {
        let taken = OutputFormat::ALL.into_iter().filter(|it| self.takes(*it));
        format != OutputFormat::Jpeg || taken.eq([format])
    }

    fn takes(&self, format: OutputFormat) -> bool {
        matches!(self.wish(format), Wish::Taken { .. })
    }

    fn wish(&self, format: OutputFormat) -> Wish {
        match self.decisive(format.media_type()) {
            None => Wish::Unsaid,
            Some(Range { weight: 0, .. }) => Wish::Excluded,
            Some(range) => Wish::Taken {
                weight: range.weight,
                named: range.specificity() == NAMED,
            },
        }
    }

    fn weight(&self, media_type: &str) -> Weight {
        let decisive = self.decisive(media_type);
        decisive.map_or(0, |range| range.weight)
    }

    /// The most specific range that covers `media_type`.
    fn decisive(&self, media_type: &str) -> Option<&Range> {
        let covering = self.0.iter().filter(|range| range.covers(media_type));
        covering.max_by_key(|range| range.specificity())
    }
}

/// Which format we would rather make, where the client does not mind: of those that it only does not mind, the one that
/// everything shows. A photo of 12 megapixels takes 23 ms of a core as a JPEG, 139 as a WebP and 747 as an AVIF
/// (docs/performance.md), so that AVIF is for who asks for it before others. As a PNG it has many times the bytes.
const fn preference(format: OutputFormat, source: Source, wish: Wish) -> u8 {
    let named = matches!(wish, Wish::Taken { named: true, .. });
    match format {
        OutputFormat::Png if source.alpha && !named => 4,
        OutputFormat::Jpeg => 3,
        OutputFormat::Webp => 2,
        OutputFormat::Avif => 1,
        OutputFormat::Png => 0,
    }
}

/// The specificity of a range without a `*`.
const NAMED: u8 = 2;

impl Range {
    fn parse(text: &str) -> Option<Self> {
        let mut parts = quoted::split(text, ';').map(str::trim);
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
            _ => NAMED,
        }
    }
}

/// What `q=` says among a range's parameters, all of it without one; `None` where that is no weight.
fn weight<'a>(mut parameters: impl Iterator<Item = &'a str>) -> Option<Weight> {
    let named = parameters.find_map(|parameter| {
        let (name, weight) = parameter.split_once('=')?;
        name.trim().eq_ignore_ascii_case("q").then_some(weight)
    });
    named.map_or(Some(WHOLE), |weight| thousandths(weight.trim()))
}

const WHOLE: Weight = 1000;

/// A weight as RFC 9110 §12.4.2 spells it: 0 or 1, and up to three digits, which after 1 are zeros.
fn thousandths(text: &str) -> Option<Weight> {
    let (whole, digits) = text.split_once('.').unwrap_or((text, ""));
    let are_digits = digits.len() <= 3 && digits.bytes().all(|digit| digit.is_ascii_digit());
    are_digits.then_some(())?;
    match whole {
        "0" => format!("{digits:0<3}").parse().ok(),
        "1" => digits.bytes().all(|digit| digit == b'0').then_some(WHOLE),
        _ => None,
    }
}

/// Whether `coding` is taken, and at least as welcome as bytes that are not packed. Who does not say takes none.
pub(crate) fn takes_coding(headers: &HeaderMap, coding: &str) -> bool {
    let packed = coding_weight(headers, coding).or_else(|| coding_weight(headers, "*"));
    let plain = coding_weight(headers, "identity");
    packed.is_some_and(|packed| packed > 0 && packed >= plain.unwrap_or(0))
}

/// Whether any coding that we have is taken, no coding among them: it is unless that is excluded.
pub(crate) fn takes_any_coding(headers: &HeaderMap) -> bool {
    let others = coding_weight(headers, "*");
    let plain = coding_weight(headers, "identity").or(others);
    let packed = ["gzip", "br", "zstd"];
    let mut packed = packed
        .iter()
        .filter_map(|coding| coding_weight(headers, coding).or(others));
    plain != Some(0) || packed.any(|weight| weight > 0)
}

/// The weight that `Accept-Encoding` gives to `coding` by its name.
fn coding_weight(headers: &HeaderMap, coding: &str) -> Option<Weight> {
    let texts = headers.get_all(header::ACCEPT_ENCODING).iter();
    texts
        .filter_map(|value| value.to_str().ok())
        .flat_map(|text| quoted::split(text, ','))
        .take(RANGES_MAX)
        .find_map(|text| {
            let mut parts = quoted::split(text, ';').map(str::trim);
            let named = parts.next()?.eq_ignore_ascii_case(coding);
            named.then(|| weight(parts)).flatten()
        })
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

    const PHOTO: Source = Source {
        alpha: false,
        moves: false,
    };
    const CUTOUT: Source = Source {
        alpha: true,
        moves: false,
    };
    const FILM: Source = Source {
        alpha: false,
        moves: true,
    };

    /// What an `<img>` asks for.
    const CHROME: &str = "image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8";
    const FIREFOX: &str = "image/avif,image/webp,image/png,image/svg+xml,image/*;q=0.8,*/*;q=0.5";
    const SAFARI: &str = "image/webp,image/avif,image/jxl,image/heic,video/*;q=0.8,image/png,image/svg+xml,\
        image/*;q=0.8,*/*;q=0.5";

    #[test]
    fn the_most_wanted_format_is_chosen_and_jpeg_without_one() {
        use OutputFormat::{Avif, Jpeg, Png, Webp};
        let nothing_said = Accept::of(&HeaderMap::new());
        assert_eq!(nothing_said.output_format(PHOTO), Jpeg);
        for (text, format) in [
            ("*/*", Jpeg),
            ("image/*", Jpeg),
            ("application/json", Jpeg),
            ("image/avif", Avif),
            ("nonsense", Jpeg),
            ("image/webp", Webp),
            ("application/json, image/png", Png),
            ("image/png;q=0.5, image/webp;q=0.9", Webp),
            ("image/avif;q=0.9, image/webp;q=0.899", Avif),
            ("image/jpeg, image/webp", Jpeg),
            ("image/webp;q=0.5, */*", Jpeg),
            ("IMAGE/WEBP ; Q=1.0", Webp),
            ("image/avif,image/webp,image/apng,image/*,*/*;q=0.8", Webp),
            (CHROME, Webp),
            (FIREFOX, Webp),
            (SAFARI, Webp),
        ] {
            assert_eq!(accept(text).output_format(PHOTO), format, "{text}");
        }
    }

    #[test]
    fn a_weight_of_0_excludes_and_the_most_specific_range_decides() {
        use OutputFormat::{Avif, Jpeg, Png, Webp};
        for (text, format) in [
            ("image/jpeg;q=0, image/png", Png),
            ("image/jpeg;q=0, application/json", Webp),
            ("image/jpeg;q=0, */*", Webp),
            ("image/*, image/jpeg;q=0, image/webp;q=0.0", Avif),
            ("image/*;q=0, image/webp;q=0.1", Webp),
            ("*/*, image/*;q=0.5, image/png;q=0.6", Png),
            ("image/*;q=0", Jpeg),
            ("*/*;q=0", Jpeg),
        ] {
            assert_eq!(accept(text).output_format(PHOTO), format, "{text}");
        }
    }

    #[test]
    fn what_is_seen_through_becomes_a_jpeg_only_for_who_takes_nothing_else() {
        use OutputFormat::{Avif, Jpeg, Png, Webp};
        assert_eq!(Accept::of(&HeaderMap::new()).output_format(CUTOUT), Png);
        for (text, format) in [
            ("*/*", Png),
            ("image/*", Png),
            ("application/json", Png),
            ("image/jpeg, */*;q=0.5", Png),
            ("image/jpeg, image/webp;q=0.1", Webp),
            ("image/jpeg, image/avif;q=0.2, image/webp;q=0.1", Avif),
            (CHROME, Webp),
            (FIREFOX, Webp),
            (SAFARI, Webp),
            ("image/*;q=0", Png),
            ("image/jpeg", Jpeg),
            ("image/jpeg;q=0.1, image/*;q=0", Jpeg),
        ] {
            assert_eq!(accept(text).output_format(CUTOUT), format, "{text}");
        }
    }

    #[test]
    fn an_animation_goes_on_moving_wherever_that_is_taken() {
        use OutputFormat::{Avif, Jpeg, Webp};
        assert_eq!(Accept::of(&HeaderMap::new()).output_format(FILM), Webp);
        for (text, format) in [
            ("*/*", Webp),
            ("image/avif, image/*;q=0.1", Webp),
            (CHROME, Webp),
            ("image/jpeg", Jpeg),
            ("image/webp;q=0, */*", Jpeg),
            ("image/avif", Avif),
            ("application/json", Jpeg),
        ] {
            assert_eq!(accept(text).output_format(FILM), format, "{text}");
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
    fn a_parameter_that_is_quoted_is_no_weight() {
        let quoted = accept("image/jpeg;foo=\"x;q=0\"");
        assert_eq!(quoted.output_format(PHOTO), OutputFormat::Jpeg);
        assert!(quoted.prefers_image(OutputFormat::Jpeg));
        let quoted = accept("image/png;foo=\"a,image/jpeg\"");
        assert_eq!(quoted.output_format(PHOTO), OutputFormat::Png);
    }

    #[test]
    fn a_weight_is_spelled_as_the_standard_has_it() {
        for (text, weight) in [
            ("0", 0),
            ("0.", 0),
            ("0.5", 500),
            ("0.05", 50),
            ("0.999", 999),
            ("1", 1000),
            ("1.000", 1000),
        ] {
            assert_eq!(thousandths(text), Some(weight), "{text}");
        }
        for text in [
            "", ".5", "1e-1", "+1", "-0", "0.1234", "1.001", "2", "0.5.0", "00.5",
        ] {
            assert_eq!(thousandths(text), None, "{text}");
        }
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
            assert_eq!(takes_coding(&asked, "gzip"), taken, "{text}");
        }
        assert!(!takes_coding(&HeaderMap::new(), "gzip"));
    }

    #[test]
    fn what_excludes_every_coding_can_not_be_met() {
        for (text, met) in [
            ("", true),
            ("gzip", true),
            ("identity;q=0, gzip", true),
            ("*;q=0, br;q=0.1", true),
            ("*;q=0", false),
            ("identity;q=0", false),
            ("identity;q=0, deflate", false),
            ("gzip;q=0, br;q=0, zstd;q=0, *", true),
            ("gzip;q=0, br;q=0, zstd;q=0, identity;q=0, *", false),
        ] {
            let asked = headers("accept-encoding", text);
            assert_eq!(takes_any_coding(&asked), met, "{text}");
        }
    }
}
