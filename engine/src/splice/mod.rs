//! A JPEG that keeps its size gets its mark without being coded again, but for the blocks beneath the mark.
//!
//! Whatever is not known for certain here is left to the long way, which comes to a result of its own or says what is wrong
//! with the file.
//!
//! Read in this order:
//! 1. [`spliced`]: the way through.
//! 2. [`told`]: what the file says of itself, before and after.

mod told;

use baseline::{Sheet, Splice, Target};
use planes::{Planes, Subsampling};
use schemas::{Contrast, OutputFormat, Step, Written};

use crate::{
    RenderError, Rendered,
    encode::{self, Encoded},
    metadata::Credits,
    pixels::Region,
    profile::Profile,
    steps::Steps,
    watermark::{Settled, Window},
    work::Work,
};

/// A file that was read to its end, and the mark in its place.
struct Opened<'w> {
    work: Work<'w>,
    sheet: Sheet<'w>,
    mark: Settled<'w>,
    profile: Option<Profile>,
}

/// The marked file; `None` where it has to take the long way.
///
/// # Errors
/// When the caller wants no more.
pub(crate) fn spliced(
    work: Work<'_>,
    steps: &mut Steps<'_>,
) -> Result<Option<Rendered>, RenderError> {
    steps.begin(Step::Decode)?;
    let Some(mut opened) = work.opened() else {
        return Ok(None);
    };
    steps.begin(Step::Resize)?;
    steps.begin(Step::Watermark)?;
    let Some(contrast) = opened.draw() else {
        return Ok(None);
    };
    steps.begin(Step::Encode)?;
    let rendered = |encoded| Rendered::of(encoded, work.recipe, work.plan.size, contrast);
    Ok(opened.written().map(rendered))
}

impl<'w> Work<'w> {
    fn opened(self) -> Option<Opened<'w>> {
        if !self.keeps_the_file() {
            return None;
        }
        let splice = Splice::of(self.original.bytes).ok()?;
        if !self.keeps_the_picture(&splice) {
            return None;
        }
        let profile = self.profile(&splice)?;
        let mark = self.settled_mark()?;
        let region = in_file(mark.region(self.plan.size));
        self.has_room(&splice, region).then_some(())?;
        let sheet = splice.surveyed(region).ok()?;
        Some(Opened {
            work: self,
            sheet,
            mark,
            profile,
        })
    }

    /// Whether the result is a file as the source is: the same format, as many pixels, in the same order.
    fn keeps_the_file(self) -> bool {
        let Self {
            original, recipe, ..
        } = self;
        recipe.wm_format == OutputFormat::Jpeg
            && original.is(OutputFormat::Jpeg)
            && original.header.orientation.is_as_stored()
            && self.plan.size == original.header.displayed()
            && recipe.max_bytes.is_none()
            && !recipe.progressive
    }

    /// Whether the result has the source's quality. A header that is read otherwise than before is not trusted.
    fn keeps_the_picture(self, splice: &Splice<'_>) -> bool {
        let (width, height) = self.plan.size;
        splice.size() == (width as usize, height as usize)
            && encode::keeps_divisors(self.recipe, self.plan.size, splice.quantisation())
    }

    /// The profile that goes with the picture, if one does; `None` where colours have to be converted.
    fn profile(self, splice: &Splice<'_>) -> Option<Option<Profile>> {
        let profile = told::profile(splice);
        let profile = profile.filter(|profile| profile.describes(splice.has_color()));
        let format = self.recipe.wm_format;
        let goes_along = profile.as_ref().is_none_or(|p| p.goes_with(format));
        goes_along.then_some(profile)
    }

    /// The mark in its place. Only where the place is left open is all of the picture looked at.
    fn settled_mark(self) -> Option<Settled<'w>> {
        let mark = &self.plan.mark;
        mark.settled().or_else(|| mark.settled_on(&self.decoded()?))
    }

    fn decoded(self) -> Option<Planes> {
        let (width, height) = self.plan.size;
        let target = Target {
            width: width as usize,
            height: height as usize,
            chroma: Subsampling::BOTH_HALVED,
            mirrored: (false, false),
        };
        let plan = baseline::plan(self.original.bytes, &target).ok()?;
        plan.decode().ok()
    }

    /// Whether it takes no more memory than the long way, for which there is enough. A limit of its own would make the
    /// bytes of a result depend on who makes it.
    fn has_room(self, splice: &Splice<'_>, region: baseline::Region) -> bool {
        let bytes = splice.working_bytes(region) + self.plan.mark.working_bytes();
        bytes <= self.plan.working_bytes
    }
}

impl Opened<'_> {
    /// The contrast that is reached; `None` where the file has no colour to draw with.
    fn draw(&mut self) -> Option<Option<Contrast>> {
        let Work {
            recipe, plan, logo, ..
        } = self.work;
        let mut contrast = None;
        let mut lacks_color = false;
        self.sheet.draw(&mut |planes, origin| {
            let mut window = Window::of(planes, origin, plan.size);
            contrast = self.mark.draw_on(&mut window, recipe, logo);
            lacks_color = window.lacks_color();
        });
        (!lacks_color).then_some(contrast)
    }

    /// The file; `None` where it has no codes for the mark, or may not be as large as it is.
    fn written(&self) -> Option<Encoded> {
        let Work {
            original, recipe, ..
        } = self.work;
        let credits = Credits::of(&original.header.exif, recipe);
        let profile = self.profile.as_ref().map(Profile::bytes);
        let told = told::application_data(&credits.beside(profile));
        let told: Vec<_> = told
            .iter()
            .map(|(marker, data)| (*marker, &data[..]))
            .collect();
        let bytes = self.sheet.written(&told).ok()?;
        let bytes_max = original.bytes_max(recipe, self.work.plan.size);
        let fits = bytes_max.is_none_or(|max| bytes.len() as u64 <= max);
        fits.then_some(Encoded {
            bytes,
            written: Written::Spliced,
        })
    }
}

fn in_file(region: Region) -> baseline::Region {
    baseline::Region {
        x: region.x as usize,
        y: region.y as usize,
        width: region.width as usize,
        height: region.height as usize,
    }
}
