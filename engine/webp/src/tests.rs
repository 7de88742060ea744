use planes::{Chroma, Plane, Subsampling};

use super::*;

const SETTINGS: Settings = Settings {
    quality: 90,
    method: 4,
};

fn planes(width: usize, height: usize) -> Planes {
    let luma = (0..width * height).map(|at| (at % width * 255 / width) as u8);
    let (across, down) = Subsampling::BOTH_HALVED.of(width, height);
    let chroma = |value| Plane::new(across, down, vec![value; across * down]);
    Planes::new(
        Plane::new(width, height, luma.collect()),
        Chroma {
            subsampling: Subsampling::BOTH_HALVED,
            blue: chroma(90),
            red: chroma(160),
        },
    )
}

/// Width, height, and red, green and blue, by libwebp.
fn decoded(webp: &[u8]) -> (i32, i32, Vec<u8>) {
    let (mut width, mut height) = (0, 0);
    // SAFETY: libwebp reads the slice and hands out `3 * width * height` bytes that are freed below.
    unsafe {
        let data =
            libwebp_sys::WebPDecodeRGB(webp.as_ptr(), webp.len(), &raw mut width, &raw mut height);
        assert!(!data.is_null(), "no WebP");
        let length = 3 * width as usize * height as usize;
        let bytes = std::slice::from_raw_parts(data, length).to_vec();
        libwebp_sys::WebPFree(data.cast());
        (width, height, bytes)
    }
}

/// JFIF's own equations (ITU-T T.871, section 7).
fn rgb_of(luma: u8, blue: u8, red: u8) -> [f32; 3] {
    let (luma, blue, red) = (
        f32::from(luma),
        f32::from(blue) - 128.0,
        f32::from(red) - 128.0,
    );
    [
        luma + 1.402 * red,
        luma - 0.344_136 * blue - 0.714_136 * red,
        luma + 1.772 * blue,
    ]
    .map(|channel| channel.clamp(0.0, 255.0))
}

#[test]
fn planes_show_the_colours_that_they_mean() {
    for (width, height) in [(64, 48), (65, 49), (1, 1), (2, 3)] {
        let planes = planes(width, height);
        let (decoded_width, decoded_height, bytes) =
            decoded(&encode_planes(&planes, SETTINGS).unwrap());
        assert_eq!(
            (decoded_width as usize, decoded_height as usize),
            (width, height)
        );
        let expected = planes
            .luma()
            .samples()
            .iter()
            .flat_map(|&luma| rgb_of(luma, 90, 160));
        let differences = bytes
            .iter()
            .zip(expected)
            .map(|(&byte, want)| (f32::from(byte) - want).abs());
        let mean = differences.sum::<f32>() / bytes.len() as f32;
        assert!(mean < 3.0, "{width}×{height}: {mean} off");
    }
}

#[test]
fn what_is_too_long_is_refused() {
    let pixels = Pixels {
        width: 16_384,
        height: 1,
        channels: Channels::Rgb,
        bytes: &[0; 16_384 * 3],
    };
    assert_eq!(encode(pixels, SETTINGS), Err(Error::SideTooLong));
}

#[test]
fn the_same_pixels_give_the_same_bytes() {
    let bytes: Vec<u8> = (0..64 * 64 * 4).map(|at| (at * 31 % 251) as u8).collect();
    let written = || {
        let pixels = Pixels {
            width: 64,
            height: 64,
            channels: Channels::Rgba,
            bytes: &bytes,
        };
        encode(pixels, SETTINGS).unwrap()
    };
    assert_eq!(written(), written());
}
