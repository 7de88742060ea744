//! The first reading: where the MCUs to be copied begin and end, and what the others hold.

use std::ops::Range;

use super::{
    frame::{Frame, Kind, Stretch},
    patch::{Patch, Sketch},
};
use crate::{
    Broken, Target,
    channel::{self, Channel},
    cpu::Kernels,
    dct::Levels,
    entropy::Predictions,
    header::Header,
    scan::Scan,
};

/// What the picture's data are made of.
#[derive(Debug)]
pub(super) struct Survey {
    pub(super) pieces: Vec<Piece>,
    /// `None` when the region is outside the picture.
    pub(super) patch: Option<Patch>,
}

/// Some MCUs, and the restart marker before them.
#[derive(Debug)]
pub(super) struct Piece {
    pub(super) restart: Option<usize>,
    pub(super) content: Content,
}

#[derive(Debug)]
pub(super) enum Content {
    /// Bits since the last restart marker, and what the next MCU's DC coefficients are differences to.
    Copied {
        count: usize,
        bits: Range<usize>,
        predictions: Predictions,
    },
    /// The patch's next MCUs.
    Drawn { count: usize },
    /// One MCU's blocks.
    After(Vec<Levels>),
}

impl Survey {
    /// All MCUs as the source has them, none of them read yet.
    pub(super) fn unread(frame: &Frame) -> Self {
        let piece = |stretch: Stretch| Piece {
            restart: stretch.restart,
            content: Content::Copied {
                count: stretch.count,
                bits: 0..0,
                predictions: Predictions::default(),
            },
        };
        Self {
            pieces: frame.stretches().map(piece).collect(),
            patch: None,
        }
    }

    pub(super) fn make(header: &Header<'_>, frame: &Frame) -> Result<Self, Broken> {
        let kernels = Kernels::detect();
        let channels = channels(header);
        let mut scan = Scan::new(kernels, header, &channels);
        let mut sketch = Sketch::new(kernels, header, &channels, frame);
        let mut pieces = Vec::new();
        for stretch in frame.stretches() {
            let content = content(&stretch, &mut scan, &mut sketch)?;
            let restart = stretch.restart;
            pieces.push(Piece { restart, content });
        }
        scan.finish()?;
        let patch = frame.has_mark().then(|| sketch.finish());
        Ok(Self { pieces, patch })
    }
}

fn content(
    stretch: &Stretch,
    scan: &mut Scan<'_>,
    sketch: &mut Sketch<'_>,
) -> Result<Content, Broken> {
    match stretch.kind {
        Kind::Copied => {
            // The scan passes the restart marker with the MCU behind it.
            let begin = stretch.restart.map_or_else(|| scan.position(), |_| 0);
            scan.skip(stretch.count)?;
            Ok(Content::Copied {
                count: stretch.count,
                bits: begin..scan.position(),
                predictions: scan.predictions(),
            })
        }
        Kind::Drawn => {
            sketch.take(stretch, scan)?;
            let count = stretch.count;
            Ok(Content::Drawn { count })
        }
        Kind::After => {
            scan.decode_group(1)?;
            Ok(Content::After(scan.levels(0).collect()))
        }
    }
}

/// Everything at its own size.
pub(super) fn channels(header: &Header<'_>) -> Vec<Channel> {
    let target = Target {
        width: header.width,
        height: header.height,
        chroma: header.subsampling(),
        mirrored: (false, false),
    };
    channel::channels(header, &target)
}
