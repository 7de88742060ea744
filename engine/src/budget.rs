//! What working on a picture needs at its height, known before there are pixels.

use schemas::Recipe;

use crate::{Format, Inspection, decode, encode, packed, watermark::Mark};

/// Bytes that are held at once, the largest of all steps. The source's own bytes are the caller's.
pub(crate) fn working_bytes(
    header: &Inspection,
    (width, height): (u32, u32),
    mark: &Mark,
    recipe: &Recipe,
) -> u64 {
    let channels = header.picture_bytes / (u64::from(header.width) * u64::from(header.height));
    let result = u64::from(width) * u64::from(height) * channels;
    let steps = [
        decode_bytes(header, (width, height), channels),
        resize_bytes(header, (width, height), channels),
        result
            + if header.orientation.is_as_stored() {
                0
            } else {
                result
            },
        result + mark.working_bytes(),
        result + encode::working_bytes(recipe, (width, height), result),
        packed::working_bytes(header, (width, height), recipe),
    ];
    steps.into_iter().max().unwrap_or(u64::MAX)
}

/// Bytes that are held at once while an animation is worked on, if its files are as long as photographs make them.
pub(crate) fn animation_bytes(header: &Inspection, size: (u32, u32), mark: &Mark) -> u64 {
    const FRAME_BYTES: u64 = 1024;
    let (width, height) = size;
    let pixels = u64::from(width) * u64::from(height);
    // Half a byte a pixel is twice what photographs need.
    let file = u64::from(header.frames) * (pixels / 2 + FRAME_BYTES);
    frame_by_frame_bytes(header, size, mark) + FILES_HELD * file
}

/// The longest file that an animation may become: what its frames leave of `bytes_max`.
pub(crate) fn file_bytes_max(
    header: &Inspection,
    size: (u32, u32),
    mark: &Mark,
    bytes_max: u64,
) -> u64 {
    bytes_max.saturating_sub(frame_by_frame_bytes(header, size, mark)) / FILES_HELD
}

/// A file that was too large, one that is small enough, and one that is being written.
const FILES_HELD: u64 = 3;

/// What an animation's frames need, one after the other. Everything is held until the last is written.
fn frame_by_frame_bytes(header: &Inspection, (width, height): (u32, u32), mark: &Mark) -> u64 {
    const RGBA: u64 = 4;
    let screen = u64::from(header.width) * u64::from(header.height) * RGBA;
    let result = u64::from(width) * u64::from(height) * RGBA;
    // The screen, a frame, what comes back after it, and the picture that is handed on; a decoder at work on the frame.
    let reading = header.decode_bytes + 4 * screen;
    let fitting = resize_bytes(header, (width, height), RGBA) + result;
    // The frame before, what differs of the two, and libwebp's planes, tokens and statistics.
    let writing = 4 * result + result * 3 / 2;
    reading + fitting + mark.working_bytes() + mark.survey_bytes() + writing
}

/// The picture as it is decoded for this result, and what the decoder keeps besides it.
fn decode_bytes(header: &Inspection, target: (u32, u32), channels: u64) -> u64 {
    let (width, height) = decoded_size(header, target);
    let besides = header.decode_bytes - header.picture_bytes;
    besides + u64::from(width) * u64::from(height) * channels
}

/// The decoded picture, the result, and the picture scaled in one direction.
fn resize_bytes(header: &Inspection, target: (u32, u32), channels: u64) -> u64 {
    let (width, height) = decoded_size(header, target);
    let decoded = u64::from(width) * u64::from(height) * channels;
    if target == header.displayed() {
        return decoded;
    }
    let (target_width, target_height) = header.orientation.applied_to(target);
    let result = u64::from(target_width) * u64::from(target_height) * channels;
    let half_way = u64::from(width) * u64::from(target_height) * channels;
    decoded + half_way + result
}

/// Width and height that the picture is decoded at, as stored.
fn decoded_size(header: &Inspection, target: (u32, u32)) -> (u32, u32) {
    let stored = (header.width, header.height);
    if header.format != Format::Jpeg {
        return stored;
    }
    let eighths = decode::jpeg::scale(stored, header.orientation.applied_to(target)).eighths();
    let scaled = |side: u32| (side * u32::from(eighths)).div_ceil(8);
    (scaled(stored.0), scaled(stored.1))
}
