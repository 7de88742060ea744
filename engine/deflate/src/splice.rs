//! The old bits, the new ones, and the old ones again.

use std::ops::Range;

use crate::{
    HEADER_BYTES,
    bits::{Reader, Writer},
    block::{Packing, read_header},
    codes::{Code, codes},
    inflate::{Block, Inflated, Place},
    pack::{pack, put_stored},
    seam::Seam,
    tables::END,
};

/// Repetitions reach this far back at most.
pub(crate) const WINDOW_MAX: usize = 32 * 1024;

/// New bytes from a place on, as far as they are known, and how far back repetitions in them may reach.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Known<'b> {
    pub(crate) from: usize,
    pub(crate) bytes: &'b [u8],
    pub(crate) window: usize,
}

/// Writes the stream with other bytes in `changed`, without its checksum.
pub(crate) fn spliced(
    zlib: &[u8],
    inflated: &Inflated,
    changed: Range<usize>,
    known: Known<'_>,
    writer: Writer,
) -> Vec<u8> {
    let mut old = Old {
        zlib,
        inflated,
        writer,
    };
    let length = inflated.length;
    let parting = Seam::around(changed.start, inflated, zlib).before;
    old.writer.put_bytes(&zlib[..HEADER_BYTES]);
    old.copy_until(parting);
    let reached = (changed.end + WINDOW_MAX).min(length);
    let meeting = Seam::around(reached, inflated, zlib).after;
    let is_last = meeting.unpacked == length;
    let new = parting.unpacked - known.from..meeting.unpacked - known.from;
    pack(&mut old.writer, known.bytes, new, known.window, is_last);
    if !is_last {
        old.copy_from(meeting);
    }
    old.writer.finish()
}

/// What is copied, and whereto.
struct Old<'a> {
    zlib: &'a [u8],
    inflated: &'a Inflated,
    writer: Writer,
}

impl Old<'_> {
    /// Everything before `place`. There follows more, so the block that ends there is not the last one.
    fn copy_until(&mut self, place: Place) {
        let block = &self.inflated.blocks[place.block];
        self.writer.copy(self.zlib, 8 * HEADER_BYTES..block.start);
        if place.bit == block.first {
            return;
        }
        if block.is_stored {
            let bytes = &self.zlib[block.first / 8..place.bit / 8];
            return put_stored(&mut self.writer, bytes, false);
        }
        self.writer.put(0, 1);
        self.writer.copy(self.zlib, block.start + 1..place.bit);
        let end = self.end_of(block);
        self.writer.put(end.bits.into(), end.length.into());
    }

    /// Everything from `place` on: the rest of its block with the block's own beginning, and the blocks behind.
    fn copy_from(&mut self, place: Place) {
        let blocks = &self.inflated.blocks[place.block..];
        for (number, block) in blocks.iter().enumerate() {
            let from = if number == 0 { place.bit } else { block.first };
            if block.is_stored {
                // Elsewhere in a byte, it has other bits before its first byte.
                let bytes = &self.zlib[from / 8..block.end / 8];
                put_stored(&mut self.writer, bytes, block.is_last);
            } else {
                self.writer.copy(self.zlib, block.start..block.first);
                self.writer.copy(self.zlib, from..block.end);
            }
        }
    }

    /// The code that ends this block, which is no stored one.
    fn end_of(&self, block: &Block) -> Code {
        let mut reader = Reader::at(self.zlib, block.start);
        match read_header(&mut reader) {
            Ok((_, Packing::Coded(lengths))) => codes(&lengths.literals)[END],
            other => unreachable!("{other:?} was read when the block was unpacked"),
        }
    }
}
