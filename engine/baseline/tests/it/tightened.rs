//! Codes of its own make a picture smaller, and no other picture.

use std::sync::LazyLock;

use baseline::{Unspliced, plan, tightened};
use proptest::prelude::*;

use crate::support::{
    SAMPLINGS, Source, oracle, progressive_file, target, with_changed_bytes, with_changed_headers,
};

static FILES: LazyLock<[Vec<u8>; 3]> =
    LazyLock::new(|| Source::kinds().map(|source| source.encoded()));

#[test]
fn the_samples_stay() {
    let source = Source::new(117, 83);
    let mut sources = SAMPLINGS
        .map(|subsampling| Source {
            subsampling,
            ..source
        })
        .to_vec();
    sources.push(Source {
        gray: true,
        ..source
    });
    sources.push(Source {
        restart_interval: 5,
        ..source
    });
    for source in sources {
        let file = source.encoded();
        let tight = tightened(&file).unwrap();
        assert!(tight.len() < file.len(), "{source:?}");
        assert_eq!(
            oracle(&tight, &source),
            oracle(&file, &source),
            "{source:?}"
        );
    }
}

#[test]
fn it_is_as_small_as_what_libjpeg_counts_before_it_writes() {
    let source = Source::new(640, 480);
    let counted = Source {
        optimized: true,
        ..source
    };
    let (tight, counted) = (tightened(&source.encoded()).unwrap(), counted.encoded());
    // One segment holds all tables, where libjpeg writes one for each.
    assert!(
        tight.len() <= counted.len(),
        "{} {}",
        tight.len(),
        counted.len()
    );
    assert!(
        tight.len() + 64 > counted.len(),
        "{} {}",
        tight.len(),
        counted.len()
    );
}

#[test]
fn what_the_file_tells_of_itself_stays() {
    let file = &FILES[0];
    let (first, rest) = file.split_at(4 + usize::from(file[5]));
    let told = b"\xff\xe1\x00\x0bcredits\0\0";
    let tight = tightened(&[first, told, rest].concat()).unwrap();
    assert!(tight.starts_with(&[first, told].concat()));
}

#[test]
fn tightening_again_changes_nothing() {
    let tight = tightened(&FILES[0]).unwrap();
    assert_eq!(tightened(&tight).unwrap(), tight);
}

#[test]
fn other_kinds_are_left_alone() {
    assert!(matches!(
        tightened(&progressive_file()),
        Err(Unspliced::Unsupported(_))
    ));
    assert!(tightened(b"").is_err());
}

/// What comes out can be read where what went in can.
fn try_to_tighten(file: &[u8]) {
    let read = |file: &[u8]| plan(file, &target((60, 40))).ok()?.decode().ok();
    if let (Ok(tight), Some(picture)) = (tightened(file), read(file)) {
        assert_eq!(read(&tight), Some(picture));
    }
}

proptest! {
    #[test]
    fn damaged_files_make_no_panic(file in with_changed_bytes(&FILES[..])) {
        try_to_tighten(&file);
    }

    #[test]
    fn damaged_headers_make_no_panic(file in with_changed_headers(&FILES[..])) {
        try_to_tighten(&file);
    }
}
