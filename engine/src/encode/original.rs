//! What the source's own file asks of its result.

use planes::Subsampling;
use schemas::{OutputFormat, Recipe, recipe::Quality};
use turbo::{Decoder, Tables};

use crate::{Format, Inspection};

/// Luma pixels that may share a chroma sample in what is written: as many as any camera lets share one.
const SHARING_MAX: usize = 4;

/// The source, as far as its result looks back at it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Original<'s> {
    pub(crate) bytes: &'s [u8],
    pub(crate) header: &'s Inspection,
}

impl Original<'_> {
    /// How much chroma a result has that keeps what the source has.
    pub(super) fn subsampling(&self) -> Option<Subsampling> {
        let (_, Subsampling { across, down }) = self.quantisation()?;
        let finest = across.min(down);
        match across * down {
            // The picture will be turned by a quarter, and its chroma with it.
            _ if across != down && self.header.orientation.swaps_sides() => Some(Subsampling {
                across: finest,
                down: finest,
            }),
            ..=SHARING_MAX => Some(Subsampling { across, down }),
            _ => None,
        }
    }

    /// The tables that the source was quantised by, if it is a JPEG that says so.
    pub(super) fn tables(&self) -> Option<Tables> {
        self.quantisation().map(|(tables, _)| tables)
    }

    /// What a result of this size should not pass: a picture that was only marked is expected to be no larger, unless a
    /// quality was asked for.
    pub(crate) fn bytes_max(&self, recipe: &Recipe, size: (u32, u32)) -> Option<u64> {
        let alike = self.is(recipe.wm_format) && self.header.displayed() == size;
        (alike && recipe.quality == Quality::Auto).then_some(self.bytes.len() as u64)
    }

    fn quantisation(&self) -> Option<(Tables, Subsampling)> {
        if !self.is(OutputFormat::Jpeg) {
            return None;
        }
        Decoder::open(self.bytes).ok()?.tables()
    }

    pub(crate) const fn is(&self, format: OutputFormat) -> bool {
        matches!(
            (self.header.format, format),
            (Format::Jpeg, OutputFormat::Jpeg)
                | (Format::Png, OutputFormat::Png)
                | (Format::Webp, OutputFormat::Webp)
                | (Format::Avif, OutputFormat::Avif)
        )
    }
}
