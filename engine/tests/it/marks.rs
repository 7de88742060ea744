//! Marks against stored pictures. Look at them in `tests/pictures`; `NWS_BLESS=1 cargo test -p engine` draws them anew.

use std::{fs, path::PathBuf};

use crate::support::{decoded, encoded, landscape, rendered};
use image::{ImageFormat, RgbImage};
use schemas::recipe::Position;

/// Mean difference of a channel that is taken for rounding, in 256ths.
const MEAN_DIFFERENCE_MAX: f64 = 0.5;

/// Renders a landscape with `fields` and compares it with the picture stored under `name`.
fn looks_like_stored(name: &str, ground: RgbImage, fields: &[(&str, &str)]) {
    let fields = [fields, &[("wm_format", "png")]].concat();
    let result = rendered(&encoded(ground, ImageFormat::Png), &fields).unwrap();
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("tests/pictures/{name}.png"));
    if std::env::var_os("NWS_BLESS").is_some() {
        fs::write(&path, &result.bytes).unwrap();
    }
    let stored = fs::read(&path)
        .unwrap_or_else(|error| panic!("{}: {error}; NWS_BLESS=1 draws it", path.display()));
    let (drawn, stored) = (decoded(&result.bytes).to_rgb8(), decoded(&stored).to_rgb8());
    assert_eq!(drawn.dimensions(), stored.dimensions(), "{name}");
    let sum: u64 = drawn
        .iter()
        .zip(stored.iter())
        .map(|(one, other)| u64::from(one.abs_diff(*other)))
        .sum();
    let mean = sum as f64 / drawn.len() as f64;
    assert!(
        mean <= MEAN_DIFFERENCE_MAX,
        "{name} differs by {mean} on average"
    );
}

fn smooth(width: u32, height: u32) -> RgbImage {
    image::imageops::blur(&landscape(width, height), 2.0)
}

#[test]
fn nine_positions() {
    for position in Position::PLACES {
        let name = position.as_str();
        looks_like_stored(
            name,
            smooth(240, 160),
            &[("wm_position", name), ("wm_size", "7")],
        );
    }
}

#[test]
fn scripts_of_both_directions() {
    let text = "© 2026 Zoë Müller\nحقوق الصورة محفوظة\nכל הזכויות שמורות (2026)\nAb שלום مرحبا!";
    looks_like_stored(
        "scripts",
        smooth(400, 270),
        &[
            ("wm_text", text),
            ("wm_position", "center"),
            ("wm_size", "7"),
        ],
    );
}

#[test]
fn lines_are_even_on_the_side_of_the_mark() {
    let lines = ("wm_text", "Photograph by\nAda\n\nall rights reserved");
    for position in ["left", "right"] {
        let name = format!("lines-{position}");
        looks_like_stored(
            &name,
            smooth(360, 240),
            &[lines, ("wm_position", position), ("wm_size", "4")],
        );
    }
}

#[test]
fn a_text_that_is_too_long_is_made_smaller() {
    let text = "A long line of text that would not fit at the size that was asked for";
    looks_like_stored(
        "shrunk",
        smooth(320, 200),
        &[("wm_text", text), ("wm_size", "12")],
    );
}

#[test]
fn mixed_ground_is_outlined() {
    let stripes = RgbImage::from_fn(320, 120, |x, _| {
        image::Rgb(if x / 24 % 2 == 0 { [250; 3] } else { [5; 3] })
    });
    looks_like_stored(
        "mixed",
        stripes,
        &[("wm_position", "center"), ("wm_size", "12")],
    );
}

#[test]
fn colour_and_opacity_as_asked() {
    looks_like_stored(
        "orange",
        smooth(240, 160),
        &[
            ("wm_color", "#ff8000"),
            ("wm_opacity", "0.5"),
            ("wm_size", "10"),
            ("wm_position", "center"),
        ],
    );
}

#[test]
fn turned_marks() {
    for degrees in ["-30", "90", "180"] {
        let name = format!("turned{degrees}");
        looks_like_stored(
            &name,
            smooth(240, 240),
            &[
                ("wm_rotate", degrees),
                ("wm_size", "6"),
                ("wm_position", "center"),
            ],
        );
    }
}

#[test]
fn a_pattern_of_turned_marks() {
    let fields = [
        ("wm_position", "tile"),
        ("wm_rotate", "-30"),
        ("wm_size", "5"),
    ];
    looks_like_stored("tiled", smooth(360, 240), &fields);
}
