//! Logos: where they stand, how large, and what they leave alone.

use std::{io::Cursor, ops::ControlFlow};

use engine::{Fonts, InputError, Limits, Logo, Material, RenderError, Rendered, render};
use image::{ImageFormat, Rgb, RgbImage, Rgba, RgbaImage};
use schemas::{
    Contrast, OutputFormat, Recipe, Request,
    recipe::{Context, Date},
};

use crate::support::{decoded, encoded, recipe};

const GROUND: Rgb<u8> = Rgb([60, 90, 120]);
const ORANGE: [u8; 4] = [255, 128, 0, 255];

/// A rectangle of one colour.
fn logo(width: u32, height: u32, color: [u8; 4]) -> Logo {
    let picture = RgbaImage::from_pixel(width, height, Rgba(color));
    Logo::decode(&encoded(picture, ImageFormat::Png)).unwrap()
}

fn recipe_with_logo(fields: &[(&str, &str)]) -> Recipe {
    let mut request = Request::default();
    request.add_logo().unwrap();
    for (field, value) in fields {
        request.set(field, value).unwrap();
    }
    let context = Context::new(Date::new(2026, 11, 20), OutputFormat::Png);
    request.resolve(&context).unwrap()
}

fn marked(ground: &RgbImage, logo: &Logo, fields: &[(&str, &str)]) -> Rendered {
    let fonts = Fonts::embedded();
    let material = Material {
        fonts: &fonts,
        logo: Some(logo),
    };
    let source = encoded(ground.clone(), ImageFormat::Png);
    let (recipe, limits) = (recipe_with_logo(fields), Limits::default());
    render(&source, &recipe, material, &limits, &mut |_| {
        ControlFlow::Continue(())
    })
    .unwrap()
}

fn shown(ground: &RgbImage, logo: &Logo, fields: &[(&str, &str)]) -> RgbImage {
    decoded(&marked(ground, logo, fields).bytes).into_rgb8()
}

/// First and last column and row that differ from the ground.
fn changed(picture: &RgbImage) -> (u32, u32, u32, u32) {
    let pixels = picture.enumerate_pixels();
    let changed = pixels.filter(|(_, _, pixel)| **pixel != GROUND);
    changed.fold(
        (u32::MAX, u32::MAX, 0, 0),
        |(left, top, right, bottom), (x, y, _)| {
            (left.min(x), top.min(y), right.max(x), bottom.max(y))
        },
    )
}

fn ground(width: u32, height: u32) -> RgbImage {
    RgbImage::from_pixel(width, height, GROUND)
}

#[test]
fn a_logo_has_the_height_that_was_asked_for_and_keeps_its_ratio_and_colour() {
    let picture = shown(
        &ground(400, 400),
        &logo(64, 32, ORANGE),
        &[("wm_logo_size", "15")],
    );
    let (left, top, right, bottom) = changed(&picture);
    assert_eq!((right - left + 1, bottom - top + 1), (120, 60));
    assert_eq!(picture.get_pixel(left + 60, top + 30), &Rgb([255, 128, 0]));
    assert!(
        right < 395 && bottom < 395 && left > 200 && top > 200,
        "bottom right"
    );
}

#[test]
fn a_logo_stands_where_the_recipe_says() {
    for (position, at) in [
        ("top-left", (30, 30)),
        ("center", (200, 150)),
        ("right", (370, 150)),
    ] {
        let fields = [("wm_position", position), ("wm_logo_size", "20")];
        let picture = shown(&ground(400, 300), &logo(20, 20, ORANGE), &fields);
        assert_eq!(
            picture.get_pixel(at.0, at.1),
            &Rgb([255, 128, 0]),
            "{position}"
        );
    }
}

#[test]
fn opacity_lets_the_ground_through_and_auto_is_all_of_the_logo() {
    let at = |opacity| {
        let fields = [("wm_position", "center"), ("wm_opacity", opacity)];
        *shown(&ground(200, 200), &logo(9, 9, [255; 4]), &fields).get_pixel(100, 100)
    };
    assert_eq!(at("auto"), Rgb([255; 3]));
    assert_eq!(at("0.5"), Rgb([158, 173, 188]));
    assert_eq!(at("0"), GROUND);
}

/// What is transparent in a logo has a colour too, which nobody shall see.
#[test]
fn hidden_colours_do_not_bleed_into_a_logos_edge() {
    let picture = RgbaImage::from_fn(200, 200, |x, _| {
        Rgba(if x < 100 {
            [0, 255, 0, 0]
        } else {
            [255, 0, 255, 255]
        })
    });
    let logo = Logo::decode(&encoded(picture, ImageFormat::Png)).unwrap();
    for turn in ["0", "30"] {
        let fields = [("wm_position", "center"), ("wm_rotate", turn)];
        let picture = shown(&ground(300, 300), &logo, &fields);
        for Rgb([_, green, _]) in picture.pixels() {
            assert!(*green <= GROUND.0[1] + 1, "{turn}: green {green}");
        }
    }
}

