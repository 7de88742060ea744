//! WebP: frames that are still pictures without a file around them (RFC 9649, section 2.7.1.1). Each is given one, and
//! decoded as any other.

use std::io::Cursor;

use super::{Laid, Patch, Patches, Then};
use crate::{Limits, decode, inspect, pixels::Region};

/// Bytes of a frame before its picture.
const HEAD_BYTES: usize = 16;
/// Bits of the last of them.
const DO_NOT_BLEND: u8 = 0x02;
const CLEAR: u8 = 0x01;
/// A bit of the container's header.
const HAS_ALPHA: u8 = 0x10;

pub(super) struct Reader<'s> {
    chunks: Chunks<'s>,
    canvas: (u32, u32),
    limits: Limits,
    plays: u16,
    profile: Option<&'s [u8]>,
}

/// The chunks of a file or of a frame.
#[derive(Clone)]
struct Chunks<'s>(&'s [u8]);

impl<'s> Iterator for Chunks<'s> {
    type Item = ([u8; 4], &'s [u8]);

    /// The next chunk that is whole.
    fn next(&mut self) -> Option<Self::Item> {
        let (name, rest) = self.0.split_first_chunk()?;
        let (length, rest) = rest.split_first_chunk()?;
        let length = usize::try_from(u32::from_le_bytes(*length)).ok()?;
        let (content, rest) = rest.split_at_checked(length)?;
        self.0 = rest.get(length % 2..).unwrap_or_default();
        Some((*name, content))
    }
}

/// Whether the container's header says that it has frames.
pub(in crate::decode) fn is_animated(source: &[u8]) -> bool {
    const ANIMATION: u8 = 0x02;
    let header = source.get(12..21);
    header.is_some_and(|header| header.starts_with(b"VP8X") && header[8] & ANIMATION != 0)
}

impl<'s> Reader<'s> {
    pub(super) fn open(
        source: &'s [u8],
        canvas: (u32, u32),
        limits: Limits,
    ) -> Result<Self, String> {
        let chunks = Chunks(source.get(12..).ok_or("it is cut short")?);
        let content = |wanted: &[u8; 4]| {
            let mut chunks = chunks.clone();
            chunks.find_map(|(name, content)| (name == *wanted).then_some(content))
        };
        let Some([_, _, _, _, low, high, ..]) = content(b"ANIM") else {
            return Err("it does not say how often it is shown".to_owned());
        };
        Ok(Self {
            plays: u16::from_le_bytes([*low, *high]),
            profile: content(b"ICCP"),
            chunks,
            canvas,
            limits,
        })
    }
}

impl Patches for Reader<'_> {
    fn next(&mut self) -> Result<Patch, String> {
        let frame = self.chunks.find(|(name, _)| name == b"ANMF");
        let (_, frame) = frame.ok_or("it is cut short")?;
        let (head, picture) = frame
            .split_first_chunk::<HEAD_BYTES>()
            .ok_or("a frame is cut short")?;
        let number = |at: usize| u32::from_le_bytes([head[at], head[at + 1], head[at + 2], 0]);
        let region = Region {
            x: 2 * number(0),
            y: 2 * number(3),
            width: 1 + number(6),
            height: 1 + number(9),
        };
        let (right, bottom) = (region.x + region.width, region.y + region.height);
        if right > self.canvas.0 || bottom > self.canvas.1 {
            return Err("a frame reaches beyond its canvas".to_owned());
        }
        let flags = head[15];
        Ok(Patch {
            region,
            rgba: rgba(picture, region, &self.limits)?,
            laid: if flags & DO_NOT_BLEND == 0 {
                Laid::Over
            } else {
                Laid::InsteadOf
            },
            then: if flags & CLEAR == 0 {
                Then::Stays
            } else {
                Then::IsCleared
            },
            shown_ms: number(12),
        })
    }

    fn plays(&self) -> u32 {
        self.plays.into()
    }

    fn profile(&self) -> Option<Vec<u8>> {
        self.profile.map(<[u8]>::to_vec)
    }
}

/// The frame has a header of its own, which could announce anything.
fn rgba(picture: &[u8], region: Region, limits: &Limits) -> Result<Vec<u8>, String> {
    let still = still(picture, region)?;
    let header = inspect(Cursor::new(&still), limits).map_err(|error| error.to_string())?;
    if (header.width, header.height) != (region.width, region.height) {
        return Err("a frame is not as large as it says".to_owned());
    }
    let pixels = decode::pixels(&still, &header, limits).map_err(|error| error.to_string())?;
    Ok(pixels.with_alpha().bytes)
}

/// The file that a frame's picture would be by itself.
fn still(picture: &[u8], region: Region) -> Result<Vec<u8>, String> {
    let mut chunks = Chunks(picture);
    let mut file = b"RIFF\0\0\0\0WEBP".to_vec();
    let (name, content) = chunks.next().ok_or("a frame is cut short")?;
    match &name {
        b"VP8 " | b"VP8L" => chunk(&mut file, name, content),
        b"ALPH" => {
            let colors = chunks.next().filter(|(name, _)| name == b"VP8 ");
            let (color, colors) = colors.ok_or("a frame has transparency and no picture")?;
            let mut head = [HAS_ALPHA, 0, 0, 0, 0, 0, 0, 0, 0, 0];
            head[4..7].copy_from_slice(&(region.width - 1).to_le_bytes()[..3]);
            head[7..10].copy_from_slice(&(region.height - 1).to_le_bytes()[..3]);
            chunk(&mut file, *b"VP8X", &head);
            chunk(&mut file, name, content);
            chunk(&mut file, color, colors);
        }
        _ => return Err("a frame has no picture".to_owned()),
    }
    let length = u32::try_from(file.len() - 8).map_err(|_| "a frame is too long")?;
    file[4..8].copy_from_slice(&length.to_le_bytes());
    Ok(file)
}

fn chunk(file: &mut Vec<u8>, name: [u8; 4], content: &[u8]) {
    file.extend(name);
    file.extend((content.len() as u32).to_le_bytes());
    file.extend(content);
    if content.len() % 2 == 1 {
        file.push(0);
    }
}
