//! What coefficients weigh in samples, as integers of [`CONSTANT_BITS`](super::CONSTANT_BITS) fractional bits.
//!
//! libjpeg multiplies in sequence by rounded factors. Each sum here is what its sequence adds up to: other steps, but
//! the same integers, so the same samples.

use super::CONSTANT_BITS;

const F_0_298: i16 = 2446;
const F_0_390: i16 = 3196;
const F_0_541: i16 = 4433;
const F_0_765: i16 = 6270;
const F_0_899: i16 = 7373;
const F_1_175: i16 = 9633;
const F_1_501: i16 = 12299;
const F_1_847: i16 = 15137;
const F_1_961: i16 = 16069;
const F_2_053: i16 = 16819;
const F_2_562: i16 = 20995;
const F_3_072: i16 = 25172;

/// Of four coefficients, the second and the last, in the outer two of four samples.
pub(super) const OUTER: [i16; 2] = [F_0_541 + F_0_765, F_0_541];

/// The same in the inner two.
pub(super) const INNER: [i16; 2] = [F_0_541, F_0_541 - F_1_847];

// What six points need besides.
const F_0_366: i16 = 2998;
const F_0_707: i16 = 5793;
const F_1_225: i16 = 10033;
const F_1_366: i16 = 11190;
const F_1_414: i16 = 11585;
const UNIT: i16 = 1 << CONSTANT_BITS;

/// Of six coefficients: a row for each pair of samples, from outside to inside.
pub(super) const SIX: [[i16; 6]; 3] = [
    [UNIT, F_1_366, F_1_225, UNIT, F_0_707, F_0_366],
    [UNIT, UNIT, 0, -UNIT, -F_1_414, -UNIT],
    [UNIT, F_0_366, -F_1_225, -UNIT, F_0_707, F_1_366],
];

/// Of eight coefficients, those of odd frequency; a row for each pair of samples, from outside to inside.
pub(super) const ODD: [[i16; 4]; 4] = [
    [
        F_1_501 - F_0_899 - F_0_390 + F_1_175,
        F_1_175,
        F_1_175 - F_0_390,
        F_1_175 - F_0_899,
    ],
    [
        F_1_175,
        F_3_072 - F_2_562 - F_1_961 + F_1_175,
        F_1_175 - F_2_562,
        F_1_175 - F_1_961,
    ],
    [
        F_1_175 - F_0_390,
        F_1_175 - F_2_562,
        F_2_053 - F_2_562 - F_0_390 + F_1_175,
        F_1_175,
    ],
    [
        F_1_175 - F_0_899,
        F_1_175 - F_1_961,
        F_1_175,
        F_0_298 - F_0_899 - F_1_961 + F_1_175,
    ],
];
