//! WebP: the chunks of its RIFF container (RFC 9649).

use std::io::{BufRead, Seek};

use super::{
    Header, Stored,
    blocks::{BLOCK_BYTES_MAX, Blocks},
    reader::{Broken, Reader},
};

/// Chunks that are looked at: each frame of an animation is one, and metadata comes after them. As many as a file of
/// 20 MiB can have that is made of frames.
const CHUNKS_MAX: u64 = 1 << 20;
/// Tables and borders that the decoder keeps besides the pictures.
const DECODER_BYTES: u64 = 16 * 1024 * 1024;

/// How the first picture is coded, with what its decoder keeps per pixel at its height.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Coding {
    /// RGB, and its planes of luma and chroma.
    Lossy,
    /// RGBA, planes, and an alpha plane that is a lossless picture of its own.
    LossyWithAlpha,
    /// RGBA, from which RGB is taken.
    Lossless,
    /// A canvas, a frame, and the frame's decoder.
    Animation,
}

#[derive(Default)]
struct Chunks {
    canvas: Option<(u32, u32)>,
    picture: Option<(u32, u32)>,
    coding: Option<Coding>,
    alpha: bool,
    /// Whether the file, or a picture without a plane of its own for that, says that it may be seen through.
    transparent: bool,
    frames: u32,
    blocks: Blocks,
}

pub(super) fn read(reader: &mut Reader<impl BufRead + Seek>) -> Result<Stored, Broken> {
    reader.skip(12)?;
    let chunks = read_chunks(reader)?;
    let (width, height) = chunks.dimensions()?;
    let coding = chunks
        .coding
        .ok_or_else(|| Broken::because("it has no picture"))?;
    let pixels = u64::from(width) * u64::from(height);
    let header = Header {
        width,
        height,
        channels: 4,
        alpha: chunks.alpha || chunks.transparent,
        decode_bytes: coding.bytes_for(pixels) + DECODER_BYTES,
        blocks: chunks.blocks,
    };
    Ok(header.with_frames(chunks.frames))
}

/// Walks the chunks. What is cut after the picture's own chunk began is left to the decoder.
fn read_chunks(reader: &mut Reader<impl BufRead + Seek>) -> Result<Chunks, Broken> {
    let mut chunks = Chunks::default();
    for chunk in 1.. {
        Broken::if_more("chunks", chunk, CHUNKS_MAX)?;
        let Ok(name) = reader.bytes::<4>() else { break };
        let Ok(length) = reader.bytes().map(u32::from_le_bytes) else {
            break;
        };
        let taken = match &name {
            b"VP8X" if chunks.canvas.is_none() => chunks.read_canvas(reader)?,
            b"VP8 " if chunks.picture.is_none() => chunks.read_lossy(reader)?,
            b"VP8L" if chunks.picture.is_none() => chunks.read_lossless(reader)?,
            b"ALPH" => chunks.note_alpha(),
            b"ANMF" => chunks.note_frame(),
            b"EXIF" | b"XMP " if length <= BLOCK_BYTES_MAX => {
                chunks.read_metadata(reader, &name, length)
            }
            _ => 0,
        };
        let length = u64::from(length);
        let rest = (length + length % 2)
            .checked_sub(taken)
            .ok_or_else(|| Broken::because("a chunk is shorter than its content"))?;
        reader.skip(rest)?;
        if chunks.is_complete() {
            break;
        }
    }
    Ok(chunks)
}

/// Each of these returns how many bytes of its chunk it took.
impl Chunks {
    fn read_canvas(&mut self, reader: &mut Reader<impl BufRead + Seek>) -> Result<u64, Broken> {
        const ANIMATION: u8 = 0x02;
        const ALPHA: u8 = 0x10;
        let [flags, _, _, _, w0, w1, w2, h0, h1, h2] = reader.bytes()?;
        let width = 1 + u32::from_le_bytes([w0, w1, w2, 0]);
        let height = 1 + u32::from_le_bytes([h0, h1, h2, 0]);
        self.canvas = Some((width, height));
        self.transparent |= flags & ALPHA != 0;
        if flags & ANIMATION != 0 {
            self.coding = Some(Coding::Animation);
        }
        Ok(10)
    }

    fn read_lossy(&mut self, reader: &mut Reader<impl BufRead + Seek>) -> Result<u64, Broken> {
        let [_, _, _, 0x9d, 0x01, 0x2a, w0, w1, h0, h1] = reader.bytes()? else {
            return Err(Broken::because("its VP8 frame has no start code"));
        };
        let side = |low, high| u32::from(u16::from_le_bytes([low, high]) & 0x3fff);
        self.picture = Some((side(w0, w1), side(h0, h1)));
        self.coding.get_or_insert(if self.alpha {
            Coding::LossyWithAlpha
        } else {
            Coding::Lossy
        });
        Ok(10)
    }

    fn read_lossless(&mut self, reader: &mut Reader<impl BufRead + Seek>) -> Result<u64, Broken> {
        let [0x2f, b0, b1, b2, b3] = reader.bytes()? else {
            return Err(Broken::because("its VP8L picture has no signature"));
        };
        let bits = u32::from_le_bytes([b0, b1, b2, b3]);
        self.transparent |= bits >> 28 & 1 != 0;
        self.picture = Some((1 + (bits & 0x3fff), 1 + (bits >> 14 & 0x3fff)));
        self.coding.get_or_insert(Coding::Lossless);
        Ok(5)
    }

    fn note_alpha(&mut self) -> u64 {
        self.alpha = true;
        0
    }

    /// A file that is no animation has no frames, whatever it holds.
    fn note_frame(&mut self) -> u64 {
        self.frames += u32::from(self.coding == Some(Coding::Animation));
        0
    }

    fn read_metadata(
        &mut self,
        reader: &mut Reader<impl BufRead + Seek>,
        name: &[u8; 4],
        length: u32,
    ) -> u64 {
        let content = reader.vec(length as usize).unwrap_or_default();
        let read = content.len() as u64;
        if name == b"XMP " {
            self.blocks.xmp = Some(content);
        } else {
            let tiff = content.strip_prefix(b"Exif\0\0").map(<[u8]>::to_vec);
            self.blocks.exif = Some(tiff.unwrap_or(content));
        }
        read
    }

    fn is_complete(&self) -> bool {
        let simple = self.canvas.is_none() && self.picture.is_some();
        let still = self
            .coding
            .is_some_and(|coding| coding != Coding::Animation);
        simple || (still && self.blocks.exif.is_some() && self.blocks.xmp.is_some())
    }

    /// A still picture fills its canvas; otherwise its decoder could need more than the canvas says.
    fn dimensions(&self) -> Result<(u32, u32), Broken> {
        match (self.canvas, self.picture) {
            (Some(canvas), _) if self.coding == Some(Coding::Animation) => Ok(canvas),
            (Some(canvas), Some(picture)) if canvas != picture => {
                Err(Broken::because("its picture is not as large as its canvas"))
            }
            (canvas, picture) => canvas
                .or(picture)
                .ok_or_else(|| Broken::because("it has no picture")),
        }
    }
}

impl Coding {
    const fn bytes_for(self, pixels: u64) -> u64 {
        match self {
            Self::Lossy => pixels * 3 + pixels * 3 / 2,
            Self::LossyWithAlpha => pixels * 4 + pixels * 3 / 2 + pixels * 5,
            Self::Lossless => pixels * 7,
            Self::Animation => pixels * 16,
        }
    }
}
