use miniz_oxide::{
    deflate::core::{
        CompressionStrategy, CompressorOxide, TDEFLFlush, compress_to_output,
        create_comp_flags_from_zip_params,
    },
    inflate::{decompress_to_vec, decompress_to_vec_zlib},
};
use proptest::prelude::{Just, ProptestConfig, Strategy, any, prop, prop_oneof, proptest};

use super::*;

/// Bytes as filtered pixels are: small differences, now and then a repetition.
fn pixels(length: usize) -> Vec<u8> {
    let mut state = 1_u32;
    let mut bytes: Vec<u8> = Vec::with_capacity(length + 300);
    while bytes.len() < length {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let [kind, value, far, near] = state.to_be_bytes();
        let distance = 1 + usize::from(far) * 131 + usize::from(near);
        if kind < 12 && distance <= bytes.len() {
            let from = bytes.len() - distance;
            (from..from + 4 + usize::from(value)).for_each(|at| bytes.push(bytes[at]));
        } else {
            bytes.push((value & kind & 15).wrapping_sub(3));
        }
    }
    bytes.truncate(length);
    bytes
}

fn packed(bytes: &[u8], level: i32, strategy: CompressionStrategy) -> Vec<u8> {
    packed_in_parts(bytes, bytes.len().max(1), level, strategy, TDEFLFlush::None)
}

/// After each part of so many bytes a block ends as `flush` says.
fn packed_in_parts(
    bytes: &[u8],
    part: usize,
    level: i32,
    strategy: CompressionStrategy,
    flush: TDEFLFlush,
) -> Vec<u8> {
    let flags = create_comp_flags_from_zip_params(level, 15, strategy as i32);
    let mut compressor = CompressorOxide::new(flags);
    let mut zlib = Vec::new();
    let mut take = |bytes: &[u8], flush| {
        let written = |part: &[u8]| {
            zlib.extend_from_slice(part);
            true
        };
        compress_to_output(&mut compressor, bytes, flush, written);
    };
    bytes.chunks(part).for_each(|part| take(part, flush));
    take(&[], TDEFLFlush::Finish);
    zlib
}

/// How many kinds of streams [`stream`] knows.
const KINDS: usize = 17;

/// Every kind of block, whole and in parts.
fn stream(bytes: &[u8], kind: usize) -> Vec<u8> {
    use CompressionStrategy::{Default, Fixed, HuffmanOnly, RLE};
    let part = 1 + bytes.len() / 20;
    match kind {
        0..=9 => packed(bytes, kind as i32, Default),
        10..=12 => packed(bytes, 6, [Fixed, HuffmanOnly, RLE][kind - 10]),
        13 => packed_in_parts(bytes, part, 6, Default, TDEFLFlush::Sync),
        14 => packed_in_parts(bytes, part, 6, Default, TDEFLFlush::Full),
        15 => packed_in_parts(bytes, part, 6, Fixed, TDEFLFlush::Sync),
        _ => packed_in_parts(bytes, part, 0, Default, TDEFLFlush::Sync),
    }
}

fn streams(bytes: &[u8]) -> impl Iterator<Item = Vec<u8>> {
    (0..KINDS).map(|kind| stream(bytes, kind))
}

/// A stream and its bytes, as one value.
#[derive(Debug)]
struct Opened<'z>(Stream<'z>, Vec<u8>);

impl<'z> Opened<'z> {
    fn open(zlib: impl Into<Cow<'z, [u8]>>, length: usize) -> Result<Self, Unfit> {
        Stream::open(zlib, length).map(|(stream, bytes)| Self(stream, bytes))
    }

    /// With no more of the old bytes than are needed.
    fn with(self, at: usize, new: &[u8], before: Vec<u8>) -> Vec<u8> {
        let needed = self.0.needed(at..at + new.len());
        let old = (needed.start, self.1[needed].to_vec());
        self.0.with(at, new, old, before)
    }
}

fn unpacked(zlib: &[u8]) -> Vec<u8> {
    decompress_to_vec_zlib(zlib).expect("another reader takes it as well")
}

#[test]
fn streams_of_every_kind_are_unpacked() {
    for length in [0, 1, 2, 7, 300, 33_000, 200_000] {
        let bytes = pixels(length);
        for (number, zlib) in streams(&bytes).enumerate() {
            let stream = Opened::open(&zlib, length).unwrap_or_else(|unfit| {
                panic!("{length} bytes, stream {number}: {unfit}");
            });
            assert_eq!(stream.1, bytes, "{length} bytes, stream {number}");
        }
    }
}

