//! How a component of the file becomes a plane: at which size it is transformed, and how far it is scaled after that.

use planes::Subsampling;

use crate::{
    Target,
    coefficients::LANES,
    dct::{BATCH, Size},
    frame::{Component, Frame},
    scale::{Axis, Shape},
};

/// Below this many source samples for a result, a smaller transform would lose what the filter could keep: detailed
/// photographs lose half a point of SSIMULACRA2 at 1.4, and a third at 1.5, which is still better than what libjpeg makes of
/// them at half size.
const LUMA_STEP_MIN: f64 = 1.5;
/// In chroma the loss cannot be measured.
const CHROMA_STEP_MIN: f64 = 1.25;

/// What is wanted of a component.
#[derive(Clone, Copy)]
struct Wanted {
    subsampling: Subsampling,
    step_min: f64,
}

/// How a component becomes a plane.
#[derive(Debug)]
pub(crate) struct Channel {
    pub(crate) size: Size,
    /// The divisors of the coefficients that are kept at that size.
    pub(crate) quantisation: [i16; 64],
    /// Blocks in an MCU, from left to right.
    pub(crate) across: usize,
    /// Blocks in an MCU, from top to bottom.
    pub(crate) down: usize,
    pub(crate) shape: Shape,
}

/// How the file's components become planes.
pub(crate) fn channels(frame: &Frame, target: &Target) -> Vec<Channel> {
    let channel = |(index, component)| {
        let wanted = if index == 0 {
            Wanted {
                subsampling: Subsampling::NONE,
                step_min: LUMA_STEP_MIN,
            }
        } else {
            Wanted {
                subsampling: target.chroma,
                step_min: CHROMA_STEP_MIN,
            }
        };
        Channel::new(frame, component, target, wanted)
    };
    frame.components.iter().enumerate().map(channel).collect()
}

impl Channel {
    fn new(frame: &Frame, component: &Component, target: &Target, wanted: Wanted) -> Self {
        let grid = Grid::new(frame);
        let across = Side {
            source: frame.width * component.across,
            parts: grid.across,
            target: target.width,
            subsampling: wanted.subsampling.across,
            is_mirrored: target.mirrored.0,
        };
        let down = Side {
            source: frame.height * component.down,
            parts: grid.down,
            target: target.height,
            subsampling: wanted.subsampling.down,
            is_mirrored: target.mirrored.1,
        };
        let size = smallest(&across, &down, wanted.step_min);
        Self {
            size,
            quantisation: size.quantisation(&component.quantisation),
            across: component.across,
            down: component.down,
            shape: Shape {
                across: across.axis(size),
                down: down.axis(size),
                written: (grid.mcus_across * component.across + BATCH) * size.side(),
                rows_at_once: component.down * size.side(),
            },
        }
    }

    /// What scaling the component holds at its height, besides the plane it makes.
    pub(crate) fn working_bytes(&self) -> u64 {
        self.shape.working_bytes()
    }
}

/// The smallest transform that leaves the filter enough to do.
fn smallest(across: &Side, down: &Side, step_min: f64) -> Size {
    [Size::Eighth, Size::Quarter, Size::Half, Size::ThreeQuarters]
        .into_iter()
        .find(|size| across.axis(*size).step.min(down.axis(*size).step) >= step_min)
        .unwrap_or(Size::Full)
}

/// One side of a component, in the file and in the result.
#[derive(Clone, Copy)]
struct Side {
    /// What the component covers, in parts of a sample.
    source: usize,
    parts: usize,
    /// Pixels of the result, and how many share a sample.
    target: usize,
    subsampling: usize,
    is_mirrored: bool,
}

impl Side {
    /// The step is made of what the component covers, not of the samples that cover it: the last may hang over the edge.
    fn axis(&self, size: Size) -> Axis {
        let (source, parts) = (self.source * size.side(), self.parts * 8);
        let results = self.target.div_ceil(self.subsampling);
        let step = (source * self.subsampling) as f64 / (parts * self.target) as f64;
        let hanging = (results * self.subsampling - self.target) as f64 / self.subsampling as f64;
        Axis {
            samples: source.div_ceil(parts),
            start: if self.is_mirrored {
                -hanging * step
            } else {
                0.0
            },
            step,
            results,
        }
    }
}

/// How MCUs cover the picture.
#[derive(Clone, Copy)]
pub(crate) struct Grid {
    /// Blocks of luma in an MCU.
    across: usize,
    down: usize,
    pub(crate) mcus_across: usize,
    pub(crate) mcus_down: usize,
    /// MCUs whose blocks fill a strip.
    pub(crate) group: usize,
}

impl Grid {
    pub(crate) fn new(frame: &Frame) -> Self {
        let luma = &frame.components[0];
        Self {
            across: luma.across,
            down: luma.down,
            mcus_across: frame.width.div_ceil(8 * luma.across),
            mcus_down: frame.height.div_ceil(8 * luma.down),
            group: LANES / luma.across,
        }
    }

    /// Columns and rows of a component's blocks, those that only fill MCUs included.
    pub(crate) fn blocks(&self, component: &Component) -> (usize, usize) {
        let (across, down) = (component.across, component.down);
        (self.mcus_across * across, self.mcus_down * down)
    }

    /// Columns and rows of a component's blocks that hold some of the picture.
    pub(crate) fn needed_blocks(&self, frame: &Frame, component: &Component) -> (usize, usize) {
        let width = (frame.width * component.across).div_ceil(8 * self.across);
        let height = (frame.height * component.down).div_ceil(8 * self.down);
        (width, height)
    }

    /// Width and height of an MCU in pixels.
    pub(crate) fn mcu_size(&self) -> (usize, usize) {
        (8 * self.across, 8 * self.down)
    }
}
