//! DC coefficients: their highest bits as differences, the others as they are.

use super::{header::Codes, store::Store};
use crate::{Broken, bits::Reader, frame::Frame, huffman::DcTable, scan::Restarts};

/// A component's part in the MCUs of a scan.
#[derive(Debug)]
pub(super) struct Part {
    pub(super) component: usize,
    /// What its differences are coded by, where they are.
    table: Option<DcTable>,
    /// Blocks in an MCU.
    across: usize,
    down: usize,
    prediction: i32,
}

impl Part {
    /// Of a component in a scan of `components`.
    pub(super) fn new(
        frame: &Frame,
        component: usize,
        components: usize,
        codes: Option<&Codes<'_>>,
    ) -> Result<Self, Broken> {
        let table =
            codes.map(|codes| DcTable::new(codes.counts, codes.symbols).ok_or(Broken::Table));
        let (across, down) = match components {
            1 => (1, 1),
            _ => {
                let component = &frame.components[component];
                (component.across, component.down)
            }
        };
        Ok(Self {
            component,
            table: table.transpose()?,
            across,
            down,
            prediction: 0,
        })
    }

    /// The blocks of an MCU, by row and column.
    #[inline(always)]
    fn blocks(
        &self,
        (column, row): (usize, usize),
    ) -> impl Iterator<Item = (usize, usize)> + use<> {
        let (across, down) = (self.across, self.down);
        let blocks = move |y| (0..across).map(move |x| (row * down + y, column * across + x));
        (0..down).flat_map(blocks)
    }
}

/// The highest bits of DC coefficients, each as the difference from the one before.
#[inline(always)]
pub(super) fn read_first(
    reader: &mut Reader<'_>,
    restarts: &mut Restarts,
    (columns, rows): (usize, usize),
    parts: &mut [Part],
    stores: &mut [Store],
    low: u32,
) -> Result<(), Broken> {
    for mcu in (0..rows).flat_map(|row| (0..columns).map(move |column| (column, row))) {
        if let Some(marker) = restarts.before_mcu() {
            reader.finish(marker)?;
            parts.iter_mut().for_each(|part| part.prediction = 0);
        }
        let (window, mut bits) = reader.prepare()?;
        for part in &mut *parts {
            let store = &mut stores[part.component];
            let table = part.table.as_ref().ok_or(Broken::Table)?;
            for (row, column) in part.blocks(mcu) {
                bits.refill(window);
                let symbol = table.symbol(bits.buffer).ok_or(Broken::Code)?;
                let difference = symbol.value(bits.buffer);
                bits.drop(symbol.bits());
                part.prediction = part.prediction.wrapping_add(difference);
                *store.level(row, column) = (part.prediction << low) as i16;
            }
        }
        reader.bits = bits;
    }
    Ok(())
}

/// One more bit of each DC coefficient.
#[inline(always)]
pub(super) fn read_finer(
    reader: &mut Reader<'_>,
    restarts: &mut Restarts,
    (columns, rows): (usize, usize),
    parts: &[Part],
    stores: &mut [Store],
    low: u32,
) -> Result<(), Broken> {
    for mcu in (0..rows).flat_map(|row| (0..columns).map(move |column| (column, row))) {
        if let Some(marker) = restarts.before_mcu() {
            reader.finish(marker)?;
        }
        let (window, mut bits) = reader.prepare()?;
        // An MCU has ten blocks at most.
        bits.refill(window);
        for part in parts {
            let store = &mut stores[part.component];
            for (row, column) in part.blocks(mcu) {
                *store.level(row, column) |= ((bits.buffer >> 63) as i16) << low;
                bits.drop(1);
            }
        }
        reader.bits = bits;
    }
    Ok(())
}
