//! The planes beneath the mark: made while the file is read, drawn on, and cut into blocks again.

use std::{array, mem};

use planes::{Chroma, Plane, Planes, Subsampling};

use super::frame::{Frame, Stretch};
use crate::{
    Broken,
    channel::{Channel, Grid},
    cpu::Kernels,
    dct::{self, BATCH, Levels, Samples, forward},
    header::{Component, Header},
    scan::Scan,
};

/// Planes in the making.
#[derive(Debug)]
pub(super) struct Sketch<'a> {
    kernels: Kernels,
    header: &'a Header<'a>,
    channels: &'a [Channel],
    frame: &'a Frame,
    bands: Vec<Band>,
    levels: Vec<Levels>,
}

/// A component's samples of one row of MCUs, and those of the rows before.
#[derive(Debug)]
struct Band {
    samples: Vec<u8>,
    stride: usize,
    width: usize,
    height: usize,
    done: Vec<u8>,
}

/// What is drawn on.
#[derive(Debug)]
pub(super) struct Patch {
    origin: (usize, usize),
    mcus_across: usize,
    mcus: usize,
    planes: Planes,
    /// All blocks in the order of the file: the source's, until something is drawn on them.
    levels: Vec<Levels>,
}

impl<'a> Sketch<'a> {
    pub(super) fn new(
        kernels: Kernels,
        header: &'a Header<'a>,
        channels: &'a [Channel],
        frame: &'a Frame,
    ) -> Self {
        let size = size(header, frame);
        let subsampling = header.subsampling();
        let band = |(index, component): (usize, &Component)| {
            let size = match index {
                0 => size,
                _ => subsampling.of(size.0, size.1),
            };
            Band::new(component, frame.columns.len(), size)
        };
        Self {
            kernels,
            header,
            channels,
            frame,
            bands: header.components.iter().enumerate().map(band).collect(),
            levels: Vec::with_capacity(frame.mcus_drawn() * header.mcu_blocks()),
        }
    }

    /// Decodes the next MCUs, which are `stretch`.
    pub(super) fn take(&mut self, stretch: &Stretch, scan: &mut Scan<'_>) -> Result<(), Broken> {
        let group = Grid::new(self.header).group;
        let begin = stretch.column - self.frame.columns.start;
        let end = begin + stretch.count;
        for first in (begin..end).step_by(group) {
            let count = group.min(end - first);
            scan.decode_group(count)?;
            self.transform(scan, first, count);
            self.levels
                .extend((0..count).flat_map(|mcu| scan.levels(mcu)));
        }
        if end == self.frame.columns.len() {
            self.bands.iter_mut().for_each(Band::finish_rows);
        }
        Ok(())
    }

    /// Writes the samples of `count` MCUs from `first` on to the bands.
    fn transform(&mut self, scan: &Scan<'_>, first: usize, count: usize) {
        for strip in scan.strips() {
            let channel = &self.channels[strip.channel];
            let band = &mut self.bands[strip.channel];
            for lane in (0..count * channel.across).step_by(BATCH) {
                let column = (first * channel.across + lane) * 8;
                dct::inverse(
                    self.kernels,
                    channel.size,
                    strip.coefficients.lanes(),
                    lane,
                    &channel.quantisation,
                    &mut band.samples[strip.row * 8 * band.stride + column..],
                    band.stride,
                );
            }
        }
    }

    pub(super) fn finish(self) -> Patch {
        let (mcu_width, mcu_height) = Grid::new(self.header).mcu_size();
        let mut planes = self.bands.into_iter().map(Band::into_plane);
        let luma = planes.next().expect("the header has a component");
        let planes = match (planes.next(), planes.next()) {
            (Some(blue), Some(red)) => {
                let subsampling = self.header.subsampling();
                Planes::new(
                    luma,
                    Chroma {
                        subsampling,
                        blue,
                        red,
                    },
                )
            }
            _ => Planes::gray(luma),
        };
        Patch {
            origin: (
                self.frame.columns.start * mcu_width,
                self.frame.rows.start * mcu_height,
            ),
            mcus_across: self.frame.columns.len(),
            mcus: self.frame.columns.len() * self.frame.rows.len(),
            planes,
            levels: self.levels,
        }
    }
}

