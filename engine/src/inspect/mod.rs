//! What a file's header says: format, dimensions, orientation, EXIF texts. No pixels.
//!
//! This runs on strangers' bytes in the ingress, outside of any slot, so every reader here takes a bounded number of steps
//! and keeps a bounded number of bytes, whatever the file claims.

mod avif;
mod blocks;
mod bmp;
mod exif;
mod gif;
mod iptc;
mod jpeg;
mod jxl;
mod png;
mod reader;
mod tiff;
mod webp;
mod xmp;

use std::{
    fmt,
    io::{BufRead, Seek},
    ops::Range,
};

use schemas::recipe::ExifTexts;

use crate::{InputError, Limits, orient::Orientation};
use blocks::Blocks;
use reader::{Broken, Reader};

/// A format that is taken in, told by its first bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    Jpeg,
    Png,
    Webp,
    Avif,
    Gif,
    Tiff,
    Bmp,
    Jxl,
}

/// What the header says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inspection {
    /// The format of the bytes, whatever their name says.
    pub format: Format,
    /// Width in pixels as stored, before the EXIF orientation.
    pub width: u32,
    /// Height in pixels as stored.
    pub height: u32,
    /// How the stored picture is turned for display.
    pub orientation: Orientation,
    /// Bytes of all its pixels.
    pub picture_bytes: u64,
    /// Bytes that decoding all of them needs at its height, themselves among them. JPEG is scaled while it is decoded and
    /// needs less for a small result.
    pub decode_bytes: u64,
    /// Pictures of an animation; 1 of any other file.
    pub frames: u32,
    /// Whether it may be seen through: its header has a place for that. Whether any pixel uses it only pixels tell.
    pub alpha: bool,
    /// What a mark may quote, and what is carried on.
    pub exif: ExifTexts,
}

/// What a format's own reader finds.
struct Header {
    width: u32,
    height: u32,
    /// Bytes of a decoded pixel.
    channels: u64,
    alpha: bool,
    decode_bytes: u64,
    blocks: Blocks,
}

impl Header {
    /// Bytes that decoding needs however small the result is: JPEG is scaled down to an eighth while it is decoded.
    fn least_bytes(&self, format: Format) -> u64 {
        let picture_bytes = u64::from(self.width) * u64::from(self.height) * self.channels;
        match format {
            Format::Jpeg => self.decode_bytes - picture_bytes + picture_bytes / 64,
            Format::Png
            | Format::Webp
            | Format::Avif
            | Format::Gif
            | Format::Tiff
            | Format::Bmp
            | Format::Jxl => self.decode_bytes,
        }
    }
}

/// A header, how the picture is turned where the format itself says so, and how many there are.
struct Stored {
    header: Header,
    orientation: Option<Orientation>,
    frames: u32,
}

/// Reads the header of `source` and checks it against `limits`.
///
/// # Errors
/// When the bytes are no accepted image, the header is broken, or it announces more than a limit allows.
pub fn inspect(source: impl BufRead + Seek, limits: &Limits) -> Result<Inspection, InputError> {
    let mut reader = Reader::new(source);
    let format = format_of(&mut reader)?;
    let stored = read_header(format, &mut reader).map_err(|broken| broken.in_format(format))?;
    let Stored {
        header,
        orientation,
        frames,
    } = stored;
    limits.check_dimensions(header.width, header.height)?;
    limits.check_bytes(header.least_bytes(format))?;
    let said = header.blocks.read();
    Ok(Inspection {
        format,
        width: header.width,
        height: header.height,
        orientation: orientation.or(said.orientation).unwrap_or_default(),
        picture_bytes: u64::from(header.width) * u64::from(header.height) * header.channels,
        decode_bytes: header.decode_bytes,
        frames,
        alpha: header.alpha,
        exif: said.texts,
    })
}

fn format_of(reader: &mut Reader<impl BufRead + Seek>) -> Result<Format, InputError> {
    let magic = reader.first_bytes::<{ Format::MAGIC_BYTES }>();
    let magic = magic.map_err(|_| InputError::UnknownFormat)?;
    Format::of_bytes(&magic).ok_or_else(|| InputError::unknown(&magic))
}

/// What the decoder of an AVIF starts from.
pub(crate) fn avif_header(source: impl BufRead + Seek) -> Result<::avif::Header, String> {
    avif::header(&mut Reader::new(source)).map_err(Broken::into_reason)
}

/// Where in a JPEG XL the bytes of its picture are.
pub(crate) fn jxl_codestream(source: impl BufRead + Seek) -> Result<Vec<Range<u64>>, String> {
    jxl::codestream(&mut Reader::new(source)).map_err(Broken::into_reason)
}

/// What the decoder of a TIFF does not know.
pub(crate) fn tiff_palette(source: impl BufRead + Seek) -> Result<Option<tiff::Palette>, String> {
    tiff::palette(&mut Reader::new(source)).map_err(Broken::into_reason)
}

fn read_header(format: Format, reader: &mut Reader<impl BufRead + Seek>) -> Result<Stored, Broken> {
    let stored = match format {
        Format::Jpeg => jpeg::read(reader)?.into(),
        Format::Png => png::read(reader)?,
        Format::Webp => webp::read(reader)?,
        Format::Avif => avif::read(reader)?,
        Format::Gif => gif::read(reader)?,
        Format::Tiff => tiff::read(reader)?,
        Format::Bmp => bmp::read(reader)?.into(),
        Format::Jxl => jxl::read(reader)?,
    };
    if stored.header.width == 0 || stored.header.height == 0 {
        return Err(Broken::because("it says that it has no pixels"));
    }
    Ok(stored)
}

