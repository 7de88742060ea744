//! Sound pictures with some bytes changed, by lot: the same seed damages the same way.

use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};

use crate::{Fate, File, sound};

/// Headers are at the beginning, and most of what can go wrong.
const HEADER_BYTES: usize = 200;
/// Values that are likelier to mislead than others.
const EDGES: [u8; 4] = [0, 0x7f, 0x80, 0xff];

/// So many damaged pictures, of every format in turn.
pub fn damaged(seed: u64, count: usize) -> Vec<File> {
    let mut lot = StdRng::seed_from_u64(seed);
    let sound = sound();
    let sources = sound.iter().cycle().take(count);
    sources
        .enumerate()
        .map(|(number, source)| damage(source, number, &mut lot))
        .collect()
}

fn damage(source: &File, number: usize, lot: &mut StdRng) -> File {
    let mut bytes = source.bytes.clone();
    let way = match lot.random_range(0..4) {
        0 => {
            bytes.truncate(lot.random_range(1..bytes.len()));
            "cut"
        }
        1 => {
            let at = lot.random_range(0..bytes.len());
            let end = (at + lot.random_range(1..64)).min(bytes.len());
            let part = bytes[at..end].to_vec();
            bytes.splice(at..at, part.repeat(lot.random_range(1..20)));
            "repeated in part"
        }
        2 => {
            change(&mut bytes, HEADER_BYTES, lot);
            "changed in its header"
        }
        _ => {
            change(&mut bytes, usize::MAX, lot);
            "changed anywhere"
        }
    };
    let name = format!("{}, {way} (number {number})", source.name);
    File::new(source.kind, name, Fate::Either, bytes)
}

fn change(bytes: &mut [u8], within: usize, lot: &mut StdRng) {
    let within = within.min(bytes.len());
    for _ in 0..lot.random_range(1..9) {
        let edge = EDGES[lot.random_range(0..EDGES.len())];
        bytes[lot.random_range(0..within)] = if lot.random() { edge } else { lot.random() };
    }
}
