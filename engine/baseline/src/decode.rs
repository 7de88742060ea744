//! Rows of blocks to rows of samples to the planes: the way through.

use planes::{Chroma, Planes, Subsampling};

use crate::{
    Broken,
    bits::WINDOW_BYTES,
    channel::{Channel, Grid},
    coefficients::Coefficients,
    dct::{self, BATCH},
    header::{Header, MCU_BLOCKS_MAX},
    scale::Scaler,
    scan::Scan,
};

/// What every decoding holds, whatever the picture's size.
pub(crate) const FIXED_BYTES: u64 =
    (WINDOW_BYTES + MCU_BLOCKS_MAX * size_of::<Coefficients>()) as u64;

/// Decodes the whole picture, a row of MCUs after the other.
pub(crate) fn decode(
    header: &Header<'_>,
    channels: &[Channel],
    chroma: Subsampling,
) -> Result<Planes, Broken> {
    let grid = Grid::new(header);
    let mut scan = Scan::new(header, channels);
    let mut scalers: Vec<_> = channels.iter().map(|c| Scaler::new(c.shape)).collect();
    for _row in 0..grid.mcus_down {
        for first in (0..grid.mcus_across).step_by(grid.group) {
            let count = grid.group.min(grid.mcus_across - first);
            scan.decode_group(count)?;
            transform_group(&scan, channels, &mut scalers, first, count);
        }
        scalers.iter_mut().for_each(Scaler::push);
    }
    scan.finish()?;
    Ok(into_planes(scalers, chroma))
}

/// Writes the samples of `count` MCUs from `first` on to the scalers.
fn transform_group(
    scan: &Scan<'_>,
    channels: &[Channel],
    scalers: &mut [Scaler],
    first: usize,
    count: usize,
) {
    for strip in scan.strips() {
        let channel = &channels[strip.channel];
        let side = channel.size.side();
        let (slot, stride) = scalers[strip.channel].slot();
        let row = &mut slot[strip.row * side * stride..];
        for lane in (0..count * channel.across).step_by(BATCH) {
            let samples = &mut row[(first * channel.across + lane) * side..];
            dct::inverse(
                channel.size,
                &strip.coefficients,
                lane,
                &channel.quantisation,
                samples,
                stride,
            );
        }
    }
}

fn into_planes(scalers: Vec<Scaler>, subsampling: Subsampling) -> Planes {
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
