//! What one frame changes of the frame before.
//!
//! A lossy picture shows a little of each block in the next one: chroma is smoothed across edges, and edges are filtered. So
//! what lies beside a change is written again with it, or it would keep a trace of what has gone; and what lies beside that
//! is written with its colours, though nobody sees it.

use std::ops::Range;

/// A side of the blocks that are left out where nothing changed. Transforms of luma and chroma end at their edges.
const BLOCK: usize = 8;
/// Blocks that stay are left out where they are one of so many: else their alpha channel costs more than they do.
const LEFT_OUT_FROM: usize = 8;

/// A part of the picture. WebP has only even offsets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Rectangle {
    pub(super) x: u32,
    pub(super) y: u32,
    pub(super) width: u32,
    pub(super) height: u32,
}

/// A frame as it is written.
#[derive(Debug)]
pub(super) struct Change {
    pub(super) rectangle: Rectangle,
    /// Its pixels; those of blocks that stay as they were are transparent, if it blends.
    pub(super) rgba: Vec<u8>,
    /// Whether the frame before shows through.
    pub(super) blends: bool,
}

impl Change {
    /// The whole picture.
    pub(super) fn all(rgba: &[u8], width: u32, height: u32) -> Self {
        Self {
            rectangle: Rectangle {
                x: 0,
                y: 0,
                width,
                height,
            },
            rgba: rgba.to_vec(),
            blends: false,
        }
    }

    /// The smallest part of `now` that holds all that is not as `before`, and what lies beside it; a pixel, if that is
    /// nothing, for a frame has to have one.
    pub(super) fn between(before: &[u8], now: &[u8], width: usize) -> Self {
        let rectangle = changed(before, now, width);
        let (before, mut rgba) = (cut(before, rectangle, width), cut(now, rectangle, width));
        let blends = leave_out(&before, &mut rgba, rectangle.width as usize);
        Self {
            rectangle,
            rgba,
            blends,
        }
    }
}

fn changed(before: &[u8], now: &[u8], width: usize) -> Rectangle {
    let differing = |(before, now): (&[u8], &[u8])| before != now;
    let mut rows = before
        .chunks_exact(4 * width)
        .zip(now.chunks_exact(4 * width));
    let Some(top) = rows.clone().position(differing) else {
        return Rectangle {
            x: 0,
            y: 0,
            width: 1,
            height: 1,
        };
    };
    let bottom = rows.rposition(differing).unwrap_or(top);
    let (mut left, mut right) = (width, 0);
    let rows = before
        .chunks_exact(4 * width)
        .zip(now.chunks_exact(4 * width));
    for (before, now) in rows.take(bottom + 1).skip(top) {
        let mut pixels = before.as_chunks::<4>().0.iter().zip(now.as_chunks::<4>().0);
        let Some(first) = pixels.clone().position(|(before, now)| before != now) else {
            continue;
        };
        let last = pixels.rposition(|(before, now)| before != now);
        left = left.min(first);
        right = right.max(last.unwrap_or(first));
    }
    let (left, top) = (
        left.saturating_sub(BLOCK) & !1,
        top.saturating_sub(BLOCK) & !1,
    );
    let right = (right + 1 + BLOCK).min(width);
    let bottom = (bottom + 1 + BLOCK).min(now.len() / (4 * width));
    Rectangle {
        x: left as u32,
        y: top as u32,
        width: (right - left) as u32,
        height: (bottom - top) as u32,
    }
}

fn cut(rgba: &[u8], part: Rectangle, width: usize) -> Vec<u8> {
    let (left, length) = (4 * part.x as usize, 4 * part.width as usize);
    let mut pixels = Vec::with_capacity(length * part.height as usize);
    let rows = rgba.chunks_exact(4 * width).skip(part.y as usize);
    for row in rows.take(part.height as usize) {
        pixels.extend_from_slice(&row[left..left + length]);
    }
    pixels
}

