//! libwebp's picture, from its making to its bytes.

use std::marker::PhantomData;

use libwebp_sys::{
    WebPConfig, WebPEncode, WebPPicture, WebPPictureFree, WebPPictureImportRGB,
    WebPPictureImportRGBA,
};

use crate::{Channels, Error, Pixels, SIDE_MAX, limited::Limited};

/// A picture that frees what libwebp allocated for it. Planes that it borrows outlive it.
pub(crate) struct Picture<'planes> {
    raw: WebPPicture,
    borrowed: PhantomData<&'planes [u8]>,
}

impl<'planes> Picture<'planes> {
    pub(crate) fn of_pixels(pixels: Pixels<'_>) -> Result<Self, Error> {
        let Pixels {
            width,
            height,
            channels,
            bytes,
        } = pixels;
        let stride = width as usize * channels.count();
        assert_eq!(bytes.len(), stride * height as usize, "{width}×{height}");
        let mut picture = Self::empty(width, height)?;
        let import = match channels {
            Channels::Rgb => WebPPictureImportRGB,
            Channels::Rgba => WebPPictureImportRGBA,
        };
        // SAFETY: `bytes` holds `height` rows of `stride` bytes, asserted above, which are only read during the call; the
        // stride fits, because the width was found to be at most `SIDE_MAX`.
        let imported = unsafe { import(&raw mut picture.raw, bytes.as_ptr(), stride as i32) };
        if imported == 0 {
            return Err(picture.refusal());
        }
        Ok(picture)
    }

    /// libwebp only reads the planes of a picture that it encodes lossily and that has no alpha.
    pub(crate) fn of_planes(planes: &'planes mut Limited) -> Result<Self, Error> {
        let mut picture = Self::empty(planes.width as u32, planes.height as u32)?;
        picture.raw.y = planes.luma.as_mut_ptr();
        picture.raw.u = planes.blue.as_mut_ptr();
        picture.raw.v = planes.red.as_mut_ptr();
        picture.raw.y_stride = planes.width as i32;
        picture.raw.uv_stride = planes.width.div_ceil(2) as i32;
        Ok(picture)
    }

    fn empty(width: u32, height: u32) -> Result<Self, Error> {
        if width.max(height) > SIDE_MAX {
            return Err(Error::SideTooLong);
        }
        let mut raw = WebPPicture::new()
            .map_err(|()| Error::Refused("it is another version than its header".to_owned()))?;
        (raw.width, raw.height) = (width as i32, height as i32);
        Ok(Self {
            raw,
            borrowed: PhantomData,
        })
    }

    pub(crate) fn encode(mut self, config: &WebPConfig) -> Result<Vec<u8>, Error> {
        let mut bytes: Vec<u8> = Vec::new();
        self.raw.writer = Some(append);
        self.raw.custom_ptr = (&raw mut bytes).cast();
        // SAFETY: the picture's planes are its own or borrowed for as long as it lives, and have the dimensions that it
        // announces; `append` finds in `custom_ptr` the vector that it expects, which nobody else uses during the call.
        let encoded = unsafe { WebPEncode(config, &raw mut self.raw) };
        if encoded == 0 {
            return Err(self.refusal());
        }
        Ok(bytes)
    }

    fn refusal(&self) -> Error {
        Error::Refused(format!("{:?}", self.raw.error_code))
    }
}

impl Drop for Picture<'_> {
    fn drop(&mut self) {
        // SAFETY: the picture was initialised by libwebp, which frees what it allocated and leaves borrowed planes alone.
        unsafe { WebPPictureFree(&raw mut self.raw) }
    }
}

/// What libwebp calls with each piece of the file; 0 stops it.
unsafe extern "C" fn append(data: *const u8, length: usize, picture: *const WebPPicture) -> i32 {
    // SAFETY: libwebp calls this only within `WebPEncode`, with `length` readable bytes and the picture it was given, whose
    // `custom_ptr` `Picture::encode` has set to a vector of its own.
    let (piece, bytes) = unsafe {
        let piece = std::slice::from_raw_parts(data, length);
        (piece, &mut *(*picture).custom_ptr.cast::<Vec<u8>>())
    };
    if bytes.try_reserve(length).is_err() {
        return 0;
    }
    bytes.extend_from_slice(piece);
    1
}
