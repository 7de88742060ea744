//! The two words of IPTC that matter here (IPTC IIM 4.2), in a resource of Photoshop's.

use schemas::recipe::ExifTexts;

use super::blocks::{Said, drawable};

/// The resource that holds IPTC.
const IPTC: u16 = 0x0404;
const BY_LINE: [u8; 2] = [2, 80];
const COPYRIGHT: [u8; 2] = [2, 116];

/// What Photoshop's resources say.
pub(super) fn read(resources: &[u8]) -> Said {
    let records = iptc(resources).unwrap_or_default();
    let text = |name| find(records, name).map(text).unwrap_or_default();
    Said {
        orientation: None,
        texts: ExifTexts {
            date: String::new(),
            artist: text(BY_LINE),
            copyright: text(COPYRIGHT),
        },
    }
}

/// The content of the resource that holds IPTC. Names and contents are padded to an even length.
fn iptc(mut resources: &[u8]) -> Option<&[u8]> {
    loop {
        let (number, rest) = resources.strip_prefix(b"8BIM")?.split_first_chunk()?;
        let name_bytes = usize::from(*rest.first()?) + 1;
        let rest = rest.get(name_bytes.next_multiple_of(2)..)?;
        let (length, rest) = rest.split_first_chunk()?;
        let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
        if u16::from_be_bytes(*number) == IPTC {
            return rest.get(..length);
        }
        resources = rest.get(length.checked_next_multiple_of(2)?..)?;
    }
}

/// The first record of this name. Lengths of more than two bytes mark pictures, which are not looked for.
fn find(mut records: &[u8], name: [u8; 2]) -> Option<&[u8]> {
    loop {
        let ([record, set, high, low], rest) =
            records.strip_prefix(&[0x1c])?.split_first_chunk()?;
        let content = rest.split_at_checked(u16::from_be_bytes([*high, *low]).into());
        let (content, after) = content?;
        if [*record, *set] == name {
            return Some(content);
        }
        records = after;
    }
}

/// UTF-8 where it is, else Latin-1: hardly a program says which.
fn text(content: &[u8]) -> String {
    match std::str::from_utf8(content) {
        Ok(text) => drawable(text),
        Err(_) => drawable(&content.iter().copied().map(char::from).collect::<String>()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resources(records: &[u8]) -> Vec<u8> {
        let length = (records.len() as u32).to_be_bytes();
        // A thumbnail with a name of three letters comes first.
        let thumbnail = b"8BIM\x04\x0c\x03abc\0\0\0\x03xyz\0";
        [thumbnail, &b"8BIM\x04\x04\0\0"[..], &length, records].concat()
    }

    #[test]
    fn author_and_copyright_are_found_in_either_alphabet() {
        let utf8 = resources(b"\x1c\x02\x50\0\x03Ada\x1c\x02\x74\0\x06\xc2\xa9 Ada");
        assert_eq!(read(&utf8).texts.artist, "Ada");
        assert_eq!(read(&utf8).texts.copyright, "© Ada");
        let latin = resources(b"\x1c\x02\x74\0\x05\xa9 Ada");
        assert_eq!(read(&latin).texts.copyright, "© Ada");
    }

    #[test]
    fn any_beginning_of_it_is_read() {
        let whole = resources(b"\x1c\x02\x50\0\x03Ada");
        for end in 0..whole.len() {
            assert_eq!(read(&whole[..end]).texts, ExifTexts::default(), "{end}");
        }
    }
}
