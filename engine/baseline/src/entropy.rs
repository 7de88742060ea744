//! Bits to coefficients: the innermost loop, where a decoder spends most of its time.

use crate::{
    Broken,
    bits::{Bits, Reader, Window},
    coefficients::{Coefficients, Layout},
    huffman::{AcTable, Class, DcTable, Symbol, TO_THE_END},
    scan::Strip,
    skim::{LEAPS, Skim},
};

/// The last coefficient of a block.
const LAST: usize = 63;

/// A block of the MCU.
#[derive(Debug)]
pub(crate) struct Block<'t> {
    pub(crate) dc: &'t DcTable,
    pub(crate) ac: &'t AcTable,
    pub(crate) layout: &'static Layout,
    pub(crate) component: usize,
    /// Which strip of blocks it belongs to.
    pub(crate) strip: usize,
    /// Its lane in the first MCU of a strip, and how many further it is in the next.
    pub(crate) lane: usize,
    pub(crate) lane_step: usize,
}

/// The last DC coefficient of each component, to which the next one is a difference.
pub(crate) type Predictions = [i32; 3];

/// Decodes the MCU that is `number` from the left of the strips.
///
/// # Errors
/// When the bits make no sense. The strips hold garbage then.
#[inline(always)]
pub(crate) fn decode_mcu(
    reader: &mut Reader<'_>,
    blocks: &[Block<'_>],
    predictions: &mut Predictions,
    strips: &mut [Strip],
    number: usize,
) -> Result<(), Broken> {
    let (window, mut bits) = reader.prepare()?;
    for block in blocks {
        let lane = block.lane + number * block.lane_step;
        let strip = &mut *strips[block.strip].coefficients;
        let prediction = &mut predictions[block.component];
        bits = block.decode(bits, window, prediction, strip, lane)?;
    }
    reader.bits = bits;
    Ok(())
}

/// Passes over the next MCU; only DC coefficients are added up.
///
/// # Errors
/// When the bits make no sense.
#[inline(always)]
pub(crate) fn skip_mcu(
    reader: &mut Reader<'_>,
    blocks: &[Block<'_>],
    predictions: &mut Predictions,
) -> Result<(), Broken> {
    let (window, mut bits) = reader.prepare()?;
    for block in blocks {
        bits = block.skip(bits, window, &mut predictions[block.component])?;
    }
    reader.bits = bits;
    Ok(())
}

/// Hands on the symbols of the next MCU: their component, their table, themselves as files have them, and the bits behind.
///
/// # Errors
/// When the bits make no sense.
pub(crate) fn read_symbols(
    reader: &mut Reader<'_>,
    blocks: &[Block<'_>],
    take: &mut impl FnMut(usize, Class, u8, u32),
) -> Result<(), Broken> {
    let (window, mut bits) = reader.prepare()?;
    for block in blocks {
        bits = block.read_symbols(bits, window, take)?;
    }
    reader.bits = bits;
    Ok(())
}

impl Block<'_> {
    fn read_symbols(
        &self,
        mut bits: Bits,
        window: &Window,
        take: &mut impl FnMut(usize, Class, u8, u32),
    ) -> Result<Bits, Broken> {
        let mut class = Class::Dc;
        let mut place = 0;
        while place < LAST {
            bits.refill(window);
            let symbol = match class {
                Class::Dc => self.dc.symbol(bits.buffer),
                Class::Ac => self.ac.symbol(bits.buffer),
            };
            let symbol = symbol.ok_or(Broken::Code)?;
            let stored = symbol.stored(bits.buffer);
            take(self.component, class, symbol.byte(), stored);
            bits.drop(symbol.bits());
            place += symbol.advance();
            class = Class::Ac;
        }
        Ok(bits)
    }

    /// Refills before every second symbol: 56 bits hold two of the longest.
    #[inline(always)]
    fn decode(
        &self,
        mut bits: Bits,
        window: &Window,
        prediction: &mut i32,
        strip: &mut Coefficients,
        lane: usize,
    ) -> Result<Bits, Broken> {
        bits.refill(window);
        let difference = self.take_dc(&mut bits)?;
        *prediction = prediction.wrapping_add(difference);
        strip.set(self.layout, 0, lane, *prediction as i16);

        let mut place = 0;
        let mut is_done = self.take_ac(&mut bits, &mut place, strip, lane)?;
        while !is_done {
            bits.refill(window);
            is_done = self.take_ac(&mut bits, &mut place, strip, lane)?
                || self.take_ac(&mut bits, &mut place, strip, lane)?;
        }
        check_end(place)?;
        Ok(bits)
    }

    /// Leaps over many symbols at once, and takes one by itself where a leap may lead out of the block.
    #[inline(always)]
    fn skip(&self, mut bits: Bits, window: &Window, prediction: &mut i32) -> Result<Bits, Broken> {
        bits.refill(window);
        let difference = self.take_dc(&mut bits)?;
        *prediction = prediction.wrapping_add(difference);

        let skim = self.ac.skim();
        let mut place = 0;
        loop {
            bits.refill(window);
            match leaps(skim, &mut bits, &mut place) {
                Leapt::On => continue,
                Leapt::ToTheEnd => return Ok(bits),
                Leapt::ToWhatIsLong => bits.refill(window),
            }
            let symbol = self.ac.symbol(bits.buffer).ok_or(Broken::Code)?;
            bits.drop(symbol.bits());
            place += symbol.advance();
            if place >= LAST {
                check_end(place)?;
                return Ok(bits);
            }
        }
    }

    #[inline(always)]
    fn take_dc(&self, bits: &mut Bits) -> Result<i32, Broken> {
        let symbol = self.dc.symbol(bits.buffer).ok_or(Broken::Code)?;
        Ok(take_value(symbol, bits))
    }

    /// Takes one symbol or two, moves `place` to the last coefficient they set, and says whether that ends the block.
    #[inline(always)]
    fn take_ac(
        &self,
        bits: &mut Bits,
        place: &mut usize,
        strip: &mut Coefficients,
        lane: usize,
    ) -> Result<bool, Broken> {
        let buffer = bits.buffer;
        let pair = self.ac.pair(buffer).ok_or(Broken::Code)?;
        let (first, last) = (*place + pair.first_advance(), *place + pair.advance());
        strip.set(self.layout, first, lane, pair.first_value());
        strip.set(self.layout, last, lane, pair.last_value(buffer));
        if last < LAST {
            *place = last;
            bits.drop(pair.bits());
            return Ok(false);
        }
        // When the first symbol has ended the block, the second is the next block's, in another table.
        let (end, taken) = if first < LAST {
            (last, pair.bits())
        } else {
            (first, pair.first_bits())
        };
        *place = end;
        bits.drop(taken);
        Ok(true)
    }
}

/// Where leaps have led.
enum Leapt {
    On,
    ToTheEnd,
    /// To a symbol that has to be taken by itself.
    ToWhatIsLong,
}

/// Leaps as often as a full buffer allows.
#[inline(always)]
fn leaps(skim: &Skim, bits: &mut Bits, place: &mut usize) -> Leapt {
    for _ in 0..LEAPS {
        let leap = skim.leap(bits.buffer);
        let next = *place + leap.advance();
        if next >= LAST {
            // When the block is full before its end is told, what is told is the next block's.
            let to_end = leap.advance_to_end();
            if to_end.is_none_or(|advance| *place + advance >= LAST) {
                return Leapt::ToWhatIsLong;
            }
            bits.drop(leap.bits());
            return Leapt::ToTheEnd;
        }
        *place = next;
        bits.drop(leap.bits());
    }
    Leapt::On
}

/// A run may reach the last coefficient, and the end of the block lies far beyond it.
#[inline(always)]
fn check_end(place: usize) -> Result<(), Broken> {
    if place > LAST && place < TO_THE_END {
        return Err(Broken::Run);
    }
    Ok(())
}

#[inline(always)]
fn take_value(symbol: Symbol, bits: &mut Bits) -> i32 {
    let value = symbol.value(bits.buffer);
    bits.drop(symbol.bits());
    value
}
