//! What needed a credential is nobody else's: no cache that others share may keep it (RFC 9111 §5.2.2.7).

use std::time::Duration;

use http::{HeaderMap, HeaderValue, header::CACHE_CONTROL};

/// Makes an answer that anybody's cache might keep its asker's alone, for no longer than what opened it is good.
pub(super) fn keep(headers: &mut HeaderMap, left: Option<Duration>) {
    let said = headers
        .get(CACHE_CONTROL)
        .and_then(|said| said.to_str().ok());
    let kept = match said {
        Some(said) => private(said, left),
        None => "private, no-cache".to_owned(),
    };
    let kept = HeaderValue::try_from(kept).expect("it is made of what was one");
    headers.insert(CACHE_CONTROL, kept);
}

fn private(said: &str, left: Option<Duration>) -> String {
    let directives = said.split(',').map(str::trim);
    let kept = directives.map(|directive| match directive.split_once('=') {
        Some(("max-age", secs)) => format!("max-age={}", bounded(secs, left)),
        _ if directive == "public" => "private".to_owned(),
        _ => directive.to_owned(),
    });
    kept.collect::<Vec<_>>().join(", ")
}

fn bounded(secs: &str, left: Option<Duration>) -> u64 {
    let secs: u64 = secs.parse().unwrap_or_default();
    left.map_or(secs, |left| secs.min(left.as_secs()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(said: Option<&'static str>, left_secs: Option<u64>) -> String {
        let said = said.map(|said| (CACHE_CONTROL, HeaderValue::from_static(said)));
        let mut headers = HeaderMap::from_iter(said);
        keep(&mut headers, left_secs.map(Duration::from_secs));
        headers[CACHE_CONTROL].to_str().unwrap().to_owned()
    }

    #[test]
    fn what_was_public_is_private_and_lasts_no_longer_than_its_link() {
        let said = Some("public, max-age=86400, immutable");
        assert_eq!(kept(said, None), "private, max-age=86400, immutable");
        assert_eq!(kept(said, Some(60)), "private, max-age=60, immutable");
    }

    #[test]
    fn what_is_not_kept_stays_so_and_what_says_nothing_is_private() {
        assert_eq!(kept(Some("no-store"), Some(60)), "no-store");
        assert_eq!(kept(None, None), "private, no-cache");
    }
}
