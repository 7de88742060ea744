//! No bytes make a splice panic, none that nobody asked for get through it, and no damage passes for a picture.

use std::sync::LazyLock;

use baseline::{Broken, Region, Splice, Unspliced, Unsupported, plan};
use planes::Planes;
use proptest::prelude::*;

use crate::support::{
    Source, oracle, progressive_file, splice, target, with_changed_bytes, with_changed_headers,
};

static FILES: LazyLock<[Vec<u8>; 4]> = LazyLock::new(|| {
    let [source, with_restarts, gray] = Source::kinds();
    // Inverted, it needs codes that its tables have not.
    let optimized = Source {
        optimized: true,
        quality: 60,
        ..source
    };
    [source, with_restarts, gray, optimized].map(|source| source.encoded())
});

const MIDDLE: Region = Region {
    x: 40,
    y: 20,
    width: 37,
    height: 23,
};

fn invert(planes: &mut Planes, _origin: (usize, usize)) {
    let samples = planes.luma_mut().samples_mut().iter_mut();
    samples.for_each(|sample| *sample = !*sample);
}

fn spliced(file: &[u8]) -> Result<Vec<u8>, Unspliced> {
    splice(file, MIDDLE, &mut invert)
}

/// What comes out can be read again.
fn try_splice(file: &[u8]) {
    if let Ok(result) = spliced(file) {
        let plan = plan(&result, &target((60, 40))).unwrap();
        plan.decode().unwrap();
    }
}

/// A good file with `segments` behind its first one, and something behind its end.
fn with_segments(segments: &[(u8, &[u8])]) -> Vec<u8> {
    let file = &FILES[0];
    let (first, rest) = file.split_at(4 + usize::from(file[5]));
    let segment = |&(marker, payload): &(u8, &[u8])| {
        let length = (payload.len() as u16 + 2).to_be_bytes();
        [&[0xff, marker], &length[..], payload].concat()
    };
    let segments: Vec<u8> = segments.iter().flat_map(segment).collect();
    [first, &segments, rest, b"a film behind the picture"].concat()
}

fn contains(file: &[u8], words: &[u8]) -> bool {
    file.windows(words.len()).any(|window| window == words)
}

const SECRETS: [(u8, &[u8]); 6] = [
    (0xe0, b"JFXX\0\x10 a thumbnail"),
    (0xe1, b"Exif\0\0 where it was"),
    (0xe2, b"MPF\0 other pictures"),
    (0xed, b"Photoshop 3.0\0 who it was"),
    (0xef, b"anything"),
    (0xfe, b"what it was"),
];

#[test]
fn nothing_that_tells_of_the_photographer_survives() {
    let result = spliced(&with_segments(&SECRETS)).unwrap();
    for (_, secret) in SECRETS {
        assert!(!contains(&result, secret), "{secret:?}");
    }
    assert!(result == spliced(&FILES[0]).unwrap());
}

#[test]
fn what_says_how_colours_are_meant_survives() {
    let adobe = b"Adobe\0\x64\0\0\0\0\x01";
    let with_more = [&adobe[..], b" and more"].concat();
    let result = spliced(&with_segments(&[(0xee, &with_more)])).unwrap();
    assert!(contains(&result, adobe));
    assert!(!contains(&result, b"and more"));
}

#[test]
fn a_thumbnail_in_the_first_segment_is_dropped() {
    let file = &FILES[0];
    let thumbnail = [5; 3 * 4 * 4];
    let mut larger = [&file[..18], &[4, 4], &thumbnail, &file[20..]].concat();
    larger[5] += thumbnail.len() as u8;
    assert!(spliced(&larger).unwrap() == spliced(file).unwrap());
}

#[test]
fn what_is_told_instead_stands_behind_jfif() {
    for file in [with_segments(&SECRETS), with_jfif_last()] {
        let told: [(u8, &[u8]); 2] = [(0xe1, b"Exif\0\0 who made it"), (0xe2, b"a profile")];
        let sheet = Splice::of(&file).unwrap().surveyed(MIDDLE).unwrap();
        let result = sheet.written(&told).unwrap();
        let all: Vec<_> = Splice::of(&result).unwrap().application_data().collect();
        assert_eq!(all[1..], told);
        assert!(all[0].1.starts_with(b"JFIF\0"));
    }
}

/// The first segment moved to where it is the last before the picture's data.
fn with_jfif_last() -> Vec<u8> {
    let file = &FILES[0];
    let (first, rest) = file.split_at(4 + usize::from(file[5]));
    let scan = rest.windows(2).position(|two| two == [0xff, 0xda]).unwrap();
    [&first[..2], &rest[..scan], &first[2..], &rest[scan..]].concat()
}

#[test]
#[should_panic(expected = "less than 64 KiB")]
fn what_is_told_has_to_fit_into_a_segment() {
    let sheet = Splice::of(&FILES[0]).unwrap().surveyed(MIDDLE).unwrap();
    let _ = sheet.written(&[(0xe1, &[0; 65_534])]);
}

