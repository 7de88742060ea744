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
//! 1. [`Splice`] and [`Sheet`]: the way through.
//! 2. [`frame`]: which MCUs are copied and which are not.
//! 3. [`survey`] and [`patch`]: reading, and the planes that are drawn on.
//! 4. [`codes`]: the file's Huffman tables, with more codes when the mark needs some.
//! 5. [`assembly`]: the file from its first MCU to its last.
//! 6. [`copy`], [`cursor`] and [`writer`]: bits from the source, and bits of our own.
//! 7. [`translation`]: the source's symbols in other codes, and [`optimal`]: the shortest there are.
//! 8. [`segments`]: what comes before the picture.

mod assembly;
mod codes;
mod copy;
mod cursor;
mod frame;
mod optimal;
mod patch;
mod segments;
mod survey;
mod translation;
mod writer;

use std::mem::size_of;

use planes::Planes;

use crate::{
    Broken, Unsupported,
    dct::Levels,
    header::{self, Header},
};
use assembly::walk;
use codes::{Codes, Tally};
use copy::Copy;
use frame::Frame;
use survey::{Piece, Survey};
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

/// A file that is understood, and may be drawn on.
#[derive(Debug)]
pub struct Splice<'a> {
    source: &'a [u8],
    header: Header<'a>,
}

/// The same, read to its end.
#[derive(Debug)]
pub struct Sheet<'a> {
    splice: Splice<'a>,
    survey: Survey,
}

/// The segments of a picture's data, the strips of a group of MCUs, tables of codes.
const FIXED_BYTES: u64 = 128 << 10;

impl<'a> Splice<'a> {
    /// Reads the header of `source`.
    ///
    /// # Errors
    /// When the file is not known for certain to be a baseline JPEG of luma and chroma.
    pub fn of(source: &'a [u8]) -> Result<Self, Unsupported> {
        let header = header::read(source)?;
        header.check_divisors()?;
        Ok(Self { source, header })
    }

    /// Width and height as stored. Turning the picture upright is up to whoever shows it.
    pub fn size(&self) -> (usize, usize) {
        (self.header.width, self.header.height)
    }

    /// Whether there is chroma.
    pub fn has_color(&self) -> bool {
        self.header.components.len() > 1
    }

    /// The divisors of each component, by row and column.
    pub fn quantisation(&self) -> impl Iterator<Item = &[i16; 64]> {
        let components = self.header.components.iter();
        components.map(|component| &component.quantisation)
    }

    /// Application data and comments, by their markers.
    pub fn application_data(&self) -> impl Iterator<Item = (u8, &'a [u8])> {
        segments::application_data(self.source)
    }

    /// What drawing on `region` and writing the file hold at their height, the result among it.
    pub fn working_bytes(&self, region: Region) -> u64 {
        let frame = Frame::new(&self.header, region);
        // Its coefficients, and its samples before and after.
        let block_bytes = size_of::<Levels>() + 2 * 64;
        let drawn = frame.mcus_drawn() * self.header.mcu_blocks() * block_bytes;
        let pieces = frame.pieces_max() * (2 * size_of::<Piece>() + size_of::<Levels>());
        (drawn + pieces + writer::bytes_max(self.source.len())) as u64 + FIXED_BYTES
    }

    /// Reads the picture, and decodes what is beneath `region`.
    ///
    /// The region may be the whole picture, for a mark that is tiled: then all that is saved is the loss in blocks between
    /// the marks.
    ///
    /// # Errors
    /// When the data are damaged.
    pub fn surveyed(self, region: Region) -> Result<Sheet<'a>, Broken> {
        let frame = Frame::new(&self.header, region);
        Ok(Sheet {
            survey: Survey::make(&self.header, &frame)?,
            splice: self,
        })
    }
}

/// The picture of `source` in as few bits as its symbols take: with Huffman tables of its own, which are all that changes. A
/// file that is damaged beyond its symbols stays so.
///
/// # Errors
/// When the file is not known for certain to be a baseline JPEG of luma and chroma, or its data hold what is no symbol.
pub fn tightened(source: &[u8]) -> Result<Vec<u8>, Unspliced> {
    let header = header::read(source)?;
    let nowhere = Region {
        x: 0,
        y: 0,
        width: 0,
        height: 0,
    };
    let survey = Survey::unread(&Frame::new(&header, nowhere));
    let channels = survey::channels(&header);
    let mut codes = Codes::new(&header);
    let counted = optimal::counted(&header, &channels, &codes)?;
    codes.shorten(&counted);
    let told: Vec<_> = segments::told_beside_colors(source).collect();
    let head = segments::rewritten(source, &told, Some(&codes.segment()))?;
    let mut translation = Translation::new(&header, &channels, &codes, head);
    walk(&header, &survey, &mut translation)?;
    Ok(translation.finish())
}

impl Sheet<'_> {
    /// Calls `draw` once, with the pixels of the region grown to whole MCUs and the position of their top left in the picture;
    /// not at all when the region is outside.
    ///
    /// # Panics
    /// When `draw` leaves planes of another shape.
    pub fn draw(&mut self, draw: &mut dyn FnMut(&mut Planes, (usize, usize))) {
        if let Some(patch) = &mut self.survey.patch {
            patch.draw(&self.splice.header.components, draw);
        }
    }

    /// The file, with `application_data` behind its markers instead of the source's own.
    ///
    /// What the components mean is said as the source said it, without thumbnails. Everything else that it said, comments and
    /// whatever follows the picture too, is dropped.
    ///
    /// # Errors
    /// When the file's Huffman tables cannot get the codes that what was drawn needs.
    ///
    /// # Panics
    /// When one of `application_data` is longer than a segment can be.
    pub fn written(&self, application_data: &[(u8, &[u8])]) -> Result<Vec<u8>, Unspliced> {
        let mut codes = Codes::new(&self.splice.header);
        match self.copied(&codes, application_data) {
            // Most files have all codes, so that it is cheaper to find this out than to look first.
            Err(Unspliced::Unsupported(Unsupported::Symbol { .. })) => {
                walk(
                    &self.splice.header,
                    &self.survey,
                    &mut Tally::new(&mut codes),
                )?;
                codes.extend()?;
                self.translated(&codes, application_data)
            }
            written => written,
        }
    }

    fn copied(
        &self,
        codes: &Codes,
        application_data: &[(u8, &[u8])],
    ) -> Result<Vec<u8>, Unspliced> {
        let Splice { source, header } = &self.splice;
        let head = segments::rewritten(source, application_data, None)?;
        let mut copy = Copy::new(header, codes, head);
        walk(header, &self.survey, &mut copy)?;
        Ok(copy.finish())
    }

    fn translated(
        &self,
        codes: &Codes,
        application_data: &[(u8, &[u8])],
    ) -> Result<Vec<u8>, Unspliced> {
        let Splice { source, header } = &self.splice;
        let channels = survey::channels(header);
        let head = segments::rewritten(source, application_data, Some(&codes.segment()))?;
        let mut translation = Translation::new(header, &channels, codes, head);
        walk(header, &self.survey, &mut translation)?;
        Ok(translation.finish())
    }
}