impl Header {
    /// A header of so many frames. A file that says that it has none is one that has a single one.
    fn with_frames(self, frames: u32) -> Stored {
        Stored {
            frames: frames.max(1),
            ..self.into()
        }
    }
}

impl From<Header> for Stored {
    fn from(header: Header) -> Self {
        Self {
            header,
            orientation: None,
            frames: 1,
        }
    }
}

impl Inspection {
    /// Pixels of all frames together.
    pub const fn animation_pixels(&self) -> u64 {
        let pixels = self.width as u64 * self.height as u64;
        pixels.saturating_mul(self.frames as u64)
    }

    /// Width and height as displayed, after the EXIF orientation.
    pub const fn displayed(&self) -> (u32, u32) {
        self.orientation.applied_to((self.width, self.height))
    }
}

impl Format {
    /// How many of the first bytes [`Format::of_bytes`] wants.
    pub const MAGIC_BYTES: usize = 12;

    /// The format that the first bytes name, if it is one we take.
    pub fn of_bytes(bytes: &[u8]) -> Option<Self> {
        match bytes {
            [0xff, 0xd8, 0xff, ..] => Some(Self::Jpeg),
            [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n', ..] => Some(Self::Png),
            [
                b'R',
                b'I',
                b'F',
                b'F',
                _,
                _,
                _,
                _,
                b'W',
                b'E',
                b'B',
                b'P',
                ..,
            ] => Some(Self::Webp),
            [b'G', b'I', b'F', b'8', b'7' | b'9', b'a', ..] => Some(Self::Gif),
            [
                _,
                _,
                _,
                _,
                b'f',
                b't',
                b'y',
                b'p',
                b'a',
                b'v',
                b'i',
                b'f' | b's',
                ..,
            ] => Some(Self::Avif),
            [b'I', b'I', 42, 0, ..] | [b'M', b'M', 0, 42, ..] => Some(Self::Tiff),
            // The reserved bytes are zero in every file, and tell it from a text that begins with these two letters.
            [b'B', b'M', _, _, _, _, 0, 0, 0, 0, ..] => Some(Self::Bmp),
            [0xff, 0x0a, ..] | [0, 0, 0, 12, b'J', b'X', b'L', b' ', ..] => Some(Self::Jxl),
            _ => None,
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Jpeg => "JPEG",
            Self::Png => "PNG",
            Self::Webp => "WebP",
            Self::Avif => "AVIF",
            Self::Gif => "GIF",
            Self::Tiff => "TIFF",
            Self::Bmp => "BMP",
            Self::Jxl => "JPEG XL",
        })
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    fn alpha(file: &[u8]) -> bool {
        let inspected = inspect(Cursor::new(file), &Limits::default());
        inspected.expect("its header is sound").alpha
    }

    fn gif(control: u8) -> Vec<u8> {
        let head = b"GIF89a\x01\0\x01\0\0\0\0";
        let frame = b"\x2c\0\0\0\0\x01\0\x01\0\0\x02\0\x3b";
        [&head[..], &[0x21, 0xf9, 4, control, 0, 0, 0, 0], frame].concat()
    }

    fn png(color: u8, transparency: bool) -> Vec<u8> {
        let chunk = |name: &[u8; 4], content: &[u8]| {
            let length = (content.len() as u32).to_be_bytes();
            [&length, &name[..], content, &[0; 4]].concat()
        };
        let head = chunk(b"IHDR", &[0, 0, 0, 1, 0, 0, 0, 1, 8, color, 0, 0, 0]);
        let mut file = [b"\x89PNG\r\n\x1a\n", &head[..]].concat();
        if transparency {
            file.extend(chunk(b"tRNS", &[0, 0]));
        }
        file.extend(chunk(b"IDAT", &[0]));
        file.extend(chunk(b"IEND", &[]));
        file
    }

    fn webp(bits: u32) -> Vec<u8> {
        let picture = [&[0x2f][..], &bits.to_le_bytes(), &[0]].concat();
        [b"RIFF\x12\0\0\0WEBPVP8L\x05\0\0\0", &picture[..]].concat()
    }

    fn bmp(header: u32, stored_as: u32, mask: u32) -> Vec<u8> {
        let numbers = [
            header,
            1,
            1,
            1 | 32 << 16,
            stored_as,
            0,
            0,
            0,
            0,
            0,
            0,
            0,
            0,
        ];
        let numbers = numbers.into_iter().chain([mask]).flat_map(u32::to_le_bytes);
        b"BM\0\0\0\0\0\0\0\0\0\0\0\0"
            .iter()
            .copied()
            .chain(numbers)
            .collect()
    }

    #[test]
    fn what_may_be_seen_through_says_so_in_its_header() {
        for (seen_through, file) in [
            (true, gif(1)),
            (false, gif(0)),
            (true, png(6, false)),
            (true, png(4, false)),
            (true, png(0, true)),
            (false, png(2, false)),
            (true, webp(1 << 28)),
            (false, webp(0)),
            (true, bmp(108, 3, 0xff00_0000)),
            (false, bmp(108, 3, 0)),
            (false, bmp(108, 0, 0xff00_0000)),
            (false, bmp(40, 3, 0xff00_0000)),
        ] {
            assert_eq!(alpha(&file), seen_through, "{file:x?}");
        }
    }
}
