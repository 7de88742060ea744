//! What every way from a file to its result goes by.

use schemas::Recipe;

use crate::{Limits, Logo, encode::Original, plan::Plan};

/// What is to be made of which file.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Work<'w> {
    pub(crate) original: Original<'w>,
    pub(crate) recipe: &'w Recipe,
    pub(crate) plan: &'w Plan,
    pub(crate) logo: Option<&'w Logo>,
    pub(crate) limits: &'w Limits,
}
