//! GIF: the logical screen (section 18 of the specification). Only the first frame is ever decoded, onto this screen.

use std::io::{BufRead, Seek};

use super::{
    Header,
    blocks::Blocks,
    reader::{Broken, Reader},
};

/// Code tables, palettes and blocks that the decoder keeps besides the pictures.
const DECODER_BYTES: u64 = 1024 * 1024;

pub(super) fn read(reader: &mut Reader<impl BufRead + Seek>) -> Result<Header, Broken> {
    reader.skip(6)?;
    let width = u16::from_le_bytes(reader.bytes()?);
    let height = u16::from_le_bytes(reader.bytes()?);
    let pixels = u64::from(width) * u64::from(height);
    Ok(Header {
        width: width.into(),
        height: height.into(),
        // The screen, and a frame that does not fill it, both RGBA.
        channels: 4,
        decode_bytes: pixels * 8 + DECODER_BYTES,
        blocks: Blocks::default(),
    })
}