/// Pixels that the MCUs share with the picture.
fn size(header: &Header<'_>, frame: &Frame) -> (usize, usize) {
    let (mcu_width, mcu_height) = Grid::new(header).mcu_size();
    let width = (frame.columns.end * mcu_width).min(header.width);
    let height = (frame.rows.end * mcu_height).min(header.height);
    (
        width - frame.columns.start * mcu_width,
        height - frame.rows.start * mcu_height,
    )
}

impl Band {
    fn new(component: &Component, mcus: usize, (width, height): (usize, usize)) -> Self {
        let stride = (mcus * component.across + BATCH) * 8;
        Self {
            samples: vec![0; stride * component.down * 8],
            stride,
            width,
            height,
            done: Vec::with_capacity(width * height),
        }
    }

    /// Keeps what is inside the picture.
    fn finish_rows(&mut self) {
        let missing = self.height - self.done.len() / self.width;
        for row in self.samples.chunks_exact(self.stride).take(missing) {
            self.done.extend_from_slice(&row[..self.width]);
        }
    }

    fn into_plane(self) -> Plane {
        Plane::new(self.width, self.height, self.done)
    }
}

impl Patch {
    /// Draws, and codes the blocks that were drawn on.
    ///
    /// # Panics
    /// When the planes get another shape.
    pub(super) fn draw(
        &mut self,
        components: &[Component],
        draw: &mut dyn FnMut(&mut Planes, (usize, usize)),
    ) {
        let mut drawn = self.planes.clone();
        draw(&mut drawn, self.origin);
        assert_eq!(
            shape(&drawn),
            shape(&self.planes),
            "drawing keeps the shape"
        );
        let before = mem::replace(&mut self.planes, drawn);
        let blocks = blocks(components);
        for (at, levels) in self.levels.iter_mut().enumerate() {
            let mcu = at / blocks.len();
            let block = &blocks[at % blocks.len()];
            let x = (mcu % self.mcus_across * block.step.0 + block.inside.0) * 8;
            let y = (mcu / self.mcus_across * block.step.1 + block.inside.1) * 8;
            let [before, after] =
                [&before, &self.planes].map(|planes| samples(plane(planes, block.component), x, y));
            if let Some(samples) = after.filter(|_| before != after) {
                *levels = forward(&samples, &components[block.component].quantisation);
            }
        }
    }

    /// The blocks of `count` MCUs from `first` on, in the order of the file.
    pub(super) fn levels(&self, first: usize, count: usize) -> &[Levels] {
        let blocks = self.levels.len() / self.mcus;
        &self.levels[first * blocks..(first + count) * blocks]
    }
}

/// A block of every MCU.
struct Position {
    component: usize,
    /// Blocks from one MCU to the next, and from its first block to this.
    step: (usize, usize),
    inside: (usize, usize),
}

fn blocks(components: &[Component]) -> Vec<Position> {
    let of_component = |(index, component): (usize, &Component)| {
        let step = (component.across, component.down);
        (0..step.0 * step.1).map(move |at| Position {
            component: index,
            step,
            inside: (at % step.0, at / step.0),
        })
    };
    components
        .iter()
        .enumerate()
        .flat_map(of_component)
        .collect()
}

fn shape(planes: &Planes) -> (usize, usize, Option<Subsampling>) {
    let chroma = planes.chroma().map(|chroma| chroma.subsampling);
    (planes.width(), planes.height(), chroma)
}

fn plane(planes: &Planes, component: usize) -> &Plane {
    match (component, planes.chroma()) {
        (1, Some(chroma)) => &chroma.blue,
        (2, Some(chroma)) => &chroma.red,
        _ => planes.luma(),
    }
}

/// A block of a plane. Beyond its edges the last row and column are repeated; a block that is all beyond them is none.
fn samples(plane: &Plane, x: usize, y: usize) -> Option<Samples> {
    let width = plane.width().checked_sub(x).filter(|&width| width > 0)?;
    let last_row = plane.height().checked_sub(1).filter(|&last| y <= last)?;
    let inside = width.min(8);
    Some(array::from_fn(|row| {
        let begin = (y + row).min(last_row) * plane.width() + x;
        let samples = &plane.samples()[begin..begin + inside];
        let mut row = [samples[inside - 1]; 8];
        row[..inside].copy_from_slice(samples);
        row
    }))
}
