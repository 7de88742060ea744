//! What `decoder.c` and `encoder.c` define, behind types that keep its rules.

use std::{
    ffi::{CStr, c_char, c_int, c_long, c_uint},
    marker::PhantomData,
    ptr::{self, NonNull},
    slice,
};

// Links libjpeg-turbo, which this crate calls through its own C alone.
use turbojpeg_sys as _;

use crate::Error;

const COMPONENTS_MAX: usize = 4;
const ENCODED_COMPONENTS_MAX: usize = 3;

/// A quantisation table for each of luma, blue-difference and red-difference, row by row.
pub(crate) type RawTables = [[u16; 64]; ENCODED_COMPONENTS_MAX];

/// The `J_COLOR_SPACE` of `jpeglib.h`, as far as it is used.
pub(crate) mod color_space {
    pub(crate) const GRAYSCALE: i32 = 1;
    pub(crate) const RGB: i32 = 2;
    pub(crate) const YCBCR: i32 = 3;
    pub(crate) const CMYK: i32 = 4;
    pub(crate) const YCCK: i32 = 5;
}

#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Header {
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) precision_bits: i32,
    pub(crate) components: i32,
    pub(crate) color_space: i32,
    pub(crate) inverted: i32,
}

#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Component {
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) stride: u32,
    pub(crate) band_rows: u32,
    pub(crate) across: u32,
    pub(crate) down: u32,
    pub(crate) block_samples: u32,
}

#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub(crate) struct EncoderOptions {
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) color_space: i32,
    pub(crate) across: i32,
    pub(crate) down: i32,
    pub(crate) quality: i32,
    pub(crate) progressive: i32,
    pub(crate) optimized: i32,
}

#[repr(C)]
struct RawDecoder {
    opaque: [u8; 0],
}

#[repr(C)]
struct RawEncoder {
    opaque: [u8; 0],
}

unsafe extern "C" {
    fn turbo_decoder_new() -> *mut RawDecoder;
    fn turbo_decoder_free(decoder: *mut RawDecoder);
    fn turbo_decoder_reason(decoder: *const RawDecoder) -> *const c_char;
    fn turbo_decoder_open(
        decoder: *mut RawDecoder,
        bytes: *const u8,
        length: usize,
        header: *mut Header,
    ) -> c_int;
    fn turbo_decoder_profile(
        decoder: *mut RawDecoder,
        bytes: *mut *mut u8,
        length: *mut usize,
    ) -> c_int;
    fn turbo_decoder_quantisation(
        decoder: *const RawDecoder,
        tables: *mut RawTables,
        across: *mut u32,
        down: *mut u32,
    ) -> c_int;
    fn turbo_free(pointer: *mut u8);
    fn turbo_decoder_start_bands(
        decoder: *mut RawDecoder,
        eighths: c_int,
        scans_max: c_int,
        memory_max: c_long,
        components: *mut Component,
    ) -> c_int;
    fn turbo_decoder_read_band(decoder: *mut RawDecoder, samples: *const *mut u8) -> c_int;
    fn turbo_decoder_start_rows(
        decoder: *mut RawDecoder,
        eighths: c_int,
        scans_max: c_int,
        memory_max: c_long,
        color_space: c_int,
        width: *mut u32,
        height: *mut u32,
    ) -> c_int;
    fn turbo_decoder_read_row(decoder: *mut RawDecoder, row: *mut u8) -> c_int;

    fn turbo_encoder_new(capacity: usize) -> *mut RawEncoder;
    fn turbo_encoder_free(encoder: *mut RawEncoder);
    fn turbo_encoder_reason(encoder: *const RawEncoder) -> *const c_char;
    fn turbo_encoder_start(
        encoder: *mut RawEncoder,
        options: *const EncoderOptions,
        tables: *const RawTables,
        in_bands: c_int,
    ) -> c_int;
    fn turbo_encoder_write_marker(
        encoder: *mut RawEncoder,
        marker: c_int,
        bytes: *const u8,
        length: c_uint,
    ) -> c_int;
    fn turbo_encoder_write_profile(
        encoder: *mut RawEncoder,
        bytes: *const u8,
        length: c_uint,
    ) -> c_int;
    fn turbo_encoder_write_band(
        encoder: *mut RawEncoder,
        samples: *const *const u8,
        strides: *const usize,
    ) -> c_int;
    fn turbo_encoder_write_row(encoder: *mut RawEncoder, row: *const u8) -> c_int;
    fn turbo_encoder_finish(
        encoder: *mut RawEncoder,
        bytes: *mut *const u8,
        length: *mut usize,
    ) -> c_int;
}

