//! What a shape of a painted emblem is filled with: a colour, or a gradient along a line, between circles or around a
//! centre.

use skrifa::{
    color::{Brush, ColorPalette, ColorStop, Extend},
    raw::types::Point,
};

use super::blend::Premultiplied;

/// The palette entry that stands for the colour of the text. An emblem has no text around it whose colour it could know.
const FOREGROUND: u16 = 0xffff;

/// A font's first palette: red, green, blue and straight alpha, 0 to 1.
pub(super) struct Palette(Vec<[f32; 4]>);

impl Palette {
    pub(super) fn of(tables: &skrifa::FontRef<'_>) -> Self {
        use skrifa::MetadataProvider as _;
        let palettes = tables.color_palettes();
        let first = palettes.get(0);
        let colors = first.iter().flat_map(ColorPalette::colors);
        let channels = colors.map(|color| {
            [color.red, color.green, color.blue, color.alpha].map(|value| f32::from(value) / 255.0)
        });
        Self(channels.collect())
    }

    fn color(&self, index: u16, alpha: f32) -> Premultiplied {
        let black = [0.0, 0.0, 0.0, 1.0];
        let [red, green, blue, own] = match self.0.get(usize::from(index)) {
            Some(color) if index != FOREGROUND => *color,
            _ => black,
        };
        let alpha = (own * alpha).clamp(0.0, 1.0);
        [red * alpha, green * alpha, blue * alpha, alpha]
    }

    /// The colour of `brush` at a point, both in the brush's own space; `None` where it paints nothing.
    pub(super) fn at(&self, brush: &Brush<'_>, x: f32, y: f32) -> Option<Premultiplied> {
        match *brush {
            Brush::Solid {
                palette_index,
                alpha,
            } => Some(self.color(palette_index, alpha)),
            Brush::LinearGradient {
                p0,
                p1,
                color_stops,
                extend,
            } => self.along(color_stops, extend, along_line(p0, p1, x, y)?),
            Brush::RadialGradient {
                c0,
                r0,
                c1,
                r1,
                color_stops,
                extend,
            } => self.along(color_stops, extend, between_circles(c0, r0, c1, r1, x, y)?),
            Brush::SweepGradient {
                c0,
                start_angle,
                end_angle,
                color_stops,
                extend,
            } => {
                let clockwise = (c0.y - y).atan2(x - c0.x).to_degrees().rem_euclid(360.0);
                let at = (clockwise - start_angle) / (end_angle - start_angle);
                self.along(color_stops, extend, at)
            }
        }
    }

    /// The colour at a place of a gradient, whose stops lie between 0 and 1.
    fn along(&self, stops: &[ColorStop], extend: Extend, at: f32) -> Option<Premultiplied> {
        let at = match extend {
            _ if !at.is_finite() => return None,
            Extend::Repeat => at.rem_euclid(1.0),
            Extend::Reflect => 1.0 - (at.rem_euclid(2.0) - 1.0).abs(),
            _ => at.clamp(0.0, 1.0),
        };
        let color = |stop: &ColorStop| self.color(stop.palette_index, stop.alpha);
        let next = stops.partition_point(|stop| stop.offset <= at);
        let (Some(before), Some(after)) = (stops.get(next.wrapping_sub(1)), stops.get(next)) else {
            let end = if next == 0 {
                stops.first()
            } else {
                stops.last()
            };
            return end.map(color);
        };
        let share = (at - before.offset) / (after.offset - before.offset);
        let (before, after) = (color(before), color(after));
        Some(std::array::from_fn(|channel| {
            before[channel] + (after[channel] - before[channel]) * share
        }))
    }
}

fn along_line(from: Point<f32>, to: Point<f32>, x: f32, y: f32) -> Option<f32> {
    let (across, down) = (to.x - from.x, to.y - from.y);
    let length = across * across + down * down;
    (length > 0.0).then(|| ((x - from.x) * across + (y - from.y) * down) / length)
}

/// The outermost circle through a point of all those between two, as the canvas of HTML defines it.
fn between_circles(
    from: Point<f32>,
    from_radius: f32,
    to: Point<f32>,
    to_radius: f32,
    x: f32,
    y: f32,
) -> Option<f32> {
    let (across, down) = (to.x - from.x, to.y - from.y);
    let grows = to_radius - from_radius;
    let (right, below) = (x - from.x, y - from.y);
    let a = across * across + down * down - grows * grows;
    let b = right * across + below * down + from_radius * grows;
    let c = right * right + below * below - from_radius * from_radius;
    let exists = |at: &f32| at.is_finite() && from_radius + at * grows >= 0.0;
    if a.abs() < f32::EPSILON * b.abs().max(1.0) {
        return Some(c / (2.0 * b)).filter(exists);
    }
    let root = (b * b - a * c).sqrt();
    let (one, other) = ((b + root) / a, (b - root) / a);
    [one.max(other), one.min(other)].into_iter().find(exists)
}

#[cfg(test)]
mod tests {
    use super::*;

    const BLACK_TO_WHITE: [ColorStop; 2] = [
        ColorStop {
            offset: 0.0,
            palette_index: 0,
            alpha: 1.0,
        },
        ColorStop {
            offset: 1.0,
            palette_index: 1,
            alpha: 1.0,
        },
    ];

    /// How white a brush is at a point.
    fn white(brush: &Brush<'_>, x: f32, y: f32) -> Option<f32> {
        let palette = Palette(vec![[0.0, 0.0, 0.0, 1.0], [1.0; 4]]);
        palette
            .at(brush, x, y)
            .map(|[red, ..]| (red * 100.0).round() / 100.0)
    }

    #[test]
    fn a_line_goes_from_point_to_point_and_on_as_it_says() {
        let line = |extend| Brush::LinearGradient {
            p0: Point::new(0.0, 0.0),
            p1: Point::new(10.0, 0.0),
            color_stops: &BLACK_TO_WHITE,
            extend,
        };
        for (extend, beyond) in [
            (Extend::Pad, 1.0),
            (Extend::Repeat, 0.2),
            (Extend::Reflect, 0.8),
        ] {
            assert_eq!(white(&line(extend), 5.0, 3.0), Some(0.5));
            assert_eq!(white(&line(extend), 12.0, 0.0), Some(beyond), "{extend:?}");
        }
    }

    #[test]
    fn circles_grow_from_one_to_the_other() {
        let center = Point::new(0.0, 0.0);
        let circles = Brush::RadialGradient {
            c0: center,
            r0: 0.0,
            c1: center,
            r1: 10.0,
            color_stops: &BLACK_TO_WHITE,
            extend: Extend::Pad,
        };
        assert_eq!(white(&circles, 0.0, 5.0), Some(0.5));
        assert_eq!(white(&circles, -30.0, 0.0), Some(1.0));
        let cone = Brush::RadialGradient {
            c0: center,
            r0: 1.0,
            c1: Point::new(20.0, 0.0),
            r1: 1.0,
            color_stops: &BLACK_TO_WHITE,
            extend: Extend::Pad,
        };
        assert_eq!(white(&cone, 10.0, 5.0), None, "beside the tube");
    }

    /// The angles are clockwise, y grows upwards.
    #[test]
    fn a_sweep_goes_around() {
        let sweep = Brush::SweepGradient {
            c0: Point::new(0.0, 0.0),
            start_angle: 0.0,
            end_angle: 360.0,
            color_stops: &BLACK_TO_WHITE,
            extend: Extend::Pad,
        };
        assert_eq!(white(&sweep, 0.0, -1.0), Some(0.25));
        assert_eq!(white(&sweep, -1.0, 0.0), Some(0.5));
    }
}
