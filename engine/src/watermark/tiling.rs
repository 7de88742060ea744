//! Where the marks of a pattern stand.

use swash::zeno::{Point, Vector};

use super::{
    layout::Block,
    placement::{Room, Scale},
};

/// The upper left corners of all marks that a picture shows of the pattern.
///
/// It is a brick wall, turned as its marks are: `gap` pixels between neighbours, every other row moved by half a mark. One
/// mark stands in the middle of the picture, so that one is whole however large they are.
pub(super) fn corners(
    block: &Block,
    scale: Scale,
    gap: f32,
    Room { width, height, .. }: Room,
    extent: (u32, u32),
) -> Vec<(i64, i64)> {
    let reach = 2.0 * scale.halo;
    let along = block.upright.0 * scale.em + reach + gap;
    let across = block.upright.1 * scale.em + reach + gap;
    let radius =
        f64::from(width).hypot(f64::from(height)) as f32 / 2.0 + extent.0.max(extent.1) as f32;
    let (rows, columns) = (
        (radius / across).ceil() as i64,
        (radius / along).ceil() as i64,
    );
    let middle = |side: u32, length: u32| (f64::from(side) - f64::from(length)) as f32 / 2.0;
    let (left, top) = (middle(width, extent.0), middle(height, extent.1));
    let corner = |row: i64, column: i64| {
        let half = if row % 2 == 0 { 0.0 } else { 0.5 };
        let step = Vector::new((column as f32 + half) * along, row as f32 * across);
        let Point { x, y } = block.turn.transform_vector(step);
        ((left + x).round() as i64, (top + y).round() as i64)
    };
    let shown = |(x, y): &(i64, i64)| {
        (-i64::from(extent.0)..width.into()).contains(x)
            && (-i64::from(extent.1)..height.into()).contains(y)
    };
    (-rows..=rows)
        .flat_map(|row| (-columns..=columns).map(move |column| corner(row, column)))
        .filter(shown)
        .collect()
}
