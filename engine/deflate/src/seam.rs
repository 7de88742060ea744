//! Where old and new symbols meet.

use crate::{
    bits::Reader,
    block::{Packing, read_header},
    inflate::{Inflated, Place},
    symbols::{Symbol, Symbols},
};

/// The places between two symbols that lie around a byte; one place, where the byte begins a symbol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Seam {
    pub(crate) before: Place,
    pub(crate) after: Place,
}

impl Seam {
    /// The places around the unpacked byte `target`, which exists or is the first behind the last one.
    pub(crate) fn around(target: usize, inflated: &Inflated, zlib: &[u8]) -> Self {
        let noted = inflated
            .places
            .partition_point(|place| place.unpacked <= target);
        let place = inflated.places[noted - 1]; // the first block begins with the first byte
        let block = &inflated.blocks[place.block];
        if block.is_stored {
            let bit = place.bit + 8 * (target - place.unpacked);
            let unpacked = target;
            return Self::at(Place {
                bit,
                unpacked,
                ..place
            });
        }
        let symbols = symbols_of(block.start, zlib);
        let mut reader = Reader::at(zlib, place.bit);
        let mut before = place;
        loop {
            if before.unpacked == target {
                return Self::at(before);
            }
            let symbol = symbols.next(&mut reader).expect(READ_BEFORE);
            let bytes = match symbol {
                Symbol::Literal => 1,
                Symbol::Repetition { length } => length,
                // Behind the last byte; the end of any other block is the noted beginning of the next.
                Symbol::End => return Self::at(before),
            };
            let after = Place {
                bit: reader.position(),
                unpacked: before.unpacked + bytes,
                ..before
            };
            if after.unpacked > target {
                return Self { before, after };
            }
            before = after;
        }
    }

    const fn at(place: Place) -> Self {
        Self {
            before: place,
            after: place,
        }
    }
}

const READ_BEFORE: &str = "these bits were read when they were unpacked";

fn symbols_of(block_start: usize, zlib: &[u8]) -> Symbols {
    let mut reader = Reader::at(zlib, block_start);
    let (_, packing) = read_header(&mut reader).expect(READ_BEFORE);
    let mut symbols = Symbols::new();
    match packing {
        Packing::Coded(lengths) => symbols.fill_single(&lengths).expect(READ_BEFORE),
        Packing::Stored(_) => unreachable!("a stored block has no symbols"),
    }
    symbols
}
