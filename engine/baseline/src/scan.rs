//! The picture's data as strips of blocks, as many MCUs at a time as are transformed together.

use std::array;

use crate::{
    Broken,
    bits::Reader,
    channel::Channel,
    coefficients::{Coefficients, Layout},
    cpu::Kernels,
    dct::{Levels, Size},
    entropy::{Block, Predictions, decode_mcu, read_symbols, skip_mcu},
    header::Header,
    huffman::Class,
};

const END_OF_IMAGE: u8 = 0xd9;
const FIRST_RESTART: u8 = 0xd0;

/// Reads the scan from its first MCU to its last.
#[derive(Debug)]
pub(crate) struct Scan<'h> {
    kernels: Kernels,
    reader: Reader<'h>,
    blocks: Vec<Block<'h>>,
    strips: Vec<Strip>,
    predictions: Predictions,
    restarts: Restarts,
}

/// Blocks side by side, of one component.
#[derive(Debug)]
pub(crate) struct Strip {
    pub(crate) coefficients: Box<Coefficients>,
    pub(crate) channel: usize,
    /// Which of the component's rows of blocks in an MCU.
    pub(crate) row: usize,
    size: Size,
}

/// How far the next restart marker is, and which it will be.
#[derive(Debug)]
pub(crate) struct Restarts {
    interval: Option<usize>,
    left: usize,
    next: u8,
}

impl<'h> Scan<'h> {
    pub(crate) fn new(kernels: Kernels, header: &'h Header<'_>, channels: &[Channel]) -> Self {
        let (mut blocks, mut strips) = (Vec::new(), Vec::new());
        for (index, (component, channel)) in header.components.iter().zip(channels).enumerate() {
            for row in 0..component.down {
                let block = |lane| Block {
                    dc: header.tables.dc(component),
                    ac: header.tables.ac(component),
                    layout: Layout::of(channel.size),
                    component: index,
                    strip: strips.len(),
                    lane,
                    lane_step: component.across,
                };
                blocks.extend((0..component.across).map(block));
                strips.push(Strip {
                    coefficients: Coefficients::new(),
                    channel: index,
                    row,
                    size: channel.size,
                });
            }
        }
        Self {
            kernels,
            reader: Reader::new(header.data),
            blocks,
            strips,
            predictions: Predictions::default(),
            restarts: Restarts::new(header.restart_interval),
        }
    }

    pub(crate) fn strips(&self) -> &[Strip] {
        &self.strips
    }

    /// Decodes the next `count` MCUs, from the left of the strips.
    ///
    /// # Errors
    /// When the data are damaged. What is decoded of them then is of no use.
    pub(crate) fn decode_group(&mut self, count: usize) -> Result<(), Broken> {
        for strip in &mut self.strips {
            strip.coefficients.clear(strip.size);
        }
        match self.kernels {
            Kernels::Scalar => self.decode_mcus(count),
            #[cfg(target_arch = "x86_64")]
            #[expect(unsafe_code, reason = "the same code, compiled for newer processors")]
            // SAFETY: there is a proof that the processor has what the function needs.
            Kernels::Avx2(_proof) => unsafe { self.decode_mcus_bmi(count) },
        }
    }

    /// Reads over the next `count` MCUs.
    ///
    /// # Errors
    /// When the data are damaged.
    pub(crate) fn skip(&mut self, count: usize) -> Result<(), Broken> {
        match self.kernels {
            Kernels::Scalar => self.skip_mcus(count),
            #[cfg(target_arch = "x86_64")]
            #[expect(unsafe_code, reason = "the same code, compiled for newer processors")]
            // SAFETY: there is a proof that the processor has what the function needs.
            Kernels::Avx2(_proof) => unsafe { self.skip_mcus_bmi(count) },
        }
    }

    /// Hands on the symbols of the next `count` MCUs, see [`read_symbols`].
    ///
    /// # Errors
    /// When the data are damaged.
    pub(crate) fn symbols(
        &mut self,
        count: usize,
        take: &mut impl FnMut(usize, Class, u8, u32),
    ) -> Result<(), Broken> {
        for _ in 0..count {
            self.restart_if_due()?;
            read_symbols(&mut self.reader, &self.blocks, take)?;
        }
        Ok(())
    }

    /// How many bits have been taken since the last restart marker.
    pub(crate) fn position(&self) -> usize {
        self.reader.position()
    }

    /// The blocks of the MCU that is `number` from the left of the strips, by row and column, in the order of the file.
    pub(crate) fn levels(&self, number: usize) -> impl Iterator<Item = Levels> + '_ {
        self.blocks.iter().map(move |block| {
            let coefficients = self.strips[block.strip].coefficients.lanes();
            let lane = block.lane + number * block.lane_step;
            array::from_fn(|index| coefficients.of(index)[lane])
        })
    }

    pub(crate) fn predictions(&self) -> Predictions {
        self.predictions
    }

    /// The same with instructions that shift by any register, which is what decoding does most.
    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx2,bmi1,bmi2,lzcnt")]
    fn decode_mcus_bmi(&mut self, count: usize) -> Result<(), Broken> {
        self.decode_mcus(count)
    }

    #[inline(always)]
    fn decode_mcus(&mut self, count: usize) -> Result<(), Broken> {
        for number in 0..count {
            self.restart_if_due()?;
            decode_mcu(
                &mut self.reader,
                &self.blocks,
                &mut self.predictions,
                &mut self.strips,
                number,
            )?;
        }
        Ok(())
    }

    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx2,bmi1,bmi2,lzcnt")]
    fn skip_mcus_bmi(&mut self, count: usize) -> Result<(), Broken> {
        self.skip_mcus(count)
    }

    #[inline(always)]
    fn skip_mcus(&mut self, count: usize) -> Result<(), Broken> {
        for _ in 0..count {
            self.restart_if_due()?;
            skip_mcu(&mut self.reader, &self.blocks, &mut self.predictions)?;
        }
        Ok(())
    }

    /// # Errors
    /// When data are left, or the end of the image does not follow.
    pub(crate) fn finish(mut self) -> Result<(), Broken> {
        self.reader.finish(END_OF_IMAGE)
    }

    #[inline(always)]
    fn restart_if_due(&mut self) -> Result<(), Broken> {
        if let Some(marker) = self.restarts.before_mcu() {
            self.reader.finish(marker)?;
            self.predictions = Predictions::default();
        }
        Ok(())
    }
}

impl Restarts {
    pub(crate) fn new(interval: Option<usize>) -> Self {
        Self {
            interval,
            left: interval.unwrap_or(usize::MAX),
            next: FIRST_RESTART,
        }
    }

    /// The marker that stands before the next MCU. There are eight, in turns.
    #[inline(always)]
    pub(crate) fn before_mcu(&mut self) -> Option<u8> {
        let due = (self.left == 0).then_some(self.next);
        if due.is_some() {
            self.left = self.interval.unwrap_or(usize::MAX);
            self.next = FIRST_RESTART | (self.next + 1) & 7;
        }
        self.left -= 1;
        due
    }
}
