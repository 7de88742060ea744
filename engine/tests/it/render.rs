//! What `render` promises about whole files.

use std::{ops::ControlFlow, thread};

use crate::support::{decoded, encoded, landscape, recipe, rendered};
use engine::{Fonts, Format, InputError, Limits, MissingGlyph, RenderError, inspect, render};
use image::{DynamicImage, GenericImageView, GrayImage, ImageFormat, Rgba, RgbaImage};
use schemas::{OutputFormat, Step};

const FORMATS: [(Format, ImageFormat); 6] = [
    (Format::Jpeg, ImageFormat::Jpeg),
    (Format::Png, ImageFormat::Png),
    (Format::Webp, ImageFormat::WebP),
    (Format::Gif, ImageFormat::Gif),
    (Format::Tiff, ImageFormat::Tiff),
    (Format::Bmp, ImageFormat::Bmp),
];

#[test]
fn every_format_goes_in_and_every_output_format_comes_out() {
    for (format, image_format) in FORMATS {
        let source = encoded(landscape(400, 300), image_format);
        let header = inspect(std::io::Cursor::new(&source), &Limits::default()).unwrap();
        assert_eq!(
            (header.format, header.width, header.height),
            (format, 400, 300)
        );
        for output in OutputFormat::ALL {
            let result = rendered(&source, &[("wm_format", output.as_str()), ("width", "200")]);
            let result = result.unwrap_or_else(|error| panic!("{format} to {output:?}: {error}"));
            assert_eq!(OutputFormat::of_bytes(&result.bytes), Some(output));
            assert_eq!(decoded(&result.bytes).dimensions(), (200, 150));
            assert_eq!((result.width, result.height), (200, 150));
        }
    }
}

#[test]
fn the_same_bytes_give_the_same_bytes() {
    let source = encoded(landscape(700, 500), ImageFormat::Jpeg);
    for format in ["jpeg", "png", "webp", "avif"] {
        let fields = [
            ("wm_format", format),
            ("width", "333"),
            ("wm_text", "© שלום\nسلام"),
        ];
        let first = rendered(&source, &fields).unwrap();
        let elsewhere = thread::scope(|scope| scope.spawn(|| rendered(&source, &fields)).join());
        assert_eq!(rendered(&source, &fields).unwrap(), first);
        assert_eq!(elsewhere.unwrap().unwrap(), first);
    }
}

#[test]
fn the_mark_touches_nothing_else() {
    let ground = landscape(300, 200);
    let result = rendered(
        &encoded(ground.clone(), ImageFormat::Png),
        &[("wm_format", "png")],
    )
    .unwrap();
    let marked = decoded(&result.bytes).to_rgb8();
    let changed: Vec<_> = ground
        .enumerate_pixels()
        .filter(|(x, y, pixel)| marked.get_pixel(*x, *y) != *pixel)
        .map(|(x, y, _)| (x, y))
        .collect();
    assert!(!changed.is_empty());
    assert!(
        changed.iter().all(|&(x, y)| x > 150 && y > 150),
        "bottom right only"
    );
}

#[test]
fn steps_are_told_in_order_and_can_be_stopped() {
    let source = encoded(landscape(64, 64), ImageFormat::Png);
    let expected = [Step::Decode, Step::Resize, Step::Watermark, Step::Encode];
    for stop in 0..=expected.len() {
        let mut told = Vec::new();
        let result = render(
            &source,
            &recipe(&[]),
            &Fonts::embedded(),
            &Limits::default(),
            &mut |step| {
                told.push(step);
                if told.len() > stop {
                    ControlFlow::Break(())
                } else {
                    ControlFlow::Continue(())
                }
            },
        );
        assert_eq!(told, expected[..(stop + 1).min(4)]);
        match expected.get(stop) {
            Some(&before) => assert_eq!(result, Err(RenderError::Stopped { before })),
            None => assert!(result.is_ok()),
        }
    }
}

#[test]
fn jpeg_shows_what_is_transparent_on_white_and_others_keep_it_so() {
    let mut ground = RgbaImage::from_pixel(200, 200, Rgba([10, 200, 30, 0]));
    ground.put_pixel(0, 0, Rgba([10, 200, 30, 255]));
    let source = encoded(ground, ImageFormat::Png);
    let corner = |format| {
        let result = rendered(&source, &[("wm_format", format)]).unwrap();
        decoded(&result.bytes).get_pixel(150, 10)
    };
    assert_eq!(corner("jpeg"), Rgba([255; 4]));
    assert_eq!(corner("png").0[3], 0);
    assert_eq!(corner("webp").0[3], 0);
}

#[test]
fn a_mark_on_nothing_is_seen() {
    let nothing = encoded(RgbaImage::new(200, 200), ImageFormat::Png);
    let result = rendered(&nothing, &[("wm_format", "png"), ("wm_opacity", "1")]).unwrap();
    let opaque = decoded(&result.bytes)
        .to_rgba8()
        .pixels()
        .filter(|pixel| pixel.0[3] == 255)
        .count();
    assert!(opaque > 20, "{opaque} opaque pixels");
}

