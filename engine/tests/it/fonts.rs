//! Marks with letters of other font files, and with letters that have colours of their own.

use std::ops::ControlFlow;

use engine::{FontFile, Fonts, InputError, Limits, MissingFont, RenderError, Rendered, render};
use image::{ImageFormat, Rgb, RgbImage};
use specimen::{Color, Font};

use crate::support::{decoded, encoded, recipe};

const RED: Color = [230, 20, 20, 255];
const BLUE: Color = [20, 20, 230, 255];
const GRAY: [u8; 3] = [90; 3];

/// A square picture in one colour.
fn tile(side: u32, [red, green, blue, alpha]: Color) -> Vec<u8> {
    let pixel = image::Rgba([red, green, blue, alpha]);
    encoded(
        image::RgbaImage::from_pixel(side, side, pixel),
        ImageFormat::Png,
    )
}

/// The same sign in each of the ways in which a font may have it.
fn signs() -> [(&'static str, Font); 3] {
    let sign = Font::new;
    [
        ("layered", sign().layered('😀', &[(specimen::BOX, RED)])),
        ("graded", sign().graded('😀', [RED, RED])),
        ("pictured", sign().pictured('😀', 64, tile(64, RED))),
    ]
}

fn marked(font: &Font, ground: &[u8], fields: &[(&str, &str)]) -> Result<Rendered, RenderError> {
    let fonts = Fonts::with_files(vec![FontFile::parse(font.build()).unwrap()]);
    let recipe = fonts.named_in(recipe(fields)).map_err(InputError::from)?;
    let go_on = &mut |_| ControlFlow::Continue(());
    render(ground, &recipe, &fonts, &Limits::default(), go_on)
}

fn ground() -> Vec<u8> {
    encoded(RgbImage::from_pixel(400, 300, Rgb(GRAY)), ImageFormat::Png)
}

fn picture(font: &Font, fields: &[(&str, &str)]) -> RgbImage {
    let fields = [
        fields,
        &[
            ("wm_format", "png"),
            ("wm_size", "20"),
            ("wm_position", "center"),
        ],
    ];
    let rendered = marked(font, &ground(), &fields.concat()).unwrap();
    decoded(&rendered.bytes).into_rgb8()
}

fn count(picture: &RgbImage, is_counted: impl Fn([u8; 3]) -> bool) -> usize {
    picture.pixels().filter(|pixel| is_counted(pixel.0)).count()
}

fn is_red([red, green, blue]: [u8; 3]) -> bool {
    red.abs_diff(RED[0]) < 3 && green.abs_diff(RED[1]) < 3 && blue.abs_diff(RED[2]) < 3
}

#[test]
fn an_emblem_keeps_its_colours_and_has_no_halo() {
    for (name, font) in signs() {
        let picture = picture(&font, &[("wm_text", "😀")]);
        assert!(is_red(picture.get_pixel(200, 150).0), "{name}");
        let others = |rgb: [u8; 3]| rgb != GRAY && !is_red(rgb);
        let (own, others) = (count(&picture, is_red), count(&picture, others));
        assert!(
            own > 2000 && others * 8 < own,
            "{name}: {own} and {others} at the edge"
        );
        let dark = count(&picture, |[red, ..]| red < GRAY[0] - 3);
        assert_eq!(dark, 0, "{name}: a halo");
    }
}

/// Capitals of the engine's own letters are 0.7275 ems high, and 20 % of √(400·300) here.
#[test]
fn emblems_are_as_large_as_letters_of_their_em() {
    let em = 0.2 * (400.0 * 300.0_f64).sqrt() / 0.7275;
    for ((name, font), ems) in signs().into_iter().zip([0.8, 0.8, 1.0]) {
        let own = count(&picture(&font, &[("wm_text", "😀")]), is_red) as f64;
        let side = own.sqrt();
        assert!(
            (side - ems * em).abs() < 3.0,
            "{name}: {side} pixels of {}",
            ems * em
        );
    }
}

#[test]
fn an_emblem_is_turned_repeated_and_let_through_like_a_logo() {
    for (name, font) in signs() {
        let text = ("wm_text", "😀");
        let turned = picture(&font, &[text, ("wm_rotate", "45")]);
        let upright = picture(&font, &[text]);
        let (own, before) = (count(&turned, is_red), count(&upright, is_red));
        assert!(own * 10 > before * 8, "{name}: {own} of {before} are left");
        let ends = [0, 399].map(|x| turned.get_pixel(x, 150).0);
        assert_eq!(ends, [GRAY; 2], "{name}");
        let faint = picture(&font, &[text, ("wm_opacity", "0.5")]);
        let [red, ..] = faint.get_pixel(200, 150).0;
        assert!(red.abs_diff(160) < 3, "{name}: {red}");
        let tiled = [
            text,
            ("wm_position", "tile"),
            ("wm_format", "png"),
            ("wm_rotate", "-30"),
        ];
        let tiled = decoded(&marked(&font, &ground(), &tiled).unwrap().bytes).into_rgb8();
        assert!(count(&tiled, is_red) > 4000, "{name}");
    }
}

#[test]
fn emblems_alone_are_not_measured_and_letters_beside_them_are() {
    let (_, font) = &signs()[0];
    let contrast = |text| {
        marked(font, &ground(), &[("wm_text", text)])
            .unwrap()
            .contrast
    };
    assert_eq!(contrast("😀"), None);
    assert!(contrast("😀 Ada").unwrap().ratio() >= 4.5);
}

#[test]
fn a_grey_picture_takes_an_emblems_colour_in_every_format() {
    let gray = image::GrayImage::from_pixel(300, 200, image::Luma([90]));
    let gray = encoded(gray, ImageFormat::Jpeg);
    for format in ["jpeg", "png", "webp", "avif"] {
        let (_, font) = &signs()[2];
        let fields = [
            ("wm_text", "😀"),
            ("wm_size", "25"),
            ("wm_position", "center"),
            ("wm_format", format),
        ];
        let result = decoded(&marked(font, &gray, &fields).unwrap().bytes).into_rgb8();
        let [red, green, blue] = result.get_pixel(150, 100).0;
        assert!(
            red > 200 && green < 60 && blue < 60,
            "{format}: {red} {green} {blue}"
        );
    }
}

#[test]
fn a_gradient_goes_from_side_to_side() {
    let font = Font::new().graded('😀', [RED, BLUE]);
    let picture = picture(&font, &[("wm_text", "😀")]);
    let row: Vec<_> = (0..400).map(|x| picture.get_pixel(x, 150).0).collect();
    let painted: Vec<_> = row.into_iter().filter(|rgb| *rgb != GRAY).collect();
    let (from, to) = (painted[2], painted[painted.len() - 3]);
    assert!(from[0] > 215 && from[2] < 35, "{from:?}");
    assert!(to[0] < 35 && to[2] > 215, "{to:?}");
}

#[test]
fn layers_lie_on_each_other() {
    let inner = [300, 200, 700, 600];
    let font = Font::new().layered('😀', &[(specimen::BOX, RED), (inner, BLUE)]);
    let picture = picture(&font, &[("wm_text", "😀")]);
    let [red, _, blue] = picture.get_pixel(200, 150).0;
    assert!(
        blue > 220 && red < 30,
        "the inner one is above: {red} {blue}"
    );
    assert!(count(&picture, is_red) > 2000);
}

#[test]
fn letters_of_another_file_are_read_as_well_as_our_own() {
    let font = Font::new().outlined('山').outlined('田');
    for fields in [&[][..], &[("wm_rotate", "-30")], &[("wm_position", "tile")]] {
        let fields = [fields, &[("wm_text", "© 山田")]].concat();
        let rendered = marked(&font, &ground(), &fields).unwrap();
        assert!(rendered.contrast.unwrap().ratio() >= 4.5, "{fields:?}");
    }
}

#[test]
fn a_worker_without_the_font_says_which_one_it_is() {
    let file = FontFile::parse(Font::new().outlined('山').build()).unwrap();
    let sha256 = file.sha256();
    let fonts = Fonts::with_files(vec![file]);
    let recipe = fonts.named_in(recipe(&[("wm_text", "山")])).unwrap();
    let go_on = &mut |_| ControlFlow::Continue(());
    let refused = render(
        &ground(),
        &recipe,
        &Fonts::embedded(),
        &Limits::default(),
        go_on,
    );
    let expected = InputError::MissingFont(MissingFont { sha256 });
    assert_eq!(refused, Err(RenderError::Input(expected)));
}
