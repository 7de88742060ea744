//! GIF: the logical screen (section 18 of the specification), and how many frames are shown on it.

use std::io::{BufRead, Seek};

use super::{
    Header, Stored,
    blocks::Blocks,
    reader::{Broken, Reader},
};

/// Code tables, palettes and blocks that the decoder keeps besides the pictures.
const DECODER_BYTES: u64 = 1024 * 1024;
/// Blocks, and pieces of blocks, that are looked at. A file of 20 MiB has 82,000 where every piece is as long as it may be.
const PIECES_MAX: u32 = 1 << 22;

const EXTENSION: u8 = 0x21;
const FRAME: u8 = 0x2c;
/// The extension that says how the next frame is shown, and the flag in it of a colour that is none.
const CONTROL: u8 = 0xf9;
const HAS_TRANSPARENT_COLOUR: u8 = 0x01;

pub(super) fn read(reader: &mut Reader<impl BufRead + Seek>) -> Result<Stored, Broken> {
    reader.skip(6)?;
    let width = u16::from_le_bytes(reader.bytes()?);
    let height = u16::from_le_bytes(reader.bytes()?);
    let pixels = u64::from(width) * u64::from(height);
    let mut pieces = Pieces::default();
    // What is cut is left to the decoder, who may need no more than the first frame.
    let _cut = pieces.walk(reader);
    Broken::if_more("pieces", pieces.seen.into(), PIECES_MAX.into())?;
    let header = Header {
        width: width.into(),
        height: height.into(),
        // The screen, and a frame that does not fill it, both RGBA.
        channels: 4,
        alpha: pieces.transparent,
        decode_bytes: pixels * 8 + DECODER_BYTES,
        blocks: Blocks::default(),
    };
    Ok(header.with_frames(pieces.frames))
}

#[derive(Default)]
struct Pieces {
    seen: u32,
    frames: u32,
    /// Whether a colour of the first frame is none. In later ones it is how what is there already is left alone.
    transparent: bool,
}

impl Pieces {
    /// Counts what follows the screen's size.
    fn walk(&mut self, reader: &mut Reader<impl BufRead + Seek>) -> Result<(), Broken> {
        let [flags, _, _] = reader.bytes()?;
        reader.skip(palette_bytes(flags))?;
        while self.seen <= PIECES_MAX {
            self.seen += 1;
            let mut controls_first = false;
            match reader.byte()? {
                EXTENSION => controls_first = reader.byte()? == CONTROL && self.frames == 0,
                FRAME => {
                    self.frames += 1;
                    let [_, _, _, _, _, _, _, _, flags] = reader.bytes()?;
                    // Behind the palette stands how long the first codes are.
                    reader.skip(palette_bytes(flags) + 1)?;
                }
                _ => break,
            }
            if !controls_first || self.read_control(reader)? {
                self.skip_content(reader)?;
            }
        }
        Ok(())
    }

    /// The piece that says how the first frame is shown. Whether it was one: an empty piece is the end of them.
    fn read_control(&mut self, reader: &mut Reader<impl BufRead + Seek>) -> Result<bool, Broken> {
        self.seen += 1;
        let length = reader.byte()?;
        if length == 0 {
            return Ok(false);
        }
        self.transparent |= reader.byte()? & HAS_TRANSPARENT_COLOUR != 0;
        if length > 1 {
            reader.skip(u64::from(length) - 1)?;
        }
        Ok(true)
    }

    /// Pieces up to the one that is empty.
    fn skip_content(&mut self, reader: &mut Reader<impl BufRead + Seek>) -> Result<(), Broken> {
        while self.seen <= PIECES_MAX {
            self.seen += 1;
            let length = reader.byte()?;
            if length == 0 {
                break;
            }
            reader.skip(length.into())?;
        }
        Ok(())
    }
}

/// Three bytes for each colour that the flags announce.
const fn palette_bytes(flags: u8) -> u64 {
    const HAS_PALETTE: u8 = 0x80;
    if flags & HAS_PALETTE == 0 {
        return 0;
    }
    3 << ((flags & 0x07) + 1)
}
