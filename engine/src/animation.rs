//! Animated sources: every frame fitted, marked the same way and written before the next one is looked at.

use schemas::{Contrast, OutputFormat, Recipe, Step};
use webp::{Animation, Beside};

use crate::{
    InputError, Inspection, RenderError, Rendered, budget,
    decode::{Frame, Frames, Stored},
    encode::{self, Encoded, Original},
    metadata::Credits,
    orient,
    pixels::Pixels,
    profile::{self, Profile},
    resize::{self, Target},
    steps::Steps,
    watermark::Steady,
    work::Work,
};

/// What one pass over all frames needs to know.
struct Pass {
    size: (u32, u32),
    target: Target,
    profile: Option<Profile>,
    file_bytes_max: u64,
}

/// Whether the result moves: WebP does, if its source does. Of other formats it is the first frame.
pub(crate) fn is_wanted(header: &Inspection, recipe: &Recipe) -> bool {
    header.frames > 1 && recipe.wm_format == OutputFormat::Webp
}

/// The animation. Steps are told of again between frames.
///
/// # Errors
/// When the source is broken, the result cannot be written, or the caller wants no more.
pub(crate) fn rendered(work: Work<'_>, steps: &mut Steps<'_>) -> Result<Rendered, RenderError> {
    Film(work).rendered(steps)
}

/// An animation, and what is to be made of it.
struct Film<'f>(Work<'f>);

impl Film<'_> {
    fn rendered(&self, steps: &mut Steps<'_>) -> Result<Rendered, RenderError> {
        steps.begin(Step::Decode)?;
        let mut frames = self.frames()?;
        let size = self.0.plan.size;
        let pass = Pass {
            size,
            target: self.0.plan.target(&self.0.original, self.0.recipe),
            profile: frames.profile(),
            file_bytes_max: self.file_bytes_max(),
        };
        let first = frames.next().expect("an animation has a frame")?;

        steps.begin(Step::Resize)?;
        let (first, carried) = pass.fitted(first);

        steps.begin(Step::Watermark)?;
        let mark = self.steady_mark(&first, &pass, steps)?;

        let mut contrast = None;
        let encoded = encode::at_quality(self.0.recipe, size, &self.0.original, |quality| {
            let (bytes, reached) = self.written(quality, &mark, &pass, carried.as_ref(), steps)?;
            contrast = reached;
            Ok::<_, RenderError>(bytes)
        })?;
        Ok(self.told(encoded, size, contrast))
    }

    /// The mark with the ink that can be read on all frames. It takes a pass of its own to see them.
    fn steady_mark(
        &self,
        first: &Pixels,
        pass: &Pass,
        steps: &mut Steps<'_>,
    ) -> Result<Steady, RenderError> {
        let mut survey = self.0.plan.mark.survey(first, self.0.recipe, self.0.logo);
        if survey.has_a_choice() {
            for frame in self.frames()? {
                steps.go_on(Step::Watermark)?;
                survey.see(pass.fitted(frame?).0);
            }
        }
        Ok(survey.settled())
    }

    /// The file at this quality, and the least contrast of all frames.
    fn written(
        &self,
        quality: u8,
        mark: &Steady,
        pass: &Pass,
        profile: Option<&Profile>,
        steps: &mut Steps<'_>,
    ) -> Result<(Vec<u8>, Option<Contrast>), RenderError> {
        let settings = encode::webp_settings(self.0.recipe, quality);
        let (width, height) = pass.size;
        let mut animation =
            Animation::new(width, height, settings).map_err(|error| not_encodable(&error))?;
        let mut frames = self.frames()?;
        let mut contrast = None;
        for frame in &mut frames {
            steps.go_on(Step::Encode)?;
            let frame = frame?;
            let shown_ms = frame.shown_ms;
            let (marked, reached) = mark.drawn(pass.fitted(frame).0);
            contrast = contrast.into_iter().chain(reached).min();
            let rgba = marked.with_alpha().bytes;
            animation
                .add(rgba, shown_ms)
                .map_err(|error| not_encodable(&error))?;
            pass.check_length(&animation)?;
        }
        let credits = Credits::of(&self.0.original.header.exif, self.0.recipe);
        let beside = credits.beside(profile.and_then(|profile| profile.describing(true)));
        let beside = Beside {
            profile: beside.profile,
            exif: beside.exif.as_deref(),
            xmp: beside.xmp.as_ref().map(String::as_bytes),
        };
        // More often than can be written is as good as for ever.
        let plays = u16::try_from(frames.plays()).unwrap_or(0);
        let file = animation
            .finish(plays, beside)
            .map_err(|error| not_encodable(&error))?;
        Ok((file, contrast))
    }

    fn file_bytes_max(&self) -> u64 {
        let Work {
            original,
            plan,
            limits,
            ..
        } = self.0;
        budget::file_bytes_max(
            original.header,
            plan.size,
            &plan.mark,
            limits.decoded_bytes_max,
        )
    }

    fn frames(&self) -> Result<Frames<'_>, InputError> {
        let Original { bytes, header } = self.0.original;
        Frames::of(bytes, header, self.0.limits)
    }

    fn told(&self, encoded: Encoded, size: (u32, u32), contrast: Option<Contrast>) -> Rendered {
        Rendered {
            bytes: encoded.bytes,
            format: self.0.recipe.wm_format,
            width: size.0,
            height: size.1,
            frames: self.0.original.header.frames,
            written: encoded.written,
            contrast,
        }
    }
}

impl Pass {
    /// What is written is held, so that it must not be more than memory is left for.
    fn check_length(&self, animation: &Animation) -> Result<(), InputError> {
        let (bytes, bytes_max) = (animation.frames_bytes(), self.file_bytes_max);
        if bytes > bytes_max {
            return Err(InputError::ResultTooLarge { bytes, bytes_max });
        }
        Ok(())
    }

    /// The frame upright, in its size and in colours that WebP can tell, and the profile that tells them.
    fn fitted(&self, frame: Frame) -> (Pixels, Option<Profile>) {
        let pixels = frame.pixels.without_idle_alpha();
        let extent = (pixels.width.into(), pixels.height.into());
        let stored = Stored::Pixels { pixels, extent };
        let small = resize::resized(stored, &self.target);
        let upright = orient::upright(small, self.target.orientation);
        let profile = self.profile.clone();
        let (described, carried) = profile::settled(upright, profile, OutputFormat::Webp);
        let pixels = encode::prepared(described, OutputFormat::Webp).into_pixels();
        (pixels, carried)
    }
}

fn not_encodable(error: &webp::Error) -> InputError {
    InputError::NotEncodable {
        format: OutputFormat::Webp,
        reason: error.to_string(),
    }
}
