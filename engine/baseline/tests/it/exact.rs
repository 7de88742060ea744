//! At its own size a picture has exactly the samples that libjpeg-turbo gives it.

use baseline::{Target, plan};
use planes::{Plane, Planes};
use proptest::prelude::*;

use crate::support::{SAMPLINGS, Source, oracle, subsampling, target};

pub(crate) fn assert_exact(source: Source) {
    assert_file_is_exact(&source.encoded(), source);
}

pub(crate) fn assert_file_is_exact(file: &[u8], source: Source) {
    let target = Target {
        chroma: source.subsampling,
        ..target(source.size())
    };
    let ours = plan(file, &target).unwrap().decode().unwrap();
    assert!(ours == oracle(file, &source), "{source:?}");
}

#[test]
fn every_sampling_and_every_small_size_is_exact() {
    for subsampling in SAMPLINGS {
        for width in 1..=40 {
            for height in [1, 2, 7, 8, 9, 16, 17, 33] {
                assert_exact(Source {
                    subsampling,
                    ..Source::new(width, height)
                });
            }
        }
    }
}

#[test]
fn every_quality_is_exact() {
    for quality in 1..=100 {
        for optimized in [false, true] {
            assert_exact(Source {
                quality,
                optimized,
                ..Source::new(97, 61)
            });
        }
    }
}

#[test]
fn every_restart_interval_is_exact() {
    for restart_interval in [1, 2, 3, 7, 8, 9, 31, 64, 1000] {
        for subsampling in [subsampling(1, 1), subsampling(2, 1), subsampling(2, 2)] {
            assert_exact(Source {
                subsampling,
                restart_interval,
                ..Source::new(333, 125)
            });
        }
    }
}

#[test]
fn a_picture_of_many_windows_of_bytes_is_exact() {
    let source = Source {
        quality: 100,
        ..Source::new(2003, 601)
    };
    let file = source.encoded();
    assert!(file.len() > 10 << 16, "{} bytes", file.len());
    assert_file_is_exact(&file, source);
}

#[test]
fn grey_pictures_are_exact() {
    for width in [1, 8, 63, 257] {
        assert_exact(Source {
            gray: true,
            ..Source::new(width, 41)
        });
    }
}

#[test]
fn blocks_that_need_the_longest_codes_are_exact() {
    // Noise at the best quality has all the rare symbols, whose codes are longer than the tables of pairs.
    let (width, height) = (160, 96);
    let mut state = 1_u32;
    let mut noise = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        if state >> 31 == 0 { 0 } else { 255 }
    };
    let samples = (0..width * height).map(|_| noise()).collect();
    let planes = Planes::gray(Plane::new(width, height, samples));
    for quality in [20, 60, 90, 100] {
        let source = Source {
            gray: true,
            quality,
            ..Source::new(width as u16, height as u16)
        };
        assert_file_is_exact(&source.encoded_from(&planes), source);
    }
}

proptest! {
    #[test]
    fn any_picture_is_exact(
        (width, height) in (1..400_u16, 1..200_u16),
        quality in 1..=100_u8,
        sampling in 0..SAMPLINGS.len(),
        optimized: bool,
    ) {
        let subsampling = SAMPLINGS[sampling];
        assert_exact(Source { quality, subsampling, optimized, ..Source::new(width, height) });
    }
}
