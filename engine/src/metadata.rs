//! What a result says of itself: who made the picture, who owns it, and what its colours mean.
//!
//! Nothing of the source's blocks is copied. Author and copyright were read as texts and are written anew, so that no
//! place, camera, thumbnail or note that somebody forgot comes along, wherever it hides.

use std::io::Cursor;

use exif::{Field, In, Tag, Value, experimental::Writer};
use schemas::{Recipe, recipe::ExifTexts};

/// Who is to be named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Credits {
    artist: String,
    copyright: String,
}

/// What is written beside the picture.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Metadata<'a> {
    /// An ICC profile.
    pub(crate) profile: Option<&'a [u8]>,
    /// A TIFF block.
    pub(crate) exif: Option<Vec<u8>>,
    /// An RDF packet.
    pub(crate) xmp: Option<String>,
}

impl Credits {
    /// The recipe's copyright, where it has one, stands above the source's own.
    pub(crate) fn of(source: &ExifTexts, recipe: &Recipe) -> Self {
        let copyright = if recipe.copyright.is_default() {
            &source.copyright
        } else {
            recipe.copyright.as_str()
        };
        Self {
            artist: source.artist.clone(),
            copyright: copyright.to_owned(),
        }
    }

    /// Both languages, because one half of the programs reads the one and the other half the other.
    pub(crate) fn beside<'p>(&self, profile: Option<&'p [u8]>) -> Metadata<'p> {
        let Self { artist, copyright } = self;
        if artist.is_empty() && copyright.is_empty() {
            return Metadata {
                profile,
                ..Metadata::default()
            };
        }
        Metadata {
            profile,
            exif: Some(exif(artist, copyright)),
            xmp: Some(xmp(artist, copyright)),
        }
    }
}

/// A TIFF block of one directory (Exif 3.0, section 4.6). The standard says ASCII; everybody writes and reads UTF-8.
fn exif(artist: &str, copyright: &str) -> Vec<u8> {
    let fields: Vec<_> = [(Tag::Artist, artist), (Tag::Copyright, copyright)]
        .into_iter()
        .filter(|(_, text)| !text.is_empty())
        .map(|(tag, text)| Field {
            tag,
            ifd_num: In::PRIMARY,
            value: Value::Ascii(vec![text.as_bytes().to_vec()]),
        })
        .collect();
    let mut writer = Writer::new();
    for field in &fields {
        writer.push_field(field);
    }
    let mut block = Cursor::new(Vec::new());
    writer
        .write(&mut block, false)
        .expect("a field or two of a few hundred bytes fit into any block");
    block.into_inner()
}

/// An RDF packet (ISO 16684-1).
fn xmp(artist: &str, copyright: &str) -> String {
    let creator = property("creator", "Seq", "", artist);
    let rights = property("rights", "Alt", " xml:lang=\"x-default\"", copyright);
    format!(
        concat!(
            "<?xpacket begin=\"\u{feff}\" id=\"W5M0MpCehiHzreSzNTczkc9d\"?>",
            "<x:xmpmeta xmlns:x=\"adobe:ns:meta/\">",
            "<rdf:RDF xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\">",
            "<rdf:Description rdf:about=\"\" xmlns:dc=\"http://purl.org/dc/elements/1.1/\">",
            "{}{}</rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end=\"r\"?>"
        ),
        creator, rights
    )
}

fn property(name: &str, container: &str, language: &str, text: &str) -> String {
    if text.is_empty() {
        return String::new();
    }
    let text = escaped(text);
    format!(
        "<dc:{name}><rdf:{container}><rdf:li{language}>{text}</rdf:li></rdf:{container}></dc:{name}>"
    )
}

/// A text that no reader takes for anything else. XML has no place for the last two characters of Unicode's first plane.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '\u{fffe}' | '\u{ffff}' => {}
            character => escaped.push(character),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::recipe;

    fn source(artist: &str, copyright: &str) -> ExifTexts {
        ExifTexts {
            date: "2026-11-20".to_owned(),
            artist: artist.to_owned(),
            copyright: copyright.to_owned(),
        }
    }

    #[test]
    fn a_picture_without_credits_gets_no_blocks() {
        let credits = Credits::of(&source("", ""), &recipe(&[]));
        assert_eq!(credits.beside(None), Metadata::default());
    }

    #[test]
    fn the_wished_copyright_stands_above_the_sources_own() {
        let credits = Credits::of(
            &source("Ada", "Ada"),
            &recipe(&[("copyright", "NWS {year}")]),
        );
        assert_eq!(credits.copyright, "NWS 2026");
        assert_eq!(credits.artist, "Ada");
        let unchanged = Credits::of(&source("Ada", "© Ada"), &recipe(&[]));
        assert_eq!(unchanged.copyright, "© Ada");
    }

    #[test]
    fn a_name_cannot_break_out_of_its_element() {
        let credits = Credits::of(&source("</rdf:li>&\u{ffff}", ""), &recipe(&[]));
        let xmp = credits.beside(None).xmp.unwrap();
        assert!(
            xmp.contains("<rdf:li>&lt;/rdf:li&gt;&amp;</rdf:li>"),
            "{xmp}"
        );
        assert!(!xmp.contains("dc:rights"));
    }
}
