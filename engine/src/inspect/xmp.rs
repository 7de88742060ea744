//! The few words of XMP that matter here (ISO 16684-1).
//!
//! No XML parser looks at strangers' packets: each property is found by the name that every program writes it under.

use schemas::recipe::ExifTexts;

use super::blocks::{Said, drawable};
use crate::orient::Orientation;

/// Authors that are named; who has more is named by the first of them.
const AUTHORS_MAX: usize = 16;
/// Bytes of an item that are looked at: every character of the longest mark may be written as an entity.
const ITEM_BYTES_MAX: usize = 256 * ENTITY_BYTES_MAX;
/// The longest name of a character is `#x10FFFF`, and some programs write zeros before.
const ENTITY_BYTES_MAX: usize = 16;

/// What a packet says.
pub(super) fn read(packet: &[u8]) -> Said {
    let packet = String::from_utf8_lossy(packet);
    let authors: Vec<_> = items(&packet, "dc:creator").take(AUTHORS_MAX).collect();
    Said {
        orientation: number(&packet, "tiff:Orientation").and_then(Orientation::from_exif),
        texts: ExifTexts {
            date: String::new(),
            // As EXIF separates them.
            artist: drawable(&authors.join("; ")),
            copyright: items(&packet, "dc:rights")
                .next()
                .map(|rights| drawable(&rights))
                .unwrap_or_default(),
        },
    }
}

/// The items of a list or of a text in several languages, the default language first.
fn items<'a>(packet: &'a str, property: &str) -> impl Iterator<Item = String> + use<'a> {
    let content = between(packet, &format!("<{property}>"), &format!("</{property}>"));
    let mut rest = content.unwrap_or_default();
    std::iter::from_fn(move || {
        let (_, item) = rest.split_once("<rdf:li")?;
        let (_, item) = item.split_once('>')?;
        let (text, after) = item.split_once("</rdf:li>")?;
        rest = after;
        Some(unescaped(&text[..text.floor_char_boundary(ITEM_BYTES_MAX)]))
    })
}

/// A number that is written as an attribute or as an element.
fn number(packet: &str, property: &str) -> Option<u32> {
    let attribute = || between(packet, &format!("{property}=\""), "\"");
    let element = || between(packet, &format!("<{property}>"), "</");
    attribute().or_else(element)?.trim().parse().ok()
}

fn between<'a>(text: &'a str, start: &str, end: &str) -> Option<&'a str> {
    let (_, after) = text.split_once(start)?;
    after.split_once(end).map(|(content, _)| content)
}

fn unescaped(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('&') {
        plain.push_str(before);
        // No farther: each of a million ampersands would look for its semicolon to the end of the packet.
        let nearby = &after.as_bytes()[..after.len().min(ENTITY_BYTES_MAX)];
        let end = nearby.iter().position(|&byte| byte == b';');
        match end.and_then(|end| Some((entity(&after[..end])?, &after[end + 1..]))) {
            Some((character, after)) => {
                plain.push(character);
                rest = after;
            }
            None => {
                plain.push('&');
                rest = after;
            }
        }
    }
    plain.push_str(rest);
    plain
}

fn entity(name: &str) -> Option<char> {
    match name {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        _ => {
            let number = name.strip_prefix('#')?;
            let code = match number.strip_prefix('x') {
                Some(hexadecimal) => u32::from_str_radix(hexadecimal, 16),
                None => number.parse(),
            };
            char::from_u32(code.ok()?)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn authors_rights_and_orientation_are_found() {
        let said = read(
            br#"<rdf:Description tiff:Orientation="6" xmlns:dc="http://purl.org/dc/elements/1.1/">
            <dc:creator><rdf:Seq><rdf:li>Ada</rdf:li><rdf:li>Grace &amp; Co</rdf:li></rdf:Seq></dc:creator>
            <dc:rights><rdf:Alt><rdf:li xml:lang="x-default">&#xa9; Ada</rdf:li></rdf:Alt></dc:rights>"#,
        );
        assert_eq!(said.orientation, Some(Orientation::TurnedRight));
        assert_eq!(said.texts.artist, "Ada; Grace & Co");
        assert_eq!(said.texts.copyright, "© Ada");
        let element = read(b"<tiff:Orientation>3</tiff:Orientation>");
        assert_eq!(element.orientation, Some(Orientation::UpsideDown));
    }

    #[test]
    fn a_broken_packet_is_as_none() {
        for packet in [
            &b""[..],
            b"<dc:creator><rdf:li",
            b"<dc:creator><rdf:li></dc:creator>",
            b"<dc:rights><rdf:li>\xff</dc:rights>",
            b"tiff:Orientation=\"9\"",
        ] {
            let said = read(packet);
            assert_eq!((said.orientation, said.texts), Default::default());
        }
        assert_eq!(
            unescaped("a & b &nbsp; &#xD800; &amp"),
            "a & b &nbsp; &#xD800; &amp"
        );
    }
}
