//! Blocks of metadata that several formats carry.

const LONG: u16 = 4;
const ASCII: u16 = 2;
const EXPOSURE: u16 = 0x8769;
const INTEROPERABILITY: u16 = 0xa005;
const ARTIST: u16 = 0x013b;

/// EXIF whose first directory names the same second one in every field, which does so too with a third: a parser that
/// follows each of them has a thousand million fields to keep.
pub(crate) fn fan(block_bytes: usize) -> Vec<u8> {
    let fields = (block_bytes - 64) / 12 / 3;
    let second_at = (8 + 6 + 12 * fields) as u32;
    let third_at = second_at + 6 + 12 * fields as u32;
    let directories = [
        vec![field(EXPOSURE, LONG, 1, second_at); fields],
        vec![field(INTEROPERABILITY, LONG, 1, third_at); fields],
        vec![field(1, LONG, 1, 0); fields],
    ];
    block(&directories)
}

/// EXIF whose directory names itself as its part, and as the next.
pub(crate) fn ring() -> Vec<u8> {
    let mut ring = block(&[vec![field(EXPOSURE, LONG, 1, 8)]]);
    let next = ring.len() - 4;
    ring[next..].copy_from_slice(&8_u32.to_le_bytes());
    ring
}

/// EXIF whose author has a million empty names.
pub(crate) fn names(block_bytes: usize) -> Vec<u8> {
    let count = (block_bytes - 64) as u32;
    let mut names = block(&[vec![field(ARTIST, ASCII, count, 26)]]);
    names.resize(block_bytes, 0);
    names
}

/// XMP whose author is written as ampersands, for each of which a parser may look for a semicolon.
pub(crate) fn ampersands(packet_bytes: usize) -> Vec<u8> {
    let (before, after) = ("<dc:creator><rdf:li>", "</rdf:li></dc:creator>");
    let room = packet_bytes - before.len() - after.len();
    [before, &"&".repeat(room), after].concat().into_bytes()
}

fn block(directories: &[Vec<Vec<u8>>]) -> Vec<u8> {
    let mut block = b"II*\0\x08\0\0\0".to_vec();
    for fields in directories {
        block.extend((fields.len() as u16).to_le_bytes());
        block.extend(fields.concat());
        block.extend([0; 4]);
    }
    block
}

fn field(tag: u16, kind: u16, count: u32, value: u32) -> Vec<u8> {
    let (tag, kind) = (tag.to_le_bytes(), kind.to_le_bytes());
    let (count, value) = (count.to_le_bytes(), value.to_le_bytes());
    [&tag[..], &kind, &count, &value].concat()
}
