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
