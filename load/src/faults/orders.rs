//! What is uploaded: small pictures of several sizes and formats, broken ones, and the same ones again. Pure.

use std::{io::Cursor, time::Duration};

use anyhow::Context as _;
use bytes::Bytes;
use image::{DynamicImage, ImageFormat, Rgb, RgbImage, codecs::gif::GifEncoder};
use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};

use crate::picture;

/// Shortest and longest side in pixels: a worker needs some 10 ms, so that faults meet every step.
const SIDES: (u32, u32) = (64, 500);
/// Of a hundred uploads, how many are broken, no picture at all, or were uploaded before.
const BROKEN: u32 = 6;
const NONSENSE: u32 = 2;
const AGAIN: u32 = 10;
/// Of a hundred sound photos, how many are taken back by who uploaded them.
const TAKEN_BACK: u32 = 10;
/// How long somebody thinks before: some jobs are in hand then, some wait, most have ended unless something breaks.
const SECOND_THOUGHT_MS_MAX: u64 = 200;
/// The quickest that GIF's palette can be made: it is not what is tested.
const GIF_SPEED: i32 = 30;

/// A side of the picture that is never finished: so large that its worker can be killed in the middle of it.
const CURSED_SIDE: u16 = 4500;

/// An upload, and what must become of it.
#[derive(Clone, Debug)]
pub(super) struct Order {
    pub(super) photo: Bytes,
    pub(super) mark: String,
    pub(super) expected: Expected,
    /// How long after its acceptance the client takes it back.
    pub(super) taken_back_after: Option<Duration>,
}

/// What must become of an upload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Expected {
    /// A result, or a grave: a world that breaks often enough spends every attempt.
    Done,
    /// The picture is at fault.
    Failed,
    /// The publisher sees that it is no picture.
    Refused,
    /// A grave, for whoever works on it is killed; a result, if one got through between two deaths.
    Dead,
}

/// The uploads of a run.
pub(super) fn orders(seed: u64, count: usize) -> anyhow::Result<Vec<Order>> {
    let mut lot = StdRng::seed_from_u64(seed);
    let mut orders: Vec<Order> = Vec::with_capacity(count);
    for number in 0..count {
        let chance = lot.random_range(0..100);
        let order = if chance < AGAIN && number > 0 {
            orders[lot.random_range(0..number)].clone()
        } else {
            order(&mut lot, seed, number, chance)?
        };
        orders.push(order);
    }
    Ok(orders)
}

/// A sound picture that takes a while.
pub(super) fn cursed(seed: u64) -> anyhow::Result<Order> {
    Ok(Order {
        photo: picture::jpeg(CURSED_SIDE)?.into(),
        mark: format!("© run {seed} cursed"),
        expected: Expected::Dead,
        taken_back_after: None,
    })
}

fn order(lot: &mut StdRng, seed: u64, number: usize, chance: u32) -> anyhow::Result<Order> {
    let mark = format!("© run {seed} photo {number}");
    let (photo, expected) = if chance < AGAIN + BROKEN {
        (broken_photo(lot)?, Expected::Failed)
    } else if chance < AGAIN + BROKEN + NONSENSE {
        (mark.clone().into_bytes(), Expected::Refused)
    } else {
        (photo(lot)?, Expected::Done)
    };
    Ok(Order {
        photo: photo.into(),
        mark,
        expected,
        taken_back_after: (expected == Expected::Done)
            .then(|| second_thought(lot))
            .flatten(),
    })
}

fn second_thought(lot: &mut StdRng) -> Option<Duration> {
    let after = Duration::from_millis(lot.random_range(0..=SECOND_THOUGHT_MS_MAX));
    (lot.random_range(0..100) < TAKEN_BACK).then_some(after)
}

fn photo(lot: &mut StdRng) -> anyhow::Result<Vec<u8>> {
    let formats = [
        ImageFormat::Jpeg,
        ImageFormat::Jpeg,
        ImageFormat::Png,
        ImageFormat::WebP,
        ImageFormat::Gif,
    ];
    let format = formats[lot.random_range(0..formats.len())];
    encoded(lot, format)
}

/// A JPEG whose header is sound and whose pixels are cut off.
fn broken_photo(lot: &mut StdRng) -> anyhow::Result<Vec<u8>> {
    let mut photo = encoded(lot, ImageFormat::Jpeg)?;
    photo.truncate(photo.len() / 2);
    Ok(photo)
}

fn encoded(lot: &mut StdRng, format: ImageFormat) -> anyhow::Result<Vec<u8>> {
    let (width, height) = (
        lot.random_range(SIDES.0..SIDES.1),
        lot.random_range(SIDES.0..SIDES.1),
    );
    let tint: u8 = lot.random();
    let pixel = |x: u32, y: u32| Rgb([(x * 255 / width) as u8, (y * 255 / height) as u8, tint]);
    let picture = DynamicImage::ImageRgb8(RgbImage::from_fn(width, height, pixel));
    let mut bytes = Cursor::new(Vec::new());
    let written = match format {
        ImageFormat::Gif => {
            picture.write_with_encoder(GifEncoder::new_with_speed(&mut bytes, GIF_SPEED))
        }
        _ => picture.write_to(&mut bytes, format),
    };
    written.context("a small picture can be encoded")?;
    Ok(bytes.into_inner())
}
