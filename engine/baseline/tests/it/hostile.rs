//! No bytes make it panic, and no damage passes for a picture.

use std::sync::LazyLock;

use baseline::{Broken, plan};
use proptest::prelude::*;

use crate::support::{Source, target, with_changed_bytes, with_changed_headers};

static FILES: LazyLock<[Vec<u8>; 4]> = LazyLock::new(|| {
    let source = Source::new(123, 77);
    let with_restarts = Source {
        restart_interval: 3,
        ..source
    };
    let gray = Source {
        gray: true,
        optimized: true,
        ..source
    };
    let progressive = Source {
        progressive: true,
        ..source
    };
    [source, with_restarts, gray, progressive].map(|source| source.encoded())
});

/// Reads the bytes at its own size and at two smaller ones, and expects nothing of them.
fn try_all_sizes(bytes: &[u8]) {
    for size in [(123, 77), (70, 50), (40, 25), (10, 6)] {
        if let Ok(plan) = plan(bytes, &target(size)) {
            let _ = plan.decode();
        }
    }
}

#[test]
fn a_cut_file_is_broken_wherever_it_is_cut() {
    for file in FILES.iter() {
        for end in (0..file.len()).step_by(97).chain([file.len() - 1]) {
            let cut = &file[..end];
            if let Ok(plan) = plan(cut, &target((60, 40))) {
                assert_eq!(plan.decode().unwrap_err(), Broken::Cut, "cut at {end}");
            }
        }
    }
}

#[test]
fn a_missing_part_between_restart_markers_is_noticed() {
    let file = &FILES[1];
    let markers: Vec<usize> = (0..file.len() - 1)
        .filter(|&at| file[at] == 0xff && matches!(file[at + 1], 0xd0..=0xd7))
        .collect();
    let without = [&file[..markers[2]], &file[markers[3]..]].concat();
    let plan = plan(&without, &target((60, 40))).unwrap();
    let expected = Broken::Marker {
        found: 0xd3,
        expected: 0xd2,
    };
    assert_eq!(plan.decode(), Err(expected));
}

#[test]
fn a_picture_that_ends_too_late_is_noticed() {
    let mut file = Source::new(64, 64).encoded();
    let end = file.len() - 2;
    file.splice(end..end, [0x12, 0x34, 0x56]);
    let plan = plan(&file, &target((60, 40))).unwrap();
    assert_eq!(plan.decode(), Err(Broken::LeftOver));
}

#[test]
fn data_that_end_too_early_are_noticed() {
    let file = Source::new(640, 480).encoded();
    for missing in [1, 20, 3000] {
        let short = [&file[..file.len() - 2 - missing], &[0xff, 0xd9]].concat();
        let plan = plan(&short, &target((60, 40))).unwrap();
        assert_eq!(plan.decode(), Err(Broken::Cut), "{missing} bytes");
    }
}

/// What becomes of data that begin with `bits`, after tables as the standard has them.
fn decoded_bits(bits: &str) -> Broken {
    let file = Source {
        gray: true,
        ..Source::new(64, 64)
    }
    .encoded();
    let padded = format!("{bits}{}", "0".repeat(4096));
    let bytes = padded.as_bytes().chunks_exact(8).flat_map(|bits| {
        let byte = bits.iter().fold(0, |byte, bit| byte << 1 | (bit - b'0'));
        if byte == 0xff {
            vec![byte, 0]
        } else {
            vec![byte]
        }
    });
    let data: Vec<u8> = bytes.collect();
    let bytes = [&file[..data_begin(&file)], &data, &[0xff, 0xd9]].concat();
    let plan = plan(&bytes, &target((60, 40))).unwrap();
    plan.decode().unwrap_err()
}

fn data_begin(file: &[u8]) -> usize {
    let scan = file.windows(2).position(|bytes| bytes == [0xff, 0xda]);
    let scan = scan.unwrap();
    scan + 2 + usize::from(file[scan + 3])
}

#[test]
fn a_code_that_no_table_has_is_noticed() {
    // No difference, then sixteen ones: the standard keeps that code free.
    assert_eq!(decoded_bits("001111111111111111"), Broken::Code);
}

#[test]
fn a_block_of_too_many_coefficients_is_noticed() {
    // No difference, then sixteen zeros four times: one more than a block has place for.
    let zeros = "11111111001".repeat(4);
    assert_eq!(decoded_bits(&format!("00{zeros}")), Broken::Run);
}

proptest! {
    #[test]
    fn changed_bytes_do_no_harm(bytes in with_changed_bytes(&*FILES)) {
        try_all_sizes(&bytes);
    }

    #[test]
    fn changed_headers_do_no_harm(bytes in with_changed_headers(&*FILES)) {
        try_all_sizes(&bytes);
    }

    #[test]
    fn any_bytes_do_no_harm(mut bytes in prop::collection::vec(any::<u8>(), 0..2000)) {
        try_all_sizes(&bytes);
        bytes.splice(..0, [0xff, 0xd8]);
        try_all_sizes(&bytes);
    }

    #[test]
    fn any_data_behind_a_good_header_do_no_harm(data in prop::collection::vec(any::<u8>(), 0..5000)) {
        for file in FILES.iter() {
            let header = data_begin(file);
            try_all_sizes(&[&file[..header], &data, &[0xff, 0xd9]].concat());
        }
    }
}
