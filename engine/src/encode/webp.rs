//! Lossy WebP through libwebp, the only place of this crate that calls C.

use img_parts::{Bytes, ImageICC, webp::WebP};
use libwebp_sys::{WebPEncodeRGB, WebPEncodeRGBA, WebPFree};

use crate::pixels::{Layout, Pixels};

pub(super) fn write(
    picture: &Pixels,
    profile: Option<&[u8]>,
    quality: u8,
) -> Result<Vec<u8>, String> {
    let bytes = encoded(picture, quality)?;
    match profile {
        None => Ok(bytes),
        Some(profile) => with_profile(bytes, profile),
    }
}

fn with_profile(bytes: Vec<u8>, profile: &[u8]) -> Result<Vec<u8>, String> {
    let mut webp = WebP::from_bytes(bytes.into()).map_err(|error| error.to_string())?;
    webp.set_icc_profile(Some(Bytes::copy_from_slice(profile)));
    Ok(webp.encoder().bytes().to_vec())
}

/// What libwebp allocated, freed when it is dropped.
struct Output {
    data: *mut u8,
    length: usize,
}

fn encoded(picture: &Pixels, quality: u8) -> Result<Vec<u8>, String> {
    let encode = match picture.layout {
        Layout::Rgb => WebPEncodeRGB,
        Layout::Rgba => WebPEncodeRGBA,
        Layout::Gray | Layout::GrayAlpha => return Err("lossy WebP has no grey pixels".to_owned()),
    };
    let stride = picture.width as usize * picture.layout.channels();
    assert_eq!(picture.bytes.len(), stride * picture.height as usize);
    let [Ok(width), Ok(height), Ok(stride)] =
        [picture.width as usize, picture.height as usize, stride].map(i32::try_from)
    else {
        return Err("WebP holds at most 16383 pixels a side".to_owned());
    };
    let mut output = Output {
        data: std::ptr::null_mut(),
        length: 0,
    };
    #[expect(unsafe_code, reason = "libwebp is a C library")]
    // SAFETY: `picture.bytes` holds `height` rows of `stride` bytes, asserted above, which are only read during the call;
    // `output.data` is written with a pointer that `Output` frees.
    unsafe {
        output.length = encode(
            picture.bytes.as_ptr(),
            width,
            height,
            stride,
            f32::from(quality),
            &raw mut output.data,
        );
    }
    output.to_vec()
}

impl Output {
    fn to_vec(&self) -> Result<Vec<u8>, String> {
        if self.length == 0 || self.data.is_null() {
            return Err("libwebp refused it".to_owned());
        }
        #[expect(unsafe_code, reason = "libwebp is a C library")]
        // SAFETY: on success libwebp hands out `length` initialised bytes at `data`, which nobody else knows of.
        let bytes = unsafe { std::slice::from_raw_parts(self.data, self.length) };
        Ok(bytes.to_vec())
    }
}

impl Drop for Output {
    fn drop(&mut self) {
        #[expect(unsafe_code, reason = "libwebp is a C library")]
        // SAFETY: `data` is null, which libwebp takes, or a pointer that libwebp handed out and that is freed only here.
        unsafe {
            WebPFree(self.data.cast());
        }
    }
}
