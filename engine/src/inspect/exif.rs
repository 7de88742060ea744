//! The few words of EXIF that matter here (Exif 3.0, section 4.6). Whatever is broken in it is as if it were not there.
//!
//! No general parser looks at strangers' blocks. One that reads every directory that a field names was led from each field of
//! the first directory into the same second one, and 64 KiB became gigabytes. Here two directories are read, of each
//! so many fields, and of each field so many bytes.

use exif::DateTime;
use schemas::recipe::{Date, ExifTexts};

use super::blocks::{Said, drawable};
use crate::orient::Orientation;

/// Fields of a directory that are looked at. Cameras write a few dozen.
const FIELDS_MAX: usize = 1024;
/// Bytes of a text that are looked at: as many as the longest mark has in UTF-8, and as many again that cannot be drawn.
const TEXT_BYTES_MAX: usize = 2048;
const FIELD_BYTES: usize = 12;

const ORIENTATION: u16 = 0x0112;
const DATE_TIME: u16 = 0x0132;
const ARTIST: u16 = 0x013b;
const COPYRIGHT: u16 = 0x8298;
/// Where the directory of the exposure is.
const EXPOSURE: u16 = 0x8769;
const DATE_TIME_ORIGINAL: u16 = 0x9003;

/// What a TIFF block says.
pub(super) fn read(tiff: &[u8]) -> Said {
    let Some(block) = Block::of(tiff) else {
        return Said::default();
    };
    let picture = block.first_directory();
    let exposure = block
        .number(picture, EXPOSURE)
        .map(|at| block.directory(at))
        .unwrap_or_default();
    let date = block
        .date(exposure, DATE_TIME_ORIGINAL)
        .or_else(|| block.date(picture, DATE_TIME));
    Said {
        orientation: block
            .number(picture, ORIENTATION)
            .and_then(Orientation::from_exif),
        texts: ExifTexts {
            date: date.unwrap_or_default(),
            artist: block.drawable(picture, ARTIST),
            copyright: block.drawable(picture, COPYRIGHT),
        },
    }
}

type Field = [u8; FIELD_BYTES];

/// A TIFF block, whose numbers begin at one end or the other.
#[derive(Clone, Copy)]
struct Block<'b> {
    bytes: &'b [u8],
    big_endian: bool,
}

impl<'b> Block<'b> {
    fn of(bytes: &'b [u8]) -> Option<Self> {
        let big_endian = match bytes.get(..4)? {
            b"II*\0" => false,
            b"MM\0*" => true,
            _ => return None,
        };
        Some(Self { bytes, big_endian })
    }