/// Makes blocks transparent that stay, if there are enough of them and all others are opaque: what is laid over the frame
/// before then shows as it is. Whether that was done.
fn leave_out(before: &[u8], rgba: &mut [u8], width: usize) -> bool {
    let blocks = Blocks::of(before, rgba, width);
    let written = blocks.changed.clone().grown();
    let count = written.of_blocks.len();
    let staying = count - written.count();
    if staying * LEFT_OUT_FROM < count || staying == 0 {
        return false;
    }
    if written.places().any(|place| !blocks.opaque.has(place)) {
        return false;
    }
    let colored = written.clone().grown();
    let nobody_sees = mean(rgba);
    for place in written.others() {
        for row in blocks.rows_of(place) {
            for pixel in rgba[row].as_chunks_mut::<4>().0 {
                if !colored.has(place) {
                    *pixel = nobody_sees;
                }
                pixel[3] = 0;
            }
        }
    }
    true
}

/// What is cheap to write where everything is as likely.
fn mean(rgba: &[u8]) -> [u8; 4] {
    let (pixels, _) = rgba.as_chunks::<4>();
    std::array::from_fn(|channel| {
        let sum: u64 = pixels.iter().map(|pixel| u64::from(pixel[channel])).sum();
        (sum / pixels.len() as u64) as u8
    })
}

/// The blocks of a part of the picture.
struct Blocks {
    width: usize,
    height: usize,
    changed: Marked,
    opaque: Marked,
}

/// Some of the blocks, row by row.
#[derive(Clone)]
struct Marked {
    across: usize,
    of_blocks: Vec<bool>,
}

impl Blocks {
    fn of(before: &[u8], now: &[u8], width: usize) -> Self {
        let height = now.len() / (4 * width);
        let none = Marked {
            across: width.div_ceil(BLOCK),
            of_blocks: vec![false; width.div_ceil(BLOCK) * height.div_ceil(BLOCK)],
        };
        let mut blocks = Self {
            width,
            height,
            changed: none.clone(),
            opaque: none,
        };
        for place in 0..blocks.changed.of_blocks.len() {
            let changed = blocks
                .rows_of(place)
                .any(|row| before[row.clone()] != now[row]);
            let is_opaque = |pixel: &[u8; 4]| pixel[3] == 255;
            let mut rows = blocks.rows_of(place);
            let opaque = rows.all(|row| now[row].as_chunks::<4>().0.iter().all(is_opaque));
            drop(rows);
            blocks.changed.of_blocks[place] = changed;
            blocks.opaque.of_blocks[place] = opaque;
        }
        blocks
    }

    /// The rows of a block as ranges of bytes.
    fn rows_of(&self, place: usize) -> impl Iterator<Item = Range<usize>> + use<> {
        let (across, width) = (self.changed.across, self.width);
        let (x, y) = (place % across * BLOCK, place / across * BLOCK);
        let (right, bottom) = ((x + BLOCK).min(width), (y + BLOCK).min(self.height));
        (y..bottom).map(move |y| 4 * (y * width + x)..4 * (y * width + right))
    }
}

impl Marked {
    fn has(&self, place: usize) -> bool {
        self.of_blocks[place]
    }

    fn count(&self) -> usize {
        self.places().count()
    }

    fn places(&self) -> impl Iterator<Item = usize> {
        (0..self.of_blocks.len()).filter(|place| self.has(*place))
    }

    fn others(&self) -> impl Iterator<Item = usize> {
        (0..self.of_blocks.len()).filter(|place| !self.has(*place))
    }

    /// These blocks and all around them.
    fn grown(self) -> Self {
        let (across, down) = (self.across, self.of_blocks.len() / self.across);
        let mut grown = self.clone();
        for place in self.places() {
            let (x, y) = (place % across, place / across);
            for y in y.saturating_sub(1)..(y + 2).min(down) {
                let row = y * across;
                let columns = x.saturating_sub(1)..(x + 2).min(across);
                grown.of_blocks[row + columns.start..row + columns.end].fill(true);
            }
        }
        grown
    }
}
