//! The tables that a file brings along, for its components to choose from.

use crate::{
    Unsupported,
    frame::Component,
    huffman::{AcTable, DcTable},
};

/// Up to four of each kind, as the file numbers them.
#[derive(Debug, Default)]
pub(crate) struct Tables {
    quantisation: [Option<[i16; 64]>; 4],
    dc: [Option<Box<DcTable>>; 4],
    ac: [Option<Box<AcTable>>; 4],
}

/// Position of a coefficient, row × 8 + column, by its place in the file.
pub(crate) const ZIGZAG: [u8; 64] = [
    0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20,
    13, 6, 7, 14, 21, 28, 35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59,
    52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63,
];

impl Tables {
    /// Whether the tables are there that [`Tables::dc`] and [`Tables::ac`] will be asked for.
    pub(crate) fn check_huffman(&self, component: &Component) -> Result<(), Unsupported> {
        let are_there = matches!(self.dc.get(component.dc_index), Some(Some(_)))
            && matches!(self.ac.get(component.ac_index), Some(Some(_)));
        are_there.then_some(()).ok_or(Unsupported::Tables)
    }

    pub(crate) fn quantisation(&self, index: usize) -> Option<[i16; 64]> {
        *self.quantisation.get(index)?
    }

    pub(crate) fn dc(&self, component: &Component) -> &DcTable {
        let table = self.dc[component.dc_index].as_deref();
        table.expect("the header has been checked for it")
    }

    pub(crate) fn ac(&self, component: &Component) -> &AcTable {
        let table = self.ac[component.ac_index].as_deref();
        table.expect("the header has been checked for it")
    }

    /// Takes the content of a segment of Huffman tables.
    pub(crate) fn take_huffman(&mut self, mut rest: &[u8]) -> Result<(), Unsupported> {
        while let Some((&class_and_index, after)) = rest.split_first() {
            let (counts, after) = after.split_first_chunk::<16>().ok_or(Unsupported::Header)?;
            let total = counts.iter().map(|&count| usize::from(count)).sum();
            let (symbols, after) = after.split_at_checked(total).ok_or(Unsupported::Header)?;
            self.add_huffman(class_and_index, counts, symbols)
                .ok_or(Unsupported::Tables)?;
            rest = after;
        }
        Ok(())
    }

    fn add_huffman(
        &mut self,
        class_and_index: u8,
        counts: &[u8; 16],
        symbols: &[u8],
    ) -> Option<()> {
        let index = usize::from(class_and_index & 15);
        match class_and_index >> 4 {
            0 => *self.dc.get_mut(index)? = Some(Box::new(DcTable::new(counts, symbols)?)),
            1 => *self.ac.get_mut(index)? = Some(Box::new(AcTable::new(counts, symbols)?)),
            _ => return None,
        }
        Some(())
    }

    /// Takes the content of a segment of quantisation tables.
    ///
    /// The upper half of the index tells sixteen-bit divisors, which are not baseline: no table has such an index.
    pub(crate) fn take_quantisation(&mut self, payload: &[u8]) -> Result<(), Unsupported> {
        let (tables, []) = payload.as_chunks::<65>() else {
            return Err(Unsupported::Tables);
        };
        for [index, divisors @ ..] in tables {
            let table = self.quantisation.get_mut(usize::from(*index));
            let table = table.ok_or(Unsupported::Tables)?.insert([0; 64]);
            for (divisor, place) in divisors.iter().zip(ZIGZAG) {
                table[usize::from(place)] = i16::from(*divisor);
            }
        }
        Ok(())
    }
}
