//! The constants of RFC 1951, section 3.2.

/// Symbols of literals and lengths; the last two never occur.
pub(crate) const LITERAL_SYMBOLS: usize = 288;
/// Symbols of distances; the last two never occur.
pub(crate) const DISTANCE_SYMBOLS: usize = 32;
/// The symbol that ends a block.
pub(crate) const END: usize = 256;
/// The longest code.
pub(crate) const CODE_BITS_MAX: u8 = 15;
/// The shortest and the longest repetition.
pub(crate) const LENGTH_MIN: usize = 3;
pub(crate) const LENGTH_MAX: usize = 258;
/// The bytes that a stored block can hold.
pub(crate) const STORED_MAX: usize = 0xffff;

/// The lengths of the code for code lengths come in this order.
pub(crate) const LENGTHS_ORDER: [usize; 19] = [
    16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15,
];

/// The shortest length of each symbol from 257, and how many bits tell the rest.
pub(crate) const LENGTHS: [(u16, u8); 29] = [
    (3, 0),
    (4, 0),
    (5, 0),
    (6, 0),
    (7, 0),
    (8, 0),
    (9, 0),
    (10, 0),
    (11, 1),
    (13, 1),
    (15, 1),
    (17, 1),
    (19, 2),
    (23, 2),
    (27, 2),
    (31, 2),
    (35, 3),
    (43, 3),
    (51, 3),
    (59, 3),
    (67, 4),
    (83, 4),
    (99, 4),
    (115, 4),
    (131, 5),
    (163, 5),
    (195, 5),
    (227, 5),
    (258, 0),
];

/// The shortest distance of each symbol, and how many bits tell the rest.
pub(crate) const DISTANCES: [(u16, u8); 30] = [
    (1, 0),
    (2, 0),
    (3, 0),
    (4, 0),
    (5, 1),
    (7, 1),
    (9, 2),
    (13, 2),
    (17, 3),
    (25, 3),
    (33, 4),
    (49, 4),
    (65, 5),
    (97, 5),
    (129, 6),
    (193, 6),
    (257, 7),
    (385, 7),
    (513, 8),
    (769, 8),
    (1025, 9),
    (1537, 9),
    (2049, 10),
    (3073, 10),
    (4097, 11),
    (6145, 11),
    (8193, 12),
    (12289, 12),
    (16385, 13),
    (24577, 13),
];

/// The code lengths of blocks that bring none.
pub(crate) const FIXED_LITERALS: [u8; LITERAL_SYMBOLS] = {
    let mut lengths = [8; LITERAL_SYMBOLS];
    let mut symbol = 144;
    while symbol < 280 {
        lengths[symbol] = if symbol < 256 { 9 } else { 7 };
        symbol += 1;
    }
    lengths
};
pub(crate) const FIXED_DISTANCES: [u8; DISTANCE_SYMBOLS] = [5; DISTANCE_SYMBOLS];
