//! A mark that can be read, measured from outside: in the finished picture, by the definition of ADR 0012.

use crate::support::{decoded, encoded, rendered};
use image::{GrayImage, ImageFormat, Rgb, RgbImage};

const CONTRAST_PROMISED: f64 = 4.5;

/// What 95 % of the edge of the mark reach in `picture`. White letters on black show what they cover.
fn measured(picture: &RgbImage, fields: &[(&str, &str)]) -> f64 {
    let (width, height) = picture.dimensions();
    let white = [
        fields,
        &[
            ("wm_color", "#ffffff"),
            ("wm_opacity", "1"),
            ("wm_format", "png"),
        ],
    ]
    .concat();
    let black = encoded(GrayImage::new(width, height), ImageFormat::Png);
    let letters = decoded(&rendered(&black, &white).unwrap().bytes).to_luma8();
    let mut contrasts = Vec::new();
    for (x, y, covered) in letters.enumerate_pixels() {
        if covered.0[0] < 128 {
            continue;
        }
        let near = |reach: u32| {
            let columns = x.saturating_sub(reach)..(x + reach + 1).min(width);
            let rows = y.saturating_sub(reach)..(y + reach + 1).min(height);
            rows.flat_map(move |y| columns.clone().map(move |x| (x, y)))
        };
        let beside = near(1).filter(|(one, other)| *one == x || *other == y);
        let cover = |&(x, y): &(u32, u32)| letters.get_pixel(x, y).0[0];
        if beside.clone().all(|place| cover(&place) >= 128) {
            continue;
        }
        let inside = near(1).max_by_key(cover).unwrap();
        let least = near(1).map(|place| cover(&place)).min().unwrap();
        let shown = |(x, y)| luminance(picture.get_pixel(x, y).0);
        // Where several pixels are as free of letters, the halo is the one that differs most.
        let outside = near(1).filter(|place| cover(place) == least);
        let best = outside
            .map(|place| contrast(shown(inside), shown(place)))
            .fold(1.0, f64::max);
        contrasts.push(best);
    }
    contrasts.sort_by(f64::total_cmp);
    contrasts[contrasts.len() / 20]
}

fn luminance(rgb: [u8; 3]) -> f64 {
    let [red, green, blue] = rgb.map(|channel| {
        let channel = f64::from(channel) / 255.0;
        if channel <= 0.04045 {
            channel / 12.92
        } else {
            ((channel + 0.055) / 1.055).powf(2.4)
        }
    });
    0.2126 * red + 0.7152 * green + 0.0722 * blue
}

fn contrast(one: f64, other: f64) -> f64 {
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

/// Grounds on which a mark of one mean colour vanishes.
fn grounds(width: u32, height: u32) -> Vec<(&'static str, RgbImage)> {
    let noise = |x: u32, y: u32| {
        let hash =
            (x.wrapping_mul(0x9e37_79b1) ^ y.wrapping_mul(0x85eb_ca6b)).wrapping_mul(0xc2b2_ae35);
        (hash ^ (hash >> 15)).wrapping_mul(0x27d4_eb2f) >> 8
    };
    let checked = |side: u32| {
        move |x: u32, y: u32| {
            Rgb(if (x / side + y / side).is_multiple_of(2) {
                [255; 3]
            } else {
                [0; 3]
            })
        }
    };
    let drawn = |draw: &dyn Fn(u32, u32) -> Rgb<u8>| RgbImage::from_fn(width, height, draw);
    vec![
        ("black", drawn(&|_, _| Rgb([0; 3]))),
        ("white", drawn(&|_, _| Rgb([255; 3]))),
        ("middle grey", drawn(&|_, _| Rgb([118; 3]))),
        ("grey noise", drawn(&|x, y| Rgb([noise(x, y) as u8; 3]))),
        (
            "colour noise",
            drawn(&|x, y| Rgb([0, 8, 16].map(|shift| (noise(x, y) >> shift) as u8))),
        ),
        (
            "black and white noise",
            drawn(&|x, y| Rgb([(noise(x, y) & 1) as u8 * 255; 3])),
        ),
        ("checked by 1", drawn(&checked(1))),
        ("checked by 3", drawn(&checked(3))),
        ("checked by 16", drawn(&checked(16))),
        (
            "gradient across",
            drawn(&|x, _| Rgb([(x * 255 / width) as u8; 3])),
        ),
        (
            "gradient down",
            drawn(&|_, y| Rgb([(y * 255 / height) as u8; 3])),
        ),
        (
            "sky over forest",
            drawn(&|x, y| {
                let edge = height * 19 / 20 + noise(x, 0) % 7;
                if y < edge {
                    Rgb([190, 215, 250])
                } else {
                    Rgb([20, 45, 15])
                }
            }),
        ),
        ("pure red", drawn(&|_, _| Rgb([255, 0, 0]))),
        ("pure green", drawn(&|_, _| Rgb([0, 255, 0]))),
        ("pure blue", drawn(&|_, _| Rgb([0, 0, 255]))),
    ]
}

#[test]
fn an_automatic_mark_reaches_its_contrast_on_any_ground() {
    let mut failures = Vec::new();
    for (width, height) in [(900, 600), (400, 300), (200, 200)] {
        for (name, ground) in grounds(width, height) {
            for fields in [&[][..], &[("wm_rotate", "-30"), ("wm_position", "center")]] {
                let png = [fields, &[("wm_format", "png")]].concat();
                let result = rendered(&encoded(ground.clone(), ImageFormat::Png), &png).unwrap();
                let told = result.contrast.unwrap().ratio();
                let seen = measured(&decoded(&result.bytes).to_rgb8(), fields);
                if told < CONTRAST_PROMISED || seen < CONTRAST_PROMISED {
                    failures.push(format!(
                        "{name} {width}×{height} {}: told {told}, measured {seen:.2}",
                        fields.len()
                    ));
                }
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// Compression adds its own noise around every edge; the mark leaves room for it.
#[test]
fn it_is_still_reached_after_a_lossy_encoder() {
    let mut failures = Vec::new();
    for format in ["jpeg", "webp"] {
        for (name, ground) in grounds(900, 600) {
            let fields = [("wm_format", format), ("quality", "85")];
            let result = rendered(&encoded(ground.clone(), ImageFormat::Png), &fields).unwrap();
            let seen = measured(&decoded(&result.bytes).to_rgb8(), &[]);
            if seen < CONTRAST_PROMISED {
                failures.push(format!("{name} as {format}: measured {seen:.2}"));
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn what_is_told_of_a_colour_that_was_asked_for_is_the_truth() {
    let ground = RgbImage::from_pixel(600, 400, Rgb([250, 250, 250]));
    let fields = [
        ("wm_color", "#ffffff"),
        ("wm_opacity", "1"),
        ("wm_format", "png"),
    ];
    let result = rendered(&encoded(ground, ImageFormat::Png), &fields).unwrap();
    assert!(
        result.contrast.unwrap().ratio() < 1.1,
        "{:?}",
        result.contrast
    );
}
