//! What working on a picture needs at its height, known before there are pixels.

use schemas::OutputFormat;

use crate::{Inspection, encode, watermark::Mark};

/// Bytes that are held at once, the largest of all steps. The source's own bytes are the caller's.
pub(crate) fn working_bytes(
    header: &Inspection,
    (width, height): (u32, u32),
    mark: &Mark,
    format: OutputFormat,
) -> u64 {
    let channels = header.picture_bytes / (u64::from(header.width) * u64::from(header.height));
    let result = u64::from(width) * u64::from(height) * channels;
    let steps = [
        header.decode_bytes,
        resize_bytes(header, (width, height), channels),
        result
            + if header.orientation.is_as_stored() {
                0
            } else {
                result
            },
        result + mark.working_bytes(),
        result + encode::working_bytes(format, result),
    ];
    steps.into_iter().max().unwrap_or(u64::MAX)
}

/// The source, the result, and the source scaled in one direction.
fn resize_bytes(header: &Inspection, target: (u32, u32), channels: u64) -> u64 {
    if target == header.displayed() {
        return header.picture_bytes;
    }
    let (width, height) = target;
    let stored_height = if header.orientation.swaps_sides() {
        width
    } else {
        height
    };
    let result = u64::from(width) * u64::from(height) * channels;
    let half_way = u64::from(header.width) * u64::from(stored_height) * channels;
    header.picture_bytes + half_way + result
}
