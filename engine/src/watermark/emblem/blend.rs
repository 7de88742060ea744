//! How a layer of a painted emblem comes to lie on another: Porter and Duff's operators, and the blend modes of
//! "Compositing and Blending Level 1" (W3C, 2015) that look at one channel at a time.

use skrifa::raw::tables::colr::CompositeMode;

/// Red, green, blue and alpha, 0 to 1, alpha multiplied into the colours.
pub(super) type Premultiplied = [f32; 4];

/// Whether [`composed`] knows how. The four modes that mix hue, saturation and luminosity are used by no font that is
/// known; a glyph that uses them counts as missing rather than being drawn wrongly.
pub(super) const fn is_known(mode: CompositeMode) -> bool {
    !matches!(
        mode,
        CompositeMode::HslHue
            | CompositeMode::HslSaturation
            | CompositeMode::HslColor
            | CompositeMode::HslLuminosity
            | CompositeMode::Unknown
    )
}

/// `source` over, in, out of … `ground`.
pub(super) fn composed(
    mode: CompositeMode,
    source: Premultiplied,
    ground: Premultiplied,
) -> Premultiplied {
    let (above, below) = (source[3], ground[3]);
    match shares(mode, above, below) {
        Some((of_source, of_ground)) => {
            std::array::from_fn(|at| (source[at] * of_source + ground[at] * of_ground).min(1.0))
        }
        None => blended(mode, source, ground),
    }
}

/// What Porter and Duff keep of source and ground.
fn shares(mode: CompositeMode, above: f32, below: f32) -> Option<(f32, f32)> {
    Some(match mode {
        CompositeMode::Clear => (0.0, 0.0),
        CompositeMode::Src => (1.0, 0.0),
        CompositeMode::Dest => (0.0, 1.0),
        CompositeMode::SrcOver => (1.0, 1.0 - above),
        CompositeMode::DestOver => (1.0 - below, 1.0),
        CompositeMode::SrcIn => (below, 0.0),
        CompositeMode::DestIn => (0.0, above),
        CompositeMode::SrcOut => (1.0 - below, 0.0),
        CompositeMode::DestOut => (0.0, 1.0 - above),
        CompositeMode::SrcAtop => (below, 1.0 - above),
        CompositeMode::DestAtop => (1.0 - below, above),
        CompositeMode::Xor => (1.0 - below, 1.0 - above),
        CompositeMode::Plus => (1.0, 1.0),
        _ => return None,
    })
}

/// Source over ground, in another colour where both are.
fn blended(mode: CompositeMode, source: Premultiplied, ground: Premultiplied) -> Premultiplied {
    let (above, below) = (source[3], ground[3]);
    let alpha = above + below - above * below;
    let channel = |at: usize| {
        let mixed = mixed(mode, unmultiplied(source, at), unmultiplied(ground, at));
        source[at] * (1.0 - below) + ground[at] * (1.0 - above) + above * below * mixed
    };
    [channel(0), channel(1), channel(2), alpha]
}

fn unmultiplied(color: Premultiplied, at: usize) -> f32 {
    if color[3] > 0.0 {
        color[at] / color[3]
    } else {
        0.0
    }
}

fn mixed(mode: CompositeMode, source: f32, ground: f32) -> f32 {
    match mode {
        CompositeMode::Screen => source + ground - source * ground,
        CompositeMode::Overlay => hard_light(ground, source),
        CompositeMode::Darken => source.min(ground),
        CompositeMode::Lighten => source.max(ground),
        CompositeMode::ColorDodge if ground == 0.0 => 0.0,
        CompositeMode::ColorDodge if source >= 1.0 => 1.0,
        CompositeMode::ColorDodge => (ground / (1.0 - source)).min(1.0),
        CompositeMode::ColorBurn if ground >= 1.0 => 1.0,
        CompositeMode::ColorBurn if source <= 0.0 => 0.0,
        CompositeMode::ColorBurn => 1.0 - ((1.0 - ground) / source).min(1.0),
        CompositeMode::HardLight => hard_light(source, ground),
        CompositeMode::SoftLight => soft_light(source, ground),
        CompositeMode::Difference => (source - ground).abs(),
        CompositeMode::Exclusion => source + ground - 2.0 * source * ground,
        CompositeMode::Multiply => source * ground,
        _ => source,
    }
}

fn hard_light(source: f32, ground: f32) -> f32 {
    if source <= 0.5 {
        return 2.0 * source * ground;
    }
    let source = 2.0 * source - 1.0;
    source + ground - source * ground
}

fn soft_light(source: f32, ground: f32) -> f32 {
    if source <= 0.5 {
        return ground - (1.0 - 2.0 * source) * ground * (1.0 - ground);
    }
    let lit = if ground <= 0.25 {
        ((16.0 * ground - 12.0) * ground + 4.0) * ground
    } else {
        ground.sqrt()
    };
    ground + (2.0 * source - 1.0) * (lit - ground)
}

#[cfg(test)]
mod tests {
    use super::*;

    const RED: Premultiplied = [1.0, 0.0, 0.0, 1.0];
    const HALF_BLUE: Premultiplied = [0.0, 0.0, 0.5, 0.5];
    const NOTHING: Premultiplied = [0.0; 4];

    #[test]
    fn layers_lie_on_each_other_as_porter_and_duff_say() {
        let composed = |mode| composed(mode, HALF_BLUE, RED);
        assert_eq!(composed(CompositeMode::SrcOver), [0.5, 0.0, 0.5, 1.0]);
        assert_eq!(composed(CompositeMode::DestOver), RED);
        assert_eq!(composed(CompositeMode::DestIn), [0.5, 0.0, 0.0, 0.5]);
        assert_eq!(composed(CompositeMode::SrcOut), NOTHING);
        assert_eq!(composed(CompositeMode::Xor), [0.5, 0.0, 0.0, 0.5]);
        assert_eq!(composed(CompositeMode::Plus), [1.0, 0.0, 0.5, 1.0]);
    }

    #[test]
    fn a_blend_mode_counts_where_both_layers_are() {
        for mode in [
            CompositeMode::Multiply,
            CompositeMode::Screen,
            CompositeMode::SoftLight,
        ] {
            assert_eq!(composed(mode, RED, NOTHING), RED, "{mode:?}");
            assert_eq!(composed(mode, NOTHING, RED), RED, "{mode:?}");
        }
        let gray = [0.5, 0.5, 0.5, 1.0];
        assert_eq!(
            composed(CompositeMode::Multiply, gray, RED),
            [0.5, 0.0, 0.0, 1.0]
        );
        assert_eq!(
            composed(CompositeMode::Difference, RED, RED),
            [0.0, 0.0, 0.0, 1.0]
        );
    }
}
