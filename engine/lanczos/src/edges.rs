//! Pictures whose frame reaches beyond them.

use crate::Frame;

/// Pixels that nobody would see.
const ROUNDING: f64 = 1e-6;

/// Pixels that a picture lacks on each side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Lack {
    left: usize,
    top: usize,
    right: usize,
    bottom: usize,
}

/// The picture with its edges repeated as far as `frame` reaches, and the frame in it.
pub(crate) fn continued(
    bytes: Vec<u8>,
    channels: usize,
    (width, height): (u32, u32),
    frame: Frame,
) -> (Vec<u8>, (u32, u32), Frame) {
    let lack = Lack::of(frame, (width, height));
    if lack == Lack::NONE {
        return (bytes, (width, height), frame);
    }
    let row_bytes = width as usize * channels;
    let size = (
        width + (lack.left + lack.right) as u32,
        height + (lack.top + lack.bottom) as u32,
    );
    let mut result = Vec::with_capacity(size.0 as usize * size.1 as usize * channels);
    for y in 0..size.1 as usize {
        let from = y.saturating_sub(lack.top).min(height as usize - 1) * row_bytes;
        let row = &bytes[from..from + row_bytes];
        result.extend(row[..channels].iter().cycle().take(lack.left * channels));
        result.extend_from_slice(row);
        let last = row[row_bytes - channels..].iter();
        result.extend(last.cycle().take(lack.right * channels));
    }
    let frame = Frame {
        left: frame.left + lack.left as f64,
        top: frame.top + lack.top as f64,
        ..frame
    };
    (result, size, frame)
}

impl Lack {
    const NONE: Self = Self {
        left: 0,
        top: 0,
        right: 0,
        bottom: 0,
    };

    fn of(frame: Frame, (width, height): (u32, u32)) -> Self {
        // The casts saturate: what is not beyond lacks nothing, and neither does what is beyond by a rounding error.
        let before = |from: f64| (-from - ROUNDING).ceil() as usize;
        let behind = |end: f64, side: u32| (end - f64::from(side) - ROUNDING).ceil() as usize;
        Self {
            left: before(frame.left),
            top: before(frame.top),
            right: behind(frame.left + frame.width, width),
            bottom: behind(frame.top + frame.height, height),
        }
    }
}