#[test]
fn what_is_replaced_is_all_that_differs() {
    for length in [1, 2, 300, 33_000, 200_000] {
        let mut bytes = pixels(length);
        for zlib in streams(&bytes.clone()) {
            for (from, to) in [
                (0, 0),
                (0, length),
                (0, length.min(5)),
                (length / 3, length / 3 + 1),
                (length / 2, length / 2 + length / 50),
                (length - 1, length),
            ] {
                let old = bytes[from..to].to_vec();
                bytes[from..to].fill(0x5a);
                let stream = Opened::open(&zlib, length).unwrap();
                let spliced = stream.with(from, &bytes[from..to], Vec::new());
                assert_eq!(unpacked(&spliced), bytes, "{from}..{to} of {length}");
                bytes[from..to].copy_from_slice(&old);
            }
        }
    }
}

#[test]
fn what_is_not_changed_at_all_is_the_stream_itself() {
    let zlib = packed(&pixels(5000), 6, CompressionStrategy::Default);
    let followed = [&zlib[..], &[1, 2, 3]].concat();
    assert_eq!(
        Opened::open(followed, 5000)
            .unwrap()
            .with(700, &[], Vec::new()),
        zlib
    );
}

#[test]
fn a_stream_goes_behind_what_there_is() {
    let zlib = packed(&pixels(5000), 6, CompressionStrategy::Default);
    for new in [&[][..], &[9; 7]] {
        let open = || Opened::open(&zlib, 5000).unwrap();
        let behind = open().with(700, new, b"before".to_vec());
        let alone = open().with(700, new, Vec::new());
        assert_eq!(behind, [b"before", &alone[..]].concat());
    }
}

#[test]
fn what_lies_far_from_a_change_stays_packed_as_it_is() {
    let mut bytes = pixels(600_000);
    // One block: everything must be parted within it.
    let zlib = packed(&bytes, 6, CompressionStrategy::Fixed);
    bytes[300_000..300_010].fill(0x5a);
    let stream = Opened::open(&zlib, bytes.len()).unwrap();
    let spliced = stream.with(300_000, &bytes[300_000..300_010], Vec::new());
    let same = zlib
        .iter()
        .zip(&spliced)
        .take_while(|(old, new)| old == new);
    assert!(same.count() * 100 > zlib.len() * 45);
    assert!(spliced.len() < zlib.len() + zlib.len() / 50);
    let around = Opened::open(&spliced, bytes.len()).unwrap();
    let inflated = &around.0.inflated;
    assert!(inflated.blocks.len() >= 3 && inflated.blocks.last().unwrap().is_last);
}

#[test]
fn two_splices_of_the_same_are_the_same() {
    let bytes = pixels(100_000);
    let zlib = packed(&bytes, 6, CompressionStrategy::Default);
    let spliced = || {
        Opened::open(&zlib, bytes.len())
            .unwrap()
            .with(50_000, &[7; 99], Vec::new())
    };
    assert_eq!(spliced(), spliced());
}

#[test]
fn a_spliced_stream_can_be_spliced_again() {
    let mut bytes = pixels(150_000);
    let mut zlib = packed(&bytes, 6, CompressionStrategy::Default);
    for round in 0..20 {
        let at = round * 7_000;
        bytes[at..at + 300].fill(round as u8);
        zlib = Opened::open(&zlib, bytes.len())
            .unwrap()
            .with(at, &bytes[at..at + 300], Vec::new());
        assert_eq!(unpacked(&zlib), bytes, "round {round}");
    }
}

/// A reader with a small window keeps no more than that.
#[test]
fn new_repetitions_stay_within_the_window_of_the_stream() {
    let mut bytes = vec![0; 20_000];
    let noise: Vec<u8> = (0..300_u32)
        .map(|i| (i.wrapping_mul(2_654_435_761) >> 13) as u8)
        .collect();
    let mut zlib = packed(&bytes, 0, CompressionStrategy::Default);
    zlib[..2].copy_from_slice(&[0x08, 0x1d]); // a window of 256 bytes
    for at in [1000, 1500, 9000] {
        bytes[at..at + 300].copy_from_slice(&noise);
    }
    let stream = Opened::open(&zlib, bytes.len()).unwrap();
    let within = stream.with(0, &bytes, Vec::new());
    let free = packed(&bytes, 0, CompressionStrategy::Default);
    let free = Opened::open(&free, bytes.len())
        .unwrap()
        .with(0, &bytes, Vec::new());
    assert!(
        free.len() + 200 < within.len(),
        "{} {}",
        free.len(),
        within.len()
    );
    assert_eq!(unpacked(&within), bytes);
}

#[test]
fn what_follows_a_stream_does_not_matter() {
    let bytes = pixels(5000);
    let mut zlib = packed(&bytes, 6, CompressionStrategy::Default);
    let expected = Opened::open(zlib.clone(), 5000)
        .unwrap()
        .with(9, &[1; 9], Vec::new());
    zlib.extend_from_slice(b"and so on");
    assert_eq!(
        Opened::open(&zlib, 5000)
            .unwrap()
            .with(9, &[1; 9], Vec::new()),
        expected
    );
}

