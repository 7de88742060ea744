//! Coefficients to samples.
//!
//! At full size the arithmetic is that of libjpeg's "islow" transform (Loeffler, Ligtenberg and Moschytz, ICASSP 1989), bit
//! for bit. At smaller sizes it is the transform of as many points, of the lowest frequencies alone: a low-pass filter and a
//! reduction in one, with the same scaling and rounding.

#[cfg(target_arch = "x86_64")]
mod avx2;
mod forward;
mod scalar;
mod weights;

use crate::{coefficients::Lanes, cpu::Kernels};

pub(crate) use forward::{Levels, Samples, forward};

/// Blocks that are transformed at once.
pub(crate) const BATCH: usize = 16;

/// How large a block of eight by eight samples comes out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Size {
    Full,
    ThreeQuarters,
    Half,
    Quarter,
    Eighth,
}

/// Fractional bits of the constants.
const CONSTANT_BITS: u32 = 13;
/// Fractional bits that are kept between columns and rows.
const BETWEEN_BITS: u32 = 2;
/// What is shifted out after the columns.
const COLUMN_SHIFT: u32 = CONSTANT_BITS - BETWEEN_BITS;
/// What is shifted out after the rows; eight is what both passes multiply by.
const ROW_SHIFT: u32 = CONSTANT_BITS + BETWEEN_BITS + 3;

impl Size {
    /// Samples of a block's side.
    pub(crate) const fn side(self) -> usize {
        match self {
            Self::Full => 8,
            Self::ThreeQuarters => 6,
            Self::Half => 4,
            Self::Quarter => 2,
            Self::Eighth => 1,
        }
    }

    /// Coefficients that are kept of a block: as many as it has samples then.
    pub(crate) const fn coefficients(self) -> usize {
        self.side() * self.side()
    }

    /// The divisors of the coefficients that are kept.
    pub(crate) fn quantisation(self, all: &[i16; 64]) -> [i16; 64] {
        let side = self.side();
        let mut kept = [0; 64];
        for (index, divisor) in kept.iter_mut().take(side * side).enumerate() {
            *divisor = all[index / side * 8 + index % side];
        }
        kept
    }
}

/// Transforms [`BATCH`] blocks of a strip from `lane` on; their rows of samples begin `stride` apart.
pub(crate) fn inverse(
    kernels: Kernels,
    size: Size,
    strip: Lanes<'_>,
    lane: usize,
    quantisation: &[i16; 64],
    samples: &mut [u8],
    stride: usize,
) {
    match kernels {
        Kernels::Scalar => scalar::inverse(size, strip, lane, quantisation, samples, stride),
        #[cfg(target_arch = "x86_64")]
        Kernels::Avx2(avx2) => {
            avx2::inverse(avx2, size, strip, lane, quantisation, samples, stride);
        }
    }
}