/// What decoding may cost.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cost {
    pub(crate) eighths: u8,
    pub(crate) scans_max: u16,
    pub(crate) memory_bytes_max: u64,
}

/// A decoder that has read a header.
#[derive(Debug)]
pub(crate) struct Decoder<'s> {
    raw: NonNull<RawDecoder>,
    header: Header,
    source: PhantomData<&'s [u8]>,
}

impl<'s> Decoder<'s> {
    pub(crate) fn open(source: &'s [u8]) -> Result<Self, Error> {
        // SAFETY: it takes nothing; what it returns is freed by `Drop` alone.
        let raw = NonNull::new(unsafe { turbo_decoder_new() }).ok_or(Error::NoMemory)?;
        let mut decoder = Self {
            raw,
            header: Header::default(),
            source: PhantomData,
        };
        // SAFETY: the decoder is alive; `source` is borrowed for `'s`, which the decoder does not outlive; `header` is
        // written during the call alone.
        let status = unsafe {
            turbo_decoder_open(
                raw.as_ptr(),
                source.as_ptr(),
                source.len(),
                &raw mut decoder.header,
            )
        };
        decoder.checked(status)?;
        Ok(decoder)
    }

    pub(crate) fn header(&self) -> &Header {
        &self.header
    }

    pub(crate) fn profile(&mut self) -> Result<Option<Vec<u8>>, Error> {
        let mut bytes = ptr::null_mut();
        let mut length = 0;
        // SAFETY: the decoder is alive and has read its header; both pointers are written during the call alone.
        let status =
            unsafe { turbo_decoder_profile(self.raw.as_ptr(), &raw mut bytes, &raw mut length) };
        self.checked(status)?;
        if bytes.is_null() {
            return Ok(None);
        }
        // SAFETY: on success `bytes` are null or `length` initialised bytes that nobody else knows of.
        let profile = unsafe { slice::from_raw_parts(bytes, length) }.to_vec();
        // SAFETY: they were allocated for us and are not used again.
        unsafe { turbo_free(bytes) };
        Ok(Some(profile))
    }

    /// The tables of components, and how many luma pixels share a chroma sample across and down, where the header says.
    pub(crate) fn quantisation(&self) -> Option<(RawTables, u32, u32)> {
        let mut tables = [[0; 64]; ENCODED_COMPONENTS_MAX];
        let (mut across, mut down) = (0, 0);
        // SAFETY: the decoder is alive and has read its header, which is read alone; the tables have the shape that C
        // writes, and all three are written during the call alone.
        let status = unsafe {
            turbo_decoder_quantisation(
                self.raw.as_ptr(),
                &raw mut tables,
                &raw mut across,
                &raw mut down,
            )
        };
        (status == 0).then_some((tables, across, down))
    }

    pub(crate) fn into_bands(self, cost: Cost) -> Result<Bands<'s>, Error> {
        let mut components = [Component::default(); COMPONENTS_MAX];
        // SAFETY: the decoder is alive and has read its header, and cannot be started twice, because this takes it;
        // there is room for the four components that C writes at most.
        let status = unsafe {
            turbo_decoder_start_bands(
                self.raw.as_ptr(),
                cost.eighths.into(),
                cost.scans_max.into(),
                cost.memory_max(),
                components.as_mut_ptr(),
            )
        };
        self.checked(status)?;
        let count = usize::try_from(self.header.components).unwrap_or(0);
        Ok(Bands {
            components: components.into_iter().take(count).collect(),
            decoder: self,
        })
    }

    pub(crate) fn into_rows(self, cost: Cost, color_space: i32) -> Result<Rows<'s>, Error> {
        let (mut width, mut height) = (0, 0);
        let channels = if color_space == color_space::CMYK {
            4
        } else {
            3
        };
        // SAFETY: as in `into_bands`; both integers are written during the call alone.
        let status = unsafe {
            turbo_decoder_start_rows(
                self.raw.as_ptr(),
                cost.eighths.into(),
                cost.scans_max.into(),
                cost.memory_max(),
                color_space,
                &raw mut width,
                &raw mut height,
            )
        };
        self.checked(status)?;
        Ok(Rows {
            decoder: self,
            width,
            height,
            channels,
        })
    }

    fn checked(&self, status: c_int) -> Result<(), Error> {
        if status == 0 {
            return Ok(());
        }
        // SAFETY: the decoder is alive, and its reason is a string that ends within its array.
        let reason = unsafe { CStr::from_ptr(turbo_decoder_reason(self.raw.as_ptr())) };
        Err(Error::Refused(reason.to_string_lossy().into_owned()))
    }
}

