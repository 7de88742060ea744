//! A guest makes the very bytes that the engine makes right here.

use image::{DynamicImage, ImageFormat};
use schemas::{Digest, Step};
use slot::{Fault, Guests, Made, Renderer as _, Task};
use zune_core::{bit_depth::BitDepth, colorspace::ColorSpace, options::EncoderOptions};
use zune_jpegxl::JxlSimpleEncoder;

use crate::support::{
    Patient, encoded, guests, in_process, landscape, photo, recipe, render, task,
};

#[test]
fn every_format_of_every_format() {
    let guests = guests(1);
    let mut originals = originals();
    let avif = render(&guests, &photo(), &recipe(&[("wm_format", "avif")])).unwrap();
    originals.push(("avif", avif.rendered.bytes));
    for (name, original) in originals {
        for format in ["jpeg", "png", "webp", "avif"] {
            for fields in [
                vec![("wm_format", format)],
                vec![("wm_format", format), ("width", "50"), ("quality", "60")],
            ] {
                let recipe = recipe(&fields);
                let made = made(&guests, &task(&original, &recipe));
                assert!(made.is_ok(), "{name} to {fields:?}: {made:?}");
            }
        }
    }
}

#[test]
fn logos_are_drawn_whichever_was_drawn_before() {
    let (guests, photo) = (guests(1), photo());
    let logos = [10, 200].map(|shade| {
        let logo = DynamicImage::from(image::RgbaImage::from_pixel(
            20,
            20,
            image::Rgba([shade, 0, 0, 255]),
        ));
        encoded(&logo, ImageFormat::Png)
    });
    let recipe = recipe(&[]);
    let with = |logo: Option<&Vec<u8>>| {
        let task = Task {
            original: &photo,
            logo: logo.map(|logo| (&logo[..], Digest::of(logo))),
            recipe: &recipe,
        };
        made(&guests, &task).unwrap().sha256
    };
    let (one, other, none) = (with(Some(&logos[0])), with(Some(&logos[1])), with(None));
    assert_eq!(with(Some(&logos[1])), other);
    assert!(one != other && one != none && other != none);
}

#[test]
fn what_is_refused_is_refused_in_the_same_words() {
    let (guests, recipe, photo) = (guests(1), recipe(&[]), photo());
    for broken in [&b""[..], b"GIF89a", &photo[..photo.len() / 2]] {
        let refused = made(&guests, &task(broken, &recipe));
        assert!(matches!(refused, Err(Fault::Refused(_))), "{refused:?}");
    }
    let no_logo = Task {
        logo: Some((b"no logo", Digest::of(b"no logo"))),
        ..task(&photo, &recipe)
    };
    let refused = made(&guests, &no_logo);
    assert!(matches!(refused, Err(Fault::Refused(_))), "{refused:?}");
}

#[test]
fn steps_are_told_as_they_begin() {
    let (guests, photo, recipe) = (guests(1), photo(), recipe(&[("width", "50")]));
    let mut watch = Patient::default();
    guests.render(&task(&photo, &recipe), &mut watch).unwrap();
    let all = [Step::Decode, Step::Resize, Step::Watermark, Step::Encode];
    assert_eq!(watch.steps, all);
}

/// What a guest makes, which is what is made here.
fn made(guests: &Guests, task: &Task<'_>) -> Result<Made, Fault> {
    let there = guests.render(task, &mut Patient::default());
    let here = in_process().render(task, &mut Patient::default());
    assert_eq!(there, here);
    there
}

fn originals() -> Vec<(&'static str, Vec<u8>)> {
    let picture = landscape(160, 120);
    let by_image = [
        ("jpeg", ImageFormat::Jpeg),
        ("png", ImageFormat::Png),
        ("webp", ImageFormat::WebP),
        ("gif", ImageFormat::Gif),
        ("tiff", ImageFormat::Tiff),
        ("bmp", ImageFormat::Bmp),
    ];
    let mut originals: Vec<_> = by_image
        .map(|(name, format)| (name, encoded(&picture, format)))
        .into();
    originals.push(("png that one sees through", seen_through()));
    originals.push(("animated gif", animated()));
    originals.push(("jpeg xl", jpeg_xl(&picture)));
    originals
}

/// As many degrees of transparency as there are: their codes are sorted, for which glibc asks how much memory there is.
fn seen_through() -> Vec<u8> {
    let picture = image::RgbaImage::from_fn(160, 120, |x, y| {
        let [x, y] = [x, y].map(|at| (at * 7 % 256) as u8);
        image::Rgba([x, y, x ^ y, x.wrapping_mul(31) ^ y])
    });
    encoded(&picture.into(), ImageFormat::Png)
}

fn animated() -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = gif::Encoder::new(&mut bytes, 16, 16, &[0, 0, 0, 255, 255, 255]).unwrap();
    for color in [0, 1, 0] {
        let frame = gif::Frame::from_indexed_pixels(16, 16, vec![color; 256], None);
        encoder.write_frame(&frame).unwrap();
    }
    drop(encoder);
    bytes
}

fn jpeg_xl(picture: &DynamicImage) -> Vec<u8> {
    let (width, height) = (picture.width() as usize, picture.height() as usize);
    let options = EncoderOptions::new(width, height, ColorSpace::RGB, BitDepth::Eight);
    let mut bytes = Vec::new();
    let encoder = JxlSimpleEncoder::new(picture.as_bytes(), options);
    encoder.encode(&mut bytes).unwrap();
    bytes
}
