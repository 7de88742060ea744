//! BMP: the file's header and the first fields of the picture's.

use std::io::{BufRead, Seek};

use super::{
    Header,
    blocks::Blocks,
    reader::{Broken, Reader},
};

/// Length of OS/2's header, the only one with sides of 16 bits.
const CORE_HEADER: u32 = 12;
/// Length of the shortest header that has a place for the bits of alpha.
const ALPHA_HEADER: u32 = 56;
/// How pixels are stored whose bits the header assigns.
const BITFIELDS: u32 = 3;
/// Palette and rows that the decoder keeps besides the picture.
const DECODER_BYTES: u64 = 1024 * 1024;

pub(super) fn read(reader: &mut Reader<impl BufRead + Seek>) -> Result<Header, Broken> {
    reader.skip(14)?;
    let header = u32::from_le_bytes(reader.bytes()?);
    let (width, height) = match header {
        CORE_HEADER => {
            let [width, height] = [reader.bytes()?, reader.bytes()?].map(u16::from_le_bytes);
            (width.into(), height.into())
        }
        _ => {
            let [width, height] = [reader.bytes()?, reader.bytes()?].map(i32::from_le_bytes);
            let width = u32::try_from(width)
                .map_err(|_| Broken::because("it says that its width is below zero"))?;
            // Rows from top to bottom have a height below zero.
            (width, height.unsigned_abs())
        }
    };
    let pixels = u64::from(width) * u64::from(height);
    Ok(Header {
        width,
        height,
        channels: 4,
        // A file that ends here has no pixels either, which its decoder will say.
        alpha: header >= ALPHA_HEADER && has_alpha(reader).unwrap_or(false),
        decode_bytes: pixels * 4 + DECODER_BYTES,
        blocks: Blocks::default(),
    })
}

/// Behind the sides: whether any bit of a pixel is for alpha.
fn has_alpha(reader: &mut Reader<impl BufRead + Seek>) -> Result<bool, Broken> {
    reader.skip(4)?;
    let stored_as = u32::from_le_bytes(reader.bytes()?);
    reader.skip(20 + 12)?;
    let bits = u32::from_le_bytes(reader.bytes()?);
    Ok(stored_as == BITFIELDS && bits != 0)
}
