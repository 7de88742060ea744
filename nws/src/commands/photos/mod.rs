//! Photos on a command line: what `nws apply` and `nws submit` have in common.
//!
//! Read in this order: [`mod@plan`] decides what kind of call it is, [`sources`] finds the photos of one with many, [`names`]
//! gives results theirs, [`input`] reads, [`mod@write`] writes, and [`failure`] tells what went wrong.

mod failure;
mod input;
mod logo;
mod names;
mod plan;
mod progress;
mod sources;
mod usage;
mod write;

pub(crate) use self::{
    failure::{Failure, counted, tell},
    input::{Input, ReadError},
    logo::LogoFile,
    names::Names,
    plan::{Plan, named_format, plan},
    progress::progress_bar,
    sources::{Found, Source},
    usage::UsageError,
    write::{persist, temporary_in},
};
