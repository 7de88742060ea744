//! Unpacking, with a note of where in the stream each block begins, and now and then a symbol.

use crate::{
    Unfit,
    bits::Reader,
    block::{Packing, read_header},
    symbols::Symbols,
    tables::LENGTH_MAX,
};

/// Symbols are noted about every so many bytes: so many are read again to find one that was not.
const NOTED_EVERY: usize = 16 * 1024;
/// More blocks than any encoder makes of a picture, and no more than a few megabytes to note.
const BLOCKS_MAX: usize = 1 << 16;
/// Bytes behind the unpacked ones that a last repetition may touch, in steps of 16, after eight literals.
const SLACK: usize = LENGTH_MAX + 16 + 8;

/// A block: where its parts stand in the stream, in bits.
#[derive(Debug)]
pub(crate) struct Block {
    /// Its first bit, which tells whether it is the last one.
    pub(crate) start: usize,
    /// Its first symbol, or its first stored byte.
    pub(crate) first: usize,
    /// Behind the code that ends it, or its last byte.
    pub(crate) end: usize,
    pub(crate) is_last: bool,
    pub(crate) is_stored: bool,
}

/// A place between two symbols.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    /// The number of its block.
    pub(crate) block: usize,
    /// Where the next symbol begins in the stream.
    pub(crate) bit: usize,
    /// How many bytes the symbols before it unpack to.
    pub(crate) unpacked: usize,
}

/// The way through a stream.
#[derive(Debug)]
pub(crate) struct Inflated {
    /// How many bytes it unpacks to.
    pub(crate) length: usize,
    pub(crate) blocks: Vec<Block>,
    /// In their order; the beginning of every block is among them.
    pub(crate) places: Vec<Place>,
    /// The bit behind the last block.
    pub(crate) end: usize,
}

/// Unpacks what begins at the bit `start` of `stream`, and must have `length` bytes.
pub(crate) fn inflate(
    stream: &[u8],
    start: usize,
    length: usize,
) -> Result<(Inflated, Vec<u8>), Unfit> {
    let mut reader = Reader::at(stream, start);
    let mut bytes = vec![0; length + SLACK];
    let mut inflated = Inflated {
        length,
        blocks: Vec::new(),
        places: Vec::new(),
        end: start,
    };
    let (mut symbols, mut unpacked) = (Symbols::new(), 0);
    loop {
        let is_last;
        (is_last, unpacked) = inflated.block(&mut reader, &mut symbols, &mut bytes, unpacked)?;
        if is_last {
            break;
        }
    }
    if unpacked != length {
        return Err(Unfit::Length);
    }
    bytes.truncate(length);
    inflated.end = reader.position();
    Ok((inflated, bytes))
}

impl Inflated {
    /// Unpacks a block behind `unpacked` bytes; says whether it is the last one, and how many bytes there are then.
    fn block(
        &mut self,
        reader: &mut Reader<'_>,
        symbols: &mut Symbols,
        bytes: &mut [u8],
        unpacked: usize,
    ) -> Result<(bool, usize), Unfit> {
        if self.blocks.len() == BLOCKS_MAX {
            return Err(Unfit::Blocks);
        }
        let start = reader.position();
        let (is_last, packing) = read_header(reader)?;
        self.blocks.push(Block {
            start,
            first: reader.position(),
            end: 0,
            is_last,
            is_stored: matches!(packing, Packing::Stored(_)),
        });
        self.note(reader, unpacked);
        let unpacked = match packing {
            Packing::Stored(count) => self.stored(reader, count, bytes, unpacked)?,
            Packing::Coded(lengths) => {
                symbols.fill(&lengths)?;
                self.coded(reader, symbols, bytes, unpacked)?
            }
        };
        if reader.is_beyond() {
            return Err(Unfit::Cut);
        }
        let block = self.blocks.last_mut().expect("one was added above");
        block.end = reader.position();
        Ok((is_last, unpacked))
    }

    fn stored(
        &self,
        reader: &mut Reader<'_>,
        count: usize,
        bytes: &mut [u8],
        unpacked: usize,
    ) -> Result<usize, Unfit> {
        let end = unpacked + count;
        if end > self.length {
            return Err(Unfit::Length);
        }
        let source = reader.take_bytes(count).ok_or(Unfit::Cut)?;
        bytes[unpacked..end].copy_from_slice(source);
        Ok(end)
    }

    fn coded(
        &mut self,
        reader: &mut Reader<'_>,
        symbols: &Symbols,
        bytes: &mut [u8],
        mut unpacked: usize,
    ) -> Result<usize, Unfit> {
        loop {
            // What lies behind the last byte is read as far as the end of the block, and found to be too much then.
            let until = (unpacked + NOTED_EVERY).min(self.length + 1);
            let ended = symbols.inflate(reader, bytes, &mut unpacked, until)?;
            if unpacked > self.length {
                return Err(Unfit::Length);
            }
            if ended {
                return Ok(unpacked);
            }
            if reader.is_beyond() {
                return Err(Unfit::Cut);
            }
            self.note(reader, unpacked);
        }
    }

    fn note(&mut self, reader: &Reader<'_>, unpacked: usize) {
        self.places.push(Place {
            block: self.blocks.len() - 1,
            bit: reader.position(),
            unpacked,
        });
    }
}
