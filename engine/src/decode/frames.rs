//! An animation's pictures one after the other, each as it is shown. Only one is in memory at a time, besides what the
//! next one may build on.
//!
//! Read in this order: [`Frames`], then [`screen`], and a module for each format.

mod gif;
mod png;
mod screen;
mod webp;

pub(super) use webp::is_animated as is_animated_webp;

use super::Decoded;
use crate::{
    Format, InputError, Inspection, Limits,
    pixels::{Pixels, Region},
    profile::Profile,
};
use screen::Screen;

/// Browsers take what is shown for no longer than this as a mistake.
const SHOWN_MS_DOUBTED: u32 = 10;
/// What they show it for instead. Written down, so that every program shows what browsers do.
const SHOWN_MS_INSTEAD: u32 = 100;

/// The frames of an animation.
pub(crate) struct Frames<'s> {
    format: Format,
    patches: Box<dyn Patches + 's>,
    screen: Screen,
    left: u32,
}

/// A picture of an animation, as large as its header says.
#[derive(Debug)]
pub(crate) struct Frame {
    pub(crate) pixels: Pixels,
    pub(crate) shown_ms: u32,
}

/// What a format's own reader yields.
trait Patches {
    /// The next frame as it is stored.
    fn next(&mut self) -> Result<Patch, String>;

    /// How often the animation is shown; 0 is for ever.
    fn plays(&self) -> u32;

    fn profile(&self) -> Option<Vec<u8>>;
}

/// A part of the picture, and how it comes to be seen.
#[derive(Debug)]
struct Patch {
    /// Where on the screen, beyond whose edges it may reach.
    region: Region,
    /// Red, green, blue and alpha.
    rgba: Vec<u8>,
    laid: Laid,
    then: Then,
    shown_ms: u32,
}

/// How a frame comes to lie on the one before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Laid {
    Over,
    InsteadOf,
}

/// What becomes of a frame's part of the screen once it was shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Then {
    Stays,
    IsCleared,
    /// What was there before comes back.
    IsTakenBack,
}

/// What an animated WebP shows first. Not by the decoder of stills, which believes what the frame says of its size before
/// it is compared with the file's.
pub(super) fn first_of_webp(
    source: &[u8],
    header: &Inspection,
    limits: &Limits,
) -> Result<Decoded, String> {
    let (width, height) = (header.width, header.height);
    let mut reader = webp::Reader::open(source, (width, height), *limits)?;
    let first = reader.next()?;
    Ok(Decoded {
        pixels: Screen::new(width, height).showing(&first)?,
        profile: reader.profile().and_then(Profile::parse),
    })
}

impl<'s> Frames<'s> {
    /// The frames of `source`, of which `header` was read.
    pub(crate) fn of(
        source: &'s [u8],
        header: &Inspection,
        limits: &Limits,
    ) -> Result<Self, InputError> {
        let patches: Result<Box<dyn Patches>, String> = match header.format {
            Format::Gif => gif::Reader::open(source, limits).map(boxed),
            Format::Webp => {
                webp::Reader::open(source, (header.width, header.height), *limits).map(boxed)
            }
            Format::Png => png::Reader::open(source).map(boxed),
            other => Err(format!("{other} has no frames")),
        };
        Ok(Self {
            format: header.format,
            patches: patches.map_err(|reason| broken(header.format, reason))?,
            screen: Screen::new(header.width, header.height),
            left: header.frames,
        })
    }

    /// How often the animation is shown; 0 is for ever.
    pub(crate) fn plays(&self) -> u32 {
        self.patches.plays()
    }

    pub(crate) fn profile(&self) -> Option<Profile> {
        self.patches.profile().and_then(Profile::parse)
    }

    fn shown(&mut self) -> Result<Frame, String> {
        let patch = self.patches.next()?;
        let shown_ms = match patch.shown_ms {
            ..=SHOWN_MS_DOUBTED => SHOWN_MS_INSTEAD,
            shown_ms => shown_ms,
        };
        Ok(Frame {
            pixels: self.screen.showing(&patch)?,
            shown_ms,
        })
    }
}

/// As many as the header counted: what follows them, or is missing after them, is of no interest.
impl Iterator for Frames<'_> {
    type Item = Result<Frame, InputError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.left = self.left.checked_sub(1)?;
        let format = self.format;
        Some(self.shown().map_err(|reason| broken(format, reason)))
    }
}

fn boxed<'s>(patches: impl Patches + 's) -> Box<dyn Patches + 's> {
    Box::new(patches)
}

fn broken(format: Format, reason: String) -> InputError {
    InputError::Broken { format, reason }
}

#[cfg(test)]
mod tests;
