//! Results that are no larger than they may be.

use schemas::{OutputFormat, Recipe, Written};

use super::{
    Original, Writer,
    quality::{self, Way},
    search::{Found, search},
    writer::Effort,
};
use crate::InputError;

/// A written picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Encoded {
    pub(crate) bytes: Vec<u8>,
    pub(crate) written: Written,
}

/// How many bytes a result may have, and who says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ceiling {
    /// The client: more is an error.
    Asked(u64),
    /// The original: more is allowed where less would be another picture.
    Original(u64),
}

/// Writes the picture as its recipe asks, and smaller where that is too large.
pub(super) fn encoded(writer: &Writer<'_>, original: &Original<'_>) -> Result<Encoded, InputError> {
    let (recipe, size) = (writer.recipe, writer.size());
    let way = Way::asked(recipe, size, || original.tables());
    // Whoever keeps the source's tables asks for its size as well.
    let effort = match way {
        Way::Tables(_) => Effort::Thrifty,
        Way::Lossless | Way::Quality(_) => Effort::Quick,
    };
    let first = writer.encoded(&way, effort)?;
    match Ceiling::of(recipe, original, size) {
        Some(ceiling) if !ceiling.holds(&first) => lighter(writer, original, (way, first), ceiling),
        _ => Ok(first),
    }
}

/// As much of the picture as fits: first by more effort, and as the source was written; then by less quality.
fn lighter(
    writer: &Writer<'_>,
    original: &Original<'_>,
    (way, first): (Way, Encoded),
    ceiling: Ceiling,
) -> Result<Encoded, InputError> {
    let mut smallest = first;
    if let Some(way) = second_way(way, writer.recipe, original, ceiling) {
        let second = writer.encoded(&way, ceiling.effort())?;
        if ceiling.holds(&second) {
            return Ok(second);
        }
        if second.length() < smallest.length() {
            smallest = second;
        }
    }
    let at = |quality| writer.write(&Way::Quality(quality), Effort::Thorough);
    coarser(smallest, ceiling, at)
}

/// Writes what knows nothing but quality as its recipe asks, and at a lower one where that is too large.
pub(crate) fn at_quality<E: From<InputError>>(
    recipe: &Recipe,
    size: (u32, u32),
    original: &Original<'_>,
    mut write: impl FnMut(u8) -> Result<Vec<u8>, E>,
) -> Result<Encoded, E> {
    let quality = quality::asked(recipe, size);
    let first = Encoded {
        bytes: write(quality)?,
        written: Written::AtQuality(quality),
    };
    match Ceiling::of(recipe, original, size) {
        Some(ceiling) if !ceiling.holds(&first) => coarser(first, ceiling, write),
        _ => Ok(first),
    }
}

/// The highest quality that fits, of a picture whose `smallest` file does not.
fn coarser<E: From<InputError>>(
    smallest: Encoded,
    ceiling: Ceiling,
    write: impl FnMut(u8) -> Result<Vec<u8>, E>,
) -> Result<Encoded, E> {
    let quality = match smallest.written {
        Written::Lossless => return Ok(ceiling.settle(smallest, None)?),
        Written::AtQuality(quality) => quality,
        Written::AsSource | Written::Spliced => QUALITY_MAX,
    };
    let too_large = (quality, smallest.length());
    match search(too_large, ceiling.bytes(), write)? {
        Found::Fitting(attempt) => Ok(Encoded {
            bytes: attempt.bytes,
            written: Written::AtQuality(attempt.quality),
        }),
        Found::TooLarge { bytes } => Ok(ceiling.settle(smallest, Some(bytes))?),
    }
}

/// No quality lies above.
const QUALITY_MAX: u8 = 100;

/// Another way to write the same quality in fewer bytes. By the source's own tables a picture is about as large as the
/// source; Huffman tables of its own, or a slower deflate, leave a little less.
fn second_way(way: Way, recipe: &Recipe, original: &Original<'_>, ceiling: Ceiling) -> Option<Way> {
    match (recipe.wm_format, ceiling, way) {
        (OutputFormat::Webp | OutputFormat::Avif, ..) | (_, _, Way::Tables(_)) => None,
        (OutputFormat::Jpeg, Ceiling::Original(_), way) => {
            let tables = original.tables().map(Box::new);
            Some(tables.map_or(way, Way::Tables))
        }
        (_, _, way) => Some(way),
    }
}

impl Ceiling {
    fn of(recipe: &Recipe, original: &Original<'_>, size: (u32, u32)) -> Option<Self> {
        match recipe.max_bytes {
            Some(max) => Some(Self::Asked(max.bytes())),
            None => original.bytes_max(recipe, size).map(Self::Original),
        }
    }

    const fn effort(self) -> Effort {
        match self {
            Self::Asked(_) => Effort::Thorough,
            Self::Original(_) => Effort::Thrifty,
        }
    }

    const fn bytes(self) -> u64 {
        match self {
            Self::Asked(bytes) | Self::Original(bytes) => bytes,
        }
    }

    fn holds(self, encoded: &Encoded) -> bool {
        encoded.length() <= self.bytes()
    }

    /// What becomes of a picture that cannot be small enough: its lowest quality has `least` bytes.
    fn settle(self, smallest: Encoded, least: Option<u64>) -> Result<Encoded, InputError> {
        match self {
            Self::Original(_) => Ok(smallest),
            Self::Asked(bytes_max) => Err(InputError::ResultTooLarge {
                bytes: least.unwrap_or(u64::MAX).min(smallest.length()),
                bytes_max,
            }),
        }
    }
}

impl Encoded {
    fn length(&self) -> u64 {
        self.bytes.len() as u64
    }
}