#[test]
fn what_is_not_drawn_on_is_written_as_it_was() {
    let sheet = Splice::of(&FILES[0]).unwrap().surveyed(MIDDLE).unwrap();
    assert!(sheet.written(&[]).unwrap() == FILES[0]);
}

/// Only damaged tables are so, but decoders take them.
#[test]
fn a_symbol_with_two_codes_does_no_harm() {
    for file in FILES.iter() {
        let tables = file.windows(2).enumerate();
        let tables = tables.filter(|(_, two)| *two == [0xff, 0xc4]);
        for (table, _) in tables {
            let length = usize::from(u16::from_be_bytes([file[table + 2], file[table + 3]]));
            for at in table + 22..table + 2 + length {
                let mut bytes = file.clone();
                bytes[at] = bytes[at - 1];
                try_splice(&bytes);
            }
        }
    }
}

#[test]
fn other_padding_at_the_end_does_no_harm() {
    let source = Source::new(123, 77);
    let mut file = FILES[0].clone();
    let last = file.len() - 3;
    file[last] &= 0xfe;
    // What fills the last byte is no part of the picture, so it was that which has changed.
    assert!(oracle(&file, &source) == oracle(&FILES[0], &source));
    assert!(file != FILES[0]);
    assert!(spliced(&file).unwrap() == spliced(&FILES[0]).unwrap());
}

#[test]
fn filling_before_a_marker_does_no_harm() {
    let mut file = FILES[1].clone();
    let markers = file.windows(2).enumerate();
    let markers = markers.filter(|(_, two)| two[0] == 0xff && matches!(two[1], 0xd0..=0xd9));
    let places: Vec<usize> = markers.map(|(at, _)| at).skip(1).collect();
    for at in places.into_iter().rev() {
        file.splice(at..at, [0xff, 0xff]);
    }
    assert!(spliced(&file).unwrap() == spliced(&FILES[1]).unwrap());
}

#[test]
fn filling_before_a_stuffed_byte_does_no_harm() {
    let file = &FILES[0];
    let data = file.windows(2).position(|two| two == [0xff, 0xda]).unwrap();
    let stuffed = data
        + file[data..]
            .windows(2)
            .position(|two| two == [0xff, 0])
            .unwrap();
    let filled = [&file[..stuffed], &[0xff], &file[stuffed..]].concat();
    assert!(spliced(&filled).unwrap() == spliced(file).unwrap());
}

#[test]
fn a_cut_file_is_broken_wherever_it_is_cut() {
    for file in FILES.iter() {
        for end in (750..file.len()).step_by(97).chain([file.len() - 1]) {
            let broken = spliced(&file[..end]);
            assert_eq!(broken, Err(Broken::Cut.into()), "cut at {end}");
        }
    }
}

#[test]
fn a_height_that_comes_later_is_refused() {
    let mut file = FILES[0].clone();
    let frame = file.windows(2).position(|two| two == [0xff, 0xc0]).unwrap();
    file[frame + 5..frame + 7].fill(0);
    assert_eq!(spliced(&file), Err(Unsupported::Header.into()));
}

#[test]
fn a_height_that_comes_again_is_broken() {
    let file = &FILES[0];
    let (picture, end) = file.split_at(file.len() - 2);
    let again = [picture, &[0xff, 0xdc, 0, 4, 0, 77], end].concat();
    let broken = Broken::Marker {
        found: 0xdc,
        expected: 0xd9,
    };
    assert_eq!(spliced(&again), Err(broken.into()));
}

#[test]
fn divisors_of_zero_are_refused() {
    let mut file = FILES[0].clone();
    let table = file.windows(2).position(|two| two == [0xff, 0xdb]).unwrap();
    file[table + 9] = 0;
    assert_eq!(spliced(&file), Err(Unsupported::Tables.into()));
}

#[test]
fn progressive_files_are_refused() {
    let refused = Unsupported::Process { marker: 0xc2 };
    assert_eq!(spliced(&progressive_file()), Err(refused.into()));
}

#[test]
fn scans_of_their_own_are_refused() {
    let mut file = FILES[0].clone();
    let scan = file.windows(2).position(|two| two == [0xff, 0xda]).unwrap();
    file.splice(scan..scan + 14, [0xff, 0xda, 0, 8, 1, 1, 0, 0, 63, 0]);
    assert_eq!(spliced(&file), Err(Unsupported::Scans.into()));
}

proptest! {
    #[test]
    fn changed_bytes_do_no_harm(bytes in with_changed_bytes(&*FILES)) {
        try_splice(&bytes);
    }

    #[test]
    fn changed_headers_do_no_harm(bytes in with_changed_headers(&*FILES)) {
        try_splice(&bytes);
    }

    #[test]
    fn any_bytes_do_no_harm(mut bytes in prop::collection::vec(any::<u8>(), 0..2000)) {
        try_splice(&bytes);
        bytes.splice(..0, [0xff, 0xd8]);
        try_splice(&bytes);
    }
}
