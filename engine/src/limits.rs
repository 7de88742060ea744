//! What the engine takes on.

use crate::{InputError, Inspection};

/// Longest colour profile that is looked into. 4 MiB: display and camera profiles have a few KiB, print profiles two megabytes.
/// One that is longer is as none.
pub const PROFILE_BYTES_MAX: u64 = 4 * 1024 * 1024;

/// Longest block of metadata that is looked into. 1 MiB: a JPEG segment cannot hold more than 64 KiB; what is longer elsewhere
/// carries thumbnails and maker notes. One that is longer is as none.
pub const METADATA_BYTES_MAX: u64 = 1024 * 1024;

/// What the engine takes on, checked from the header before there are pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Width × height of the source. 100 megapixels: the largest sensors of today's cameras.
    pub pixels_max: u64,
    /// Longest side of the source. 16384: what JPEG and GPUs agree on.
    pub side_max: u32,
    /// Bytes that decoding and working on the source may need at once, estimated from its header.
    pub decoded_bytes_max: u64,
    /// Frames of an animation. 1000: a minute and a half at the pace of most GIFs.
    pub frames_max: u32,
    /// Width × height × frames of an animation. 200 megapixels: every one of them is decoded, marked and written, and what
    /// is written is held until the last.
    pub animation_pixels_max: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            pixels_max: 100_000_000,
            side_max: 16_384,
            decoded_bytes_max: 512 * 1024 * 1024,
            frames_max: 1000,
            animation_pixels_max: 200_000_000,
        }
    }
}

impl Limits {
    pub(crate) fn check_dimensions(&self, width: u32, height: u32) -> Result<(), InputError> {
        let side = width.max(height);
        if side > self.side_max {
            return Err(InputError::SideTooLong {
                side,
                side_max: self.side_max,
            });
        }
        let pixels = u64::from(width) * u64::from(height);
        if pixels > self.pixels_max {
            return Err(InputError::TooManyPixels {
                width,
                height,
                pixels,
                pixels_max: self.pixels_max,
            });
        }
        Ok(())
    }

    pub(crate) fn check_animation(&self, header: &Inspection) -> Result<(), InputError> {
        let &Inspection {
            width,
            height,
            frames,
            ..
        } = header;
        if frames > self.frames_max {
            return Err(InputError::TooManyFrames {
                frames,
                frames_max: self.frames_max,
            });
        }
        let pixels = header.animation_pixels();
        if pixels > self.animation_pixels_max {
            return Err(InputError::TooManyAnimationPixels {
                width,
                height,
                frames,
                pixels,
                pixels_max: self.animation_pixels_max,
            });
        }
        Ok(())
    }

    pub(crate) const fn check_bytes(&self, bytes: u64) -> Result<(), InputError> {
        if bytes > self.decoded_bytes_max {
            return Err(InputError::TooManyBytes {
                bytes,
                bytes_max: self.decoded_bytes_max,
            });
        }
        Ok(())
    }
}
