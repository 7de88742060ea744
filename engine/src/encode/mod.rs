//! Bytes from pixels, and what is told beside them.

mod avif;
mod jpeg;
mod png;
mod webp;

use schemas::{
    OutputFormat, Recipe,
    recipe::{self, Quality, Side},
};

use planes::Subsampling;

use crate::{InputError, metadata::Credits, picture::Picture, profile::Profile};

/// What libaom keeps of a picture besides it: frames with borders, one of them at twice the size, what each block costs.
const AVIF_WORKING_FACTOR: u64 = 8;

/// The longest side that `format` can hold.
pub(crate) const fn side_max(format: OutputFormat) -> u32 {
    match format {
        OutputFormat::Webp => ::webp::SIDE_MAX,
        OutputFormat::Jpeg | OutputFormat::Avif | OutputFormat::Png => Side::MAX.pixels(),
    }
}

/// Bytes that encoding `picture_bytes` of pixels may need besides them: what is written so far, twice while it grows, and
/// libwebp's planes, tokens and statistics.
pub(crate) const fn working_bytes(format: OutputFormat, picture_bytes: u64) -> u64 {
    match format {
        OutputFormat::Jpeg => picture_bytes / 2,
        OutputFormat::Png => picture_bytes * 2,
        OutputFormat::Webp => picture_bytes * 3 / 2,
        OutputFormat::Avif => picture_bytes * AVIF_WORKING_FACTOR,
    }
}

/// How much chroma `format` takes of a picture that has planes.
pub(crate) const fn chroma(format: OutputFormat) -> Subsampling {
    match format {
        OutputFormat::Jpeg | OutputFormat::Webp | OutputFormat::Avif => Subsampling::BOTH_HALVED,
        OutputFormat::Png => Subsampling::NONE,
    }
}

/// The picture as `format` can hold it: JPEG has no alpha and shows the picture on white paper.
pub(crate) fn prepared(picture: Picture, format: OutputFormat) -> Picture {
    match (format, picture) {
        (OutputFormat::Jpeg, Picture::Pixels(pixels)) => Picture::Pixels(pixels.flattened_on(255)),
        (OutputFormat::Webp, Picture::Pixels(pixels)) => Picture::Pixels(pixels.with_color()),
        (OutputFormat::Png, picture) => Picture::Pixels(picture.into_pixels()),
        (OutputFormat::Jpeg | OutputFormat::Webp | OutputFormat::Avif, picture) => picture,
    }
}

/// Writes a picture that was [`prepared`] for the recipe's format.
pub(crate) fn encode(
    picture: &Picture,
    profile: Option<&Profile>,
    credits: &Credits,
    recipe: &Recipe,
) -> Result<Vec<u8>, InputError> {
    let format = recipe.wm_format;
    let quality = quality(recipe, (picture.width(), picture.height()));
    let profile = profile.and_then(|profile| profile.describing(picture.has_color()));
    let metadata = credits.beside(profile);
    let written = match (format, picture) {
        (OutputFormat::Jpeg, picture) => jpeg::write(picture, &metadata, quality),
        (OutputFormat::Png, Picture::Pixels(pixels)) => png::write(pixels, &metadata),
        (OutputFormat::Png, Picture::Planes(_)) => Err("it takes pixels".to_owned()),
        (OutputFormat::Webp, picture) => {
            webp::write(picture, &metadata, webp_settings(recipe, quality))
        }
        (OutputFormat::Avif, picture) => {
            avif::write(picture, &metadata, avif_settings(recipe, quality))
        }
    };
    written.map_err(|reason| InputError::NotEncodable { format, reason })
}

/// Method 2 takes half the time of method 4, for 2 to 3 % more bytes.
const fn webp_settings(recipe: &Recipe, quality: u8) -> ::webp::Settings {
    let method = match recipe.profile {
        recipe::Profile::Fast => 2,
        recipe::Profile::Small => 4,
    };
    ::webp::Settings { quality, method }
}

/// Of libaom's speeds, the fastest and one that is worth waiting for.
const fn avif_settings(recipe: &Recipe, quality: u8) -> ::avif::Settings {
    let speed = match recipe.profile {
        recipe::Profile::Fast => 9,
        recipe::Profile::Small => 6,
    };
    ::avif::Settings { quality, speed }
}

/// Small pictures are seen small and large ones are looked into. WebP needs five less for the same look, and the scale of
/// AVIF lies lower.
fn quality(recipe: &Recipe, (width, height): (u32, u32)) -> u8 {
    const SMALL: u64 = 500 * 500;
    const FULL_HD: u64 = 1920 * 1080;
    let by_area = match u64::from(width) * u64::from(height) {
        area if area < SMALL => 80,
        area if area <= FULL_HD => 85,
        _ => 90,
    };
    match (recipe.quality, recipe.wm_format) {
        (Quality::Fixed(quality), _) => quality,
        (Quality::Auto, OutputFormat::Webp) => by_area - 5,
        (Quality::Auto, OutputFormat::Avif) => by_area - 25,
        (Quality::Auto, OutputFormat::Jpeg | OutputFormat::Png) => by_area,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::recipe;

    #[test]
    fn auto_quality_follows_the_area() {
        let quality_of =
            |format, width, height| quality(&recipe(&[("wm_format", format)]), (width, height));
        assert_eq!(quality_of("jpeg", 499, 500), 80);
        assert_eq!(quality_of("jpeg", 500, 500), 85);
        assert_eq!(quality_of("jpeg", 1920, 1080), 85);
        assert_eq!(quality_of("jpeg", 1921, 1080), 90);
        assert_eq!(quality_of("webp", 1920, 1080), 80);
        assert_eq!(quality_of("avif", 1920, 1080), 60);
    }

    #[test]
    fn an_explicit_quality_is_obeyed() {
        let recipe = recipe(&[("quality", "42"), ("wm_format", "webp")]);
        assert_eq!(quality(&recipe, (1, 1)), 42);
    }
}