#[test]
fn what_is_no_stream_of_that_length_is_refused() {
    let bytes = pixels(5000);
    let zlib = packed(&bytes, 6, CompressionStrategy::Default);
    let refused = |zlib: &[u8], length| Opened::open(zlib, length).map(|_| ()).unwrap_err();
    assert_eq!(refused(&zlib, 4999), Unfit::Length);
    assert_eq!(refused(&zlib, 5001), Unfit::Length);
    assert_eq!(refused(&[], 0), Unfit::Header);
    // A window too large, a dictionary, another method, a check that does not hold.
    for header in [[0x88, 0x1c], [0x78, 0xbb], [0x79, 0x9b], [0x78, 0x9d]] {
        let mut other = zlib.clone();
        other[..2].copy_from_slice(&header);
        assert_eq!(refused(&other, 5000), Unfit::Header, "{header:02x?}");
    }
    let mut other = zlib;
    *other.last_mut().unwrap() ^= 1;
    assert_eq!(refused(&other, 5000), Unfit::Checksum);
}

#[test]
fn a_stream_that_ends_anywhere_too_early_is_refused() {
    for zlib in streams(&pixels(200)) {
        for end in 0..zlib.len() {
            assert!(Opened::open(&zlib[..end], 200).is_err(), "{end}");
        }
    }
}

#[test]
fn endless_empty_blocks_are_refused() {
    let mut writer = bits::Writer::default();
    writer.put_bytes(&[0x78, 0x9c]);
    (0..200_000).for_each(|_| writer.put(1 << 1, 10));
    assert!(matches!(
        Opened::open(writer.finish(), 1),
        Err(Unfit::Blocks)
    ));
}

/// A megabyte that would unpack to a gigabyte is given up where the picture ends.
#[test]
fn a_bomb_unpacks_no_further_than_its_picture() {
    let zlib = packed(&vec![0; 100_000_000], 9, CompressionStrategy::Default);
    assert!(zlib.len() < 200_000);
    assert_eq!(Opened::open(&zlib, 1000).map(|_| ()), Err(Unfit::Length));
}

/// A stream with some bytes changed, and how many bytes it holds as others read it, or was made of.
fn damaged() -> impl Strategy<Value = (Vec<u8>, usize)> {
    let length = prop_oneof![0_usize..40, 300_usize..3000, Just(40_000)];
    let changes = prop::collection::vec((any::<usize>(), any::<u8>()), 1..6);
    (length, 0..KINDS, changes).prop_map(|(length, kind, changes)| {
        let mut zlib = stream(&pixels(length), kind);
        for (place, value) in changes {
            let place = HEADER_BYTES + place % (zlib.len() - HEADER_BYTES);
            zlib[place] = value;
        }
        let read = decompress_to_vec(&zlib[HEADER_BYTES..]);
        let length = read.map_or(length, |bytes| bytes.len());
        (zlib, length)
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever its checksum says, for damage that it does not tell has to do no harm either.
    #[test]
    fn a_damaged_stream_is_refused_or_read_as_others_read_it((zlib, length) in damaged()) {
        if let Ok((inflated, bytes)) = inflate(&zlib, 8 * HEADER_BYTES, length) {
            assert_eq!(decompress_to_vec(&zlib[HEADER_BYTES..]).ok(), Some(bytes.clone()));
            let checksum = checksum_of(&bytes);
            let stream = Stream { zlib: zlib.into(), inflated, checksum };
            let stream = Opened(stream, bytes.clone());
            let half = length / 2;
            // Nothing in the place of nothing leaves the checksum as it is.
            if length > 0 {
                assert_eq!(unpacked(&stream.with(half, &bytes[half..], Vec::new())), bytes);
            }
        }
    }

    #[test]
    fn noise_is_refused_or_read_as_others_read_it(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let read = decompress_to_vec(&bytes);
        let length = read.as_ref().map_or(1000, Vec::len);
        if let Ok((_, inflated)) = inflate(&bytes, 0, length) {
            assert_eq!(read.ok(), Some(inflated));
        }
    }

    #[test]
    fn any_bytes_replace_any_others(
        length in 1_usize..70_000,
        from in any::<usize>(),
        new in prop::collection::vec(any::<u8>(), 0..3000),
        kind in 0..KINDS,
    ) {
        let mut bytes = pixels(length);
        let zlib = stream(&bytes, kind);
        let from = from % length;
        let new = &new[..new.len().min(length - from)];
        bytes[from..from + new.len()].copy_from_slice(new);
        let spliced = Opened::open(&zlib, length).unwrap().with(from, new, Vec::new());
        assert_eq!(unpacked(&spliced), bytes);
    }
}
