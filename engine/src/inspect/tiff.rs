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
/// What the decoder keeps of a value of a field, however short it is in the file: the value, and two numbers made of it.
/// Text stays as it is.
const VALUE_BYTES: u64 = 48;

const WIDTH: u16 = 256;
const HEIGHT: u16 = 257;
const BITS: u16 = 258;
const PHOTOMETRIC: u16 = 262;
const ORIENTATION: u16 = 274;
const SAMPLES: u16 = 277;
const PLANES: u16 = 284;
const COLORS_OF_PALETTE: u16 = 320;
const TILE_WIDTH: u16 = 322;
const FORMAT: u16 = 339;
/// The first field that describes something else than how the pixels are stored.
const XMP: u16 = 700;
const PROFILE: u16 = 34_675;

/// How samples become colours.
const WHITE_IS_ZERO: u32 = 0;
const GRAY_KIND: u32 = GRAY as u32;
const RGB: u32 = 2;
const PALETTE: u32 = 3;
const INK: u32 = 5;
/// Black is zero.
const GRAY: u16 = 1;
/// The format of samples that have no sign and no point.
const WHOLE_NUMBERS: u32 = 1;
/// Each colour by itself.
const APART: u32 = 2;
/// Of a palette of eight bits.
const COLORS: usize = 256;

/// What the directory says in numbers; where it says nothing, what the specification does.
struct Directory {
    endian: Endian,
    width: u32,
    height: u32,
    samples: u32,
    orientation: u32,
    planes: u32,
    tile_width: u32,
    photometric: u32,
    /// Bits of the first sample, unless they lie elsewhere, as those of more than two samples do.
    bits: Field,
    format: Field,
    colors: Field,
    /// What the decoder keeps of the longest field that it reads.
    field_bytes: u64,
    /// Where it says how samples become colours.
    photometric_at: u64,
}

/// How many values a field has, and what stands in the directory: the first one, or where they begin.
#[derive(Clone, Copy)]
struct Field {
    count: u32,
    value: u32,
}

#[derive(Clone, Copy)]
enum Endian {
    Little,
    Big,
}

/// The colours of a picture that is stored as numbers of them.
pub(crate) struct Palette {
    pub(crate) colors: Vec<[u8; 3]>,
    /// The two bytes that make the numbers greys, and where they belong.
    pub(crate) as_gray: (usize, [u8; 2]),
}

pub(super) fn read(reader: &mut Reader<impl BufRead + Seek>) -> Result<Stored, Broken> {
    let directory = Directory::read(reader)?;
    directory.check(reader)?;
    let pixels = u64::from(directory.width) * u64::from(directory.height);
    let samples = u64::from(directory.samples.clamp(1, 8));
    Ok(Stored {
        header: Header {
            width: directory.width,
            height: directory.height,
            channels: if directory.photometric == PALETTE {
                3
            } else {
                samples.min(4)
            },
            alpha: directory.has_alpha(),
            // A strip may be the whole picture: packed, unpacked and in eight bits, all at once, of two bytes a sample.
            decode_bytes: pixels
                .saturating_mul(samples * 6)
                .saturating_add(DECODER_BYTES + directory.field_bytes),
            blocks: Blocks::of_exif(beginning(reader)),
        },
        orientation: Orientation::from_exif(directory.orientation),
        frames: 1,
    })
}

/// The palette of the first picture, if it has one.
pub(crate) fn palette(reader: &mut Reader<impl BufRead + Seek>) -> Result<Option<Palette>, Broken> {
    let directory = Directory::read(reader)?;
    if directory.photometric != PALETTE {
        return Ok(None);
    }
    let endian = directory.endian;
    if directory.colors.count != 3 * COLORS as u32 {
        return Err(Broken::because("its palette has not 256 colours"));
    }
    reader.go_to(directory.colors.value.into())?;
    let values = reader.vec(2 * 3 * COLORS)?;
    // All reds, all greens and all blues, of 16 bits, of which the upper eight are what programs mean.
    let value = |at: usize| (endian.u16([values[2 * at], values[2 * at + 1]]) >> 8) as u8;
    let color = |at| [at, COLORS + at, 2 * COLORS + at].map(value);
    let gray = match endian {
        Endian::Little => GRAY.to_le_bytes(),
        Endian::Big => GRAY.to_be_bytes(),
    };
    let at = usize::try_from(directory.photometric_at)
        .map_err(|_| Broken::because("its directory lies beyond the memory of this machine"))?;
    Ok(Some(Palette {
        colors: (0..COLORS).map(color).collect(),
        as_gray: (at, gray),
    }))
}

/// Date, artist and copyright lie in the same directories, if they lie at the beginning.
fn beginning(reader: &mut Reader<impl BufRead + Seek>) -> Option<Vec<u8>> {
    reader.go_to(0).ok()?;
    reader.up_to(BLOCK_BYTES_MAX.into()).ok()
}

