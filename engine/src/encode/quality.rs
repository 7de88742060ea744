//! Which quality a recipe asks for.

use schemas::{OutputFormat, Recipe, Written, recipe::Quality};
use turbo::Tables;

use super::coarseness::is_as_coarse;

/// How samples become bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Way {
    Lossless,
    Quality(u8),
    Tables(Box<Tables>),
}

impl Way {
    pub(super) const fn written(&self) -> Written {
        match self {
            Self::Lossless => Written::Lossless,
            Self::Quality(quality) => Written::AtQuality(*quality),
            Self::Tables(_) => Written::AsSource,
        }
    }

    /// What `recipe` asks for, of a source with or without `tables` that can be kept.
    pub(super) fn asked(
        recipe: &Recipe,
        size: (u32, u32),
        tables: impl FnOnce() -> Option<Tables>,
    ) -> Self {
        match (recipe.wm_format, recipe.quality) {
            (OutputFormat::Png, _) => Self::Lossless,
            (_, Quality::Fixed(quality)) => Self::Quality(quality),
            (OutputFormat::Jpeg, Quality::Keep) => match tables() {
                Some(tables) => Self::Tables(Box::new(tables)),
                None => Self::Quality(by_area(recipe.wm_format, size)),
            },
            (format, Quality::Auto | Quality::Keep) => Self::Quality(by_area(format, size)),
        }
    }
}

/// The quality that `recipe` asks of a format that is written at one, and keeps nothing of the source's.
pub(super) fn asked(recipe: &Recipe, size: (u32, u32)) -> u8 {
    match recipe.quality {
        Quality::Fixed(quality) => quality,
        Quality::Auto | Quality::Keep => by_area(recipe.wm_format, size),
    }
}

/// Whether `recipe` takes a JPEG as it is that was quantised by `divisors`, those of luma first: who leaves the quality open
/// gets no better one than the source's, and no worse one where that is low enough.
pub(crate) fn keeps_divisors<'d>(
    recipe: &Recipe,
    size: (u32, u32),
    divisors: impl Iterator<Item = &'d [i16; 64]>,
) -> bool {
    match recipe.quality {
        Quality::Keep => true,
        Quality::Auto => is_as_coarse(divisors, by_area(OutputFormat::Jpeg, size)),
        Quality::Fixed(_) => false,
    }
}

/// Small pictures are seen small and large ones are looked into. WebP needs five less for the same look, and the scale of
/// AVIF lies lower.
fn by_area(format: OutputFormat, (width, height): (u32, u32)) -> u8 {
    const SMALL: u64 = 500 * 500;
    const FULL_HD: u64 = 1920 * 1080;
    let by_area = match u64::from(width) * u64::from(height) {
        area if area < SMALL => 80,
        area if area <= FULL_HD => 85,
        _ => 90,
    };
    match format {
        OutputFormat::Webp => by_area - 5,
        OutputFormat::Avif => by_area - 15,
        OutputFormat::Jpeg | OutputFormat::Png => by_area,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::recipe;

    #[test]
    fn auto_quality_follows_the_area() {
        let quality_of = |format, width, height| {
            Way::asked(&recipe(&[("wm_format", format)]), (width, height), || None)
        };
        assert_eq!(quality_of("jpeg", 499, 500), Way::Quality(80));
        assert_eq!(quality_of("jpeg", 500, 500), Way::Quality(85));
        assert_eq!(quality_of("jpeg", 1920, 1080), Way::Quality(85));
        assert_eq!(quality_of("jpeg", 1921, 1080), Way::Quality(90));
        assert_eq!(quality_of("webp", 1920, 1080), Way::Quality(80));
        assert_eq!(quality_of("avif", 1920, 1080), Way::Quality(70));
        assert_eq!(quality_of("png", 1920, 1080), Way::Lossless);
    }

    #[test]
    fn an_explicit_quality_is_obeyed() {
        let recipe = recipe(&[("quality", "42"), ("wm_format", "webp")]);
        assert_eq!(Way::asked(&recipe, (1, 1), || None), Way::Quality(42));
    }

    #[test]
    fn what_cannot_be_kept_is_chosen_by_the_area() {
        for (format, quality) in [("jpeg", 80), ("webp", 75), ("avif", 65)] {
            let recipe = recipe(&[("quality", "keep"), ("wm_format", format)]);
            let way = Way::asked(&recipe, (1, 1), || None);
            assert_eq!(way, Way::Quality(quality));
        }
    }
}
