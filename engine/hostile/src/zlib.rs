//! Streams of zlib that are short and unpack to anything.

use flate2::{Compress, Compression, FlushCompress};

const MIB: usize = 1024 * 1024;
/// What a stream begins with, and what says that nothing follows.
const HEADER: [u8; 2] = [0x78, 0xda];
const LAST_BLOCK: [u8; 2] = [0x03, 0];
/// The modulus of Adler-32.
const BASE: u64 = 65_521;

/// A gigabyte of zeros.
pub(crate) fn gigabyte() -> Vec<u8> {
    zeros(1024 * MIB)
}

/// So many zeros. Those of each megabyte are packed to the same thousand bytes, which are written again and again.
pub(crate) fn zeros(bytes: usize) -> Vec<u8> {
    let megabytes = block(MIB).repeat(bytes / MIB);
    let sums = ((bytes as u64 % BASE) << 16) | 1;
    let sums = (sums as u32).to_be_bytes();
    [
        &HEADER[..],
        &megabytes,
        &block(bytes % MIB),
        &LAST_BLOCK,
        &sums,
    ]
    .concat()
}

/// Zeros that can be unpacked without what stands before.
fn block(bytes: usize) -> Vec<u8> {
    let mut packed = Vec::with_capacity(bytes / 500 + 64);
    let packing = Compress::new(Compression::best(), false).compress_vec(
        &vec![0; bytes],
        &mut packed,
        FlushCompress::Full,
    );
    packing.expect("memory takes it");
    packed
}