impl Directory {
    /// Whether there is a sample more than colours need.
    const fn has_alpha(&self) -> bool {
        match self.samples {
            2 => self.photometric < RGB,
            4 => self.photometric == RGB,
            _ => false,
        }
    }

    fn read(reader: &mut Reader<impl BufRead + Seek>) -> Result<Self, Broken> {
        let endian = match reader.bytes()? {
            [b'I', b'I', _, _] => Endian::Little,
            _ => Endian::Big,
        };
        let at = endian.u32(reader.bytes()?);
        reader.go_to(at.into())?;
        let fields = endian.u16(reader.bytes()?);
        Broken::if_more("fields", fields.into(), FIELDS_MAX.into())?;
        let one = |value| Field { count: 1, value };
        let mut directory = Self {
            endian,
            width: 0,
            height: 0,
            samples: 1,
            orientation: 1,
            planes: 1,
            tile_width: 0,
            photometric: GRAY.into(),
            bits: one(1),
            format: one(WHOLE_NUMBERS),
            colors: Field { count: 0, value: 0 },
            field_bytes: 0,
            photometric_at: 0,
        };
        for number in 0..u64::from(fields) {
            let value_at = u64::from(at) + 2 + 12 * number + 8;
            directory.note(reader.bytes()?, value_at);
        }
        Ok(directory)
    }

    fn note(&mut self, field: [u8; 12], value_at: u64) {
        const ASCII: u16 = 2;
        const SHORT: u16 = 3;
        let endian = self.endian;
        let [t0, t1, k0, k1, c0, c1, c2, c3, v0, v1, v2, v3] = field;
        let count = endian.u32([c0, c1, c2, c3]);
        let is_short = endian.u16([k0, k1]) == SHORT;
        let value = if is_short && count <= 2 {
            endian.u16([v0, v1]).into()
        } else {
            endian.u32([v0, v1, v2, v3])
        };
        let field = Field { count, value };
        let tag = endian.u16([t0, t1]);
        if tag < XMP || tag == PROFILE {
            let is_text = endian.u16([k0, k1]) == ASCII;
            let value_bytes = if is_text { 1 } else { VALUE_BYTES };
            self.field_bytes = self.field_bytes.max(value_bytes * u64::from(count));
        }
        match tag {
            WIDTH => self.width = value,
            HEIGHT => self.height = value,
            BITS => self.bits = field,
            PHOTOMETRIC => (self.photometric, self.photometric_at) = (value, value_at),
            SAMPLES => self.samples = value,
            ORIENTATION => self.orientation = value,
            PLANES => self.planes = value,
            TILE_WIDTH => self.tile_width = value,
            COLORS_OF_PALETTE => self.colors = field,
            FORMAT => self.format = field,
            _ => {}
        }
    }

    /// Refuses by name what the decoder would refuse by number.
    fn check(&self, reader: &mut Reader<impl BufRead + Seek>) -> Result<(), Broken> {
        let colors = match self.photometric {
            WHITE_IS_ZERO..=PALETTE | INK => None,
            4 => Some("a mask".to_owned()),
            6 => Some("luma and chroma (YCbCr)".to_owned()),
            8..=10 => Some("CIE L*a*b*".to_owned()),
            32_803 | 34_892 => Some("raw of a camera (DNG)".to_owned()),
            32_844 | 32_845 => Some("LogLuv".to_owned()),
            other => Some(format!("of the unknown kind {other}")),
        };
        if let Some(colors) = colors {
            return Err(Broken::because(format!(
                "its pixels are {colors}; grey, RGB, palettes and CMYK are read"
            )));
        }
        // The decoder asserts what does not hold of tiles at an edge.
        if self.planes == APART && self.tile_width > 0 && self.samples > 1 {
            return Err(Broken::because(
                "each of its colours has tiles of its own; tiles of all colours are read",
            ));
        }
        if self.format.first(reader, self.endian)? != WHOLE_NUMBERS {
            return Err(Broken::because(
                "its samples are no whole numbers, which alone are read",
            ));
        }
        match (self.photometric, self.bits.first(reader, self.endian)?) {
            (WHITE_IS_ZERO | GRAY_KIND, 1 | 8 | 16) | (PALETTE, 8) | (RGB | INK, 8 | 16) => Ok(()),
            (WHITE_IS_ZERO | GRAY_KIND, bits) => Err(Broken::because(format!(
                "its greys have {bits} bits; 1, 8 and 16 are read"
            ))),
            (PALETTE, bits) => Err(Broken::because(format!(
                "its palette is one of {bits} bits; 8 are read"
            ))),
            (_, bits) => Err(Broken::because(format!(
                "its samples have {bits} bits; 8 and 16 are read"
            ))),
        }
    }
}

impl Field {
    /// The first of its values of 16 bits.
    fn first(
        self,
        reader: &mut Reader<impl BufRead + Seek>,
        endian: Endian,
    ) -> Result<u32, Broken> {
        if self.count <= 2 {
            return Ok(self.value);
        }
        reader.go_to(self.value.into())?;
        Ok(endian.u16(reader.bytes()?).into())
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
