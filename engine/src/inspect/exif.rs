//! The few words of EXIF that matter here. Whatever is broken in it is as if it were not there.

use exif::{Error, Exif, Field, In, Tag, Value};
use schemas::recipe::{Date, ExifTexts};

use super::blocks::{Said, drawable};
use crate::orient::Orientation;

/// What a TIFF block says.
pub(super) fn read(tiff: Vec<u8>) -> Said {
    let Some(exif) = parse(tiff) else {
        return Said::default();
    };
    let texts = ExifTexts {
        date: [Tag::DateTimeOriginal, Tag::DateTime]
            .into_iter()
            .find_map(|tag| date(&exif, tag))
            .unwrap_or_default(),
        artist: text(&exif, Tag::Artist),
        copyright: text(&exif, Tag::Copyright),
    };
    Said {
        orientation: orientation(&exif),
        texts,
    }
}

/// A block that is broken in one place still counts for the rest.
fn parse(tiff: Vec<u8>) -> Option<Exif> {
    let parsed = exif::Reader::new().continue_on_error(true).read_raw(tiff);
    match parsed {
        Err(Error::PartialResult(partial)) => Some(partial.into_inner().0),
        parsed => parsed.ok(),
    }
}

fn orientation(exif: &Exif) -> Option<Orientation> {
    exif.get_field(Tag::Orientation, In::PRIMARY)
        .and_then(|field| field.value.get_uint(0))
        .and_then(Orientation::from_exif)
}

/// `YYYY:MM:DD hh:mm:ss` as `YYYY-MM-DD`; cameras without a clock write zeros or blanks.
fn date(exif: &Exif, tag: Tag) -> Option<String> {
    let field = exif.get_field(tag, In::PRIMARY)?;
    let parsed = exif::DateTime::from_ascii(ascii(field)?.first()?).ok()?;
    let date = Date {
        year: parsed.year.try_into().ok()?,
        month: parsed.month,
        day: parsed.day,
    };
    let real = (1..=9999).contains(&date.year)
        && (1..=12).contains(&date.month)
        && (1..=31).contains(&date.day);
    real.then(|| date.to_string())
}

/// The standard says ASCII; cameras and editors write UTF-8.
fn text(exif: &Exif, tag: Tag) -> String {
    let field = exif.get_field(tag, In::PRIMARY);
    let Some(parts) = field.and_then(ascii) else {
        return String::new();
    };
    let whole = parts.join(&b' ');
    drawable(&String::from_utf8_lossy(&whole))
}

fn ascii(field: &Field) -> Option<&[Vec<u8>]> {
    match &field.value {
        Value::Ascii(parts) => Some(parts),
        _ => None,
    }
}
