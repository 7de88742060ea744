//! What is not known for certain is left to another decoder.

use baseline::{Unsupported, plan};
use jpeg_encoder::{ColorType, Encoder};

use crate::support::{Source, target};

fn refusal(file: &[u8]) -> Unsupported {
    plan(file, &target((10, 10))).unwrap_err()
}

/// A good file with `bytes` in the segment of `marker`, from `offset` behind its length on.
fn with_segment_bytes(marker: u8, offset: usize, bytes: &[u8]) -> Vec<u8> {
    let mut file = Source::new(64, 48).encoded();
    let segment = file.windows(2).position(|two| two == [0xff, marker]);
    let at = segment.unwrap() + 4 + offset;
    file[at..at + bytes.len()].copy_from_slice(bytes);
    file
}

#[test]
fn arithmetic_coding_is_refused() {
    let mut file = Source::new(64, 48).encoded();
    let frame = file.windows(2).position(|two| two == [0xff, 0xc0]).unwrap();
    file[frame + 1] = 0xc9;
    assert_eq!(refusal(&file), Unsupported::Process { marker: 0xc9 });
}

#[test]
fn four_components_are_refused() {
    let mut file = Vec::new();
    let pixels = vec![99; 64 * 48 * 4];
    Encoder::new(&mut file, 80)
        .encode(&pixels, 64, 48, ColorType::Cmyk)
        .unwrap();
    assert_eq!(refusal(&file), Unsupported::Components { count: 4 });
}

#[test]
fn twelve_bits_are_refused() {
    let file = with_segment_bytes(0xc0, 0, &[12]);
    assert_eq!(refusal(&file), Unsupported::Precision { bits: 12 });
}

#[test]
fn a_height_that_comes_later_is_refused() {
    let file = with_segment_bytes(0xc0, 1, &[0, 0]);
    assert_eq!(refusal(&file), Unsupported::Header);
}

#[test]
fn factors_of_three_are_refused() {
    let file = with_segment_bytes(0xc0, 7, &[0x31]);
    assert_eq!(refusal(&file), Unsupported::Sampling);
}

#[test]
fn components_of_unknown_colours_are_refused() {
    // Neither JFIF's name nor its numbering: libjpeg would take these for red, green and blue.
    let mut file = with_segment_bytes(0xe0, 0, b"JFXX");
    for (number, letter) in [(1, b'R'), (2, b'G'), (3, b'B')] {
        for marker in [0xc0, 0xda] {
            let segment = file.windows(2).position(|two| two == [0xff, marker]);
            let first = segment.unwrap() + if marker == 0xc0 { 10 } else { 5 };
            let step = if marker == 0xc0 { 3 } else { 2 };
            file[first + (number - 1) * step] = letter;
        }
    }
    assert_eq!(refusal(&file), Unsupported::Colours);
}

#[test]
fn symbols_that_baseline_has_not_are_refused() {
    // The last symbol of a table of differences becomes one of sixteen bits.
    let file = with_segment_bytes(0xc4, 17, &[16]);
    assert_eq!(refusal(&file), Unsupported::Tables);
}

#[test]
fn a_shape_that_takes_much_memory_is_refused() {
    let file = Source::new(3000, 2000).encoded();
    let refused = plan(&file, &target((3000, 1)));
    assert!(matches!(refused, Err(Unsupported::Memory { .. })));
}
