//! AC coefficients: their highest bits as runs and values, and then a bit at a time.
//!
//! The end of a block may be that of thousands, so that a sky takes a symbol a scan.

use std::hint::select_unpredictable;

use super::{header::Band, scan::Blocks, store::Strip};
use crate::{
    Broken,
    bits::{Bits, Reader, Window},
    huffman::{AcTable, RefinementTable, TO_THE_END},
};

/// The highest bits of coefficients.
#[derive(Debug)]
pub(super) struct FirstBand {
    table: AcTable,
    first: usize,
    last: usize,
    low: u32,
    /// Blocks to come that have ended already.
    ended: u32,
}

/// One more bit of coefficients.
#[derive(Debug)]
pub(super) struct FinerBand {
    table: RefinementTable,
    /// The places of the band.
    places: u64,
    low: u32,
    /// Blocks to come that get no new coefficients, this one included.
    ended: u32,
}

impl FirstBand {
    pub(super) fn new(table: AcTable, band: &Band<'_>, low: u32) -> Self {
        Self {
            table,
            first: band.first,
            last: band.last,
            low,
            ended: 0,
        }
    }

    /// Takes one symbol or two, and moves `place` to the last coefficient they set.
    #[inline(always)]
    fn take_pair(
        &mut self,
        bits: &mut Bits,
        place: &mut usize,
        history: &mut u64,
        strip: &mut Strip<'_>,
        lane: usize,
    ) -> Result<(), Broken> {
        let buffer = bits.buffer;
        let pair = self.table.pair(buffer).ok_or(Broken::Code)?;
        let (first, last) = (*place + pair.first_advance(), *place + pair.advance());
        if first >= TO_THE_END {
            let symbol = self.table.symbol(buffer).ok_or(Broken::Code)?;
            self.ended = symbol.blocks(buffer) - 1;
            bits.drop(symbol.bits());
            *place = first;
            return Ok(());
        }
        // When the first symbol has ended the block, the second is the next block's.
        let is_over = (first >= self.last) & (first != last);
        let (last, value, taken) = select_unpredictable(
            is_over,
            (first, pair.first_value(), pair.first_bits()),
            (last, pair.last_value(buffer), pair.bits()),
        );
        strip.set(first, lane, pair.first_value() << self.low);
        strip.set(last, lane, value << self.low);
        *history |= u64::from(pair.first_value() != 0) << (first & 63);
        *history |= u64::from(value != 0) << (last & 63);
        *place = last;
        bits.drop(taken);
        Ok(())
    }
}

impl Blocks for FirstBand {
    #[inline(always)]
    fn take(
        &mut self,
        reader: &mut Reader<'_>,
        strip: &mut Strip<'_>,
        lane: usize,
    ) -> Result<(), Broken> {
        if self.ended > 0 {
            self.ended -= 1;
            return Ok(());
        }
        let (window, mut bits) = reader.prepare()?;
        let mut place = self.first - 1;
        let mut history = strip.histories[lane];
        while place < self.last {
            bits.refill(window);
            self.take_pair(&mut bits, &mut place, &mut history, strip, lane)?;
        }
        if place > self.last && place < TO_THE_END {
            return Err(Broken::Run);
        }
        strip.histories[lane] = history;
        reader.bits = bits;
        Ok(())
    }

    fn is_ahead(&self) -> bool {
        self.ended > 0
    }
}

impl FinerBand {
    pub(super) fn new(table: RefinementTable, band: &Band<'_>, low: u32) -> Self {
        Self {
            table,
            places: u64::MAX >> (63 - (band.last - band.first)) << band.first,
            low,
            ended: 0,
        }
    }

    /// Takes new coefficients until there is no more, and returns the places behind the last.
    #[inline(always)]
    fn take_new(
        &mut self,
        bits: &mut Bits,
        window: &Window,
        strip: &mut Strip<'_>,
        lane: usize,
    ) -> Result<u64, Broken> {
        let history = strip.histories[lane];
        let mut left = self.places;
        while left != 0 {
            bits.refill(window);
            let symbol = self.table.symbol(bits.buffer).ok_or(Broken::Code)?;
            let buffer = bits.buffer;
            bits.drop(symbol.bits());
            if symbol.advance() == TO_THE_END {
                self.ended = symbol.blocks(buffer);
                break;
            }
            let at = nth_bit(left & !history, symbol.advance()).ok_or(Broken::Run)?;
            self.grow(bits, window, left & history & (at - 1), strip, lane);
            let place = at.trailing_zeros() as usize;
            // After sixteen zeros without a value this writes one more zero.
            strip.set(place, lane, (symbol.value(buffer) << self.low) as i16);
            strip.histories[lane] |= u64::from(symbol.has_value()) << place;
            left &= !(at | (at - 1));
        }
        Ok(left)
    }

    /// One more bit for each coefficient of `places`.
    #[inline(always)]
    fn grow(
        &self,
        bits: &mut Bits,
        window: &Window,
        places: u64,
        strip: &mut Strip<'_>,
        lane: usize,
    ) {
        let mut near = places & strip.near;
        while near != 0 {
            bits.refill(window);
            let count = near.count_ones().min(BITS_AT_ONCE);
            for _ in 0..count {
                let step = ((bits.buffer >> 63) as i16) << self.low;
                strip.grow(near.trailing_zeros() as usize, lane, step);
                near &= near - 1;
                bits.drop(1);
            }
        }
        // What is not kept needs no look either.
        let mut far = (places & !strip.near).count_ones();
        while far > 0 {
            bits.refill(window);
            let count = far.min(BITS_AT_ONCE);
            bits.drop(count);
            far -= count;
        }
    }
}

/// A buffer that has just been filled has as many.
const BITS_AT_ONCE: u32 = 56;

/// The `number`th of the bits that are set, from the lowest one on.
#[inline(always)]
fn nth_bit(mut bits: u64, number: usize) -> Option<u64> {
    for _ in 1..number {
        bits &= bits.wrapping_sub(1);
    }
    (bits != 0).then_some(bits & bits.wrapping_neg())
}

impl Blocks for FinerBand {
    #[inline(always)]
    fn take(
        &mut self,
        reader: &mut Reader<'_>,
        strip: &mut Strip<'_>,
        lane: usize,
    ) -> Result<(), Broken> {
        let (window, mut bits) = reader.prepare()?;
        let history = strip.histories[lane];
        let left = if self.ended > 0 {
            self.places
        } else {
            self.take_new(&mut bits, window, strip, lane)?
        };
        if self.ended > 0 {
            self.grow(&mut bits, window, left & history, strip, lane);
            self.ended -= 1;
        }
        reader.bits = bits;
        Ok(())
    }

    fn is_ahead(&self) -> bool {
        self.ended > 0
    }
}
