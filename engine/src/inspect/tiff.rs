//! TIFF 6.0: the first picture's directory.

use std::io::{BufRead, Seek};

use super::{
    Header, Stored,
    blocks::{BLOCK_BYTES_MAX, Blocks},
    reader::{Broken, Reader},
};
use crate::orient::Orientation;

/// Fields of a directory. Real ones have a few dozen.
const FIELDS_MAX: u16 = 1024;
/// Tables that the decoder keeps besides the pictures.
const DECODER_BYTES: u64 = 16 * 1024 * 1024;

const WIDTH: u16 = 256;
const HEIGHT: u16 = 257;
const ORIENTATION: u16 = 274;
const SAMPLES: u16 = 277;

/// What the directory says in numbers; where it says nothing, what the specification does.
struct Directory {
    width: u32,
    height: u32,
    samples: u32,
    orientation: u32,
}

#[derive(Clone, Copy)]
enum Endian {
    Little,
    Big,
}

pub(super) fn read(reader: &mut Reader<impl BufRead + Seek>) -> Result<Stored, Broken> {
    let directory = directory(reader)?;
    let pixels = u64::from(directory.width) * u64::from(directory.height);
    let samples = u64::from(directory.samples.clamp(1, 8));
    Ok(Stored {
        header: Header {
            width: directory.width,
            height: directory.height,
            channels: samples.min(4),
            // A strip may be the whole picture: packed, unpacked and in eight bits, all at once, of two bytes a sample.
            decode_bytes: pixels * samples * 6 + DECODER_BYTES,
            blocks: Blocks::of_exif(beginning(reader)),
        },
        orientation: Orientation::from_exif(directory.orientation),
        frames: 1,
    })
}

fn directory(reader: &mut Reader<impl BufRead + Seek>) -> Result<Directory, Broken> {
    let endian = match reader.bytes()? {
        [b'I', b'I', _, _] => Endian::Little,
        _ => Endian::Big,
    };
    let at = endian.u32(reader.bytes()?);
    reader.go_to(at.into())?;
    let fields = endian.u16(reader.bytes()?);
    if fields > FIELDS_MAX {
        return Err(Broken::because(format!(
            "its directory has {fields} fields, at most {FIELDS_MAX} are read"
        )));
    }
    let mut directory = Directory {
        width: 0,
        height: 0,
        samples: 1,
        orientation: 1,
    };
    for _ in 0..fields {
        directory.note(endian, reader.bytes()?);
    }
    Ok(directory)
}

/// Date, artist and copyright lie in the same directories, if they lie at the beginning.
fn beginning(reader: &mut Reader<impl BufRead + Seek>) -> Option<Vec<u8>> {
    reader.go_to(0).ok()?;
    reader.up_to(BLOCK_BYTES_MAX.into()).ok()
}

impl Directory {
    fn note(&mut self, endian: Endian, field: [u8; 12]) {
        const SHORT: u16 = 3;
        let [t0, t1, k0, k1, _, _, _, _, v0, v1, v2, v3] = field;
        let value = if endian.u16([k0, k1]) == SHORT {
            endian.u16([v0, v1]).into()
        } else {
            endian.u32([v0, v1, v2, v3])
        };
        match endian.u16([t0, t1]) {
            WIDTH => self.width = value,
            HEIGHT => self.height = value,
            SAMPLES => self.samples = value,
            ORIENTATION => self.orientation = value,
            _ => {}
        }
    }
}

impl Endian {
    const fn u16(self, bytes: [u8; 2]) -> u16 {
        match self {
            Self::Little => u16::from_le_bytes(bytes),
            Self::Big => u16::from_be_bytes(bytes),
        }
    }

    const fn u32(self, bytes: [u8; 4]) -> u32 {
        match self {
            Self::Little => u32::from_le_bytes(bytes),
            Self::Big => u32::from_be_bytes(bytes),
        }
    }
}
