//! Planes from one AV1 frame, by libaom.

#![expect(unsafe_code, reason = "libaom is a C library")]

use std::{ffi::CStr, mem::MaybeUninit, ptr, slice};

use libaom_sys::{
    AOM_DECODER_ABI_VERSION, AOM_IMG_FMT_HIGHBITDEPTH, aom_codec_av1_dx, aom_codec_ctx,
    aom_codec_dec_cfg, aom_codec_dec_init_ver, aom_codec_decode, aom_codec_destroy,
    aom_codec_err_t, aom_codec_err_to_string, aom_codec_get_frame, aom_codec_peek_stream_info,
    aom_codec_stream_info, aom_image,
};
use planes::{Chroma, Plane, Planes, Subsampling};

use crate::{DecodeError, matrix::Matrix};

/// A decoder that is destroyed when dropped.
struct Decoder {
    context: aom_codec_ctx,
}

/// The planes of `frame`, in full range with eight bits, and what chroma means.
///
/// Its dimensions are those that are expected, or nothing is decoded: memory was set aside for no more.
pub(crate) fn planes(frame: &[u8], expected: (u32, u32)) -> Result<(Planes, Matrix), DecodeError> {
    let announced = announced_size(frame)?;
    if announced != expected {
        return Err(DecodeError::OtherSize {
            announced,
            expected,
        });
    }
    let mut decoder = Decoder::new()?;
    let image = decoder.decode(frame)?;
    if (image.d_w, image.d_h) != expected {
        let announced = (image.d_w, image.d_h);
        return Err(DecodeError::OtherSize {
            announced,
            expected,
        });
    }
    let matrix = Matrix::of_number(image.mc)?;
    Ok((copied(image, matrix), matrix))
}

/// What the sequence header says, which no frame may exceed.
fn announced_size(frame: &[u8]) -> Result<(u32, u32), DecodeError> {
    // SAFETY: zeroes are a valid value of these numbers.
    let mut info: aom_codec_stream_info = unsafe { MaybeUninit::zeroed().assume_init() };
    // SAFETY: libaom reads `frame` within its length and writes into `info`.
    let answer = unsafe {
        aom_codec_peek_stream_info(
            aom_codec_av1_dx(),
            frame.as_ptr(),
            frame.len(),
            &raw mut info,
        )
    };
    checked(answer)?;
    Ok((info.w, info.h))
}

impl Decoder {
    fn new() -> Result<Self, DecodeError> {
        let config = aom_codec_dec_cfg {
            threads: 1,
            w: 0,
            h: 0,
            allow_lowbitdepth: 1,
        };
        let mut context = MaybeUninit::<aom_codec_ctx>::zeroed();
        // SAFETY: libaom fills in `context`, which is zeroed as its own users do, and copies `config`.
        unsafe {
            checked(aom_codec_dec_init_ver(
                context.as_mut_ptr(),
                aom_codec_av1_dx(),
                &raw const config,
                0,
                AOM_DECODER_ABI_VERSION as i32,
            ))?;
            Ok(Self {
                context: context.assume_init(),
            })
        }
    }

    /// The picture lives until the decoder is used again.
    fn decode(&mut self, frame: &[u8]) -> Result<&aom_image, DecodeError> {
        let mut at = ptr::null();
        // SAFETY: the context is an open decoder's; `frame` is read within its length, during the call; a picture that is
        // handed out is libaom's and stays until the decoder, which is borrowed for as long, is used again.
        let image = unsafe {
            let (data, length) = (frame.as_ptr(), frame.len());
            checked(aom_codec_decode(
                &raw mut self.context,
                data,
                length,
                ptr::null_mut(),
            ))?;
            aom_codec_get_frame(&raw mut self.context, &raw mut at).as_ref()
        };
        image.ok_or_else(|| DecodeError::Refused("it holds no picture".to_owned()))
    }
}

impl Drop for Decoder {
    fn drop(&mut self) {
        // SAFETY: the context is an open decoder's, which nobody uses any more.
        unsafe {
            aom_codec_destroy(&raw mut self.context);
        }
    }
}

fn copied(image: &aom_image, matrix: Matrix) -> Planes {
    let full_range = image.range != 0;
    let luma_table = table(image.bit_depth, full_range, 219.0, 16.0);
    let chroma_table = match matrix {
        Matrix::Identity => luma_table.clone(),
        Matrix::Weighted { .. } => table(image.bit_depth, full_range, 224.0, 16.0),
    };
    let (width, height) = (image.d_w as usize, image.d_h as usize);
    let luma = plane(image, 0, (width, height), &luma_table);
    if image.monochrome != 0 {
        return Planes::gray(luma);
    }
    let subsampling = Subsampling {
        across: 1 << image.x_chroma_shift,
        down: 1 << image.y_chroma_shift,
    };
    let size = subsampling.of(width, height);
    let chroma = Chroma {
        subsampling,
        blue: plane(image, 1, size, &chroma_table),
        red: plane(image, 2, size, &chroma_table),
    };
    Planes::new(luma, chroma)
}

/// Eight bits in full range for each value of a sample. A limited range spans `span` 256ths, from `low` on.
fn table(bits: u32, full_range: bool, span: f32, low: f32) -> Vec<u8> {
    let values = 1_u32 << bits.clamp(8, 12);
    let (low, span) = if full_range {
        (0.0, (values - 1) as f32)
    } else {
        let unit = (values / 256) as f32;
        (low * unit, span * unit)
    };
    let full = |value: u32| (value as f32 - low) * 255.0 / span;
    // A cast saturates.
    (0..values).map(|value| (full(value) + 0.5) as u8).collect()
}

fn plane(image: &aom_image, at: usize, (width, height): (usize, usize), table: &[u8]) -> Plane {
    let stride = image.stride[at] as usize;
    let wide = image.fmt & AOM_IMG_FMT_HIGHBITDEPTH != 0;
    let mut samples = Vec::with_capacity(width * height);
    for y in 0..height {
        // SAFETY: libaom's plane has at least `height` rows of `width` samples, `stride` bytes apart, of one byte, or of two
        // aligned ones where the format says so; nobody writes into it while the picture is borrowed.
        unsafe {
            let row = image.planes[at].add(y * stride);
            if wide {
                let row = slice::from_raw_parts(row.cast::<u16>(), width);
                samples.extend(row.iter().map(|&value| of_table(table, value.into())));
            } else {
                let row = slice::from_raw_parts(row, width);
                samples.extend(row.iter().map(|&value| of_table(table, value.into())));
            }
        }
    }
    Plane::new(width, height, samples)
}

fn of_table(table: &[u8], value: usize) -> u8 {
    table.get(value).copied().unwrap_or(u8::MAX)
}

fn checked(answer: aom_codec_err_t) -> Result<(), DecodeError> {
    if answer == 0 {
        return Ok(());
    }
    // SAFETY: libaom's texts are constants that end with a zero.
    let reason = unsafe { CStr::from_ptr(aom_codec_err_to_string(answer)) };
    Err(DecodeError::Refused(reason.to_string_lossy().into_owned()))
}
