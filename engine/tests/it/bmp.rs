//! BMP, upside down and upright, with and without a palette.

use engine::{InputError, RenderError};
use image::RgbImage;

use crate::support::{decoded, rendered};

const WIDTH: i32 = 13;
const HEIGHT: i32 = 9;

/// A file of rows as they are stored, each filled up to whole words.
fn bmp(height: i32, bits: u16, palette: &[[u8; 4]], row: impl Fn(i32) -> Vec<u8>) -> Vec<u8> {
    let rows = (0..HEIGHT).flat_map(|y| {
        let mut row = row(y);
        row.resize(row.len().next_multiple_of(4), 0);
        row
    });
    let at = 14 + 40 + 4 * palette.len() as u32;
    let mut file = [b"BM".to_vec(), vec![0; 8], at.to_le_bytes().to_vec()].concat();
    file.extend(40_u32.to_le_bytes());
    file.extend(WIDTH.to_le_bytes());
    file.extend(height.to_le_bytes());
    file.extend([1, 0]);
    file.extend(bits.to_le_bytes());
    file.extend([0; 16]);
    file.extend((palette.len() as u32).to_le_bytes());
    file.extend([0; 4]);
    file.extend(palette.concat());
    file.extend(rows);
    file
}

fn shown(source: &[u8]) -> RgbImage {
    let fields = [("wm_text", "\u{200d}"), ("wm_format", "png")];
    decoded(&rendered(source, &fields).unwrap().bytes).to_rgb8()
}

fn expected(x: i32, y: i32) -> [u8; 3] {
    [(x * 9) as u8, (y * 20) as u8, 7]
}

/// Blue comes first.
fn stored(x: i32, y: i32) -> [u8; 3] {
    let [red, green, blue] = expected(x, y);
    [blue, green, red]
}

#[test]
fn rows_are_read_from_below_and_from_above() {
    let row = |y: i32| (0..WIDTH).flat_map(|x| stored(x, y)).collect();
    for file in [
        bmp(HEIGHT, 24, &[], |y| row(HEIGHT - 1 - y)),
        bmp(-HEIGHT, 24, &[], row),
    ] {
        for (x, y, pixel) in shown(&file).enumerate_pixels() {
            assert_eq!(pixel.0, expected(x as i32, y as i32));
        }
    }
}

#[test]
fn palettes_of_every_depth_show_their_colours() {
    let palette: Vec<[u8; 4]> = (0..16).map(|at| [7, at * 3, at * 5, 0]).collect();
    let color = |number: i32| [number as u8 * 5, number as u8 * 3, 7];
    let number = |x: i32, y: i32| (x + y) % 2;
    let packed = |bits: i32, y: i32| -> Vec<u8> {
        let in_byte = 8 / bits;
        let bytes = (0..WIDTH).step_by(in_byte as usize).map(|from| {
            let numbers = (0..in_byte).map(|at| (from + at, 8 - bits * (at + 1)));
            numbers.fold(0, |byte, (x, shift)| byte | (number(x, y) << shift) as u8)
        });
        bytes.collect()
    };
    for bits in [1, 4, 8] {
        let colors = &palette[..if bits == 1 { 2 } else { 16 }];
        let file = bmp(-HEIGHT, bits as u16, colors, |y| packed(bits, y));
        for (x, y, pixel) in shown(&file).enumerate_pixels() {
            assert_eq!(pixel.0, color(number(x as i32, y as i32)), "{bits} bits");
        }
    }
}

#[test]
fn a_cut_bmp_is_an_error() {
    let file = bmp(HEIGHT, 24, &[], |y| {
        (0..WIDTH).flat_map(|x| stored(x, y)).collect()
    });
    let refused = rendered(&file[..file.len() - 1], &[]).unwrap_err();
    assert!(
        matches!(refused, RenderError::Input(InputError::Broken { .. })),
        "{refused}"
    );
}
