//! What comes before the picture's data: copied, but for what nobody asked to be told.

use crate::{
    Unsupported,
    header::{START_OF_IMAGE, START_OF_SCAN, Segment},
};

const HUFFMAN_TABLES: u8 = 0xc4;
const JFIF: &[u8] = b"JFIF\0";
const ADOBE: &[u8] = b"Adobe";

/// Name, version and density; then the sides of a thumbnail, and the thumbnail.
const JFIF_LEN: usize = 12;
const NO_THUMBNAIL: [u8; 2] = [0, 0];

/// Name, version, flags and the transform.
const ADOBE_LEN: usize = 12;

/// Whether a segment is part of an ICC profile, without which a picture has other colours.
pub fn is_profile(marker: u8, payload: &[u8]) -> bool {
    marker == 0xe2 && payload.starts_with(b"ICC_PROFILE\0")
}

/// Everything up to the picture's data, with other Huffman tables if there are any. Of application data and comments, only what colours depend on and what `keep` wants.
pub(super) fn copied(
    source: &[u8],
    keep: &dyn Fn(u8, &[u8]) -> bool,
    tables: Option<&[u8]>,
) -> Result<Vec<u8>, Unsupported> {
    let mut copied = START_OF_IMAGE.to_vec();
    let rest = source.strip_prefix(&START_OF_IMAGE);
    let mut rest = rest.ok_or(Unsupported::Header)?;
    loop {
        let segment = Segment::read(&mut rest).ok_or(Unsupported::Header)?;
        let Segment { marker, payload } = segment;
        match marker {
            0xe0 if payload.starts_with(JFIF) => {
                let (kept, _) = payload.split_at(payload.len().min(JFIF_LEN));
                append(&mut copied, marker, &[kept, &NO_THUMBNAIL]);
            }
            0xee if payload.starts_with(ADOBE) => {
                let kept = &payload[..payload.len().min(ADOBE_LEN)];
                append(&mut copied, marker, &[kept]);
            }
            0xe0..=0xef | 0xfe if !keep(marker, payload) => {}
            HUFFMAN_TABLES if tables.is_some() => {}
            START_OF_SCAN => {
                if let Some(tables) = tables {
                    append(&mut copied, HUFFMAN_TABLES, &[tables]);
                }
                append(&mut copied, marker, &[payload]);
                return Ok(copied);
            }
            _ => append(&mut copied, marker, &[payload]),
        }
    }
}

/// Contents are those of segments, or a few bytes, so that their length still fits.
fn append(copied: &mut Vec<u8>, marker: u8, payload: &[&[u8]]) {
    let length = 2 + payload.iter().map(|part| part.len()).sum::<usize>();
    copied.extend([0xff, marker]);
    copied.extend((length as u16).to_be_bytes());
    for part in payload {
        copied.extend_from_slice(part);
    }
}
