//! One AV1 frame from libaom, in its mode for still pictures.

#![expect(unsafe_code, reason = "libaom is a C library")]

use std::{ffi::CStr, mem::MaybeUninit, ptr, slice};

use libaom_sys::{
    AOM_CODEC_CX_FRAME_PKT, AOM_ENCODER_ABI_VERSION, AOM_IMG_FMT_I420, AOM_TUNE_SSIM,
    AOME_SET_CPUUSED, AOME_SET_CQ_LEVEL, AOME_SET_TUNING, AV1E_SET_COLOR_PRIMARIES,
    AV1E_SET_COLOR_RANGE, AV1E_SET_ENABLE_QM, AV1E_SET_MATRIX_COEFFICIENTS, AV1E_SET_QM_MAX,
    AV1E_SET_QM_MIN, AV1E_SET_TRANSFER_CHARACTERISTICS, aom_codec_av1_cx, aom_codec_control,
    aom_codec_ctx, aom_codec_destroy, aom_codec_enc_cfg, aom_codec_enc_config_default,
    aom_codec_enc_init_ver, aom_codec_encode, aom_codec_err_t, aom_codec_err_to_string,
    aom_codec_get_cx_data, aom_codec_set_option, aom_image, aom_img_wrap,
};
use planes::{Plane, Planes};

use crate::{Error, Settings, boxes};

/// libaom's number for its mode for still pictures, `AOM_USAGE_ALL_INTRA`.
const ALL_INTRA: u32 = 2;
/// `AOM_Q`: the quantiser is given, the bit rate follows.
const CONSTANT_QUALITY: u32 = 3;
/// The coarsest quantiser.
const QUANTIZER_MAX: u32 = 63;
/// How much finer low frequencies are quantised than high ones: 0 is most, 15 not at all. Between these two libaom goes
/// by the quantiser; they are what its later releases take for still pictures.
const MATRICES: (u32, u32) = (2, 10);
/// The distortion that its choices are weighed by: with the matrices, which the default leaves out.
const DISTORTION: (&CStr, &CStr) = (c"dist-metric", c"qm-psnr");
/// What the frame begins with and the file must not hold: a temporal delimiter without content.
const TEMPORAL_DELIMITER: &[u8] = &[0x12, 0x00];

/// An encoder that is destroyed when dropped.
struct Encoder {
    context: aom_codec_ctx,
}

/// Codes grey planes, or planes with chroma at 4:2:0, as a sequence of one frame.
pub(crate) fn frame(planes: &Planes, settings: Settings) -> Result<Vec<u8>, Error> {
    let mut encoder = Encoder::new(planes, settings)?;
    encoder.describe_colors()?;
    // What is still held back comes out at the end of the stream.
    let mut bytes = encoder.encode(Some(planes))?;
    bytes.extend(encoder.encode(None)?);
    if bytes.is_empty() {
        return Err(Error::Refused("it gave no frame".to_owned()));
    }
    Ok(bytes)
}

impl Encoder {
    fn new(planes: &Planes, settings: Settings) -> Result<Self, Error> {
        let config = config(planes)?;
        let mut context = MaybeUninit::<aom_codec_ctx>::zeroed();
        // SAFETY: libaom fills in `context`, which is zeroed as its own users do, and only reads `config`, which it copies.
        let mut encoder = unsafe {
            let version = AOM_ENCODER_ABI_VERSION as i32;
            let interface = aom_codec_av1_cx();
            checked(aom_codec_enc_init_ver(
                context.as_mut_ptr(),
                interface,
                &raw const config,
                0,
                version,
            ))?;
            Self {
                context: context.assume_init(),
            }
        };
        encoder.control(AOME_SET_CPUUSED, settings.speed.into())?;
        encoder.control(AOME_SET_CQ_LEVEL, quantizer(settings.quality))?;
        encoder.control(AOME_SET_TUNING, AOM_TUNE_SSIM)?;
        encoder.weigh_frequencies()?;
        Ok(encoder)
    }

    /// A fifth fewer bytes of the same look: eyes see less of high frequencies.
    fn weigh_frequencies(&mut self) -> Result<(), Error> {
        self.control(AV1E_SET_ENABLE_QM, 1)?;
        self.control(AV1E_SET_QM_MIN, MATRICES.0)?;
        self.control(AV1E_SET_QM_MAX, MATRICES.1)?;
        let (name, value) = DISTORTION;
        // SAFETY: the context is an open encoder's, and both texts end with a zero.
        checked(unsafe {
            aom_codec_set_option(&raw mut self.context, name.as_ptr(), value.as_ptr())
        })
    }

    /// The decoder learns from the frame what its numbers mean, as it does from the file around it.
    fn describe_colors(&mut self) -> Result<(), Error> {
        self.control(AV1E_SET_COLOR_PRIMARIES, boxes::PRIMARIES.into())?;
        self.control(AV1E_SET_TRANSFER_CHARACTERISTICS, boxes::TRANSFER.into())?;
        self.control(AV1E_SET_MATRIX_COEFFICIENTS, boxes::MATRIX.into())?;
        self.control(AV1E_SET_COLOR_RANGE, 1)
    }

