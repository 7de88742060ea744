//! Where a PNG's pixels are (PNG third edition, sections 5.3 and 11.2.3).

use std::borrow::Cow;

const SIGNATURE_BYTES: usize = 8;

/// The content of all chunks of pixels, which follow one another; `None` where anything about them is wrong.
pub(super) fn pixels(source: &[u8]) -> Option<Cow<'_, [u8]>> {
    let mut chunks = Chunks(source.get(SIGNATURE_BYTES..)?);
    let first = chunks.find(|chunk| chunk.name == *b"IDAT")?;
    let mut all = Cow::Borrowed(first.content()?);
    for chunk in chunks.take_while(|chunk| chunk.name == *b"IDAT") {
        all.to_mut().extend_from_slice(chunk.content()?);
    }
    Some(all)
}

/// The chunks of a file, as far as they are whole.
struct Chunks<'s>(&'s [u8]);

struct Chunk<'s> {
    name: [u8; 4],
    /// Name and content.
    checked: &'s [u8],
    checksum: [u8; 4],
}

impl<'s> Iterator for Chunks<'s> {
    type Item = Chunk<'s>;

    fn next(&mut self) -> Option<Chunk<'s>> {
        let (length, rest) = self.0.split_first_chunk()?;
        let length = 4 + u32::from_be_bytes(*length) as usize;
        let (checked, rest) = rest.split_at_checked(length)?;
        let (checksum, rest) = rest.split_first_chunk()?;
        self.0 = rest;
        Some(Chunk {
            name: *checked.first_chunk()?,
            checked,
            checksum: *checksum,
        })
    }
}

impl<'s> Chunk<'s> {
    fn content(&self) -> Option<&'s [u8]> {
        let is_whole = crc32fast::hash(self.checked).to_be_bytes() == self.checksum;
        is_whole.then(|| &self.checked[self.name.len()..])
    }
}