    fn first_directory(self) -> &'b [Field] {
        self.array(4)
            .map(|at| self.directory(self.u32(at)))
            .unwrap_or_default()
    }

    /// The fields of a directory, as many as are there.
    fn directory(self, at: u32) -> &'b [Field] {
        let Some((count, fields)) = self.from(at).split_first_chunk() else {
            return &[];
        };
        let count = usize::from(self.u16(*count)).min(FIELDS_MAX);
        let (fields, _) = fields.as_chunks();
        &fields[..count.min(fields.len())]
    }

    /// The first value of a field of whole numbers, which is short enough to stand in the directory if it is alone.
    fn number(self, directory: &'b [Field], tag: u16) -> Option<u32> {
        const BYTE: u16 = 1;
        const SHORT: u16 = 3;
        const LONG: u16 = 4;
        let field = self.find(directory, tag)?;
        let (kind, bytes) = self.value(field)?;
        match kind {
            BYTE => bytes.first().map(|&byte| byte.into()),
            SHORT => bytes.first_chunk().map(|&value| self.u16(value).into()),
            LONG => bytes.first_chunk().map(|&value| self.u32(value)),
            _ => None,
        }
    }

    /// The text of a field, and no more of it than is looked at. A field may hold several texts, which zeros end.
    fn text(self, directory: &'b [Field], tag: u16) -> Option<&'b [u8]> {
        const ASCII: u16 = 2;
        let field = self.find(directory, tag)?;
        let (kind, bytes) = self.value(field)?;
        (kind == ASCII).then(|| &bytes[..bytes.len().min(TEXT_BYTES_MAX)])
    }

    /// `YYYY:MM:DD hh:mm:ss` as `YYYY-MM-DD`; cameras without a clock write zeros or blanks.
    fn date(self, directory: &'b [Field], tag: u16) -> Option<String> {
        let text = self.text(directory, tag)?;
        let first = text.split(|&byte| byte == 0).next()?;
        let parsed = DateTime::from_ascii(first).ok()?;
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
    fn drawable(self, directory: &'b [Field], tag: u16) -> String {
        let text = self.text(directory, tag).unwrap_or_default();
        drawable(&String::from_utf8_lossy(text).replace('\0', " "))
    }

    fn find(self, directory: &'b [Field], tag: u16) -> Option<&'b Field> {
        directory
            .iter()
            .find(|[high, low, ..]| self.u16([*high, *low]) == tag)
    }

    /// A field's kind and the bytes of its values, wherever they are.
    fn value(self, field: &'b Field) -> Option<(u16, &'b [u8])> {
        let [_, _, k0, k1, c0, c1, c2, c3, place @ ..] = field;
        let kind = self.u16([*k0, *k1]);
        let value_bytes = match kind {
            1 | 2 => 1,
            3 => 2,
            4 => 4,
            _ => return None,
        };
        let count = usize::try_from(self.u32([*c0, *c1, *c2, *c3])).ok()?;
        let length = count.checked_mul(value_bytes)?;
        let bytes = match place.get(..length) {
            Some(here) => here,
            None => self.from(self.u32(*place)).get(..length)?,
        };
        Some((kind, bytes))
    }

    fn from(self, at: u32) -> &'b [u8] {
        usize::try_from(at)
            .ok()
            .and_then(|at| self.bytes.get(at..))
            .unwrap_or_default()
    }

    fn array(self, at: u32) -> Option<[u8; 4]> {
        self.from(at).first_chunk().copied()
    }

    fn u16(self, bytes: [u8; 2]) -> u16 {
        if self.big_endian {
            u16::from_be_bytes(bytes)
        } else {
            u16::from_le_bytes(bytes)
        }
    }

    fn u32(self, bytes: [u8; 4]) -> u32 {
        if self.big_endian {
            u32::from_be_bytes(bytes)
        } else {
            u32::from_le_bytes(bytes)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ASCII: u16 = 2;
    const SHORT: u16 = 3;
    const LONG: u16 = 4;

    fn field(tag: u16, kind: u16, count: u32, value: u32) -> Vec<u8> {
        let (tag, kind) = (tag.to_le_bytes(), kind.to_le_bytes());
        [&tag[..], &kind, &count.to_le_bytes(), &value.to_le_bytes()].concat()
    }

    fn directory(fields: &[Vec<u8>]) -> Vec<u8> {
        let count = (fields.len() as u16).to_le_bytes();
        [&count[..], &fields.concat(), &[0; 4]].concat()
    }

    fn block(directories: &[Vec<u8>]) -> Vec<u8> {
        [b"II*\0\x08\0\0\0".as_slice(), &directories.concat()].concat()
    }

    #[test]
    fn texts_of_several_parts_are_one() {
        let mut bytes = block(&[directory(&[field(ARTIST, ASCII, 10, 26)])]);
        bytes.extend(b"Ada\0Grace\0");
        assert_eq!(read(&bytes).texts.artist, "Ada Grace");
    }

    #[test]
    fn a_short_value_stands_in_its_field() {
        let turned = block(&[directory(&[field(ORIENTATION, SHORT, 1, 6)])]);
        assert_eq!(read(&turned).orientation, Some(Orientation::TurnedRight));
        let named = block(&[directory(&[field(
            ARTIST,
            ASCII,
            4,
            u32::from_le_bytes(*b"Ada\0"),
        )])]);
        assert_eq!(read(&named).texts.artist, "Ada");
    }

    /// Each field of the first directory names the same second one, each field of which names a third: a parser that follows
    /// them all has six thousand million fields to keep.
    #[test]
    fn a_directory_that_is_named_again_and_again_is_read_once() {
        const INTEROPERABILITY: u16 = 0xa005;
        let (first, second) = (1800_u32, 1800_u32);
        let second_at = 8 + 6 + 12 * first;
        let third_at = second_at + 6 + 12 * second;
        let bytes = block(&[
            directory(&vec![field(EXPOSURE, LONG, 1, second_at); first as usize]),
            directory(&vec![
                field(INTEROPERABILITY, LONG, 1, third_at);
                second as usize
            ]),
            directory(&vec![field(1, LONG, 1, 0); 1800]),
        ]);
        assert!(bytes.len() < 65_536);
        assert_eq!(read(&bytes).texts, ExifTexts::default());
    }

    #[test]
    fn a_directory_that_names_itself_is_read_once() {
        let bytes = block(&[directory(&[
            field(EXPOSURE, LONG, 1, 8),
            field(ORIENTATION, SHORT, 1, 3),
        ])]);
        assert_eq!(read(&bytes).orientation, Some(Orientation::UpsideDown));
    }

    #[test]
    fn of_a_text_without_end_the_beginning_is_read() {
        let mut bytes = block(&[directory(&[field(ARTIST, ASCII, 1_000_000, 26)])]);
        bytes.extend(b"Ada");
        bytes.resize(1_000_100, 0);
        assert_eq!(read(&bytes).texts.artist, "Ada");
    }

    #[test]
    fn any_beginning_of_it_is_read() {
        let mut bytes = block(&[directory(&[
            field(EXPOSURE, LONG, 1, 38),
            field(ARTIST, ASCII, 5, 56),
        ])]);
        bytes.extend(directory(&[field(DATE_TIME_ORIGINAL, ASCII, 20, 60)]));
        bytes.extend(b"Ada\x002026:11:20 10:00:00\0");
        for end in 0..bytes.len() {
            read(&bytes[..end]);
        }
    }
}
