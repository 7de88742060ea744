//! JPEG through libjpeg-turbo.
//!
//! A picture is decoded as it is stored: planes of luma and chroma where it has them, scaled to a half, a quarter or an
//! eighth for less than the cost of the whole. What is cut or damaged is an error; libjpeg alone would fill it with grey.
//!
//! Read in this order:
//! 1. [`Decoder`]: the header, then components or pixels.
//! 2. [`encode_planes`] and [`encode_pixels`].
//! 3. [`Quantisation`]: how much of a picture is kept, by a number or as another file has it.
//! 4. `ffi`: the only module with `unsafe` code, over `decoder.c` and `encoder.c`.

#![deny(unsafe_code)]

mod decoder;
mod encoder;
#[expect(unsafe_code, reason = "libjpeg-turbo is a C library")]
mod ffi;
mod quantisation;

pub use decoder::{Colors, Component, Decoder, Header, Limits, Pixels, Scale};
use planes::Subsampling;

pub use encoder::{Options, PixelColors, encode_pixels, encode_planes};
pub use quantisation::{Quantisation, Tables};

/// Why there is no picture, or no file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// In the words of libjpeg.
    #[error("{0}")]
    Refused(String),
    #[error("{bits} bits a sample, 8 are supported")]
    Precision { bits: u8 },
    #[error("{components} components of an unknown kind")]
    UnknownColors { components: u8 },
    #[error("JPEG holds at most 65535 pixels a side, these are {width}×{height}")]
    TooLarge { width: usize, height: usize },
    #[error("JPEG cannot subsample its chroma by {across}×{down}", across = subsampling.across, down = subsampling.down)]
    Subsampling { subsampling: Subsampling },
    #[error("there is no memory for it")]
    NoMemory,
}