impl Cost {
    fn memory_max(self) -> c_long {
        // Zero would mean no limit.
        c_long::try_from(self.memory_bytes_max.max(1)).unwrap_or(c_long::MAX)
    }
}

impl Drop for Decoder<'_> {
    fn drop(&mut self) {
        // SAFETY: the pointer came from `turbo_decoder_new` and is freed here alone.
        unsafe { turbo_decoder_free(self.raw.as_ptr()) };
    }
}

/// A decoder of components, a band of blocks at a time.
#[derive(Debug)]
pub(crate) struct Bands<'s> {
    decoder: Decoder<'s>,
    components: Vec<Component>,
}

impl Bands<'_> {
    pub(crate) fn components(&self) -> &[Component] {
        &self.components
    }

    /// Decodes the next band into a buffer for each component.
    ///
    /// # Panics
    /// When a buffer is not exactly a band of its component.
    pub(crate) fn read(self, bands: &mut [Vec<u8>]) -> Result<Self, Error> {
        assert_eq!(bands.len(), self.components.len());
        let mut samples = [ptr::null_mut(); COMPONENTS_MAX];
        for ((band, component), samples) in bands.iter_mut().zip(&self.components).zip(&mut samples)
        {
            assert_eq!(band.len(), component.band_bytes());
            *samples = band.as_mut_ptr();
        }
        // SAFETY: the decoder is alive, was started for bands and has not failed, because a failure keeps it; each buffer
        // holds its component's band, asserted above, of which libjpeg writes whole blocks of real columns alone.
        let status =
            unsafe { turbo_decoder_read_band(self.decoder.raw.as_ptr(), samples.as_ptr()) };
        self.decoder.checked(status)?;
        Ok(self)
    }
}

impl Component {
    pub(crate) fn band_bytes(&self) -> usize {
        self.stride as usize * self.band_rows as usize
    }
}

/// A decoder of pixels, a row at a time.
#[derive(Debug)]
pub(crate) struct Rows<'s> {
    decoder: Decoder<'s>,
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) channels: usize,
}

impl Rows<'_> {
    /// # Panics
    /// When `row` is not exactly a row of pixels.
    pub(crate) fn read(self, row: &mut [u8]) -> Result<Self, Error> {
        assert_eq!(row.len(), self.width as usize * self.channels);
        // SAFETY: the decoder is alive, was started for rows of so many bytes, asserted above, and has not failed, because
        // a failure keeps it.
        let status = unsafe { turbo_decoder_read_row(self.decoder.raw.as_ptr(), row.as_mut_ptr()) };
        self.decoder.checked(status)?;
        Ok(self)
    }
}

/// An encoder that has written a header.
#[derive(Debug)]
pub(crate) struct Encoder {
    raw: NonNull<RawEncoder>,
    options: EncoderOptions,
}

impl Encoder {
    /// `capacity` is how long the file is expected to be.
    pub(crate) fn start(
        options: EncoderOptions,
        tables: Option<&RawTables>,
        in_bands: bool,
        capacity: usize,
    ) -> Result<Self, Error> {
        // SAFETY: it takes a number other than 0; what it returns is freed by `Drop` alone.
        let raw = unsafe { turbo_encoder_new(capacity.max(1)) };
        let raw = NonNull::new(raw).ok_or(Error::NoMemory)?;
        let encoder = Self { raw, options };
        let tables = tables.map_or(ptr::null(), ptr::from_ref);
        // SAFETY: the encoder is alive; the options, and the tables unless they are null, are read during the call alone.
        let status = unsafe {
            turbo_encoder_start(raw.as_ptr(), &raw const options, tables, in_bands.into())
        };
        encoder.checked(status)
    }

    /// Adds an ICC profile, before the picture.
    pub(crate) fn with_profile(self, profile: &[u8]) -> Result<Self, Error> {
        let length = c_uint::try_from(profile.len()).map_err(|_| Error::NoMemory)?;
        // SAFETY: the encoder is alive, started and has not failed, because a failure keeps it; `profile` holds `length`
        // bytes that are read during the call alone.
        let status =
            unsafe { turbo_encoder_write_profile(self.raw.as_ptr(), profile.as_ptr(), length) };
        self.checked(status)
    }