#[test]
fn a_logo_turns_with_its_mark() {
    let fields = [
        ("wm_logo_size", "10"),
        ("wm_rotate", "90"),
        ("wm_position", "center"),
    ];
    let picture = shown(&ground(400, 400), &logo(60, 20, ORANGE), &fields);
    let (left, top, right, bottom) = changed(&picture);
    let (width, height) = (right - left + 1, bottom - top + 1);
    assert!(
        (40..=42).contains(&width) && (120..=122).contains(&height),
        "{width}×{height}"
    );
}

#[test]
fn a_logo_is_tiled_all_over() {
    let fields = [
        ("wm_position", "tile"),
        ("wm_logo_size", "5"),
        ("wm_rotate", "-30"),
    ];
    let picture = shown(&ground(400, 400), &logo(20, 20, ORANGE), &fields);
    for (left, top) in [(0, 0), (200, 0), (0, 200), (200, 200)] {
        let part = image::imageops::crop_imm(&picture, left, top, 200, 200).to_image();
        let orange = part
            .pixels()
            .filter(|pixel| pixel.0 == [255, 128, 0])
            .count();
        assert!(orange > 1000, "{orange} pixels at {left}, {top}");
    }
}

#[test]
fn letters_stand_below_their_logo_and_are_read_as_well_as_without_it() {
    let fields = [
        ("wm_text", "NWS"),
        ("wm_position", "center"),
        ("wm_size", "6"),
    ];
    let marked = marked(&ground(400, 400), &logo(20, 20, ORANGE), &fields);
    assert!(marked.contrast.unwrap() >= Contrast::OF_TEXT);
    let picture = decoded(&marked.bytes).into_rgb8();
    let rows_of = |color: Rgb<u8>| {
        let rows = picture
            .enumerate_pixels()
            .filter(|(_, _, pixel)| **pixel == color);
        let rows: Vec<u32> = rows.map(|(_, y, _)| y).collect();
        (*rows.iter().min().unwrap(), *rows.iter().max().unwrap())
    };
    let (logo_top, logo_bottom) = rows_of(Rgb([255, 128, 0]));
    let (_, _, _, bottom) = changed(&picture);
    assert_eq!(logo_bottom - logo_top + 1, 40);
    assert!(
        bottom > logo_bottom + 6 + 24,
        "letters from {logo_bottom} to {bottom}"
    );
}

#[test]
fn a_logo_alone_has_no_letters_and_so_no_contrast() {
    let marked = marked(&ground(200, 200), &logo(20, 20, ORANGE), &[]);
    assert_eq!(marked.contrast, None);
}

#[test]
fn every_format_takes_a_logo_and_grey_pictures_take_its_colour() {
    let gray = encoded(
        image::GrayImage::from_pixel(300, 200, image::Luma([90])),
        ImageFormat::Jpeg,
    );
    let (fonts, logo) = (Fonts::embedded(), logo(40, 40, ORANGE));
    for format in ["jpeg", "png", "webp", "avif"] {
        let fields = [
            ("wm_format", format),
            ("wm_position", "center"),
            ("wm_logo_size", "40"),
        ];
        let material = Material {
            fonts: &fonts,
            logo: Some(&logo),
        };
        let (recipe, limits) = (recipe_with_logo(&fields), Limits::default());
        let go_on = &mut |_| ControlFlow::Continue(());
        let rendered = render(&gray, &recipe, material, &limits, go_on).unwrap();
        let picture = decoded(&rendered.bytes).into_rgb8();
        let [red, green, blue] = picture.get_pixel(150, 100).0;
        let near = red > 235 && green.abs_diff(128) < 12 && blue < 25;
        assert!(near, "{format}: {red} {green} {blue}");
        assert!(
            picture
                .get_pixel(5, 5)
                .0
                .iter()
                .all(|it| it.abs_diff(90) < 6),
            "{format}"
        );
    }
}

/// However narrow, a logo is drawn or not, but nothing panics.
#[test]
fn no_shape_of_a_logo_brings_the_engine_down() {
    for (width, height) in [(1, 1), (1, 9000), (9000, 1), (1, LONG), (LONG, 1)] {
        let logo = logo(width, height, ORANGE);
        for size in [(1, 1), (1, 300), (300, 1), (64, 48)] {
            for position in ["bottom-right", "auto", "tile"] {
                for (turn, percent) in [("0", "0.5"), ("0", "100"), ("33", "100")] {
                    let fields = [
                        ("wm_position", position),
                        ("wm_rotate", turn),
                        ("wm_logo_size", percent),
                        ("wm_spacing", "0"),
                    ];
                    marked(&ground(size.0, size.1), &logo, &fields);
                }
            }
        }
    }
}

const LONG: u32 = 400_000;

#[test]
fn without_text_and_logo_there_is_no_mark() {
    let source = encoded(ground(20, 20), ImageFormat::Png);
    let (fonts, limits) = (Fonts::embedded(), Limits::default());
    let go_on = &mut |_| ControlFlow::Continue(());
    let refused = render(&source, &recipe_with_logo(&[]), &fonts, &limits, go_on);
    assert_eq!(refused, Err(RenderError::Input(InputError::NoMark)));
    let header = engine::inspect(Cursor::new(&source), &limits).unwrap();
    engine::check(&header, &recipe(&[]), &fonts, None, &limits).unwrap();
}
