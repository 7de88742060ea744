//! What one frame changes of the frame before.

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

    /// The smallest part of `now` that holds all that is not as `before`; a pixel, if that is nothing, for a frame has to
    /// have one.
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
    let (left, top) = (left & !1, top & !1);
    Rectangle {
        x: left as u32,
        y: top as u32,
        width: (right + 1 - left) as u32,
        height: (bottom + 1 - top) as u32,
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

/// Makes blocks transparent in which nothing changed, if there are enough of them and all that is left is opaque: what is
/// laid over the frame before then shows as it is. Whether that was done.
fn leave_out(before: &[u8], rgba: &mut [u8], width: usize) -> bool {
    let height = rgba.len() / (4 * width);
    let mut staying = Vec::new();
    let mut count = 0;
    for y in (0..height).step_by(BLOCK) {
        for x in (0..width).step_by(BLOCK) {
            count += 1;
            let rows = rows_of(x, y, width, height);
            let (stays, opaque) = rows.fold((true, true), |(stays, opaque), row| {
                let is_opaque = rgba[row.clone()]
                    .as_chunks::<4>()
                    .0
                    .iter()
                    .all(|pixel| pixel[3] == 255);
                (
                    stays && before[row.clone()] == rgba[row],
                    opaque && is_opaque,
                )
            });
            if stays {
                staying.push((x, y));
            } else if !opaque {
                return false;
            }
        }
    }
    if staying.len() * LEFT_OUT_FROM < count || count == 1 {
        return false;
    }
    for (x, y) in staying {
        for row in rows_of(x, y, width, height) {
            let pixels = rgba[row].as_chunks_mut::<4>().0;
            pixels.iter_mut().for_each(|pixel| pixel[3] = 0);
        }
    }
    true
}

/// The rows of a block as ranges of bytes.
fn rows_of(
    x: usize,
    y: usize,
    width: usize,
    height: usize,
) -> impl Iterator<Item = std::ops::Range<usize>> {
    let (right, bottom) = ((x + BLOCK).min(width), (y + BLOCK).min(height));
    (y..bottom).map(move |y| 4 * (y * width + x)..4 * (y * width + right))
}
