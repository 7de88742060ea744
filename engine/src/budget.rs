//! What working on a picture needs at its height, known before there are pixels.

use schemas::Recipe;

use crate::{Format, Inspection, decode, encode, watermark::Mark};

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
    ];
    steps.into_iter().max().unwrap_or(u64::MAX)
}

/// Bytes that are held at once while an animation is worked on. Everything is, until the last frame is written.
pub(crate) fn animation_bytes(
    header: &Inspection,
    (width, height): (u32, u32),
    mark: &Mark,
) -> u64 {
    const RGBA: u64 = 4;
    let screen = u64::from(header.width) * u64::from(header.height) * RGBA;
    let result = u64::from(width) * u64::from(height) * RGBA;
    // The screen, a frame, what comes back after it, and the picture that is handed on; a decoder at work on the frame.
    let reading = header.decode_bytes + 4 * screen;
    let fitting = resize_bytes(header, (width, height), RGBA) + result;
    // The frame before, what differs of the two, and libwebp's planes, tokens and statistics.
    let writing = 4 * result + result * 3 / 2;
    let files = FILES_HELD * file_bytes_max(header.frames, (width, height));
    reading + fitting + mark.working_bytes() + mark.survey_bytes() + writing + files
}

/// The longest file that an animation may become: half a byte a pixel, which is twice what photographs need, and what the
/// container needs for a frame.
pub(crate) fn file_bytes_max(frames: u32, (width, height): (u32, u32)) -> u64 {
    const FRAME_BYTES: u64 = 1024;
    let pixels = u64::from(width) * u64::from(height);
    u64::from(frames) * (pixels / 2 + FRAME_BYTES)
}

/// A file that was too large, one that is small enough, and one that is being written.
const FILES_HELD: u64 = 3;

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