#[test]
fn grey_stays_grey_until_the_mark_has_a_colour() {
    let grey = GrayImage::from_pixel(200, 200, image::Luma([90]));
    let source = encoded(grey, ImageFormat::Jpeg);
    for (color, expected) in [("auto", 1), ("#808080", 1), ("#ff0000", 3)] {
        for format in ["jpeg", "png"] {
            let result = rendered(&source, &[("wm_color", color), ("wm_format", format)]).unwrap();
            let channels = decoded(&result.bytes).color().channel_count();
            assert_eq!(channels, expected, "{color} in {format}");
        }
    }
}

#[test]
fn a_grey_photo_is_written_in_every_format() {
    let source = encoded(
        GrayImage::from_pixel(60, 40, image::Luma([90])),
        ImageFormat::Jpeg,
    );
    for output in OutputFormat::ALL {
        for color in ["auto", "#ff0000"] {
            let fields = [("wm_color", color), ("wm_format", output.as_str())];
            let result = rendered(&source, &fields).map(|result| (result.width, result.height));
            assert_eq!(result, Ok((60, 40)), "{color} in {output:?}");
        }
    }
}

#[test]
fn sixteen_bits_and_palettes_are_taken() {
    let deep = DynamicImage::ImageRgb8(landscape(90, 60)).to_rgba16();
    let result = rendered(&encoded(deep, ImageFormat::Png), &[("wm_format", "png")]).unwrap();
    let near = decoded(&result.bytes).to_rgb8().get_pixel(3, 3).0;
    let expected = landscape(90, 60).get_pixel(3, 3).0;
    assert!(
        near.iter()
            .zip(expected)
            .all(|(one, other)| one.abs_diff(other) < 2)
    );
}

/// A picture of each of the formats, and an AVIF of our own.
fn sources() -> Vec<(Format, Vec<u8>)> {
    let ground = || landscape(300, 200);
    let mut sources = FORMATS
        .map(|(format, image)| (format, encoded(ground(), image)))
        .to_vec();
    let png = encoded(ground(), ImageFormat::Png);
    let avif = rendered(&png, &[("wm_format", "avif"), ("profile", "fast")]);
    sources.push((Format::Avif, avif.unwrap().bytes));
    sources
}

#[test]
fn an_avif_of_our_own_goes_in_again() {
    let mut ground = RgbaImage::from_pixel(201, 101, Rgba([200, 60, 30, 255]));
    ground.put_pixel(0, 0, Rgba([0; 4]));
    let source = encoded(ground, ImageFormat::Png);
    let avif = rendered(&source, &[("wm_format", "avif"), ("quality", "90")]).unwrap();
    let pixel = decoded(&avif.bytes).get_pixel(100, 10);
    let near = pixel
        .0
        .iter()
        .zip([200_u8, 60, 30, 255])
        .all(|(one, other)| one.abs_diff(other) < 6);
    assert!(near, "{pixel:?}");
    assert_eq!(decoded(&avif.bytes).dimensions(), (201, 101));
}

#[test]
fn sixteen_bits_of_tiff_are_taken() {
    let deep = DynamicImage::ImageRgb8(landscape(90, 60)).to_rgba16();
    let result = rendered(&encoded(deep, ImageFormat::Tiff), &[("wm_format", "png")]).unwrap();
    assert_eq!(
        decoded(&result.bytes).to_rgb8().get_pixel(3, 3),
        landscape(90, 60).get_pixel(3, 3)
    );
}

#[test]
fn what_is_a_picture_but_not_supported_is_named() {
    for (bytes, named) in [
        (&b"\0\0\0\x18ftypheic\0\0\0\0"[..], "HEIC is not supported"),
        (&b"some words of text"[..], "no image of an accepted format"),
    ] {
        let refused = rendered(bytes, &[]).unwrap_err().to_string();
        assert!(refused.contains(named), "{refused}");
    }
}

#[test]
fn tiny_and_narrow_pictures_are_marked_without_a_fuss() {
    for (width, height) in [(1, 1), (1, 400), (400, 1), (2, 2), (7, 5), (4000, 3)] {
        let source = encoded(landscape(width, height), ImageFormat::Png);
        for size in ["0.5", "25"] {
            let fields = [
                ("wm_size", size),
                ("wm_text", "long enough\nنص שלום"),
                ("width", "1000"),
            ];
            let result = rendered(&source, &fields);
            assert!(result.is_ok(), "{width}×{height}: {result:?}");
        }
    }
}

