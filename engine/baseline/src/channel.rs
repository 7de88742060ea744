//! How a component of the file becomes a plane: at which size it is transformed, and how far it is scaled after that.

use planes::Subsampling;

use crate::{
    coefficients::LANES,
    dct::{BATCH, Size},
    header::{Component, Header},
    scale::{Axis, Shape},
};

/// Below this many source samples for a result, a smaller transform would lose what the filter could keep.
const STEP_MIN: f64 = 1.25;

/// How a component becomes a plane.
#[derive(Debug)]
pub(crate) struct Channel {
    pub(crate) size: Size,
    /// The divisors of the coefficients that are kept at that size.
    pub(crate) quantisation: [i16; 64],
    /// Blocks in an MCU, from left to right.
    pub(crate) across: usize,
    pub(crate) shape: Shape,
}

/// How the file's components become planes of `target` pixels.
pub(crate) fn channels(
    header: &Header<'_>,
    target: (usize, usize),
    chroma: Subsampling,
) -> Vec<Channel> {
    let channel = |(index, component)| {
        let subsampling = if index == 0 {
            Subsampling::NONE
        } else {
            chroma
        };
        Channel::new(header, component, target, subsampling)
    };
    header.components.iter().enumerate().map(channel).collect()
}

impl Channel {
    fn new(
        header: &Header<'_>,
        component: &Component,
        target: (usize, usize),
        subsampling: Subsampling,
    ) -> Self {
        let grid = Grid::new(header);
        let axes = |size| {
            let across = axis(header.width, component.across, grid.across, size);
            let down = axis(header.height, component.down, grid.down, size);
            (
                across(target.0, subsampling.across),
                down(target.1, subsampling.down),
            )
        };
        let is_large_enough = |size: &Size| {
            let (across, down) = axes(*size);
            across.step.min(down.step) >= STEP_MIN
        };
        let size = [Size::Eighth, Size::Quarter, Size::Half]
            .into_iter()
            .find(is_large_enough)
            .unwrap_or(Size::Full);
        let (across, down) = axes(size);
        Self {
            size,
            quantisation: size.quantisation(&component.quantisation),
            across: component.across,
            shape: Shape {
                across,
                down,
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

/// A side of a component whose `part` of `whole` samples are in the file, at the transform's size.
///
/// The step is made of what the component covers, not of the samples that cover it: the last one may hang over the edge.
fn axis(side: usize, part: usize, whole: usize, size: Size) -> impl Fn(usize, usize) -> Axis {
    let (numerator, denominator) = (side * part * size.side(), whole * 8);
    move |target, subsampling| Axis {
        samples: numerator.div_ceil(denominator),
        step: (numerator * subsampling) as f64 / (denominator * target) as f64,
        results: target.div_ceil(subsampling),
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
    pub(crate) fn new(header: &Header<'_>) -> Self {
        let luma = &header.components[0];
        Self {
            across: luma.across,
            down: luma.down,
            mcus_across: header.width.div_ceil(8 * luma.across),
            mcus_down: header.height.div_ceil(8 * luma.down),
            group: LANES / luma.across,
        }
    }
}
