//! The way that is open to every picture: it is decoded, fitted, marked and encoded.

use schemas::Step;

use crate::{
    InputError, RenderError, Rendered,
    decode::{self, Opened},
    encode::{self, Encoded},
    metadata::Credits,
    orient,
    packed::{self, Beneath, Packed},
    picture::Picture,
    profile::{self, Profile},
    resize::{self, Target},
    steps::Steps,
    work::Work,
};

/// The marked picture. One whose file may stay packed lets go of that as soon as a step shows that it cannot.
///
/// # Errors
/// When the source is broken, the result cannot be written, or the caller wants no more.
pub(crate) fn rendered(work: Work<'_>, steps: &mut Steps<'_>) -> Result<Rendered, RenderError> {
    steps.begin(Step::Decode)?;
    let target = work.plan.target(&work.original, work.recipe);
    let (opened, packed) = work.read(&target)?;

    steps.begin(Step::Resize)?;
    let (ground, profile) = work.fitted(opened, &target);

    steps.begin(Step::Watermark)?;
    let mark = &work.plan.mark;
    let packed = packed.and_then(|packed| packed.beneath(mark, &ground));
    let (picture, contrast) = mark.draw(ground, work.recipe, work.logo);

    steps.begin(Step::Encode)?;
    let encoded = work.encoded(&picture, profile.as_ref(), packed)?;
    let size = (picture.width(), picture.height());
    Ok(Rendered::of(encoded, work.recipe, size, contrast))
}

impl<'w> Work<'w> {
    /// The source's pixels, and how they are packed, if they may stay so.
    fn read(self, target: &Target) -> Result<(Opened, Option<Packed<'w>>), InputError> {
        let Self {
            original,
            recipe,
            plan,
            limits,
            ..
        } = self;
        if let Some(opened) = packed::opened(&original, plan.size, recipe) {
            return Ok(opened);
        }
        let opened = decode::decode(original.bytes, original.header, target, limits)?;
        Ok((opened, None))
    }

    /// The picture in its size, upright, and in colours that the result's format can tell; the profile that tells them.
    fn fitted(
        self,
        Opened { stored, profile }: Opened,
        target: &Target,
    ) -> (Picture, Option<Profile>) {
        let format = self.recipe.wm_format;
        let small = resize::resized(stored, &target.described_by(profile.as_ref()));
        let upright = orient::upright(small, self.original.header.orientation);
        let (described, profile) = profile::settled(upright, profile, format);
        (encode::prepared(described, format), profile)
    }

    fn encoded(
        self,
        picture: &Picture,
        profile: Option<&Profile>,
        packed: Option<Beneath<'_>>,
    ) -> Result<Encoded, InputError> {
        let credits = Credits::of(&self.original.header.exif, self.recipe);
        let repacked = packed.and_then(|packed| {
            let metadata = encode::metadata(picture, profile, &credits);
            packed.with(picture, &metadata)
        });
        match repacked {
            Some(encoded) => Ok(encoded),
            None => encode::encode(picture, profile, &credits, self.recipe, &self.original),
        }
    }
}
