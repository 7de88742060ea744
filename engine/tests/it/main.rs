//! The engine from outside: files in, files out.

#![expect(
    clippy::unwrap_used,
    reason = "clippy exempts tests, but not the functions they share"
)]

mod animation;
mod animation_limits;
mod bmp;
mod colors;
mod fonts;
mod hostile;
mod jxl;
mod legible;
mod logos;
mod long_way;
mod marks;
mod metadata;
mod photo;
mod planes;
mod private;
mod render;
mod repacked;
mod splice;
mod support;
mod tiff;
mod weight;
