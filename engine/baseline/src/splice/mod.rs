//! A mark into a photo that stays as it is: only the blocks beneath the mark are coded again.
//!
//! What is decoded and encoded again loses a little everywhere. Here the bits of every MCU without a mark are copied, the
//! others are decoded, drawn on, and coded with the file's own tables; of them, blocks that nothing was drawn on keep their
//! coefficients. All other samples are the source's, bit for bit, and most of the work is to find out where MCUs begin.
//!
//! Where the file's Huffman tables lack a code that the mark needs, they get it, and the bits of all MCUs are written anew:
//! the same coefficients in other codes.
//!
//! Read in this order:
//! 1. [`splice`]: the way through.
//! 2. [`frame`]: which MCUs are copied and which are not.
//! 3. [`survey`] and [`patch`]: reading, and the planes that are drawn on.
//! 4. [`codes`]: the file's Huffman tables, with more codes when the mark needs some.
//! 5. [`assembly`]: the file from its first MCU to its last.
//! 6. [`copy`], [`cursor`] and [`writer`]: bits from the source, and bits of our own.
//! 7. [`translation`]: the source's symbols in other codes.
//! 8. [`segments`]: what comes before the picture.

mod assembly;
mod codes;
mod copy;
mod cursor;
mod frame;
mod patch;
mod segments;
mod survey;
mod translation;
mod writer;

use planes::Planes;

use crate::{Broken, Unsupported, header};
use assembly::walk;
use codes::{Codes, Tally};
use copy::Copy;
use frame::Frame;
pub use segments::is_profile;
use survey::Survey;
use translation::Translation;

/// Pixels of the picture, counted from its top left. What lies outside the picture is ignored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Region {
    pub x: usize,
    pub y: usize,
    pub width: usize,
    pub height: usize,
}

/// Why a file cannot be spliced.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unspliced {
    #[error(transparent)]
    Unsupported(#[from] Unsupported),
    #[error(transparent)]
    Broken(#[from] Broken),
}

/// `source` with what `draw` draws in `region`.
///
/// `draw` is called once, with the pixels of the region grown to whole MCUs and the position of their top left in the
/// picture; not at all when the region is outside. The picture is as the file has it: turning it upright is up to the caller.
/// The region may be the whole picture, for a mark that is tiled: then four bytes are held for each of its samples, and all
/// that is saved is the loss in blocks between the marks.
///
/// Every segment of application data and every comment is dropped, unless `keep` wants it by its marker and content; see
/// [`is_profile`]. Those that say what the components mean stay in any case, without their thumbnails. Whatever follows the
/// picture is dropped.
///
/// # Errors
/// When the file is not known for certain to be a baseline JPEG of luma and chroma, when its data are damaged, or when its
/// Huffman tables cannot get the codes that a mark needs.
///
/// # Panics
/// When `draw` leaves planes of another shape.
pub fn splice(
    source: &[u8],
    region: Region,
    keep: &dyn Fn(u8, &[u8]) -> bool,
    draw: &mut dyn FnMut(&mut Planes, (usize, usize)),
) -> Result<Vec<u8>, Unspliced> {
    let header = header::read(source)?;
    header.check_divisors()?;
    let frame = Frame::new(&header, region);
    let mut survey = Survey::make(&header, &frame)?;
    if let Some(patch) = &mut survey.patch {
        patch.draw(&header.components, draw);
    }
    let mut codes = Codes::new(&header);
    walk(&header, &survey, &mut Tally::new(&mut codes))?;
    if codes.are_enough() {
        let head = segments::copied(source, keep, None)?;
        let mut copy = Copy::new(&header, &codes, head);
        walk(&header, &survey, &mut copy)?;
        return Ok(copy.finish());
    }
    codes.extend()?;
    let head = segments::copied(source, keep, Some(&codes.segment()))?;
    let channels = survey::channels(&header);
    let mut translation = Translation::new(&header, &channels, &codes, head);
    walk(&header, &survey, &mut translation)?;
    Ok(translation.finish())
}
