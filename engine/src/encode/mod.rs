//! Bytes from pixels. Of the source's metadata only its colour profile is carried on: no place, no camera, no thumbnail.

mod jpeg;
mod png;
mod webp;

use schemas::{
    OutputFormat, Recipe,
    recipe::{Quality, Side},
};

use crate::{InputError, pixels::Pixels, profile::Profile};

/// The longest side of a WebP, which has 14 bits for it.
const WEBP_SIDE_MAX: u32 = 16_383;

/// The longest side that `format` can hold.
pub(crate) const fn side_max(format: OutputFormat) -> u32 {
    match format {
        OutputFormat::Webp => WEBP_SIDE_MAX,
        OutputFormat::Jpeg | OutputFormat::Png => Side::MAX.pixels(),
    }
}

/// Bytes that encoding `picture_bytes` of pixels may need besides them: what is written so far, twice while it grows, and
/// libwebp's planes, tokens and statistics.
pub(crate) const fn working_bytes(format: OutputFormat, picture_bytes: u64) -> u64 {
    match format {
        OutputFormat::Jpeg => picture_bytes / 2,
        OutputFormat::Png => picture_bytes * 2,
        OutputFormat::Webp => picture_bytes * 3 / 2,
    }
}

/// The picture as `format` can hold it: JPEG has no alpha and shows the picture on white paper.
pub(crate) fn prepared(picture: Pixels, format: OutputFormat) -> Pixels {
    match format {
        OutputFormat::Jpeg => picture.flattened_on(255),
        OutputFormat::Webp => picture.with_color(),
        OutputFormat::Png => picture,
    }
}

/// Writes a picture that was [`prepared`] for the recipe's format.
pub(crate) fn encode(
    picture: &Pixels,
    profile: Option<&Profile>,
    recipe: &Recipe,
) -> Result<Vec<u8>, InputError> {
    let format = recipe.wm_format;
    let quality = quality(recipe, picture);
    let profile = profile.and_then(|profile| profile.describing(picture.layout));
    let written = match format {
        OutputFormat::Jpeg => jpeg::write(picture, profile, quality),
        OutputFormat::Png => png::write(picture, profile),
        OutputFormat::Webp => webp::write(picture, profile, quality),
    };
    written.map_err(|reason| InputError::NotEncodable { format, reason })
}

/// Small pictures are seen small and large ones are looked into. WebP needs five less for the same look.
fn quality(recipe: &Recipe, picture: &Pixels) -> u8 {
    const SMALL: u64 = 500 * 500;
    const FULL_HD: u64 = 1920 * 1080;
    let by_area = match u64::from(picture.width) * u64::from(picture.height) {
        area if area < SMALL => 80,
        area if area <= FULL_HD => 85,
        _ => 90,
    };
    match (recipe.quality, recipe.wm_format) {
        (Quality::Fixed(quality), _) => quality,
        (Quality::Auto, OutputFormat::Webp) => by_area - 5,
        (Quality::Auto, OutputFormat::Jpeg | OutputFormat::Png) => by_area,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{pixels::Layout, tests::recipe};

    #[test]
    fn auto_quality_follows_the_area() {
        let quality_of = |format, width, height| {
            let bytes = vec![0; width as usize * height as usize];
            let picture = Pixels::new(width, height, Layout::Gray, bytes);
            quality(&recipe(&[("wm_format", format)]), &picture)
        };
        assert_eq!(quality_of("jpeg", 499, 500), 80);
        assert_eq!(quality_of("jpeg", 500, 500), 85);
        assert_eq!(quality_of("jpeg", 1920, 1080), 85);
        assert_eq!(quality_of("jpeg", 1921, 1080), 90);
        assert_eq!(quality_of("webp", 1920, 1080), 80);
    }

    #[test]
    fn an_explicit_quality_is_obeyed() {
        let recipe = recipe(&[("quality", "42"), ("wm_format", "webp")]);
        let picture = Pixels::new(1, 1, Layout::Gray, vec![0]);
        assert_eq!(quality(&recipe, &picture), 42);
    }
}
