//! Rows of blocks to rows of samples to the planes: the way through.

use planes::{Chroma, Planes, Subsampling};

use crate::{
    Broken,
    bits::WINDOW_BYTES,
    channel::{Channel, Grid},
    coefficients::{Coefficients, Lanes},
    cpu::Kernels,
    dct::{self, BATCH},
    frame::MCU_BLOCKS_MAX,
    header::Header,
    scale::Scaler,
    scan::Scan,
};

/// What every decoding holds, whatever the picture's size.
pub(crate) const FIXED_BYTES: u64 =
    (WINDOW_BYTES + MCU_BLOCKS_MAX * size_of::<Coefficients>()) as u64;

/// Decodes the whole picture, a row of MCUs after the other.
pub(crate) fn decode(
    kernels: Kernels,
    header: &Header<'_>,
    channels: &[Channel],
    chroma: Subsampling,
) -> Result<Planes, Broken> {
    let grid = Grid::new(header);
    let mut scan = Scan::new(kernels, header, channels);
    let mut scalers: Vec<_> = channels
        .iter()
        .map(|c| Scaler::new(kernels, c.shape))
        .collect();
    for _row in 0..grid.mcus_down {
        for first in (0..grid.mcus_across).step_by(grid.group) {
            let count = grid.group.min(grid.mcus_across - first);
            scan.decode_group(count)?;
            transform_group(kernels, &scan, channels, &mut scalers, first, count);
        }
        scalers.iter_mut().for_each(Scaler::push);
    }
    scan.finish()?;
    Ok(into_planes(scalers, chroma))
}

/// Writes the samples of `count` MCUs from `first` on to the scalers.
fn transform_group(
    kernels: Kernels,
    scan: &Scan<'_>,
    channels: &[Channel],
    scalers: &mut [Scaler],
    first: usize,
    count: usize,
) {
    for strip in scan.strips() {
        let channel = &channels[strip.channel];
        let mut row = Row::new(kernels, channel, &mut scalers[strip.channel], strip.row);
        let coefficients = strip.coefficients.lanes();
        row.transform(coefficients, first * channel.across, count * channel.across);
    }
}

/// Where a row of blocks goes.
pub(crate) struct Row<'a> {
    kernels: Kernels,
    channel: &'a Channel,
    samples: &'a mut [u8],
    stride: usize,
}

impl<'a> Row<'a> {
    /// The row of an MCU's blocks that is written next.
    pub(crate) fn new(
        kernels: Kernels,
        channel: &'a Channel,
        scaler: &'a mut Scaler,
        row_in_mcu: usize,
    ) -> Self {
        let (slot, stride) = scaler.slot();
        Self {
            kernels,
            channel,
            samples: &mut slot[row_in_mcu * channel.size.side() * stride..],
            stride,
        }
    }

    /// Writes the samples of `count` blocks from the column `first` on.
    pub(crate) fn transform(&mut self, coefficients: Lanes<'_>, first: usize, count: usize) {
        for lane in (0..count).step_by(BATCH) {
            dct::inverse(
                self.kernels,
                self.channel.size,
                coefficients,
                lane,
                &self.channel.quantisation,
                &mut self.samples[(first + lane) * self.channel.size.side()..],
                self.stride,
            );
        }
    }
}

pub(crate) fn into_planes(scalers: Vec<Scaler>, subsampling: Subsampling) -> Planes {
    let mut planes = scalers.into_iter().map(Scaler::finish);
    let luma = planes.next().expect("the header has a component");
    match (planes.next(), planes.next()) {
        (Some(blue), Some(red)) => Planes::new(
            luma,
            Chroma {
                subsampling,
                blue,
                red,
            },
        ),
        _ => Planes::gray(luma),
    }
}

#[cfg(test)]
mod tests {
    use jpeg_encoder::{ColorType, Encoder, SamplingFactor};
    use proptest::prelude::*;

    use super::*;
    use crate::{Target, plan};

    fn noisy_file(width: u16, height: u16, quality: u8, factors: SamplingFactor) -> Vec<u8> {
        let mut state = u32::from(width) << 16 | u32::from(height);
        let mut noise = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 24) as u8
        };
        let samples = usize::from(width) * usize::from(height) * 3;
        let rgb: Vec<u8> = (0..samples).map(|_| noise()).collect();
        let mut file = Vec::new();
        let mut encoder = Encoder::new(&mut file, quality);
        encoder.set_sampling_factor(factors);
        encoder.encode(&rgb, width, height, ColorType::Rgb).unwrap();
        file
    }

    proptest! {
        /// Damage too: coefficients that no encoder writes overflow in the same way.
        #[test]
        fn all_kernels_give_the_same_samples(
            (width, height) in (1..300_u16, 1..120_u16),
            quality in 1..=100_u8,
            factors in prop::sample::select(vec![
                SamplingFactor::R_4_4_4,
                SamplingFactor::R_4_2_2,
                SamplingFactor::R_4_2_0,
            ]),
            scale in 1.0..20.0_f64,
            divisors in prop::option::of(any::<u8>()),
            mirrored: (bool, bool),
        ) {
            let mut file = noisy_file(width, height, quality, factors);
            if let Some(divisor) = divisors {
                let table = file.windows(2).position(|two| two == [0xff, 0xdb]).unwrap();
                file[table + 5..][..64].fill(divisor);
            }
            let scaled = |side: u16| (f64::from(side) / scale).ceil() as usize;
            let target = Target {
                width: scaled(width),
                height: scaled(height),
                chroma: Subsampling::BOTH_HALVED,
                mirrored,
            };
            let plan = plan(&file, &target).unwrap();
            let fastest = plan.decode_with(Kernels::detect());
            prop_assert!(fastest.is_ok());
            prop_assert!(fastest == plan.decode_with(Kernels::Scalar));
        }
    }
}
