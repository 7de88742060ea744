//! What is known of a result before there are pixels.

use schemas::Recipe;

use crate::{
    Fonts, InputError, Inspection, Limits, LogoHeader, animation, budget,
    encode::{self, Original},
    resize::{self, Target},
    watermark::Mark,
};

/// A result to be, within the limits.
#[derive(Debug)]
pub(crate) struct Plan {
    /// Width and height, as displayed.
    pub(crate) size: (u32, u32),
    pub(crate) mark: Mark,
    /// What the work holds at its height.
    pub(crate) working_bytes: u64,
}

impl Plan {
    pub(crate) fn of(
        header: &Inspection,
        recipe: &Recipe,
        fonts: &Fonts,
        logo: Option<LogoHeader>,
        limits: &Limits,
    ) -> Result<Self, InputError> {
        let size = result_size(header, recipe);
        let is_animated = animation::is_wanted(header, recipe);
        if is_animated {
            limits.check_animation(header)?;
        }
        let mark = Mark::lay_out(recipe, fonts, logo, size)?;
        let working_bytes = if is_animated {
            budget::animation_bytes(header, size, &mark)
        } else {
            budget::working_bytes(header, size, &mark, recipe)
        };
        limits.check_bytes(working_bytes)?;
        Ok(Self {
            size,
            mark,
            working_bytes,
        })
    }

    /// What the picture becomes before it is turned: the big one stays as it is stored.
    pub(crate) fn target(&self, original: &Original<'_>, recipe: &Recipe) -> Target {
        let orientation = original.header.orientation;
        let (width, height) = orientation.applied_to(self.size);
        Target {
            width,
            height,
            chroma: encode::chroma(recipe, original),
            orientation,
        }
    }
}

/// Width and height of the result, as displayed: in the recipe's box, and no longer than its format can hold.
fn result_size(header: &Inspection, recipe: &Recipe) -> (u32, u32) {
    let side_max = encode::side_max(recipe.wm_format);
    let fit_box = (
        recipe.width.pixels().min(side_max),
        recipe.height.pixels().min(side_max),
    );
    resize::fitted(header.displayed(), fit_box)
}
