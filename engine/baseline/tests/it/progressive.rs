//! Progressive files have exactly the samples that libjpeg-turbo gives them, too.

use baseline::{Broken, Unsupported, plan};
use proptest::prelude::*;

use crate::{
    exact::{assert_exact, assert_file_is_exact},
    scans::{Component, Scan, Told, told},
    support::{SAMPLINGS, Source, subsampling, target},
};

const fn progressive(width: u16, height: u16) -> Source {
    Source {
        progressive: true,
        ..Source::new(width, height)
    }
}

#[test]
fn every_sampling_and_every_small_size_is_exact() {
    for subsampling in SAMPLINGS {
        for width in 1..=40 {
            for height in [1, 2, 7, 8, 9, 16, 17, 33] {
                assert_exact(Source {
                    subsampling,
                    ..progressive(width, height)
                });
            }
        }
    }
}

#[test]
fn every_quality_is_exact() {
    for quality in 1..=100 {
        assert_exact(Source {
            quality,
            ..progressive(297, 61)
        });
    }
}

#[test]
fn grey_pictures_are_exact() {
    for width in [1, 8, 63, 257, 600] {
        assert_exact(Source {
            gray: true,
            ..progressive(width, 41)
        });
    }
}

#[test]
fn every_restart_interval_is_exact() {
    for restart_interval in [1, 2, 3, 7, 8, 9, 31, 64, 1000] {
        for subsampling in SAMPLINGS.into_iter().take(3) {
            assert_exact(Source {
                subsampling,
                restart_interval,
                ..progressive(333, 125)
            });
        }
    }
}

#[test]
fn a_picture_of_many_windows_of_bytes_is_exact() {
    assert_exact(Source {
        quality: 100,
        ..progressive(2003, 601)
    });
}

#[test]
fn a_cut_file_is_never_a_picture() {
    let file = progressive(123, 77).encoded();
    for end in (0..file.len()).step_by(41).chain([file.len() - 1]) {
        let planned = plan(&file[..end], &target((60, 40)));
        assert!(planned.is_err(), "cut at {end}");
    }
}

#[test]
fn a_scan_that_ends_too_early_is_noticed() {
    let file = progressive(123, 77).encoded();
    let end = file.len() - 2;
    let short = [&file[..end - 20], &file[end..]].concat();
    let planned = plan(&short, &target((60, 40))).unwrap();
    assert_eq!(planned.decode(), Err(Broken::Cut));
}

#[test]
fn more_than_a_hundred_scans_are_refused() {
    let scan = |place, high, low| Scan {
        components: vec![0],
        first: place,
        last: place,
        high,
        low,
    };
    let rough = (1..64).map(|place| scan(place, 0, 1));
    let fine = (1..64).map(|place| scan(place, 1, 0));
    let bomb = Told {
        width: 16,
        height: 16,
        components: vec![Component {
            across: 1,
            down: 1,
            blocks: vec![[0; 64]; 4],
        }],
        scans: [scan(0, 0, 0)]
            .into_iter()
            .chain(rough)
            .chain(fine)
            .collect(),
        restart_interval: 0,
    };
    let refused = plan(&bomb.encoded(), &target((8, 8))).unwrap_err();
    assert_eq!(refused, Unsupported::TooManyScans { max: 100 });
}

proptest! {
    #[test]
    fn any_script_of_scans_is_exact(told in told()) {
        let source = Source {
            gray: told.components.len() == 1,
            subsampling: subsampling(told.components[0].across, told.components[0].down),
            ..Source::new(told.width as u16, told.height as u16)
        };
        assert_file_is_exact(&told.encoded(), source);
    }

    #[test]
    fn any_picture_is_exact(
        (width, height) in (1..700_u16, 1..200_u16),
        quality in 1..=100_u8,
        sampling in 0..SAMPLINGS.len(),
    ) {
        let subsampling = SAMPLINGS[sampling];
        assert_exact(Source { quality, subsampling, ..progressive(width, height) });
    }
}
