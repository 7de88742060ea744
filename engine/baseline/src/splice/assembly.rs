//! The picture's data from the first MCU to the last: what is the source's, and what is new.

use std::{iter::repeat_n, ops::Range};

use super::{
    Unspliced,
    patch::Patch,
    survey::{Content, Survey},
};
use crate::{
    Unsupported,
    dct::Levels,
    entropy::Predictions,
    header::{Component, Header},
    huffman::Class,
    tables::ZIGZAG,
};

/// What becomes of the picture's data.
pub(super) trait Output {
    /// The restart marker that is `number` from the first comes next.
    fn restart(&mut self, number: usize) -> Result<(), Unspliced>;
    /// So many MCUs come next as the source has them, at these bits since its last restart marker.
    fn source(&mut self, mcus: usize, bits: &Range<usize>) -> Result<(), Unspliced>;
    /// So many MCUs of the source are left out: symbols come for them.
    fn leave_out(&mut self, mcus: usize) -> Result<(), Unspliced>;
    /// A symbol of a component, and the bits behind it.
    fn symbol(
        &mut self,
        component: usize,
        class: Class,
        symbol: u8,
        stored: u32,
    ) -> Result<(), Unsupported>;
}

/// Sixteen zeros.
const ZEROS: u8 = 0xf0;
const END_OF_BLOCK: u8 = 0;

/// What eight-bit baseline JPEG has codes for.
const DC_BITS_MAX: u32 = 11;
const AC_BITS_MAX: u32 = 10;

/// Hands all of the picture's data to `output`.
pub(super) fn walk(
    header: &Header<'_>,
    survey: &Survey,
    output: &mut impl Output,
) -> Result<(), Unspliced> {
    let mut predictions = Predictions::default();
    let mut drawn = 0;
    for piece in &survey.pieces {
        if let Some(number) = piece.restart {
            output.restart(number)?;
            predictions = Predictions::default();
        }
        let (mcus, levels) = match &piece.content {
            Content::Copied {
                count,
                bits,
                predictions: after,
            } => {
                output.source(*count, bits)?;
                predictions = *after;
                continue;
            }
            Content::Drawn { count } => {
                let patch = survey.patch.as_ref();
                let levels = patch.map_or(&[][..], |patch: &Patch| patch.levels(drawn, *count));
                drawn += count;
                (*count, levels)
            }
            Content::After(levels) => (1, levels.as_slice()),
        };
        output.leave_out(mcus)?;
        write_blocks(&header.components, levels, &mut predictions, output)?;
    }
    Ok(())
}

/// The blocks of whole MCUs.
fn write_blocks(
    components: &[Component],
    levels: &[Levels],
    predictions: &mut Predictions,
    output: &mut impl Output,
) -> Result<(), Unsupported> {
    let of_mcu = (0..)
        .zip(components)
        .flat_map(|(index, component)| repeat_n(index, component.across * component.down));
    let indices = of_mcu.collect::<Vec<usize>>().into_iter().cycle();
    for (component, levels) in indices.zip(levels) {
        // Sixteen bits are what a decoder keeps of the sum; only damaged files have more.
        let prediction = predictions[component] as i16;
        predictions[component] = levels[0].into();
        write_block(component, levels, prediction, output)?;
    }
    Ok(())
}

fn write_block(
    component: usize,
    levels: &Levels,
    prediction: i16,
    output: &mut impl Output,
) -> Result<(), Unsupported> {
    let difference = i32::from(levels[0]) - i32::from(prediction);
    let (symbol, stored) = coded(0, difference, DC_BITS_MAX)?;
    output.symbol(component, Class::Dc, symbol, stored)?;
    let mut run = 0;
    for place in &ZIGZAG[1..] {
        let level = levels[usize::from(*place)];
        if level == 0 {
            run += 1;
            continue;
        }
        for _ in 0..run / 16 {
            output.symbol(component, Class::Ac, ZEROS, 0)?;
        }
        let (symbol, stored) = coded(run % 16, level.into(), AC_BITS_MAX)?;
        output.symbol(component, Class::Ac, symbol, stored)?;
        run = 0;
    }
    if run > 0 {
        output.symbol(component, Class::Ac, END_OF_BLOCK, 0)?;
    }
    Ok(())
}

/// The symbol of a value after `run` zeros, and the bits behind it; negative ones are stored one less, without their sign.
fn coded(run: u8, value: i32, bits_max: u32) -> Result<(u8, u32), Unsupported> {
    let bits = u32::BITS - value.unsigned_abs().leading_zeros();
    let symbol = run << 4 | bits.min(15) as u8;
    if bits > bits_max {
        return Err(Unsupported::Symbol { symbol });
    }
    let stored = (value - i32::from(value < 0)) as u32 & ((1 << bits) - 1);
    Ok((symbol, stored))
}
