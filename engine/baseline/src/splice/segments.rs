//! What comes before the picture's data: copied, but for what the source tells of itself.

use std::iter;

use crate::{
    Unsupported,
    header::{START_OF_IMAGE, START_OF_SCAN, Segment},
};

const HUFFMAN_TABLES: u8 = 0xc4;
const JFIF_MARKER: u8 = 0xe0;
const ADOBE_MARKER: u8 = 0xee;
const JFIF: &[u8] = b"JFIF\0";
const ADOBE: &[u8] = b"Adobe";

/// Name, version and density; then the sides of a thumbnail, and the thumbnail.
const JFIF_LEN: usize = 12;
const NO_THUMBNAIL: [u8; 2] = [0, 0];

/// Name, version, flags and the transform.
const ADOBE_LEN: usize = 12;

/// Application data and comments before the picture's data, by their markers.
pub(super) fn application_data(source: &[u8]) -> impl Iterator<Item = (u8, &[u8])> {
    let told = all(source).filter(|segment| is_told(segment.marker));
    told.map(|Segment { marker, payload }| (marker, payload))
}

/// The same without what says how colours are meant, which stays by itself.
pub(super) fn told_beside_colors(source: &[u8]) -> impl Iterator<Item = (u8, &[u8])> {
    let is_adobe = |marker, payload: &[u8]| marker == ADOBE_MARKER && payload.starts_with(ADOBE);
    application_data(source).filter(move |(marker, payload)| {
        !is_jfif(&(*marker, *payload)) && !is_adobe(*marker, payload)
    })
}

/// Everything up to the picture's data, with other Huffman tables if there are any, and with `application_data` instead of
/// the source's own. What says how colours are meant stays: JFIF comes first, as it must.
pub(super) fn rewritten(
    source: &[u8],
    application_data: &[(u8, &[u8])],
    tables: Option<&[u8]>,
) -> Result<Vec<u8>, Unsupported> {
    let mut written = START_OF_IMAGE.to_vec();
    if let Some((marker, payload)) = self::application_data(source).find(is_jfif) {
        let kept = &payload[..payload.len().min(JFIF_LEN)];
        append(&mut written, marker, &[kept, &NO_THUMBNAIL]);
    }
    for (marker, payload) in application_data {
        append(&mut written, *marker, &[payload]);
    }
    for Segment { marker, payload } in all(source) {
        match marker {
            ADOBE_MARKER if payload.starts_with(ADOBE) => {
                let kept = &payload[..payload.len().min(ADOBE_LEN)];
                append(&mut written, marker, &[kept]);
            }
            _ if is_told(marker) => {}
            HUFFMAN_TABLES if tables.is_some() => {}
            START_OF_SCAN => {
                if let Some(tables) = tables {
                    append(&mut written, HUFFMAN_TABLES, &[tables]);
                }
                append(&mut written, marker, &[payload]);
                return Ok(written);
            }
            _ => append(&mut written, marker, &[payload]),
        }
    }
    Err(Unsupported::Header)
}

/// All segments up to the picture's data.
fn all(source: &[u8]) -> impl Iterator<Item = Segment<'_>> {
    let mut rest = source.strip_prefix(&START_OF_IMAGE).unwrap_or_default();
    let mut ended = false;
    iter::from_fn(move || {
        let segment = (!ended).then(|| Segment::read(&mut rest)).flatten()?;
        ended = segment.marker == START_OF_SCAN;
        Some(segment)
    })
}

const fn is_told(marker: u8) -> bool {
    matches!(marker, 0xe0..=0xef | 0xfe)
}

fn is_jfif((marker, payload): &(u8, &[u8])) -> bool {
    *marker == JFIF_MARKER && payload.starts_with(JFIF)
}

fn append(written: &mut Vec<u8>, marker: u8, payload: &[&[u8]]) {
    let length = 2 + payload.iter().map(|part| part.len()).sum::<usize>();
    let length = u16::try_from(length).expect("a segment holds less than 64 KiB");
    written.extend([0xff, marker]);
    written.extend(length.to_be_bytes());
    for part in payload {
        written.extend_from_slice(part);
    }
}