    fn control(&mut self, control: u32, value: u32) -> Result<(), Error> {
        // SAFETY: the context is an open encoder's, and each control that is used here takes one integer.
        let answer = unsafe { aom_codec_control(&raw mut self.context, control as i32, value) };
        checked(answer)
    }

    /// Takes a picture in, or the end of the stream, and gives out what that makes.
    fn encode(&mut self, planes: Option<&Planes>) -> Result<Vec<u8>, Error> {
        let image = planes.map(borrowed).transpose()?;
        let image = image.as_ref().map_or(ptr::null(), ptr::from_ref);
        // SAFETY: the context is an open encoder's; `image` is null or describes planes that are borrowed for the call,
        // which libaom copies.
        checked(unsafe { aom_codec_encode(&raw mut self.context, image, 0, 1, 0) })?;
        Ok(self.packets())
    }

    fn packets(&mut self) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut at = ptr::null();
        // SAFETY: the context is an open encoder's, and `at` is libaom's own note of how far it is. A frame's packet holds
        // `sz` bytes at `buf` until the next call.
        unsafe {
            while let Some(packet) =
                aom_codec_get_cx_data(&raw mut self.context, &raw mut at).as_ref()
            {
                if packet.kind == AOM_CODEC_CX_FRAME_PKT {
                    let frame = packet.data.frame;
                    bytes.extend_from_slice(slice::from_raw_parts(frame.buf.cast(), frame.sz));
                }
            }
        }
        match bytes.strip_prefix(TEMPORAL_DELIMITER) {
            Some(frame) => frame.to_vec(),
            None => bytes,
        }
    }
}

impl Drop for Encoder {
    fn drop(&mut self) {
        // SAFETY: the context is an open encoder's, which nobody uses any more.
        unsafe {
            aom_codec_destroy(&raw mut self.context);
        }
    }
}

fn config(planes: &Planes) -> Result<aom_codec_enc_cfg, Error> {
    let mut config = MaybeUninit::<aom_codec_enc_cfg>::zeroed();
    // SAFETY: libaom fills in all of `config`, of which zeroes are a valid value anyway: it is numbers and null pointers.
    let mut config = unsafe {
        checked(aom_codec_enc_config_default(
            aom_codec_av1_cx(),
            config.as_mut_ptr(),
            ALL_INTRA,
        ))?;
        config.assume_init()
    };
    config.g_w = planes.width() as u32;
    config.g_h = planes.height() as u32;
    config.g_threads = 1;
    config.g_limit = 1;
    config.g_lag_in_frames = 0;
    config.rc_end_usage = CONSTANT_QUALITY;
    config.rc_min_quantizer = 0;
    config.rc_max_quantizer = QUANTIZER_MAX;
    config.monochrome = planes.chroma().is_none().into();
    Ok(config)
}

/// 100 is 0 and 0 is 63, linearly, as every program with an AVIF quality has it.
const fn quantizer(quality: u8) -> u32 {
    ((100 - quality as u32) * QUANTIZER_MAX + 50) / 100
}

/// libaom's description of planes that stay where they are.
fn borrowed(planes: &Planes) -> Result<aom_image, Error> {
    let (width, height) = (planes.width() as u32, planes.height() as u32);
    let mut image = MaybeUninit::<aom_image>::zeroed();
    // libaom only reads the pixels of a picture that it encodes.
    let pixels = |plane: &Plane| plane.samples().as_ptr().cast_mut();
    // SAFETY: libaom fills in `image` and keeps the pointer without following it; the planes that it derives from it are
    // replaced below by those that there are, with their own strides.
    let mut image = unsafe {
        let luma = pixels(planes.luma());
        let wrapped = aom_img_wrap(image.as_mut_ptr(), AOM_IMG_FMT_I420, width, height, 1, luma);
        if wrapped.is_null() {
            return Err(Error::Refused(
                "its dimensions cannot be described".to_owned(),
            ));
        }
        image.assume_init()
    };
    image.range = 1;
    match planes.chroma() {
        None => {
            image.monochrome = 1;
            image.planes = [pixels(planes.luma()), ptr::null_mut(), ptr::null_mut()];
            image.stride = [planes.width() as i32, 0, 0];
        }
        Some(chroma) => {
            image.planes = [planes.luma(), &chroma.blue, &chroma.red].map(pixels);
            let across = chroma.blue.width() as i32;
            image.stride = [planes.width() as i32, across, across];
        }
    }
    Ok(image)
}

fn checked(answer: aom_codec_err_t) -> Result<(), Error> {
    if answer == 0 {
        return Ok(());
    }
    // SAFETY: libaom's texts are constants that end with a zero.
    let reason = unsafe { CStr::from_ptr(aom_codec_err_to_string(answer)) };
    Err(Error::Refused(reason.to_string_lossy().into_owned()))
}