#[test]
fn a_mark_that_nobody_can_see_changes_nothing() {
    let ground = landscape(64, 48);
    let source = encoded(ground.clone(), ImageFormat::Png);
    let result = rendered(&source, &[("wm_text", "\u{200d}"), ("wm_format", "png")]).unwrap();
    assert_eq!(decoded(&result.bytes).to_rgb8(), ground);
}

#[test]
fn a_text_without_a_glyph_is_refused_before_there_are_pixels() {
    let source = encoded(landscape(64, 64), ImageFormat::Png);
    let result = render(
        &source,
        &recipe(&[("wm_text", "NWS 漢字")]),
        &Fonts::embedded(),
        &Limits::default(),
        &mut |_| panic!("no step should begin"),
    );
    let missing = InputError::MissingGlyph(MissingGlyph { character: '漢' });
    assert_eq!(result, Err(missing.into()));
}

#[test]
fn a_picture_that_is_cut_is_broken_and_not_grey() {
    for (format, source) in sources() {
        for percent in [20, 50, 80, 95] {
            let cut = &source[..source.len() * percent / 100];
            let result = rendered(cut, &[]);
            assert!(
                matches!(result, Err(RenderError::Input(InputError::Broken { .. }))),
                "{format} cut at {percent} %: {:?}",
                result.map(|result| result.format)
            );
        }
    }
}

#[test]
fn a_jpeg_without_its_end_marker_is_whole() {
    let source = encoded(landscape(300, 200), ImageFormat::Jpeg);
    let (end, rest) = source
        .split_last_chunk::<2>()
        .map(|(rest, end)| (end, rest))
        .unwrap();
    assert_eq!(end, &[0xff, 0xd9]);
    assert!(rendered(rest, &[]).is_ok());
}

#[test]
fn an_avif_of_several_tiles_is_refused_by_name() {
    let source = encoded(landscape(40, 30), ImageFormat::Png);
    let mut avif = rendered(&source, &[("wm_format", "avif")]).unwrap().bytes;
    let kind = avif.windows(4).position(|name| name == b"av01").unwrap();
    avif[kind..kind + 4].copy_from_slice(b"grid");
    let refused = rendered(&avif, &[]).unwrap_err().to_string();
    assert!(
        refused.contains("several tiles are not supported"),
        "{refused}"
    );
}

#[test]
fn limits_name_what_was_measured() {
    let source = encoded(landscape(200, 100), ImageFormat::Png);
    let refused = |limits: Limits| inspect(std::io::Cursor::new(&source), &limits).unwrap_err();
    let limits = Limits::default();
    let pixels = refused(Limits {
        pixels_max: 19_999,
        ..limits
    });
    assert_eq!(pixels.measured_and_limit(), Some((20_000, 19_999)));
    let side = refused(Limits {
        side_max: 199,
        ..limits
    });
    assert_eq!(side.measured_and_limit(), Some((200, 199)));
    let bytes = refused(Limits {
        decoded_bytes_max: 60_000,
        ..limits
    });
    assert!(matches!(
        bytes,
        InputError::TooManyBytes {
            bytes_max: 60_000,
            ..
        }
    ));
}

#[test]
fn an_enlarging_box_enlarges_nothing() {
    let source = encoded(landscape(50, 40), ImageFormat::Jpeg);
    let result = rendered(&source, &[("width", "16384"), ("height", "16384")]).unwrap();
    assert_eq!((result.width, result.height), (50, 40));
}

#[test]
fn webp_is_no_longer_than_webp_can_be() {
    let source = encoded(GrayImage::new(16_384, 4), ImageFormat::Png);
    let fields = [
        ("wm_format", "webp"),
        ("width", "16384"),
        ("height", "16384"),
    ];
    assert_eq!(rendered(&source, &fields).unwrap().width, 16_383);
}

/// Fonts remember what they have typeset; a picture must not show whether they did, nor what else they drew.
#[test]
fn a_mark_looks_the_same_the_first_time_and_ever_after() {
    let source = encoded(landscape(200, 120), ImageFormat::Png);
    let recipe = recipe(&[("wm_text", "Ab שלום مرحبا!\n2026")]);
    let drawn = |fonts: &Fonts| {
        let go_on = &mut |_| ControlFlow::Continue(());
        render(&source, &recipe, fonts, &Limits::default(), go_on).unwrap()
    };
    let fresh = drawn(&Fonts::embedded());
    let used = Fonts::embedded();
    for text in (0..300).map(|number| format!("© {number} אב")) {
        used.check(&text).unwrap();
    }
    assert_eq!((drawn(&used), drawn(&used)), (fresh.clone(), fresh));
}

#[test]
fn a_profile_trades_time_for_bytes() {
    let source = encoded(landscape(400, 300), ImageFormat::Png);
    let bytes = |profile| {
        let fields = [("wm_format", "webp"), ("profile", profile)];
        rendered(&source, &fields).unwrap().bytes.len()
    };
    assert!(bytes("small") < bytes("fast"));
}
