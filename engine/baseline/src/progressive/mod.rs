//! Progressive JPEG: a picture that comes whole but rough, then finer, scan by scan.
//!
//! Nothing can be shown for certain before the last scan, so coefficients are kept until then: only those that the transform
//! will ask for, beside each other as it wants them. Of the others a bit is kept, whether they are zero, because later
//! scans spend a bit on each that is not. From there on everything is as in a picture of one scan.
//!
//! Read in this order:
//! 1. [`header`] and [`script`]: what the file says of itself, and whether its scans add up to a picture.
//! 2. [`store`]: where coefficients are kept.
//! 3. [`scan`]: which blocks a scan is about. [`level`] and [`band`]: what it says of them.

mod band;
mod header;
mod level;
mod scan;
mod script;
mod store;

use planes::{Planes, Subsampling};

pub(crate) use header::{Header, read};

use crate::{
    Broken,
    channel::{Channel, Grid},
    coefficients::LANES,
    cpu::Kernels,
    decode::{Row, into_planes},
    scale::Scaler,
};
use store::Store;

/// What is held of `channels` until the last scan has come.
pub(crate) fn working_bytes(header: &Header<'_>, channels: &[Channel]) -> u64 {
    let grid = Grid::new(&header.frame);
    let components = header.frame.components.iter().zip(channels);
    components
        .map(|(component, channel)| Store::bytes(grid.blocks(component), channel.size))
        .sum()
}

/// Decodes the whole picture: all scans first, then rows of blocks.
pub(crate) fn decode(
    kernels: Kernels,
    header: &Header<'_>,
    channels: &[Channel],
    chroma: Subsampling,
) -> Result<Planes, Broken> {
    let grid = Grid::new(&header.frame);
    let components = header.frame.components.iter().zip(channels);
    let mut stores: Vec<_> = components
        .map(|(component, channel)| Store::new(grid.blocks(component), channel.size))
        .collect();
    for scan in &header.scans {
        scan::read(kernels, scan, &header.frame, &mut stores)?;
    }
    let scalers = channels
        .iter()
        .zip(stores)
        .map(|(channel, store)| scaled(kernels, channel, &store))
        .collect();
    Ok(into_planes(scalers, chroma))
}

/// One component after the other: each of them is in the cache alone.
fn scaled(kernels: Kernels, channel: &Channel, store: &Store) -> Scaler {
    let mut scaler = Scaler::new(kernels, channel.shape);
    let (columns, rows) = store.blocks();
    for row in 0..rows {
        let row_in_mcu = row % channel.down;
        let mut samples = Row::new(kernels, channel, &mut scaler, row_in_mcu);
        for first in (0..columns).step_by(LANES) {
            let count = LANES.min(columns - first);
            samples.transform(store.lanes(row, first), first, count);
        }
        if row_in_mcu + 1 == channel.down {
            scaler.push();
        }
    }
    scaler
}

#[cfg(test)]
mod tests {
    use planes::{Chroma, Plane};
    use proptest::prelude::*;
    use turbo::{Options, Quantisation, encode_planes};

    use super::*;
    use crate::{Target, plan};

    fn noisy_file(
        (width, height): (usize, usize),
        quality: u8,
        subsampling: Subsampling,
    ) -> Vec<u8> {
        let mut state = (width << 16 | height) as u32;
        let mut noise = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 24) as u8
        };
        let mut plane = |(width, height): (usize, usize)| {
            let samples = (0..width * height).map(|_| noise()).collect();
            Plane::new(width, height, samples)
        };
        let chroma = subsampling.of(width, height);
        let picture = Planes::new(
            plane((width, height)),
            Chroma {
                subsampling,
                blue: plane(chroma),
                red: plane(chroma),
            },
        );
        let options = Options {
            quantisation: Quantisation::Quality(quality),
            progressive: true,
            optimized: true,
            profile: None,
            app1: &[],
        };
        encode_planes(&picture, &options).unwrap()
    }

    proptest! {
        #[test]
        fn all_kernels_give_the_same_samples(
            (width, height) in (1..300_usize, 1..120_usize),
            quality in 1..=100_u8,
            across in 1..=2_usize,
            scale in 1.0..20.0_f64,
        ) {
            let subsampling = Subsampling { across, down: 1 };
            let file = noisy_file((width, height), quality, subsampling);
            let scaled = |side: usize| (side as f64 / scale).ceil() as usize;
            let target = Target {
                width: scaled(width),
                height: scaled(height),
                chroma: Subsampling::BOTH_HALVED,
                mirrored: (false, false),
            };
            let plan = plan(&file, &target).unwrap();
            let fastest = plan.decode_with(Kernels::detect());
            prop_assert!(fastest.is_ok());
            prop_assert!(fastest == plan.decode_with(Kernels::Scalar));
        }
    }
}
