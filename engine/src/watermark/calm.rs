//! Where a picture is calmest: where a mark hides least and is read best.

use schemas::recipe::Position;

use super::{Place, canvas::Canvas};
use crate::pixels::Region;

/// The nine places as they are preferred among equally calm ones: corners first, the middle last.
const PREFERRED: [Position; 9] = [
    Position::BottomRight,
    Position::BottomLeft,
    Position::TopRight,
    Position::TopLeft,
    Position::Bottom,
    Position::Top,
    Position::Right,
    Position::Left,
    Position::Center,
];
/// Samples of a region that are looked at: a grid of 64 × 64 shows every branch of a tree.
const SAMPLES_MAX: usize = 4096;

/// The calmest of `places`; a single one is not looked at.
pub(super) fn calmest<'p>(canvas: &impl Canvas, places: &'p [Place]) -> Option<&'p Place> {
    if let [only] = places {
        return Some(only);
    }
    let rank = |place: &Place| {
        PREFERRED
            .iter()
            .position(|position| *position == place.position)
    };
    places
        .iter()
        .min_by_key(|place| (edge_energy(canvas, place.region), rank(place)))
}

/// Mean difference of luma between neighbours of a grid laid over `region`, in thousandths.
fn edge_energy(canvas: &impl Canvas, region: Region) -> u64 {
    let every = ((region.area() as f64 / SAMPLES_MAX as f64).sqrt().ceil() as usize).max(1);
    let (mut sum, mut count) = (0, 0_u64);
    let mut above: Vec<u8> = Vec::new();
    for y in (region.y..region.y + region.height).step_by(every) {
        let columns = (region.x..region.x + region.width).step_by(every);
        let row: Vec<u8> = columns.map(|x| canvas.luma(x, y)).collect();
        let across = row.windows(2).map(|pair| pair[0].abs_diff(pair[1]));
        let down = row
            .iter()
            .zip(&above)
            .map(|(one, other)| one.abs_diff(*other));
        sum += across.chain(down).map(u64::from).sum::<u64>();
        count += row.len() as u64;
        above = row;
    }
    sum * 1000 / count.max(1)
}