    /// Adds a segment, before the picture.
    pub(crate) fn with_marker(self, marker: u8, content: &[u8]) -> Result<Self, Error> {
        let length = c_uint::try_from(content.len()).map_err(|_| Error::NoMemory)?;
        // SAFETY: as in `with_profile`.
        let status = unsafe {
            turbo_encoder_write_marker(self.raw.as_ptr(), marker.into(), content.as_ptr(), length)
        };
        self.checked(status)
    }

    /// Encodes the next band, one slice for each component of a picture that was started in bands.
    ///
    /// # Panics
    /// When a slice is not exactly a band of its component.
    pub(crate) fn write_band(self, bands: &[Vec<u8>]) -> Result<Self, Error> {
        let shapes = self.options.band_shapes();
        assert_eq!(bands.len(), shapes.len());
        let mut samples = [ptr::null(); ENCODED_COMPONENTS_MAX];
        let mut strides = [0; ENCODED_COMPONENTS_MAX];
        for (at, (band, (stride, rows))) in bands.iter().zip(shapes).enumerate() {
            assert_eq!(band.len(), stride * rows);
            samples[at] = band.as_ptr();
            strides[at] = stride;
        }
        // SAFETY: the encoder is alive, was started and has not failed, because a failure keeps it; each slice holds the
        // whole blocks of its component, asserted above, which are read during the call alone.
        let status = unsafe {
            turbo_encoder_write_band(self.raw.as_ptr(), samples.as_ptr(), strides.as_ptr())
        };
        self.checked(status)
    }

    /// Encodes the next row of pixels.
    ///
    /// # Panics
    /// When `row` is not exactly a row of pixels.
    pub(crate) fn write_row(self, row: &[u8]) -> Result<Self, Error> {
        let channels = self.options.components();
        assert_eq!(row.len(), self.options.width as usize * channels);
        // SAFETY: the encoder is alive, was started and has not failed, because a failure keeps it; `row` holds a row of
        // its pixels, asserted above, which are read during the call alone.
        let status = unsafe { turbo_encoder_write_row(self.raw.as_ptr(), row.as_ptr()) };
        self.checked(status)
    }

    /// The file.
    pub(crate) fn finish(self) -> Result<Vec<u8>, Error> {
        let mut bytes = ptr::null();
        let mut length = 0;
        // SAFETY: the encoder is alive, was started and has not failed, because a failure keeps it; both are written
        // during the call alone.
        let status =
            unsafe { turbo_encoder_finish(self.raw.as_ptr(), &raw mut bytes, &raw mut length) };
        let encoder = self.checked(status)?;
        // SAFETY: on success `bytes` are `length` initialised bytes that belong to the encoder, which is alive until the
        // end of this function.
        let file = unsafe { slice::from_raw_parts(bytes, length) }.to_vec();
        drop(encoder);
        Ok(file)
    }

    fn checked(self, status: c_int) -> Result<Self, Error> {
        if status == 0 {
            return Ok(self);
        }
        // SAFETY: the encoder is alive, and its reason is a string that ends within its array.
        let reason = unsafe { CStr::from_ptr(turbo_encoder_reason(self.raw.as_ptr())) };
        Err(Error::Refused(reason.to_string_lossy().into_owned()))
    }
}

impl EncoderOptions {
    const fn components(&self) -> usize {
        if self.color_space == color_space::GRAYSCALE {
            1
        } else {
            ENCODED_COMPONENTS_MAX
        }
    }

    /// Samples of a row, and rows, of a band of each component: whole blocks.
    pub(crate) fn band_shapes(&self) -> Vec<(usize, usize)> {
        const BLOCK: usize = 8;
        let width = self.width as usize;
        let (across, down) = (self.across as usize, self.down as usize);
        let luma = (width.next_multiple_of(BLOCK), BLOCK * down);
        let chroma = (width.div_ceil(across).next_multiple_of(BLOCK), BLOCK);
        [luma, chroma, chroma][..self.components()].to_vec()
    }
}

impl Drop for Encoder {
    fn drop(&mut self) {
        // SAFETY: the pointer came from `turbo_encoder_new` and is freed here alone.
        unsafe { turbo_encoder_free(self.raw.as_ptr()) };
    }
}
