//! A scan, block by block: which blocks it is about, and where it starts anew.

use super::{
    band::{FinerBand, FirstBand},
    header::{Band, Pass, Scan},
    level::{self, Part},
    store::{Store, Strip},
};
use crate::{
    Broken,
    bits::Reader,
    channel::Grid,
    coefficients::LANES,
    cpu::Kernels,
    frame::Frame,
    huffman::{AcTable, RefinementTable},
    scan::Restarts,
};

/// What makes coefficients of bits, a block after the other.
pub(super) trait Blocks {
    /// # Errors
    /// When the bits make no sense.
    fn take(
        &mut self,
        reader: &mut Reader<'_>,
        strip: &mut Strip<'_>,
        lane: usize,
    ) -> Result<(), Broken>;

    /// Whether what has been read says something of the blocks that follow.
    fn is_ahead(&self) -> bool;
}

/// Reads `scan`, and puts what it says into the stores of the components.
///
/// # Errors
/// When its data are damaged, or do not end where it does.
pub(super) fn read(
    kernels: Kernels,
    scan: &Scan<'_>,
    frame: &Frame,
    stores: &mut [Store],
) -> Result<(), Broken> {
    match kernels {
        Kernels::Scalar => read_any(scan, frame, stores),
        #[cfg(target_arch = "x86_64")]
        #[expect(unsafe_code, reason = "the same code, compiled for newer processors")]
        // SAFETY: there is a proof that the processor has what the function needs.
        Kernels::Avx2(_proof) => unsafe { read_bmi(scan, frame, stores) },
    }
}

/// The same with instructions that shift by any register, and count and clear bits.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt")]
fn read_bmi(scan: &Scan<'_>, frame: &Frame, stores: &mut [Store]) -> Result<(), Broken> {
    read_any(scan, frame, stores)
}

#[inline(always)]
fn read_any(scan: &Scan<'_>, frame: &Frame, stores: &mut [Store]) -> Result<(), Broken> {
    let mut reader = Reader::new(scan.data);
    let mut restarts = Restarts::new(scan.restart_interval);
    match &scan.pass {
        Pass::FirstLevel(tables) => {
            let mut parts = Vec::new();
            for (component, codes) in tables {
                parts.push(Part::new(frame, *component, tables.len(), Some(codes))?);
            }
            let mcus = mcus(frame, &parts);
            level::read_first(
                &mut reader,
                &mut restarts,
                mcus,
                &mut parts,
                stores,
                scan.low,
            )?;
        }
        Pass::FinerLevel(components) => {
            let mut parts = Vec::new();
            for component in components {
                parts.push(Part::new(frame, *component, components.len(), None)?);
            }
            let mcus = mcus(frame, &parts);
            level::read_finer(&mut reader, &mut restarts, mcus, &parts, stores, scan.low)?;
        }
        Pass::FirstBand(band) => {
            let table = AcTable::band(band.codes.counts, band.codes.symbols);
            let blocks = FirstBand::new(table.ok_or(Broken::Table)?, band, scan.low);
            read_band(&mut reader, &mut restarts, frame, band, stores, blocks)?;
        }
        Pass::FinerBand(band) => {
            let table = RefinementTable::new(band.codes.counts, band.codes.symbols);
            let blocks = FinerBand::new(table.ok_or(Broken::Table)?, band, scan.low);
            read_band(&mut reader, &mut restarts, frame, band, stores, blocks)?;
        }
    }
    reader.finish(scan.end)
}

/// Columns and rows of MCUs. A scan of one component has only the blocks that the picture needs, each an MCU.
fn mcus(frame: &Frame, parts: &[Part]) -> (usize, usize) {
    let grid = Grid::new(frame);
    match parts {
        [part] => grid.needed_blocks(frame, &frame.components[part.component]),
        _ => (grid.mcus_across, grid.mcus_down),
    }
}

#[inline(always)]
fn read_band(
    reader: &mut Reader<'_>,
    restarts: &mut Restarts,
    frame: &Frame,
    band: &Band<'_>,
    stores: &mut [Store],
    mut blocks: impl Blocks,
) -> Result<(), Broken> {
    let component = &frame.components[band.component];
    let store = &mut stores[band.component];
    let (columns, rows) = Grid::new(frame).needed_blocks(frame, component);
    for row in 0..rows {
        for first in (0..columns).step_by(LANES) {
            let mut strip = store.strip(row, first);
            for lane in 0..LANES.min(columns - first) {
                if let Some(marker) = restarts.before_mcu() {
                    check_even(&blocks)?;
                    reader.finish(marker)?;
                }
                blocks.take(reader, &mut strip, lane)?;
            }
        }
    }
    check_even(&blocks)
}

/// Nothing is said of blocks that do not follow.
fn check_even(blocks: &impl Blocks) -> Result<(), Broken> {
    if blocks.is_ahead() {
        return Err(Broken::Run);
    }
    Ok(())
}
