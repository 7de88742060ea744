//! JPEG: markers up to the first scan (ITU-T T.81, annex B).

use std::io::{BufRead, Seek};

use super::{
    Header,
    blocks::Blocks,
    reader::{Broken, Reader},
};

/// Segments before the first scan. Real files have a few; those with depth maps in extended XMP have hundreds.
const SEGMENTS_MAX: u32 = 4096;
/// Bytes between segments that belong to none, in all.
const STRAY_BYTES_MAX: u32 = 64 * 1024;
/// Rows of blocks and tables that the decoder keeps besides the picture.
const DECODER_BYTES: u64 = 16 * 1024 * 1024;
/// What an APP1 segment begins with if it is EXIF.
const EXIF_PREFIX: &[u8] = b"Exif\0\0";
/// What it begins with if it is XMP.
const XMP_PREFIX: &[u8] = b"http://ns.adobe.com/xap/1.0/\0";
/// What an APP13 segment begins with if it holds Photoshop's resources.
const RESOURCES_PREFIX: &[u8] = b"Photoshop 3.0\0";

const SOI: u8 = 0xd8;
const EOI: u8 = 0xd9;
const SOS: u8 = 0xda;
const APP1: u8 = 0xe1;
const APP13: u8 = 0xed;

/// What the start of frame says.
struct Frame {
    width: u32,
    height: u32,
    progressive: bool,
    /// Horizontal and vertical sampling factor of each component.
    sampling: Vec<(u64, u64)>,
}

pub(super) fn read(reader: &mut Reader<impl BufRead + Seek>) -> Result<Header, Broken> {
    let mut blocks = Blocks::default();
    let mut frame = None;
    let mut stray = 0;
    reader.skip(2)?;
    for _ in 0..SEGMENTS_MAX {
        let marker = next_marker(reader, &mut stray)?;
        match marker {
            SOI | 0x01 | 0xd0..=0xd7 => {}
            EOI => return Err(Broken::because("it ends before its picture begins")),
            SOS => {
                let frame: Frame =
                    frame.ok_or_else(|| Broken::because("its picture begins before its frame"))?;
                let scan_components = usize::from(reader.bytes::<3>()?[2]);
                return Ok(Header {
                    width: frame.width,
                    height: frame.height,
                    channels: frame.channels(),
                    alpha: false,
                    decode_bytes: frame.decode_bytes(scan_components),
                    blocks,
                });
            }
            0xc0..=0xc2 | 0xc9 | 0xca if frame.is_none() => {
                frame = Some(read_frame(reader, marker)?);
            }
            0xc0..=0xc2 | 0xc9 | 0xca => return Err(Broken::because("it has two frames")),
            0xc3 | 0xc5..=0xc7 | 0xcb | 0xcd..=0xcf => {
                return Err(Broken::because(
                    "lossless and hierarchical JPEG are not supported",
                ));
            }
            APP1 if blocks.exif.is_none() || blocks.xmp.is_none() => {
                blocks.note_app1(&segment(reader)?);
            }
            APP13 if blocks.resources.is_none() => blocks.note_app13(&segment(reader)?),
            _ => {
                let length = segment_length(reader)?;
                reader.skip(length.into())?;
            }
        }
    }
    Err(Broken::TooManyParts {
        what: "segments before its picture",
        parts: u64::from(SEGMENTS_MAX) + 1,
        parts_max: SEGMENTS_MAX.into(),
    })
}

/// The next marker's second byte. Fill bytes and a bounded number of stray bytes are passed over, as decoders do.
fn next_marker(reader: &mut Reader<impl BufRead + Seek>, stray: &mut u32) -> Result<u8, Broken> {
    let mut before = reader.byte()?;
    loop {
        let byte = reader.byte()?;
        if before == 0xff && !matches!(byte, 0x00 | 0xff) {
            return Ok(byte);
        }
        *stray += 1;
        if *stray > STRAY_BYTES_MAX {
            return Err(Broken::because(format!(
                "more than {STRAY_BYTES_MAX} bytes lie between its segments"
            )));
        }
        before = byte;
    }
}

/// Length of a segment's content.
fn segment_length(reader: &mut Reader<impl BufRead + Seek>) -> Result<u16, Broken> {
    u16::from_be_bytes(reader.bytes()?)
        .checked_sub(2)
        .ok_or_else(|| Broken::because("a segment is shorter than its own length field"))
}

fn read_frame(reader: &mut Reader<impl BufRead + Seek>, marker: u8) -> Result<Frame, Broken> {
    let length = segment_length(reader)?;
    let [precision, h1, h0, w1, w0, components] = reader.bytes()?;
    if precision != 8 {
        return Err(Broken::because(format!(
            "{precision} bits a sample, 8 are supported"
        )));
    }
    if !matches!(components, 1 | 3 | 4) {
        return Err(Broken::because(format!(
            "{components} components, 1, 3 and 4 are supported"
        )));
    }
    if length != 6 + 3 * u16::from(components) {
        return Err(Broken::because("its frame header has the wrong length"));
    }
    let sampling = (0..components)
        .map(|_| {
            let [_, factors, _] = reader.bytes()?;
            match (factors >> 4, factors & 0x0f) {
                (h @ 1..=4, v @ 1..=4) => Ok((h.into(), v.into())),
                _ => Err(Broken::because("a sampling factor is not from 1 to 4")),
            }
        })
        .collect::<Result<Vec<_>, _>>()?;
    Ok(Frame {
        width: u16::from_be_bytes([w1, w0]).into(),
        height: u16::from_be_bytes([h1, h0]).into(),
        progressive: matches!(marker, 0xc2 | 0xca),
        sampling,
    })
}

fn segment(reader: &mut Reader<impl BufRead + Seek>) -> Result<Vec<u8>, Broken> {
    let length = segment_length(reader)?;
    reader.vec(length.into())
}

/// The first segment of each kind counts.
impl Blocks {
    fn note_app1(&mut self, segment: &[u8]) {
        let content = |prefix: &[u8]| segment.strip_prefix(prefix).map(<[u8]>::to_vec);
        self.exif = self.exif.take().or_else(|| content(EXIF_PREFIX));
        self.xmp = self.xmp.take().or_else(|| content(XMP_PREFIX));
    }

    fn note_app13(&mut self, segment: &[u8]) {
        self.resources = segment.strip_prefix(RESOURCES_PREFIX).map(<[u8]>::to_vec);
    }
}

impl Frame {
    /// Bytes of a pixel, if every component has a sample for it.
    fn channels(&self) -> u64 {
        self.sampling.len() as u64
    }

    /// A baseline picture is decoded row by row. A progressive one, and one whose components come in scans of their own,
    /// keeps every coefficient, two bytes each, until the last scan has come.
    fn decode_bytes(&self, scan_components: usize) -> u64 {
        let pixels = u64::from(self.width) * u64::from(self.height) * self.channels();
        let all_at_once = !self.progressive && scan_components == self.sampling.len();
        let coefficients = if all_at_once { 0 } else { self.coefficients() };
        pixels + 2 * coefficients + DECODER_BYTES
    }

    fn coefficients(&self) -> u64 {
        let h_max = self.sampling.iter().map(|&(h, _)| h).max().unwrap_or(1);
        let v_max = self.sampling.iter().map(|&(_, v)| v).max().unwrap_or(1);
        let units =
            u64::from(self.width).div_ceil(8 * h_max) * u64::from(self.height).div_ceil(8 * v_max);
        let blocks: u64 = self.sampling.iter().map(|(h, v)| h * v).sum();
        units * blocks * 64
    }
}
