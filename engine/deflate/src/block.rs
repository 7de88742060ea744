//! How blocks begin (RFC 1951, sections 3.2.3 to 3.2.7).

use crate::{
    Unfit,
    bits::Reader,
    codes::{check, codes},
    tables::{DISTANCE_SYMBOLS, FIXED_DISTANCES, FIXED_LITERALS, LENGTHS_ORDER, LITERAL_SYMBOLS},
};

/// How a block's bytes are packed.
#[derive(Debug)]
pub(crate) enum Packing {
    /// Not at all: so many bytes, from the next whole byte.
    Stored(usize),
    Coded(Box<Lengths>),
}

/// The code lengths of a block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Lengths {
    pub(crate) literals: [u8; LITERAL_SYMBOLS],
    pub(crate) distances: [u8; DISTANCE_SYMBOLS],
}

/// Reads how a block begins: whether it is the last one, and how it is packed.
pub(crate) fn read_header(reader: &mut Reader<'_>) -> Result<(bool, Packing), Unfit> {
    let is_last = reader.take(1) == 1;
    let packing = match reader.take(2) {
        0 => Packing::Stored(read_stored(reader)?),
        1 => Packing::Coded(Box::new(Lengths {
            literals: FIXED_LITERALS,
            distances: FIXED_DISTANCES,
        })),
        2 => Packing::Coded(Box::new(read_lengths(reader)?)),
        _ => return Err(Unfit::Damaged("a block is of no known kind")),
    };
    if reader.is_beyond() {
        return Err(Unfit::Cut);
    }
    Ok((is_last, packing))
}

fn read_stored(reader: &mut Reader<'_>) -> Result<usize, Unfit> {
    reader.take((8 - reader.position() as u32 % 8) % 8);
    let (length, check) = (reader.take(16), reader.take(16));
    if length != !check & 0xffff {
        return Err(Unfit::Damaged("the length of a stored block is in doubt"));
    }
    Ok(length as usize)
}

fn read_lengths(reader: &mut Reader<'_>) -> Result<Lengths, Unfit> {
    let literals = reader.take(5) as usize + 257;
    let distances = reader.take(5) as usize + 1;
    let count = reader.take(4) as usize + 4;
    if literals > 286 || distances > 30 {
        return Err(Unfit::Damaged("a block has more symbols than there are"));
    }
    let mut of_lengths = [0; 19];
    for symbol in LENGTHS_ORDER.into_iter().take(count) {
        of_lengths[symbol] = reader.take(3) as u8;
    }
    let all = read_coded_lengths(reader, &of_lengths, literals + distances)?;
    let mut lengths = Lengths {
        literals: [0; LITERAL_SYMBOLS],
        distances: [0; DISTANCE_SYMBOLS],
    };
    lengths.literals[..literals].copy_from_slice(&all[..literals]);
    lengths.distances[..distances].copy_from_slice(&all[literals..]);
    Ok(lengths)
}

/// Literals and distances follow one another without a seam.
fn read_coded_lengths(
    reader: &mut Reader<'_>,
    of_lengths: &[u8; 19],
    count: usize,
) -> Result<Vec<u8>, Unfit> {
    check(of_lengths)?;
    let codes = codes(of_lengths);
    let mut lengths = Vec::with_capacity(count);
    while lengths.len() < count {
        reader.refill();
        let bits = reader.peek();
        let begins = |code: &crate::codes::Code| {
            code.length > 0 && bits & ((1 << code.length) - 1) == u64::from(code.bits)
        };
        let symbol = codes.iter().position(begins);
        let symbol = symbol.ok_or(Unfit::Damaged("a code length is none"))?;
        reader.skip(codes[symbol].length.into());
        let (length, times) = match symbol {
            16 => {
                let last = lengths.last().copied();
                let last = last.ok_or(Unfit::Damaged("no code length is repeated"))?;
                (last, 3 + reader.take(2))
            }
            17 => (0, 3 + reader.take(3)),
            18 => (0, 11 + reader.take(7)),
            length => (length as u8, 1),
        };
        lengths.extend((0..times).map(|_| length));
    }
    if lengths.len() > count {
        return Err(Unfit::Damaged("a code length is repeated beyond the end"));
    }
    Ok(lengths)
}
