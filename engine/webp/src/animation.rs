//! Animated WebP: still frames in the extended container (RFC 9649, section 2.7.1.1).
//!
//! A frame is written as what changed, to the bit, since the frame before. libwebp has an encoder for animations of its
//! own; it leaves out what changed by little, so that a slow fade beside a fast movement stands still.

mod change;

use crate::{Channels, Error, Pixels, SIDE_MAX, Settings};
use change::{Change, Rectangle};

/// The longest that a frame can be shown: 24 bits of milliseconds.
pub const SHOWN_MS_MAX: u32 = 0xff_ffff;

/// All but frames and what is written beside them.
const HEADERS_BYTES: usize = 12 + 18 + 14 + 3 * 9;

/// Bits of a frame's last byte.
const DO_NOT_BLEND: u8 = 0x02;
/// Bits of the container's header.
const HAS_ANIMATION: u8 = 0x02;
const HAS_XMP: u8 = 0x04;
const HAS_EXIF: u8 = 0x08;
const HAS_ALPHA: u8 = 0x10;
const HAS_PROFILE: u8 = 0x20;

/// An animation that is being written, frame by frame.
#[derive(Clone, Debug)]
pub struct Animation {
    width: u32,
    height: u32,
    settings: Settings,
    /// The last frame, red, green, blue and alpha. Empty before the first.
    shown: Vec<u8>,
    /// Chunks. Apart, because a vector that grows is held twice.
    frames: Vec<Vec<u8>>,
    has_alpha: bool,
}

/// What is written beside the frames.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Beside<'a> {
    /// An ICC profile.
    pub profile: Option<&'a [u8]>,
    /// A TIFF block.
    pub exif: Option<&'a [u8]>,
    /// An RDF packet.
    pub xmp: Option<&'a [u8]>,
}

impl Animation {
    /// An animation without frames.
    ///
    /// # Errors
    /// When a side is too long.
    pub fn new(width: u32, height: u32, settings: Settings) -> Result<Self, Error> {
        if width.max(height) > SIDE_MAX {
            return Err(Error::SideTooLong);
        }
        Ok(Self {
            width,
            height,
            settings,
            shown: Vec::new(),
            frames: Vec::new(),
            has_alpha: false,
        })
    }

    /// Adds a frame of red, green, blue and alpha, which is shown for so many milliseconds, at most [`SHOWN_MS_MAX`].
    ///
    /// # Errors
    /// When libwebp has no memory.
    ///
    /// # Panics
    /// When `rgba` is not exactly the pixels that the dimensions ask for.
    pub fn add(&mut self, rgba: Vec<u8>, shown_ms: u32) -> Result<(), Error> {
        let (width, height) = (self.width as usize, self.height as usize);
        assert_eq!(rgba.len(), 4 * width * height, "{width}×{height}");
        let change = if self.shown.is_empty() {
            Change::all(&rgba, self.width, self.height)
        } else {
            Change::between(&self.shown, &rgba, width)
        };
        let frame = self.frame(&change, shown_ms)?;
        self.frames.push(frame);
        self.shown = rgba;
        Ok(())
    }

    /// Bytes of all frames so far.
    pub fn frames_bytes(&self) -> u64 {
        self.frames.iter().map(|frame| frame.len() as u64).sum()
    }

    /// The file. It is shown `plays` times, or for ever if that is 0.
    ///
    /// # Errors
    /// When it is longer than a RIFF file can be.
    pub fn finish(self, plays: u16, beside: Beside<'_>) -> Result<Vec<u8>, Error> {
        let length = self.frames_bytes() as usize + beside.length();
        let mut file = Vec::with_capacity(length + HEADERS_BYTES);
        file.extend(b"RIFF\0\0\0\0WEBP");
        chunk(&mut file, b"VP8X", &[&self.header(beside)]);
        optional_chunk(&mut file, b"ICCP", beside.profile);
        // A background that nobody sees, because the first frame fills the canvas; then how often.
        chunk(&mut file, b"ANIM", &[&[0; 4], &plays.to_le_bytes()]);
        for frame in self.frames {
            file.extend(frame);
        }
        optional_chunk(&mut file, b"EXIF", beside.exif);
        optional_chunk(&mut file, b"XMP ", beside.xmp);
        let length = u32::try_from(file.len() - 8).map_err(|_| Error::TooLong)?;
        file[4..8].copy_from_slice(&length.to_le_bytes());
        Ok(file)
    }

    fn frame(&mut self, change: &Change, shown_ms: u32) -> Result<Vec<u8>, Error> {
        let Rectangle {
            x,
            y,
            width,
            height,
        } = change.rectangle;
        let pixels = Pixels {
            width,
            height,
            channels: Channels::Rgba,
            bytes: &change.rgba,
        };
        let still = if change.blends {
            crate::encode_exact(pixels, self.settings)?
        } else {
            crate::encode(pixels, self.settings)?
        };
        let picture = picture_of(&still);
        self.has_alpha |= picture.starts_with(b"ALPH");
        let mut head = [0; 16];
        let numbers = [
            x / 2,
            y / 2,
            width - 1,
            height - 1,
            shown_ms.min(SHOWN_MS_MAX),
        ];
        for (place, number) in head.chunks_exact_mut(3).zip(numbers) {
            place.copy_from_slice(&number.to_le_bytes()[..3]);
        }
        head[15] = if change.blends { 0 } else { DO_NOT_BLEND };
        let mut frame = Vec::with_capacity(8 + head.len() + picture.len());
        chunk(&mut frame, b"ANMF", &[&head, picture]);
        Ok(frame)
    }

    fn header(&self, beside: Beside<'_>) -> [u8; 10] {
        let flags = [
            (HAS_ALPHA, self.has_alpha),
            (HAS_PROFILE, beside.profile.is_some()),
            (HAS_EXIF, beside.exif.is_some()),
            (HAS_XMP, beside.xmp.is_some()),
        ];
        let mut header = [0; 10];
        header[0] = flags
            .into_iter()
            .filter(|(_, set)| *set)
            .fold(HAS_ANIMATION, |all, (flag, _)| all | flag);
        header[4..7].copy_from_slice(&(self.width - 1).to_le_bytes()[..3]);
        header[7..10].copy_from_slice(&(self.height - 1).to_le_bytes()[..3]);
        header
    }
}

impl Beside<'_> {
    fn length(&self) -> usize {
        let parts = [self.profile, self.exif, self.xmp];
        parts.into_iter().flatten().map(<[u8]>::len).sum()
    }
}

/// The chunks of a still file that a frame is made of: those after the headers.
fn picture_of(still: &[u8]) -> &[u8] {
    const RIFF: usize = 12;
    const EXTENDED: usize = 18;
    let chunks = &still[RIFF..];
    if chunks.starts_with(b"VP8X") {
        &chunks[EXTENDED..]
    } else {
        chunks
    }
}

fn optional_chunk(file: &mut Vec<u8>, name: &[u8; 4], content: Option<&[u8]>) {
    if let Some(content) = content {
        chunk(file, name, &[content]);
    }
}

/// A chunk of an odd length is followed by a byte that counts for nothing.
fn chunk(file: &mut Vec<u8>, name: &[u8; 4], parts: &[&[u8]]) {
    let length: usize = parts.iter().map(|part| part.len()).sum();
    file.extend(name);
    // What does not fit makes a file that does not fit either, which is found out at its end.
    file.extend((length as u32).to_le_bytes());
    parts.iter().for_each(|part| file.extend(*part));
    if length % 2 == 1 {
        file.push(0);
    }
}

#[cfg(test)]
mod tests;
