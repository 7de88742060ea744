//! A mark into a photo that stays as it is: only the blocks beneath the mark are coded again.
//!
//! What is decoded and encoded again loses a little everywhere. Here the bits of every MCU without a mark are copied, the
//! others are decoded, drawn on, and coded with the file's own tables; of them, blocks that nothing was drawn on keep their
//! coefficients. All other samples are the source's, bit for bit, and most of the work is to find out where MCUs begin.
//!
//! Read in this order:
//! 1. [`splice`]: the way through.
//! 2. [`frame`]: which MCUs are copied and which are not.
//! 3. [`survey`] and [`patch`]: reading, and the planes that are drawn on.
//! 4. [`assembly`], [`cursor`] and [`writer`]: bits from the source, and bits of our own.
//! 5. [`segments`]: what comes before the picture.

mod assembly;
mod cursor;
mod frame;
mod patch;
mod segments;
mod survey;
mod writer;

use planes::Planes;

use crate::{Broken, Unsupported, header};
use assembly::Assembly;
use frame::Frame;
pub use segments::is_profile;
use survey::Survey;

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
/// picture; not at all when the region is outside. The picture is as the file has it: turning it upright is up to the caller,
/// who also knows whether the region may be the whole picture. That works, but saves nothing then.
///
/// Every segment of application data and every comment is dropped, unless `keep` wants it by its marker and content; see
/// [`is_profile`]. Those that say what the components mean stay in any case, without their thumbnails. Whatever follows the
/// picture is dropped.
///
/// # Errors
/// When the file is not known for certain to be a baseline JPEG of luma and chroma, when its data are damaged, or when its
/// Huffman tables have no code for something that was drawn.
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
        patch.draw(draw);
    }
    let head = segments::copied(source, keep)?;
    Assembly::new(&header, head).finish(&survey)
}
